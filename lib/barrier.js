// @ts-check
'use strict';

const { cellOf, integer, nameOf } = require('./arguments.js');
const { native, realm } = require('./realm.js');
const { defineWords } = require('./words.js');

/** A fixed number of threads wait for each other. The protocol is in src/primitives/barrier.rs. */
class Barrier {
  /** @type {InstanceType<typeof native.Barrier>} */
  #native;
  #total;

  static {
    defineWords(this, (value) => (#native in value ? value.#native : undefined));
  }

  /**
   * @param {Int32Array | SharedArrayBuffer} view
   * @param {number} index
   * @param {number} total
   * @param {import('../index.js').PrimitiveOptions} [options]
   */
  constructor(view, index, total, options) {
    const cell = cellOf(view, index);
    this.#total = integer(total, 'total', 1, native.BARRIER_MAX_TOTAL);
    this.#native = new native.Barrier(realm, cell, this.#total, nameOf(options));
  }

  wait() {
    return this.#native.wait();
  }

  get total() {
    return this.#total;
  }
}

module.exports = { Barrier };
