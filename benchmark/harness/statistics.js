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
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
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

module.exports = { median, quantile, ratio, summarize };
