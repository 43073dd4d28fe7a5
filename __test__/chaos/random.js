// @ts-check
'use strict';

/**
 * A source of random numbers that a seed and a path determine: step 7 of worker 3 draws the same ones in every run,
 * whatever the steps before it drew.
 *
 * splitmix32, the 32-bit form of SplitMix (Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
 * 2014), with the mixing constants of MurmurHash3's finalizer.
 */
class Random {
  #state = 0;

  /** @param {number[]} path a seed, and what the numbers are for */
  constructor(...path) {
    for (const part of path) this.#state = this.#next() ^ part;
  }

  #next() {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return z ^ (z >>> 16);
  }

  /**
   * A whole number from `min` to `max`, both included.
   *
   * @param {number} min
   * @param {number} max
   */
  integer(min, max) {
    return min + ((this.#next() >>> 0) % (max - min + 1));
  }

  /**
   * True in this many of a hundred cases.
   *
   * @param {number} percent
   */
  chance(percent) {
    return this.integer(0, 99) < percent;
  }

  /**
   * @template T
   * @param {readonly T[]} choices
   * @returns {T}
   */
  pick(choices) {
    return choices[this.integer(0, choices.length - 1)];
  }

  /**
   * The same elements in another order.
   *
   * @template T
   * @param {readonly T[]} elements
   */
  shuffle(elements) {
    const shuffled = [...elements];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.integer(0, i);
      [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]];
    }
    return shuffled;
  }
}

module.exports = { Random };
