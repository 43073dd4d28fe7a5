// @ts-check
'use strict';

// In which order a select tries its cases: each order with the same probability, so that no case that is ready stands
// behind another one. The numbers are the package's own, since programs replace Math.random.

const { native, THREAD } = require('../realm.js');

/** The state of the generator: never 0. */
let state = (Math.floor(native.now() * 1_000) ^ Math.imul(THREAD, 0x9e3779b9)) | 1;

/** Xorshift (Marsaglia, "Xorshift RNGs", 2003). */
function next() {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state >>> 0;
}

/**
 * Puts the indices of cases into a random order (Fisher and Yates).
 * @param {number[]} indices
 */
function shuffle(indices) {
  for (let last = indices.length - 1; last > 0; last--) {
    const other = next() % (last + 1);
    const index = indices[last];
    indices[last] = indices[other];
    indices[other] = index;
  }
}

let order = shuffle;

module.exports = {
  /**
   * Changes the order of the indices of cases.
   * @param {number[]} indices
   */
  arrange: (indices) => order(indices),
  /** @param {(indices: number[]) => void} replacement replaces the random order, under exploration */
  orderBy(replacement) {
    order = replacement;
  },
};
