// @ts-check
'use strict';

const { cellOf, integer, milliseconds, nameOf } = require('./arguments.js');
const { settled, waitOptions } = require('./promises.js');
const { native, realm } = require('./realm.js');
const { waited } = require('./waited.js');
const { defineWords } = require('./words.js');

/** The bit of the word that says that somebody waits. */
const WAITERS = native.LATCH_WAITERS;

/** A gate that opens once. The protocol is in src/primitives/latch.rs. */
class Latch {
  /** @type {Int32Array} */
  #cell;
  /** Keeps the number good. @type {InstanceType<typeof native.Latch>} */
  #native;
  /** What the native functions know it by. @type {number} */
  #handle;
  #count;

  static {
    defineWords(this, (value) =>
      #handle in value ? native.latchInWords(value.#handle) : undefined,
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
    this.#native = new native.Latch(realm, this.#cell, this.#count, nameOf(options));
    this.#handle = this.#native.handle;
  }

  await() {
    if (Atomics.load(this.#cell, 0) !== this.#count)
      waited(native.latchWait(this.#handle, Infinity));
  }

  tryAwait(ms = 0) {
    if (ms === 0) return this.released;
    milliseconds(ms);
    return (
      Atomics.load(this.#cell, 0) === this.#count || waited(native.latchWait(this.#handle, ms))
    );
  }

  /**
   * @param {import('../index.js').WaitOptions} [options]
   */
  async awaitAsync(options) {
    const checked = waitOptions(options);
    await settled(native.latchWaitAsync(this.#handle), checked);
  }

  release() {
    this.#countDown(this.#count);
  }

  countDown(n = 1) {
    this.#countDown(integer(n, 'n', 1, native.LATCH_MAX_COUNT));
  }

  get remaining() {
    const word = Atomics.load(this.#cell, 0);
    if (word === this.#count) return 0;
    return this.#isClosed(word)
      ? this.#count - (word & ~WAITERS)
      : native.latchRemaining(this.#handle);
  }

  get released() {
    const word = Atomics.load(this.#cell, 0);
    return word === this.#count || (!this.#isClosed(word) && native.latchWait(this.#handle, 0));
  }

  /** @param {number} word */
  #isClosed(word) {
    const counted = word & ~WAITERS;
    return counted >= 0 && counted < this.#count;
  }

  /** @param {number} n */
  #countDown(n) {
    const word = Atomics.load(this.#cell, 0);
    const after = Math.min(word + n, this.#count);
    if (
      word < 0 ||
      word >= this.#count ||
      Atomics.compareExchange(this.#cell, 0, word, after) !== word
    ) {
      native.latchCountDown(this.#handle, n);
    }
  }
}

module.exports = { Latch };
