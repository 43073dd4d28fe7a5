// @ts-check
'use strict';

const { LINE } = require('../harness/control.js');
const { nanosecondsEach } = require('../harness/nanoseconds.js');
const { loadRival, makerOf } = require('../rivals/index.js');
const handOver = require('./hand-over.js');

/**
 * What does it cost to take a permit that is there, and to give it back?
 */

const PERMITS = 1;

/** @param {string} id */
async function check(id) {
  if (!loadRival(id).singleThreaded) await handOver.handOverBriefly(id, 'semaphore');
}

/**
 * @param {string} id
 * @param {object} _params
 * @param {boolean} quick
 */
async function measure(id, _params, quick) {
  const rival = loadRival(id);
  const cells = new Int32Array(new SharedArrayBuffer(LINE * Int32Array.BYTES_PER_ELEMENT));
  const shared = rival.share?.('semaphore', PERMITS);
  const semaphore = makerOf(rival, 'semaphore')(cells, 0, PERMITS, shared);
  const figure = await nanosecondsEach((pairs) => {
    for (let i = 0; i < pairs; i++) {
      semaphore.acquire();
      semaphore.release();
    }
  }, quick);
  return { figure, extras: {} };
}

/** @type {import('./index.js').Question<Record<string, never>>} */
const question = {
  name: 'semaphore',
  title: 'acquire() and release() of a permit that is free',
  unit: 'ns a pair',
  better: 'lower',
  rivals: ['ours', 'bare-cas', 'atomics', 'multithreading'],
  runs: 9,
  subject: 'permit',
  limit: { rival: 'bare-cas', case: 'free', title: 'x CAS pair' },
  chart: { kind: 'bars' },
  cases: () => [{ label: 'free', params: {} }],
  check,
  measure,
};

module.exports = { question };
