// @ts-check
'use strict';

/**
 * @typedef {'lower' | 'higher'} Better
 */

/**
 * One row group of a question's table.
 * @template Params
 * @typedef {{ label: string, params: Params }} Case
 */

/**
 * @typedef {object} Measurement
 * @property {number} figure in the question's unit
 * @property {Record<string, number>} extras what was learnt by the way
 */

/**
 * What a worker of a question's team is given.
 * @typedef {object} Shift
 * @property {import('../rivals/index.js').Rival} rival
 * @property {number} index which worker this is
 * @property {number} size of how many
 * @property {Int32Array} control
 * @property {any} data
 */

/**
 * `check` and `measure` run in a process that knows one rival only, and throw when an answer is wrong.
 * @template Params
 * @typedef {object} Question
 * @property {string} name
 * @property {string} title
 * @property {string} unit
 * @property {Better} better
 * @property {string[]} rivals in the order in which they take turns
 * @property {number} runs of each rival, in turns
 * @property {string} subject what the cases differ in
 * @property {Record<string, string>} [extras] the column of each further figure
 * @property {{ rival: string, case: string, title: string }} [limit] what everything is also held against
 * @property {(options: { inside: number, outside: number }) => Case<Params>[]} cases
 * @property {(rival: string, params: Params) => void | Promise<void>} check
 * @property {(rival: string, params: Params, quick: boolean) => Measurement | Promise<Measurement>} measure
 * @property {(shift: Shift) => unknown} [work]
 */

/** @type {Question<any>[]} */
const questions = [
  require('./uncontended.js').question,
  require('./contended.js').question,
  require('./barrier.js').question,
  require('./time-limits.js').question,
  require('./event-loop.js').question,
];

module.exports = { questions };
