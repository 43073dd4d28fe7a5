// @ts-check
'use strict';

const { nanosecondsEach } = require('../harness/nanoseconds.js');
const { loadRival, makerOf } = require('../rivals/index.js');
const handOver = require('./hand-over.js');

/**
 * What does it cost to go through a latch that is open?
 */

/** @param {string} id */
async function check(id) {
  if (!loadRival(id).singleThreaded) await handOver.handOverBriefly(id, 'latch');
}

/**
 * @param {string} id
 * @param {object} _params
 * @param {boolean} quick
 */
async function measure(id, _params, quick) {
  const cells = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const latch = makerOf(loadRival(id), 'latch')(cells, 0);
  latch.release();
  const figure = await nanosecondsEach((times) => {
    for (let i = 0; i < times; i++) latch.await();
  }, quick);
  return { figure, extras: {} };
}

/** @type {import('./index.js').Question<Record<string, never>>} */
const question = {
  name: 'latch',
  title: 'await() of a latch that is open',
  unit: 'ns',
  better: 'lower',
  rivals: ['ours', 'bare-load', 'hand-rolled', 'atomics'],
  runs: 9,
  fastMode: true,
  subject: 'latch',
  limit: { rival: 'bare-load', case: 'open', title: 'x load' },
  chart: { kind: 'bars' },
  cases: () => [{ label: 'open', params: {} }],
  check,
  measure,
};

module.exports = { question };
