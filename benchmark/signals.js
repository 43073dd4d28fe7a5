// @ts-check
'use strict';

// How the cost of waits with a signal grows with their number: `node --expose-gc benchmark/signals.js`. Each row is the time
// for one wait, which stays the same where the whole is linear.

const { Mutex, inspect } = require('../index.js');

/**
 * The time for each of many, in microseconds.
 *
 * @param {number} count
 * @param {() => unknown} fn
 */
async function microseconds(count, fn) {
  const start = performance.now();
  await fn();
  return ((performance.now() - start) * 1e3) / count;
}

/**
 * @param {number} count how many waits are pending
 */
async function measure(count) {
  /** @type {Record<string, number>} */
  const row = { pending: count };
  const queue = async (/** @type {(i: number) => AbortSignal | undefined} */ signalOf) => {
    const mutex = new Mutex(new SharedArrayBuffer(4));
    const guard = await mutex.lockAsync();
    globalThis.gc?.();
    const before = process.memoryUsage.rss();
    /** @type {Promise<unknown>[]} */
    const waits = [];
    const begin = await microseconds(count, () => {
      for (let i = 0; i < count; i++) waits.push(mutex.lockAsync({ signal: signalOf(i) }));
    });
    const bytes = (process.memoryUsage.rss() - before) / count;
    return { guard, begin, bytes, ended: Promise.allSettled(waits) };
  };

  const common = new AbortController();
  const shared = await queue(() => common.signal);
  row['begin, us'] = shared.begin;
  row['RSS, bytes'] = shared.bytes;
  row['inspect(), us in all'] = await microseconds(1, () => inspect());
  row['abort of one signal, us'] = await microseconds(count, () => {
    common.abort();
    return shared.ended;
  });
  shared.guard.release();

  const controllers = Array.from({ length: count }, () => new AbortController());
  const own = await queue((i) => controllers[i].signal);
  row['abort last to first, us'] = await microseconds(count, () => {
    for (let i = count - 1; i >= 0; i--) controllers[i].abort();
    return own.ended;
  });
  own.guard.release();

  const none = await queue(() => undefined);
  row['begin without a signal, us'] = none.begin;
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [key, Math.round(value * 100) / 100]),
  );
}

(async () => {
  await measure(1_000);
  const rows = [];
  for (const count of [1_000, 5_000, 40_000]) rows.push(await measure(count));
  console.table(rows);
})();
