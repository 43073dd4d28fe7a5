// @ts-check
'use strict';

const {
  assertFunction,
  assertSynchronous,
  cellOf,
  integer,
  isThenable,
  milliseconds,
  nameOf,
} = require('./arguments.js');
const { defineInspect } = require('./describe.js');
const { endIfTerminating } = require('./end-if-terminating.js');
const { Promise } = require('./intrinsics.js');
const { waitForPromise, waitOptions } = require('./promises.js');
const { native, newNumber, realm } = require('./realm.js');
const { markAsUncloneable } = require('./uncloneable.js');

/** The message for an action that wait() and waitFor() cannot wait for. */
const NOT_SYNCHRONOUS =
  'options.action returned a promise, which wait() and waitFor() cannot await. Use waitAsync(), or an action that is ' +
  'done when it returns.';
const OPTIONS = ['name', 'action'];

/** A fixed number of threads wait for each other. The protocol is in src/primitives/barrier.rs. */
class Barrier {
  /** @type {Int32Array} */
  #cell;
  /** @type {string | undefined} */
  #name;
  #total;
  /** @type {(() => unknown) | undefined} */
  #action;

  static {
    defineInspect(this, (barrier) =>
      #cell in barrier
        ? { name: barrier.#name, state: native.barrierDescribe(barrier.#cell, barrier.#total) }
        : undefined,
    );
  }

  /**
   * @param {Int32Array | SharedArrayBuffer} view
   * @param {number} index
   * @param {number} total
   * @param {import('../index.js').BarrierOptions} [options]
   */
  constructor(view, index, total, options) {
    this.#cell = cellOf(view, index);
    this.#total = integer(total, 'total', 1, native.BARRIER_MAX_TOTAL);
    this.#name = nameOf(options, OPTIONS);
    this.#action = options?.action;
    if (this.#action !== undefined) assertFunction(this.#action, 'options.action');
    markAsUncloneable(this);
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
    const number = newNumber();
    const actionNumber = this.#action === undefined ? 0 : number;
    const [cell, name, total] = [this.#cell, this.#name, this.#total];
    const value = await waitForPromise(
      {
        number,
        cell,
        begin: (timeout, keepsAlive) =>
          native.barrierWaitAsync(
            realm.number,
            cell,
            name,
            total,
            actionNumber,
            number,
            timeout,
            keepsAlive,
          ),
        // The others have gone on, or wait for an action that will not run.
        undo: () => this.#fail(actionNumber),
      },
      checked,
    );
    const missing = value - 1;
    if (missing === 0 && this.#action !== undefined) await this.#act(this.#action, number);
    return missing;
  }

  abort() {
    native.barrierAbort(realm.number, this.#cell, this.#name, this.#total);
  }

  reset() {
    native.barrierReset(realm.number, this.#cell, this.#name, this.#total);
  }

  get broken() {
    return native.barrierBroken(this.#cell, this.#total);
  }

  get waiting() {
    return native.barrierWaiting(realm.number, this.#cell, this.#name, this.#total);
  }

  get total() {
    return this.#total;
  }

  /**
   * @param {number} ms
   */
  #arrive(ms) {
    const action = this.#action;
    const number = action === undefined ? 0 : newNumber();
    const missing = endIfTerminating(
      native.barrierWait(realm.number, this.#cell, this.#name, this.#total, number, ms),
    );
    if (missing === 0 && action !== undefined) {
      this.#act(() => assertSynchronous(action(), NOT_SYNCHRONOUS), number);
    }
    return missing;
  }

  /**
   * Runs the action, which the last to arrive does, and lets the others go once it is done. Where it fails, the barrier
   * breaks.
   *
   * @param {() => unknown} action
   * @param {number} number what the native side knows this run of it by
   * @returns {unknown} a promise where the action returned one
   */
  #act(action, number) {
    const open = () =>
      native.barrierOpen(realm.number, this.#cell, this.#name, this.#total, number);
    const fail = (/** @type {unknown} */ error) => {
      this.#fail(number);
      throw error;
    };
    let promise;
    try {
      const returned = action();
      if (isThenable(returned)) promise = new Promise((resolve) => resolve(returned));
    } catch (error) {
      return fail(error);
    }
    return promise === undefined ? open() : promise.then(open, fail);
  }

  /** @param {number} number */
  #fail(number) {
    native.barrierFail(realm.number, this.#cell, this.#name, this.#total, number);
  }
}

module.exports = { Barrier };
