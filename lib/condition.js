// @ts-check
'use strict';

const {
  assertPredicate,
  assertSynchronous,
  cellOf,
  integer,
  milliseconds,
  nameOf,
} = require('./arguments.js');
const { defineInspect } = require('./describe.js');
const { endIfTerminating } = require('./end-if-terminating.js');
const { assertHeld, grantOf } = require('./guard.js');
const { load } = require('./intrinsics.js');
const { mutexInternals } = require('./mutex.js');
const { waitForPromise, waitOptions } = require('./promises.js');
const { native, realm } = require('./realm.js');
const { markAsUncloneable } = require('./uncloneable.js');
const { Wait } = require('./wait.js');

/** The word of a condition without waiters. */
const EMPTY = native.CONDITION_EMPTY;
const { NOTIFIED } = native;

/** @typedef {import('./mutex.js').Mutex} Mutex */
/** @typedef {import('./mutex.js').Internals} MutexInternals */

/**
 * @param {() => unknown} predicate
 */
function answer(predicate) {
  return assertSynchronous(
    predicate(),
    'predicate returned a promise, which is always truthy. It must read the shared memory and return its answer at once.',
  );
}

/**
 * Throws unless this thread owns the mutex by lock(), not by a guard.
 * @param {MutexInternals} mutex
 */
function assertOwned({ cell, name, owned }) {
  if (!owned) native.mutexAssertOwned(realm.number, cell, name);
}

/** A wait by promise for one notification, with the mutex of a guard. */
class ConditionWait extends Wait {
  /**
   * @param {Int32Array} cell
   * @param {string | undefined} name
   * @param {import('./guard.js').Guard} guard kept for as long as the wait, so that it is not collected before
   */
  constructor(cell, name, guard) {
    super(cell);
    this.name = name;
    this.guard = guard;
  }

  /**
   * @param {number} timeout
   * @param {boolean} keepsAlive
   */
  begin(timeout, keepsAlive) {
    const { cell, name, number } = this;
    const mutex = grantOf(this.guard);
    return native.conditionWaitAsync(
      realm.number,
      cell,
      name,
      mutex.cell,
      mutex.name,
      mutex.number,
      number,
      timeout,
      keepsAlive,
    );
  }
}

/** Waits until the data that a mutex guards has changed. The protocol is in src/primitives/condition.rs. */
class Condition {
  /** @type {Int32Array} */
  #cell;
  /** @type {string | undefined} */
  #name;

  static {
    defineInspect(this, (condition) =>
      #cell in condition
        ? { name: condition.#name, state: native.conditionDescribe(condition.#cell) }
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
   * @param {Mutex} mutex
   * @param {() => unknown} [predicate]
   */
  wait(mutex, predicate) {
    const internals = mutexInternals(mutex);
    assertPredicate(predicate);
    assertOwned(internals);
    if (predicate === undefined) this.#wait(internals, Infinity);
    else while (!answer(predicate)) this.#wait(internals, Infinity);
  }

  /**
   * @param {Mutex} mutex
   * @param {(() => unknown) | undefined} predicate
   * @param {number} ms
   */
  waitFor(mutex, predicate, ms) {
    const internals = mutexInternals(mutex);
    assertPredicate(predicate);
    milliseconds(ms);
    assertOwned(internals);
    if (predicate === undefined) return this.#wait(internals, ms);
    const end = native.now() + ms;
    for (let inTime = true; ;) {
      const value = answer(predicate);
      if (value || !inTime) return value;
      inTime = this.#wait(internals, Math.max(0, end - native.now()));
    }
  }

  /**
   * Waits for one notification. Returns false if the wait timed out.
   * @param {MutexInternals} mutex
   * @param {number} ms
   */
  #wait(mutex, ms) {
    const { cell, name } = mutex;
    const status = native.conditionWait(realm.number, this.#cell, this.#name, cell, name, ms);
    return endIfTerminating(status) === NOTIFIED;
  }

  /**
   * @param {import('./guard.js').Guard} guard
   * @param {(() => unknown) | undefined} [predicate]
   * @param {import('../index.js').WaitOptions} [options]
   */
  async waitAsync(guard, predicate, options) {
    const grant = grantOf(guard);
    assertPredicate(predicate);
    const { timeout, ...rest } = waitOptions(options);
    assertHeld(grant);
    const end = native.now() + timeout;
    const notified = async () => {
      if (rest.signal?.aborted) {
        // The signal aborted while the predicate ran. After an abort the guard never owns the mutex.
        grant.release();
        throw rest.signal.reason;
      }
      const left = { ...rest, timeout: Math.max(0, end - native.now()) };
      const wait = new ConditionWait(this.#cell, this.#name, guard);
      return (await waitForPromise(wait, left)) === NOTIFIED;
    };
    if (predicate === undefined) return notified();
    for (let inTime = true; ;) {
      const value = answer(predicate);
      if (value || !inTime) return value;
      inTime = await notified();
      // Another task of this thread may have released the guard in between.
      assertHeld(grant);
    }
  }

  notify(n = 1) {
    if (n !== Infinity) integer(n, 'n', 0, Number.MAX_SAFE_INTEGER);
    return this.#notify(n);
  }

  notifyAll() {
    return this.#notify(Infinity);
  }

  /** @param {number} n */
  #notify(n) {
    return load(this.#cell, 0) === EMPTY
      ? 0
      : native.conditionNotify(realm.number, this.#cell, this.#name, n);
  }
}

module.exports = { Condition };
