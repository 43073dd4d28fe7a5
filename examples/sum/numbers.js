// @ts-check
'use strict';

const { Sum, add } = require('./compensated-sum.js');

const MAX_NUMBER_BYTES = 4 * 1024;
const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const EXACT_DIGITS = 15; // a double holds each integer of so many digits exactly
const POWERS_OF_TEN = Array.from({ length: EXACT_DIGITS + 1 }, (_, i) => 10 ** i);
const [TAB, RETURN, SPACE, PLUS, MINUS, POINT, ZERO, NINE] = Buffer.from('\t\r +-.09');
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/** @param {number} byte */
const isSpace = (byte) => byte === SPACE || (byte >= TAB && byte <= RETURN);

/**
 * Adds the numbers of a text to a sum. Stops at the first token that is not a number, and returns it.
 *
 * @param {Buffer} bytes
 * @param {Float64Array} sum
 */
function sumNumbers(bytes, sum) {
  const end = bytes.length;
  for (let i = 0; ; sum[Sum.NUMBERS]++) {
    while (i < end && isSpace(bytes[i])) i++;
    if (i === end) return null;

    const index = i;
    const sign = bytes[i];
    if (sign === PLUS || sign === MINUS) i++;
    let value = 0;
    let digits = 0;
    let digitsBeforePoint = -1; // -1: no point yet
    for (; i < end; i++) {
      const byte = bytes[i];
      if (byte >= ZERO && byte <= NINE) {
        value = value * 10 + (byte - ZERO);
        digits++;
      } else if (byte === POINT && digitsBeforePoint === -1) digitsBeforePoint = digits;
      else break;
    }

    if (digits > 0 && digits <= EXACT_DIGITS && (i === end || isSpace(bytes[i]))) {
      // The quotient of two exact doubles is correctly rounded.
      if (digitsBeforePoint !== -1) value /= POWERS_OF_TEN[digits - digitsBeforePoint];
      if (sign === MINUS) value = -value;
    } else {
      while (i < end && !isSpace(bytes[i])) i++;
      const token = bytes.toString('utf8', index, i);
      value = token.length <= MAX_NUMBER_BYTES && DECIMAL.test(token) ? Number(token) : NaN;
      if (!Number.isFinite(value)) return { index, token };
    }
    add(sum, value);
  }
}

/**
 * Overwrites a byte order mark at the start of a file by spaces.
 *
 * @param {Buffer} bytes
 */
function blankByteOrderMark(bytes) {
  const { length } = BYTE_ORDER_MARK;
  if (bytes.subarray(0, length).equals(BYTE_ORDER_MARK)) bytes.fill(SPACE, 0, length);
}

module.exports = { MAX_NUMBER_BYTES, blankByteOrderMark, isSpace, sumNumbers };
