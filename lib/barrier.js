// @ts-check
'use strict';

const {
  assertFunction,
  assertSynchronous,
  cellOf,
  integer,
  isThenable,
  nameOf,
} = require('./arguments.js');
const { defineInspect } = require('./describe.js');
const { endIfTerminating } = require('./end-if-terminating.js');
const { Promise } = require('./intrinsics.js');
const { limitOf, limitWithin } = require('./limits.js');
const { checkOptions, waitForPromise } = require('./promises.js');
const { native, newNumber, realm } = require('./realm.js');
const { markAsUncloneable } = require('./uncloneable.js');
const { Wait } = require('./wait.js');

const { INTERRUPTED } = native;
const REALM = realm.number;
/** The message for an asynchronous action in wait() and waitFor(). */
const NOT_SYNCHRONOUS =
  'options.action returned a promise, which wait() and waitFor() cannot await. Use waitAsync(), or an action that is ' +
  'done when it returns.';
const OPTIONS = ['name', 'action'];

/** An arrival by promise. Its value is the arrival index plus 1. */
class BarrierWait extends Wait {
  /**
   * @param {Int32Array} cell
   * @param {string | undefined} name
   * @param {number} total
   * @param {boolean} acts whether the barrier has an action
   */
  constructor(cell, name, total, acts) {
    super(cell);
    this.name = name;
    this.total = total;
    this.acts = acts;
  }

  /**
   * @param {import('../binding.js').Limit} limit
   * @param {boolean} keepsAlive
   */
  begin(limit, keepsAlive) {
    const { cell, name, total, number } = this;
    const action = this.acts ? number : 0;
    return native.barrierWaitAsync(REALM, cell, name, total, action, number, limit, keepsAlive);
  }

  /** Breaks the barrier if this was the last arrival: the others wait for an action that will not run. */
  revoke() {
    if (this.acts) {
      native.barrierEndAction(REALM, this.cell, this.name, this.total, this.number, true);
    }
  }
}

/** Keeps a fixed number of threads in step. The protocol is in src/primitives/barrier.rs. */
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

  /**
   * @param {import('../index.js').LimitOptions} [options]
   */
  wait(options) {
    return this.#arrive(options === undefined ? Infinity : limitOf(options));
  }

  /**
   * @param {number} ms
   * @param {import('../index.js').CancelOptions} [options]
   */
  waitFor(ms, options) {
    return this.#arrive(limitWithin(ms, options));
  }

  /**
   * @param {import('../index.js').WaitOptions} [options]
   */
  async waitAsync(options) {
    const wait = new BarrierWait(this.#cell, this.#name, this.#total, this.#action !== undefined);
    // If a Cancel was aborted before, the native call breaks the barrier.
    const value = await waitForPromise(wait, checkOptions(options));
    const missing = value - 1;
    if (missing === 0 && this.#action !== undefined) await this.#act(this.#action, wait.number);
    return missing;
  }

  abort() {
    this.#break(false);
  }

  reset() {
    this.#break(true);
  }

  get broken() {
    return native.barrierBroken(this.#cell, this.#total);
  }

  get waiting() {
    return native.barrierWaiting(REALM, this.#cell, this.#name, this.#total);
  }

  get total() {
    return this.#total;
  }

  /**
   * @param {import('../binding.js').Limit} limit
   */
  #arrive(limit) {
    const action = this.#action;
    const number = action === undefined ? 0 : newNumber();
    const cell = this.#cell;
    const name = this.#name;
    const total = this.#total;
    const status = native.barrierWait(REALM, cell, name, total, number, limit);
    const missing = status > INTERRUPTED ? status : endIfTerminating(status);
    if (missing === 0 && action !== undefined) {
      // The others wait for the end of the action, which comes even if no function can be called any more.
      let failed = true;
      try {
        assertSynchronous(action(), NOT_SYNCHRONOUS);
        failed = false;
      } finally {
        native.barrierEndAction(REALM, cell, name, total, number, failed);
      }
    }
    return missing;
  }

  /**
   * Runs the action of the last arrival, then releases the other parties. If the action fails, the barrier breaks.
   *
   * @param {() => unknown} action
   * @param {number} number the native side's number of this run of the action
   */
  async #act(action, number) {
    let failed = true;
    try {
      const returned = action();
      if (isThenable(returned)) await new Promise((resolve) => resolve(returned));
      failed = false;
    } finally {
      native.barrierEndAction(REALM, this.#cell, this.#name, this.#total, number, failed);
    }
  }

  /** @param {boolean} fresh whether to make the barrier fresh again at once, as reset() does */
  #break(fresh) {
    native.barrierBreak(REALM, this.#cell, this.#name, this.#total, fresh);
  }
}

module.exports = { Barrier };
