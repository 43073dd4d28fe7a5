// @ts-check
'use strict';

/**
 * Keeps the processor for a time.
 * @param {number} ms
 */
function spin(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Milliseconds on a clock that all threads share. */
const sharedNow = () => Number(process.hrtime.bigint()) / 1e6;

module.exports = { sharedNow, spin };
