// @ts-check
'use strict';

const { cellOf, integer, milliseconds, nameOf } = require('./arguments.js');
const { defineInspect } = require('./describe.js');
const { endIfTerminating } = require('./end-if-terminating.js');
const { compareExchange, load } = require('./intrinsics.js');
const { limitOf, limitWithin } = require('./limits.js');
const { waitForPromise, waitOptions } = require('./promises.js');
const { native, realm } = require('./realm.js');
const { markAsUncloneable } = require('./uncloneable.js');
const { Wait } = require('./wait.js');

const { ACQUIRED } = native;
/** The waiters bit of the word: set while a thread or a promise waits. */
const WAITERS = native.LATCH_WAITERS;

/**
 * What a select needs of a latch.
 * @typedef {{ cell: Int32Array, name: string | undefined, count: number }} Internals
 */

/** @type {(latch: object) => Internals | undefined} */
let latchInternals;

/** A wait by promise until a latch is open. */
class LatchWait extends Wait {
  /**
   * @param {Int32Array} cell
   * @param {string | undefined} name
   * @param {number} count
   */
  constructor(cell, name, count) {
    super(cell);
    this.name = name;
    this.count = count;
  }

  /**
   * @param {import('../binding.js').Limit} limit
   * @param {boolean} keepsAlive
   */
  begin(limit, keepsAlive) {
    const { cell, name, count, number } = this;
    return native.latchWaitAsync(realm.number, cell, name, count, number, limit, keepsAlive);
  }
}

/** A gate that opens once and stays open. The protocol is in src/primitives/latch.rs. */
class Latch {
  /** @type {Int32Array} */
  #cell;
  /** @type {string | undefined} */
  #name;
  #count;

  static {
    latchInternals = (latch) =>
      #cell in latch ? { cell: latch.#cell, name: latch.#name, count: latch.#count } : undefined;
    defineInspect(this, (latch) =>
      #cell in latch
        ? { name: latch.#name, state: native.latchDescribe(latch.#cell, latch.#count) }
        : undefined,
    );
  }

  /**
   * @param {Int32Array | SharedArrayBuffer} view
   * @param {number} [index]
   * @param {number} [count]
   * @param {import('../index.js').PrimitiveOptions} [options]
   */
  constructor(view, index = 0, count = 1, options) {
    this.#cell = cellOf(view, index);
    this.#count = integer(count, 'count', 1, native.LATCH_MAX_COUNT);
    this.#name = nameOf(options);
    markAsUncloneable(this);
  }

  /**
   * @param {import('../index.js').LimitOptions} [options]
   */
  await(options) {
    if (options !== undefined) this.#wait(limitOf(options));
    else if (load(this.#cell, 0) !== this.#count) this.#wait(Infinity);
  }

  /**
   * @param {number} [ms]
   * @param {import('../index.js').CancelOptions} [options]
   */
  tryAwait(ms = 0, options) {
    if (options !== undefined) return this.#wait(limitWithin(ms, options));
    if (ms === 0) return this.released;
    milliseconds(ms);
    return load(this.#cell, 0) === this.#count || this.#wait(ms);
  }

  /**
   * @param {import('../index.js').WaitOptions} [options]
   */
  async awaitAsync(options) {
    const checked = waitOptions(options);
    if (load(this.#cell, 0) === this.#count) return;
    await waitForPromise(new LatchWait(this.#cell, this.#name, this.#count), checked);
  }

  release() {
    this.#countDown(this.#count);
  }

  countDown(n = 1) {
    this.#countDown(integer(n, 'n', 1, native.LATCH_MAX_COUNT));
  }

  get remaining() {
    const word = load(this.#cell, 0);
    if (word === this.#count) return 0;
    return this.#isClosed(word)
      ? this.#count - (word & ~WAITERS)
      : native.latchRemaining(realm.number, this.#cell, this.#name, this.#count);
  }

  get released() {
    const word = load(this.#cell, 0);
    return word === this.#count || (!this.#isClosed(word) && this.#wait(0));
  }

  /** @param {import('../binding.js').Limit} limit */
  #wait(limit) {
    const status = native.latchWait(realm.number, this.#cell, this.#name, this.#count, limit);
    return endIfTerminating(status) === ACQUIRED;
  }

  /** @param {number} word */
  #isClosed(word) {
    const counted = word & ~WAITERS;
    return counted >= 0 && counted < this.#count;
  }

  /** @param {number} n */
  #countDown(n) {
    const word = load(this.#cell, 0);
    const after = Math.min(word + n, this.#count);
    if (word < 0 || word >= this.#count || compareExchange(this.#cell, 0, word, after) !== word) {
      native.latchCountDown(realm.number, this.#cell, this.#name, this.#count, n);
    }
  }
}

module.exports = {
  Latch,
  /**
   * Returns the internals of a Latch, or undefined for any other object.
   * @param {object} latch
   */
  latchInternals: (latch) => latchInternals(latch),
};
