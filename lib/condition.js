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
const { assertHeld, guardInternals } = require('./guard.js');
const { load } = require('./intrinsics.js');
const { mutexInternals } = require('./mutex.js');
const { waitForPromise, waitOptions } = require('./promises.js');
const { native, newNumber, realm } = require('./realm.js');
const { markAsUncloneable } = require('./uncloneable.js');

/** The word of a condition that nobody waits for. */
const EMPTY = native.CONDITION_EMPTY;
/** What a promise comes to that was notified. */
const NOTIFIED = 2;

/** @typedef {import('./mutex.js').Mutex} Mutex */
/** @typedef {import('./mutex.js').Internals} MutexInternals */

/**
 * @param {() => unknown} predicate
 */
function answer(predicate) {
  return assertSynchronous(
    predicate(),
    'predicate returned a promise, which is always truthy: it must look at the shared memory and answer at once.',
  );
}

/**
 * Throws unless this thread itself owns the mutex.
 * @param {MutexInternals} mutex
 */
function assertOwned({ cell, name, owned }) {
  if (!owned) native.mutexAssertOwned(realm.number, cell, name);
}

/** Waiting until what a mutex guards has changed. The protocol is in src/primitives/condition.rs. */
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
   * Waits for one notification: false where the time was up first.
   * @param {MutexInternals} mutex
   * @param {number} ms
   */
  #wait(mutex, ms) {
    return endIfTerminating(
      native.conditionWait(realm.number, this.#cell, this.#name, mutex.cell, mutex.name, ms),
    );
  }

  /**
   * @param {import('./guard.js').Guard} guard
   * @param {(() => unknown) | undefined} [predicate]
   * @param {import('../index.js').WaitOptions} [options]
   */
  async waitAsync(guard, predicate, options) {
    const grant = guardInternals(guard);
    assertPredicate(predicate);
    const { timeout, ...rest } = waitOptions(options);
    assertHeld(grant);
    const end = native.now() + timeout;
    const notified = () =>
      this.#waitAsync(guard, { ...rest, timeout: Math.max(0, end - native.now()) });
    if (predicate === undefined) return notified();
    for (let inTime = true; ;) {
      const value = answer(predicate);
      if (value || !inTime) return value;
      inTime = await notified();
      // Another task of the thread may have released it in between.
      assertHeld(grant);
    }
  }

  /**
   * Waits for one notification, as a promise: false where the time was up first.
   * @param {import('./guard.js').Guard} guard
   * @param {import('./promises.js').CheckedOptions} options
   */
  async #waitAsync(guard, options) {
    const grant = guardInternals(guard);
    const number = newNumber();
    const [cell, name] = [this.#cell, this.#name];
    const value = await waitForPromise(
      {
        number,
        cell,
        guard,
        mutexCell: grant.cell,
        begin: (timeout, keepsAlive) =>
          native.conditionWaitAsync(
            realm.number,
            cell,
            name,
            grant.cell,
            grant.name,
            grant.number,
            number,
            timeout,
            keepsAlive,
          ),
      },
      options,
    );
    return value === NOTIFIED;
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
