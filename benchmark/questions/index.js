// @ts-check
'use strict';

/**
 * @typedef {'lower' | 'higher'} Better
 */

/**
 * One row group of a question's table; with `rivals` where not all of the question's take part. A case `byState` is measured in
 * each state of the machine (harness/line.js), and its measurements say in which one they were made.
 * @template Params
 * @typedef {{ label: string, params: Params, rivals?: string[], byState?: boolean }} Case
 */

/**
 * What the command line says.
 * @typedef {object} Options
 * @property {boolean} quick
 * @property {number} [inside]
 * @property {number} [outside]
 * @property {number} [runs] instead of the question's own number
 * @property {number} [limitMs] how long a case that is measured by state may take
 */

/**
 * The picture of a question: a bar for each rival, or a line for each over a number in the params.
 * @template Params
 * @typedef {object} Chart
 * @property {'bars' | 'lines'} kind
 * @property {string} [x] the number that lines go over
 * @property {'linear' | 'log'} [scale] of the figures
 * @property {(params: Params) => string} [panel] which of several pictures side by side
 */

/**
 * @typedef {object} Measurement
 * @property {number} figure in the question's unit
 * @property {Record<string, number>} extras what was learnt by the way
 * @property {import('../harness/line.js').State} [state] of the machine; missing where it was unclear, or changed
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
 * @property {'range' | 'quartiles'} [spread] what the table has beside the median. A range (the default): least, most, and the
 * median of the ratios of runs side by side. Quartiles: the ratio of the medians, with its interval
 * @property {boolean} [fastMode] whether the table has the 25th percentile beside a range: for runs of which some are in a fast mode
 * @property {Record<string, string>} [extras] the column of each further figure
 * @property {{ rival: string, case: string, title: string }} [limit] what everything is also held against
 * @property {Chart<Params>} [chart] where a picture helps
 * @property {(options: Options) => Case<Params>[]} cases
 * @property {(rival: string, params: Params) => void | Promise<void>} check
 * @property {(rival: string, params: Params, quick: boolean) => Measurement | Promise<Measurement>} measure
 * @property {(shift: Shift) => unknown} [work]
 */

/** In the order in which they are asked. @type {Question<any>[]} */
const questions = [
  'uncontended',
  'try-lock',
  'read-lock',
  'semaphore',
  'latch',
  'event',
  'once',
  'notify-no-waiter',
  'contended',
  'grid',
  'semaphore-contended',
  'rwlock-contended',
  'many-mutexes',
  'fairness',
  'deadlock-check',
  'hand-over',
  'barrier',
  'notify-all',
  'wake-promise',
  'many-promises',
  'event-loop',
  'time-limits',
  'cancel',
  'blocked',
  'map-reduce',
  'channel',
  'channel-round-trip',
  'require-time',
  'memory',
  'package-size',
].map((name) => require(`./${name}.js`).question);

module.exports = { questions };
