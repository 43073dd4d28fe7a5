// @ts-check
'use strict';

const {
  assertFunction,
  atOnce,
  cellOf,
  integer,
  isThenable,
  milliseconds,
  nameOf,
} = require('./arguments.js');
const { settled, waitOptions } = require('./promises.js');
const { native, realm } = require('./realm.js');
const { waited } = require('./waited.js');
const { defineWords } = require('./words.js');

/** What is told to an action that wait() and waitFor() cannot wait for. */
const NOT_AT_ONCE =
  'options.action returned a promise, which wait() and waitFor() cannot await. Use waitAsync(), or an action that is ' +
  'done when it returns.';

/** A fixed number of threads wait for each other. The protocol is in src/primitives/barrier.rs. */
class Barrier {
  /** Keeps the number good. @type {InstanceType<typeof native.Barrier>} */
  #native;
  /** What the native functions know it by. @type {number} */
  #handle;
  #total;
  /** @type {(() => unknown) | undefined} */
  #action;

  static {
    defineWords(this, (value) =>
      #handle in value ? native.barrierInWords(value.#handle) : undefined,
    );
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
    this.#handle = this.#native.handle;
  }

  wait() {
    return this.#arrive(Infinity);
  }

  /**
   * @param {number} ms
   */
  waitFor(ms) {
    return this.#arrive(milliseconds(ms));
  }

  /**
   * @param {import('../index.js').WaitOptions} [options]
   */
  async waitAsync(options) {
    const checked = waitOptions(options);
    const action = this.#action;
    const missing = await settled(
      native.barrierWaitAsync(this.#handle, action !== undefined),
      checked,
    );
    if (missing === 0 && action !== undefined) await this.#act(action);
    return missing;
  }

  abort() {
    native.barrierAbort(this.#handle);
  }

  reset() {
    native.barrierReset(this.#handle);
  }

  get broken() {
    return native.barrierBroken(this.#handle);
  }

  get waiting() {
    return native.barrierWaiting(this.#handle);
  }

  get total() {
    return this.#total;
  }

  /**
   * @param {number} ms
   */
  #arrive(ms) {
    const action = this.#action;
    const missing = waited(native.barrierWait(this.#handle, action !== undefined, ms));
    if (missing === 0 && action !== undefined) this.#act(() => atOnce(action(), NOT_AT_ONCE));
    return missing;
  }

  /**
   * Runs the action, which the last to arrive does, and lets the others go once it is done. Where it fails, the barrier
   * breaks.
   *
   * @param {() => unknown} action
   * @returns {unknown} a promise where the action returned one
   */
  #act(action) {
    const open = () => native.barrierOpen(this.#handle);
    const fail = (/** @type {unknown} */ error) => {
      native.barrierAbort(this.#handle);
      throw error;
    };
    let returned;
    try {
      returned = action();
    } catch (error) {
      return fail(error);
    }
    return isThenable(returned) ? Promise.resolve(returned).then(open, fail) : open();
  }
}

module.exports = { Barrier };
