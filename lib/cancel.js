// @ts-check
'use strict';

const { cellOf, formatValue, isAbortSignal, nameOf } = require('./arguments.js');
const { defineInspect } = require('./describe.js');
const { endIfTerminating } = require('./end-if-terminating.js');
const { invalidArgType, outOfRange } = require('./errors.js');
const {
  AbortController,
  Int32Array,
  Set,
  SharedArrayBuffer,
  WeakMap,
  load,
} = require('./intrinsics.js');
const { whenCancelLoads } = require('./limits.js');
const { pending } = require('./pending.js');
const { native, realm } = require('./realm.js');
const { markAsUncloneable } = require('./uncloneable.js');
const { Wait } = require('./wait.js');

/** The word of a Cancel that was not aborted and has no deadline. */
const UNTOUCHED = 0;
/** The bit of the word that says that it was aborted. */
const ABORTED = native.CANCEL_ABORTED | 0;
/** The longest time of abortAfter(), in milliseconds. */
const MAX_AFTER = native.CANCEL_MAX_AFTER;

/**
 * What a select needs of a cancel.
 * @typedef {{ cell: Int32Array, name: string | undefined }} Internals
 */

/** @type {(cancel: object) => Internals | undefined} */
let cancelInternals;

/** The wait that aborts a signal. */
class SignalWait extends Wait {
  /**
   * @param {Int32Array} cell
   * @param {string | undefined} name
   * @param {AbortController} controller
   */
  constructor(cell, name, controller) {
    super(cell);
    this.name = name;
    this.controller = controller;
  }

  begin() {
    const { cell, name, number } = this;
    // It is its own cancel, whose deadline counts.
    const limit = /** @type {const} */ ([Infinity, true, cell]);
    return native.cancelAborted(realm.number, cell, name, number, limit, false);
  }

  /** @param {import('./wait.js').Rejection} rejection */
  fail(rejection) {
    pending.delete(this.number);
    this.controller.abort(rejection.error);
  }
}

/**
 * Makes a signal that aborts together with a Cancel.
 * @param {Int32Array} cell
 * @param {string | undefined} name
 */
function signalOf(cell, name) {
  if (AbortController === undefined) {
    throw new Error('This realm has no AbortController, so that a Cancel has no signal here.');
  }
  const controller = new AbortController();
  const wait = new SignalWait(cell, name, controller);
  pending.set(wait.number, wait);
  try {
    endIfTerminating(wait.begin());
  } catch (error) {
    if (/** @type {any} */ (error)?.code !== 'ERR_CANCELLED') {
      pending.delete(wait.number);
      throw error;
    }
    wait.fail({ error });
  }
  return controller.signal;
}

/** The Cancels that abort with a signal: all of one signal by one listener. */
class Followers {
  /** @type {WeakMap<import('../index.js').WaitSignal, Followers>} */
  static #all = new WeakMap();
  /** @type {Set<Cancel>} */
  #cancels = new Set();
  #abort = () => this.#cancels.forEach((cancel) => cancel.abort());

  /**
   * Lets a Cancel follow a signal.
   * @param {import('../index.js').WaitSignal} signal
   * @param {Cancel} cancel
   */
  static add(signal, cancel) {
    let followers = Followers.#all.get(signal);
    if (followers === undefined) {
      followers = new Followers();
      signal.addEventListener('abort', followers.#abort, { once: true });
      Followers.#all.set(signal, followers);
    }
    followers.#cancels.add(cancel);
  }

  /**
   * Ends that: the signal keeps the Cancel no longer.
   * @param {import('../index.js').WaitSignal} signal
   * @param {Cancel} cancel
   */
  static remove(signal, cancel) {
    const followers = Followers.#all.get(signal);
    if (followers === undefined || !followers.#cancels.delete(cancel)) return;
    if (followers.#cancels.size > 0) return;
    Followers.#all.delete(signal);
    signal.removeEventListener('abort', followers.#abort);
  }
}

/** Ends waits of the other primitives, in all threads. The protocol is in src/primitives/cancel.rs. */
class Cancel {
  /** @type {Int32Array} */
  #cell;
  /** @type {string | undefined} */
  #name;
  /** @type {AbortSignal | undefined} */
  #signal;
  /** The signal that it follows. @type {import('../index.js').WaitSignal | undefined} */
  #followed;

  static {
    cancelInternals = (cancel) =>
      #cell in cancel ? { cell: cancel.#cell, name: cancel.#name } : undefined;
    whenCancelLoads(
      (value) =>
        typeof value === 'object' && value !== null ? cancelInternals(value)?.cell : undefined,
      (cancel) => throwIfAborted.call(cancel),
    );
    defineInspect(this, (cancel) =>
      #cell in cancel
        ? { name: cancel.#name, state: native.cancelDescribe(cancel.#cell) }
        : undefined,
    );
  }

  /**
   * @param {Int32Array | SharedArrayBuffer} view
   * @param {number} [index]
   * @param {import('../index.js').PrimitiveOptions} [options]
   */
  constructor(view, index = 0, options) {
    this.#cell = cellOf(view, index);
    this.#name = nameOf(options);
    markAsUncloneable(this);
  }

  /**
   * @param {import('../index.js').WaitSignal} signal
   * @param {Int32Array | SharedArrayBuffer} [view]
   * @param {number} [index]
   * @param {import('../index.js').PrimitiveOptions} [options]
   */
  static from(
    signal,
    view = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT),
    index = 0,
    options,
  ) {
    if (!isAbortSignal(signal)) {
      throw invalidArgType(`signal must be an AbortSignal, but is ${formatValue(signal)}.`);
    }
    const cancel = new Cancel(view, index, options);
    if (signal.aborted) {
      cancel.abort();
    } else {
      Followers.add(signal, cancel);
      cancel.#followed = signal;
    }
    return cancel;
  }

  abort() {
    native.cancelAbort(realm.number, this.#cell, this.#name);
    if (this.#followed === undefined) return;
    Followers.remove(this.#followed, this);
    this.#followed = undefined;
  }

  /** @param {number} ms */
  abortAfter(ms) {
    if (typeof ms !== 'number') {
      throw invalidArgType(`ms must be a number of milliseconds, but is ${formatValue(ms)}.`);
    }
    if (ms === Infinity) return;
    if (!(ms >= 0 && ms <= MAX_AFTER)) {
      throw outOfRange(
        `ms must be from 0 to ${MAX_AFTER} milliseconds (12 days), or Infinity for never, but is ${formatValue(ms)}.`,
      );
    }
    native.cancelAbortAfter(realm.number, this.#cell, this.#name, ms);
  }

  get aborted() {
    const word = load(this.#cell, 0);
    return word !== UNTOUCHED && ((word & ABORTED) !== 0 || native.cancelIsAborted(this.#cell));
  }

  throwIfAborted() {
    if (load(this.#cell, 0) !== UNTOUCHED)
      native.cancelAssertNotAborted(realm.number, this.#cell, this.#name);
  }

  get signal() {
    this.#signal ??= signalOf(this.#cell, this.#name);
    return this.#signal;
  }
}

const { throwIfAborted } = Cancel.prototype;

module.exports = {
  Cancel,
  /**
   * Returns the internals of a Cancel, or undefined for any other object.
   * @param {object} cancel
   */
  cancelInternals: (cancel) => cancelInternals(cancel),
};
