// @ts-check
'use strict';

const { performance } = require('node:perf_hooks');
const {
  assertPredicate,
  atOnce,
  cellOf,
  integer,
  milliseconds,
  nameOf,
} = require('./arguments.js');
const { assertGuarded, lend } = require('./guard.js');
const { partsOf } = require('./mutex.js');
const { settled, waitOptions } = require('./promises.js');
const { native, realm } = require('./realm.js');
const { waited } = require('./waited.js');
const { defineWords } = require('./words.js');

/** The word of a condition that nobody waits for. */
const EMPTY = native.CONDITION_EMPTY;

/** @typedef {import('./mutex.js').Mutex} Mutex */

/**
 * @param {() => unknown} predicate
 */
function answer(predicate) {
  return atOnce(
    predicate(),
    'predicate returned a promise, which is always truthy: it must look at the shared memory and answer at once.',
  );
}

/**
 * Whether a wait by promise that failed so has locked the mutex again: the condition's own cell was written over.
 * @param {any} error
 */
const isOwnedAfter = (error) => error?.code === 'ERR_CORRUPT_CELL';

/**
 * Throws unless this thread itself owns the mutex.
 * @param {import('./mutex.js').Parts} parts
 */
function assertOwned({ handle, owned }) {
  if (!owned) native.mutexAssertOwned(handle);
}

/** Waiting until what a mutex guards has changed. The protocol is in src/primitives/condition.rs. */
class Condition {
  /** @type {Int32Array} */
  #cell;
  /** Keeps the number good. @type {InstanceType<typeof native.Condition>} */
  #native;
  /** What the native functions know it by. @type {number} */
  #handle;

  static {
    defineWords(this, (value) =>
      #handle in value ? native.conditionInWords(value.#handle) : undefined,
    );
  }

  /**
   * @param {Int32Array | SharedArrayBuffer} view
   * @param {number} [index]
   * @param {import('../index.js').PrimitiveOptions} [options]
   */
  constructor(view, index = 0, options) {
    this.#cell = cellOf(view, index);
    this.#native = new native.Condition(realm, this.#cell, nameOf(options));
    this.#handle = this.#native.handle;
  }

  /**
   * @param {Mutex} mutex
   * @param {() => unknown} [predicate]
   */
  wait(mutex, predicate) {
    const parts = partsOf(mutex);
    assertPredicate(predicate);
    assertOwned(parts);
    if (predicate === undefined) {
      waited(native.conditionWait(this.#handle, parts.handle, Infinity));
      return;
    }
    while (!answer(predicate)) waited(native.conditionWait(this.#handle, parts.handle, Infinity));
  }

  /**
   * @param {Mutex} mutex
   * @param {(() => unknown) | undefined} predicate
   * @param {number} ms
   */
  waitFor(mutex, predicate, ms) {
    const parts = partsOf(mutex);
    assertPredicate(predicate);
    milliseconds(ms);
    assertOwned(parts);
    if (predicate === undefined) {
      return waited(native.conditionWait(this.#handle, parts.handle, ms));
    }
    const end = performance.now() + ms;
    for (let inTime = true; ;) {
      const value = answer(predicate);
      if (value || !inTime) return value;
      const left = Math.max(0, end - performance.now());
      inTime = waited(native.conditionWait(this.#handle, parts.handle, left));
    }
  }

  /**
   * @param {Mutex} mutex
   * @param {(() => unknown) | undefined} [predicate]
   * @param {import('../index.js').WaitOptions} [options]
   */
  async waitAsync(mutex, predicate, options) {
    const condition = this.#handle;
    const { handle } = partsOf(mutex);
    assertPredicate(predicate);
    const { timeout, ...rest } = waitOptions(options);
    assertGuarded(handle);
    const end = performance.now() + timeout;
    const notified = () => {
      const left = { ...rest, timeout: Math.max(0, end - performance.now()) };
      const wait = () => settled(native.conditionWaitAsync(condition, handle), left);
      return lend(handle, wait, isOwnedAfter);
    };
    if (predicate === undefined) return notified();
    for (let inTime = true; ;) {
      const value = answer(predicate);
      if (value || !inTime) return value;
      inTime = await notified();
    }
  }

  notify(n = 1) {
    if (n !== Infinity) integer(n, 'n', 0, Number.MAX_SAFE_INTEGER);
    return Atomics.load(this.#cell, 0) === EMPTY ? 0 : native.conditionNotify(this.#handle, n);
  }

  notifyAll() {
    return Atomics.load(this.#cell, 0) === EMPTY
      ? 0
      : native.conditionNotify(this.#handle, Infinity);
  }
}

module.exports = { Condition };
