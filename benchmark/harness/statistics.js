// @ts-check
'use strict';

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * @param {number[]} values
 * @param {number} part from 0 to 1
 */
function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

/** @param {number[]} values */
function summarize(values) {
  return {
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
    low: quantile(values, 0.25),
    high: quantile(values, 0.75),
  };
}

/**
 * The median of the ratios of neighbours, not the ratio of the medians: where a machine is slow in half of
 * the runs, a median says which half it fell into.
 * @param {number[]} above
 * @param {number[]} below what was measured next to each of them
 */
function ratio(above, below) {
  return median(above.map((value, run) => value / below[run]));
}

const RESAMPLES = 2000;
const SEED = 20261129;

/**
 * Numbers from 0 to below 1, the same for the same seed (mulberry32).
 * @param {number} seed
 */
function randomFrom(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x = (x + Math.imul(x ^ (x >>> 7), x | 61)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * The ratio of the medians of two samples, with its bootstrap interval of 95 %: both samples are drawn again, with replacement
 * and independently, and the interval has the middle 95 % of the ratios of those medians. The same samples yield the same
 * interval. Undefined where a sample is empty.
 * @param {number[]} above
 * @param {number[]} below
 */
function ratioOfMedians(above, below) {
  if (above.length === 0 || below.length === 0) return undefined;
  const random = randomFrom(SEED);
  /** @param {number[]} values */
  const resample = (values) => values.map(() => values[Math.floor(random() * values.length)]);
  const ratios = Array.from(
    { length: RESAMPLES },
    () => median(resample(above)) / median(resample(below)),
  );
  return {
    ratio: median(above) / median(below),
    low: quantile(ratios, 0.025),
    high: quantile(ratios, 0.975),
  };
}

module.exports = { median, quantile, ratio, ratioOfMedians, summarize };
