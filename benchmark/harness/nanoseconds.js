// @ts-check
'use strict';

/** Times what one thread does very often. */

const WARM_UP_MS = 60;
const BATCHES = 12;
const BATCH_MS = 10;

/**
 * Nanoseconds of each time, from the fastest batch: one thread's work does not vary, so whatever a batch takes longer is
 * the machine's.
 * @param {(times: number) => unknown} loop a process runs one of them, for one rival, so its calls are inlined
 * @param {boolean} quick
 */
async function nanosecondsEach(loop, quick) {
  /** @param {number} times */
  const timed = async (times) => {
    const start = performance.now();
    await loop(times);
    return performance.now() - start;
  };
  let times = 1000;
  const started = performance.now();
  while (performance.now() - started < WARM_UP_MS) {
    await loop(times);
  }
  while ((await timed(times)) < BATCH_MS) {
    times *= 2;
  }
  let best = Infinity;
  for (let batch = 0; batch < (quick ? BATCHES / 3 : BATCHES); batch++) {
    best = Math.min(best, await timed(times));
  }
  return (best * 1e6) / times;
}

module.exports = { nanosecondsEach };
