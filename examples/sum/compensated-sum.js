// @ts-check
'use strict';

// Neumaier's summation. Besides the rounded sum it keeps what rounding has lost, so that the result is about twice as precise
// as a double.

/** The float64 fields of a sum. */
const Sum = Object.freeze({
  ROUNDED: 0,
  LOST: 1, // to be added to ROUNDED
  NUMBERS: 2, // how many numbers were added
  COUNT: 3,
});

/**
 * @param {Float64Array} sum
 * @param {number} value
 */
function add(sum, value) {
  const rounded = sum[Sum.ROUNDED];
  const next = rounded + value;
  const isLarger = Math.abs(rounded) >= Math.abs(value);
  sum[Sum.LOST] += isLarger ? rounded - next + value : value - next + rounded;
  sum[Sum.ROUNDED] = next;
}

/**
 * @param {Float64Array} sum
 * @param {Float64Array} other
 */
function addSum(sum, other) {
  add(sum, other[Sum.ROUNDED]);
  add(sum, other[Sum.LOST]);
  sum[Sum.NUMBERS] += other[Sum.NUMBERS];
}

/** @param {Float64Array} sum */
const valueOf = (sum) => sum[Sum.ROUNDED] + sum[Sum.LOST];

/**
 * An integer with all its digits, even beyond 2 ** 53.
 *
 * @param {Float64Array} sum
 */
function format(sum) {
  const { [Sum.ROUNDED]: rounded, [Sum.LOST]: lost } = sum;
  const isInteger = Number.isInteger(rounded) && Number.isInteger(lost) && Math.abs(rounded) < 1e21;
  return String(isInteger ? BigInt(rounded) + BigInt(lost) : valueOf(sum));
}

module.exports = { Sum, add, addSum, format, valueOf };
