// @ts-check
'use strict';

const { nanosecondsEach } = require('../harness/nanoseconds.js');
const { loadRival, makerOf } = require('../rivals/index.js');

/**
 * What does it cost to set an event that resets automatically, and to pass it?
 */

const cell = () => new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** @param {string} id */
function check(id) {
  const cells = cell();
  const event = makerOf(loadRival(id), 'event')(cells, 0);
  event.set();
  event.wait();
  if (cells[0] !== 0) throw new Error(`wrong: the event was passed and holds ${cells[0]}`);
}

/**
 * @param {string} id
 * @param {object} _params
 * @param {boolean} quick
 */
async function measure(id, _params, quick) {
  const event = makerOf(loadRival(id), 'event')(cell(), 0);
  const figure = await nanosecondsEach((pairs) => {
    for (let i = 0; i < pairs; i++) {
      event.set();
      event.wait();
    }
  }, quick);
  return { figure, extras: {} };
}

/** @type {import('./index.js').Question<Record<string, never>>} */
const question = {
  name: 'event',
  title: 'set() and wait() of an event with automatic reset',
  unit: 'ns a pair',
  better: 'lower',
  rivals: ['ours', 'bare-cas'],
  runs: 9,
  subject: 'event',
  limit: { rival: 'bare-cas', case: 'no waiters', title: 'x CAS pair' },
  chart: { kind: 'bars' },
  cases: () => [{ label: 'no waiters', params: {} }],
  check,
  measure,
};

module.exports = { question };
