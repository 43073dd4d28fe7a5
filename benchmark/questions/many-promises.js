// @ts-check
'use strict';

const { setImmediate: turn } = require('node:timers/promises');
const { loadRival, makerOf } = require('../rivals/index.js');

/**
 * What does a promise cost that waits for a mutex behind many others: to be made, kept, fulfilled in its turn, cancelled?
 */

/** @typedef {{ promises: number }} Params */
/** @typedef {import('../rivals/index.js').LockAsync} LockAsync */

const US = 1000;

/** The rivals whose promises take a signal. */
const CANCEL = ['ours', 'web-locks'];

/** @param {number} start */
const since = (start) => (performance.now() - start) * US;

/**
 * Makes them while the mutex is owned. Then each owner releases at once, and so lets the next go on.
 * @param {LockAsync} lockAsync
 * @param {number} promises
 */
async function makeAndServe(lockAsync, promises) {
  const guard = await lockAsync();
  const before = process.memoryUsage.rss();
  const start = performance.now();
  const all = Array.from({ length: promises }, async () => (await lockAsync()).release());
  await turn();
  const making = since(start) / promises;
  const bytes = (process.memoryUsage.rss() - before) / promises;
  const released = performance.now();
  guard.release();
  await Promise.all(all);
  return { making, bytes, serving: since(released) / promises };
}

/**
 * Microseconds a promise until one signal has cancelled all of them.
 * @param {LockAsync} lockAsync
 * @param {number} promises
 */
async function cancel(lockAsync, promises) {
  const guard = await lockAsync();
  const controller = new AbortController();
  const all = Array.from({ length: promises }, () => lockAsync(controller.signal));
  await turn();
  const start = performance.now();
  controller.abort();
  const results = await Promise.allSettled(all);
  const took = since(start);
  guard.release();
  if (results.some(({ status }) => status !== 'rejected')) throw new Error('wrong: not cancelled');
  return took / promises;
}

/**
 * @param {string} id
 * @param {Params} params
 */
async function measure(id, { promises }) {
  const cells = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const lockAsync = makerOf(loadRival(id), 'lockAsync')(cells, 0);
  const { serving, ...extras } = await makeAndServe(lockAsync, promises);
  const cancelling = CANCEL.includes(id) && { cancelling: await cancel(lockAsync, promises) };
  return { figure: serving, extras: { ...extras, ...cancelling } };
}

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'many-promises',
  title: 'one of many promises that wait for the same mutex: until it has had its turn',
  unit: 'us',
  better: 'lower',
  rivals: ['ours', 'atomics', 'web-locks'],
  runs: 7,
  subject: 'promises',
  extras: { making: 'to make, us', cancelling: 'to cancel, us', bytes: 'memory, bytes' },
  cases: ({ quick }) =>
    (quick ? [1000] : [1000, 10_000, 100_000]).map((promises) => ({
      label: promises.toLocaleString('en-US'),
      params: { promises },
    })),
  async check(id) {
    await measure(id, { promises: 100 });
  },
  measure,
};

module.exports = { question };
