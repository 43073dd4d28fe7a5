// @ts-check
'use strict';

const { nanosecondsEach } = require('../harness/nanoseconds.js');
const { loadRival, makerOf } = require('../rivals/index.js');

/**
 * What does it cost to find that the function of a Once has run?
 */

const cell = () => new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** @param {string} id */
function check(id) {
  const once = makerOf(loadRival(id), 'once')(cell(), 0);
  let runs = 0;
  for (let i = 0; i < 3; i++) once.run(() => runs++);
  if (runs !== 1) throw new Error(`wrong: the function ran ${runs} times`);
}

/**
 * @param {string} id
 * @param {object} _params
 * @param {boolean} quick
 */
async function measure(id, _params, quick) {
  const once = makerOf(loadRival(id), 'once')(cell(), 0);
  const prepare = () => {};
  once.run(prepare);
  const figure = await nanosecondsEach((times) => {
    for (let i = 0; i < times; i++) once.run(prepare);
  }, quick);
  return { figure, extras: {} };
}

/** @type {import('./index.js').Question<Record<string, never>>} */
const question = {
  name: 'once',
  title: 'run() of a Once whose function has run',
  unit: 'ns',
  better: 'lower',
  rivals: ['ours', 'bare-load'],
  runs: 9,
  fastMode: true,
  subject: 'once',
  limit: { rival: 'bare-load', case: 'done', title: 'x load' },
  chart: { kind: 'bars' },
  cases: () => [{ label: 'done', params: {} }],
  check,
  measure,
};

module.exports = { question };
