// @ts-check
'use strict';

const { LINE } = require('../harness/control.js');
const { nanosecondsEach } = require('../harness/nanoseconds.js');
const { loadRival, makerOf } = require('../rivals/index.js');
const handOver = require('./hand-over.js');

/**
 * What does a notification cost where no thread waits?
 */

/** @param {string} id */
async function check(id) {
  if (!loadRival(id).singleThreaded) await handOver.handOverBriefly(id, 'condition');
}

/**
 * @param {string} id
 * @param {object} _params
 * @param {boolean} quick
 */
async function measure(id, _params, quick) {
  const rival = loadRival(id);
  const cells = new Int32Array(new SharedArrayBuffer(LINE * Int32Array.BYTES_PER_ELEMENT));
  const condition = makerOf(rival, 'condition')(cells, 0, rival.share?.('condition'));
  const figure = await nanosecondsEach((times) => {
    for (let i = 0; i < times; i++) condition.notifyAll();
  }, quick);
  return { figure, extras: {} };
}

/** @type {import('./index.js').Question<Record<string, never>>} */
const question = {
  name: 'notify-no-waiter',
  title: 'notifyAll() of a condition without waiters',
  unit: 'ns',
  better: 'lower',
  rivals: ['ours', 'bare-load', 'hand-rolled', 'atomics', 'v8', 'multithreading'],
  runs: 9,
  subject: 'condition',
  limit: { rival: 'bare-load', case: 'unawaited', title: 'x load' },
  chart: { kind: 'bars', scale: 'log' },
  cases: () => [{ label: 'unawaited', params: {} }],
  check,
  measure,
};

module.exports = { question };
