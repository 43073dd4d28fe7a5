// @ts-check
'use strict';

const {
  assertFunction,
  cellOf,
  integer,
  isThenable,
  milliseconds,
  nameOf,
} = require('./arguments.js');
const { invalidArgType } = require('./errors.js');
const { settled, waitOptions } = require('./promises.js');
const { native, realm } = require('./realm.js');
const { defineWords } = require('./words.js');

/** A fixed number of threads wait for each other. The protocol is in src/primitives/barrier.rs. */
class Barrier {
  /** @type {InstanceType<typeof native.Barrier>} */
  #native;
  #total;
  /** @type {(() => unknown) | undefined} */
  #action;

  static {
    defineWords(this, (value) => (#native in value ? value.#native : undefined));
  }

  /**
   * @param {Int32Array | SharedArrayBuffer} view
   * @param {number} index
   * @param {number} total
   * @param {import('../index.js').BarrierOptions} [options]
   */
  constructor(view, index, total, options) {
    const cell = cellOf(view, index);
    this.#total = integer(total, 'total', 1, native.BARRIER_MAX_TOTAL);
    const name = nameOf(options);
    this.#action = options?.action;
    if (this.#action !== undefined) assertFunction(this.#action, 'options.action');
    this.#native = new native.Barrier(realm, cell, this.#total, name);
  }

  wait() {
    return this.#passed(this.#native.wait(this.#action !== undefined, Infinity));
  }

  /**
   * @param {number} ms
   */
  waitFor(ms) {
    return this.#passed(this.#native.wait(this.#action !== undefined, milliseconds(ms)));
  }

  /**
   * @param {import('../index.js').WaitOptions} [options]
   */
  async waitAsync(options) {
    const checked = waitOptions(options);
    const missing = await settled(this.#native.waitAsync(this.#action !== undefined), checked);
    if (missing === 0 && this.#action !== undefined) {
      await this.#breakingOnError(this.#action);
      this.#native.open();
    }
    return missing;
  }

  abort() {
    this.#native.abort();
  }

  reset() {
    this.#native.reset();
  }

  get broken() {
    return this.#native.broken;
  }

  get waiting() {
    return this.#native.waiting();
  }

  get total() {
    return this.#total;
  }

  /**
   * The last to arrive runs the action before the others are let go.
   * @param {number} missing
   */
  #passed(missing) {
    if (missing === 0 && this.#action !== undefined) {
      try {
        if (isThenable(this.#action())) {
          throw invalidArgType(
            'options.action returned a promise, which wait() cannot await. Use waitAsync(), or an action that is done when it returns.',
          );
        }
      } catch (error) {
        this.#native.abort();
        throw error;
      }
      this.#native.open();
    }
    return missing;
  }

  /**
   * @param {() => unknown} action
   */
  async #breakingOnError(action) {
    try {
      await action();
    } catch (error) {
      this.#native.abort();
      throw error;
    }
  }
}

module.exports = { Barrier };
