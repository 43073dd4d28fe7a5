// @ts-check
'use strict';

const { cellOf, milliseconds } = require('./arguments.js');
const { native, realm } = require('./realm.js');

/** The word of a latch that is closed, with nobody waiting. */
const CLOSED = native.LATCH_CLOSED;
/** How often a latch is counted down until it is open, and so the word of one that is. */
const COUNT = 1;

/** A gate that opens once. The protocol is in src/primitives/latch.rs. */
class Latch {
  /** @type {Int32Array} */
  #cell;
  /** @type {InstanceType<typeof native.Latch>} */
  #native;

  /**
   * @param {Int32Array | SharedArrayBuffer} view
   * @param {number} [index]
   */
  constructor(view, index = 0) {
    this.#cell = cellOf(view, index);
    this.#native = new native.Latch(realm, this.#cell, COUNT);
  }

  await() {
    if (Atomics.load(this.#cell, 0) !== COUNT) this.#native.wait(Infinity);
  }

  tryAwait(ms = 0) {
    milliseconds(ms);
    return Atomics.load(this.#cell, 0) === COUNT || this.#native.wait(ms);
  }

  release() {
    if (Atomics.compareExchange(this.#cell, 0, CLOSED, COUNT) !== CLOSED) this.#native.release();
  }

  get released() {
    return Atomics.load(this.#cell, 0) === COUNT || this.#native.wait(0);
  }
}

module.exports = { Latch };
