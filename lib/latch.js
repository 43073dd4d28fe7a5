// @ts-check
'use strict';

const { cellOf, integer, milliseconds, nameOf } = require('./arguments.js');
const { settled, waitOptions } = require('./promises.js');
const { native, realm } = require('./realm.js');
const { waited } = require('./waited.js');
const { defineWords } = require('./words.js');

/** The word of a latch that is closed, with nobody waiting. */
const CLOSED = native.LATCH_CLOSED;

/** A gate that opens once. The protocol is in src/primitives/latch.rs. */
class Latch {
  /** @type {Int32Array} */
  #cell;
  /** @type {InstanceType<typeof native.Latch>} */
  #native;
  /** What the native functions know it by. @type {number} */
  #handle;
  #count;

  static {
    defineWords(this, (value) => (#native in value ? value.#native : undefined));
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
    await settled(this.#native.waitAsync(), checked);
  }

  release() {
    if (Atomics.compareExchange(this.#cell, 0, CLOSED, this.#count) !== CLOSED)
      native.latchCountDown(this.#handle, this.#count);
  }

  countDown(n = 1) {
    native.latchCountDown(this.#handle, integer(n, 'n', 1, native.LATCH_MAX_COUNT));
  }

  get remaining() {
    return this.#native.remaining();
  }

  get released() {
    return Atomics.load(this.#cell, 0) === this.#count || native.latchWait(this.#handle, 0);
  }
}

module.exports = { Latch };
