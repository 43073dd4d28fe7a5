// @ts-check
'use strict';

const {
  assertFunction,
  assertSynchronous,
  cellOf,
  formatValue,
  milliseconds,
  nameOf,
} = require('./arguments.js');
const { defineInspect } = require('./describe.js');
const { defineDispose } = require('./dispose.js');
const { endIfTerminating } = require('./end-if-terminating.js');
const { invalidArgType } = require('./errors.js');
const { compareExchange, load, pause } = require('./intrinsics.js');
const { later } = require('./later.js');
const { limitOf, limitWithin } = require('./limits.js');
const { waitForGuard } = require('./promises.js');
const { native, realm, THREAD } = require('./realm.js');
const { markAsUncloneable } = require('./uncloneable.js');

const { ACQUIRED, INTERRUPTED, RECOVERED, TIMED_OUT } = native;
const REALM = realm.number;
const guards = later(() => require('./guard.js'));
/** The word of a free mutex. */
const FREE = native.MUTEX_FREE;
/** The waiters bit of the word: set while a thread or a promise waits. */
const WAITERS = native.MUTEX_WAITERS;

/**
 * What a Condition needs to know about a mutex.
 *
 * @typedef {object} Internals
 * @property {Int32Array} cell
 * @property {string | undefined} name
 */

/** @type {(mutex: unknown) => Internals} */
let mutexInternals;

/** The attempts before the native call: with the pauses, about as long as that call and a short critical section take. */
const SPIN_LIMIT = 9;

/** The contended calls before the first native.mutexBackOff: a sample takes longer than a wait for a mutex that is seldom wanted. */
const CALLS_BEFORE_SAMPLE = 8;

/**
 * Acquires the mutex if it becomes free within some attempts. A short critical section ends sooner than a native call
 * would return. After each attempt the thread leaves the cache line to the owner, which needs it to unlock (Anderson, "The
 * Performance of Spin Lock Alternatives for Shared-Memory Multiprocessors", 1990; V8's JSAtomicsMutex does the same). It does
 * not load the word before it exchanges it: then the line would travel twice.
 * @param {Int32Array} cell
 */
function trySpin(cell) {
  for (let i = 0; i < SPIN_LIMIT; i++) {
    if (compareExchange(cell, 0, FREE, THREAD) === FREE) return true;
    pause();
  }
  return false;
}

/**
 * Waits for the mutex. Returns false if the limit passed.
 * @param {Int32Array} cell
 * @param {string | undefined} name
 * @param {import('../binding.js').Limit} limit
 */
function wait(cell, name, limit) {
  const status = native.mutexLock(REALM, cell, name, limit);
  if (status !== ACQUIRED) endIfTerminating(status);
  return status === ACQUIRED;
}

/** Whether this thread owns the mutex by lock(), not by a guard. @param {Int32Array} cell */
function isOwned(cell) {
  return (load(cell, 0) & ~WAITERS) === THREAD;
}

/** Mutual exclusion: one thread at a time owns the mutex. The protocol is in src/primitives/mutex. */
class Mutex {
  /** @type {Int32Array} */
  #cell;
  /** @type {string | undefined} */
  #name;
  /** How many contended calls to skip before the next native.mutexBackOff. */
  #skipSamples = CALLS_BEFORE_SAMPLE;

  static {
    mutexInternals = (mutex) => {
      if (typeof mutex !== 'object' || mutex === null || !(#cell in mutex)) {
        throw invalidArgType(
          `mutex must be a Mutex of this package, but is ${formatValue(mutex)}. Pass the Mutex that guards the data ` +
            'that the predicate reads.',
        );
      }
      return { cell: mutex.#cell, name: mutex.#name };
    };
    defineInspect(this, (mutex) =>
      #cell in mutex ? { name: mutex.#name, state: native.mutexDescribe(mutex.#cell) } : undefined,
    );
    defineDispose(this.prototype, function () {
      if (isOwned(this.#cell)) this.unlock();
    });
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
   * @param {import('../index.js').LimitOptions} [options]
   */
  lock(options) {
    if (options !== undefined) {
      wait(this.#cell, this.#name, limitOf(options));
      return this;
    }
    const cell = this.#cell;
    const seen = compareExchange(cell, 0, FREE, THREAD);
    if (seen !== FREE) {
      if (--this.#skipSamples < 0) this.#skipSamples = native.mutexBackOff(cell);
      // Where others wait already, the native call spins for longer at less cost.
      if ((seen & WAITERS) !== 0 || !trySpin(cell)) {
        // Without wait(): a thread that was woken may run this for the first time, and each function costs it some.
        const status = native.mutexLock(REALM, cell, this.#name, Infinity);
        if (status !== ACQUIRED) endIfTerminating(status);
      }
    }
    return this;
  }

  /**
   * @param {number} [ms]
   * @param {import('../index.js').CancelOptions} [options]
   */
  tryLock(ms = 0, options) {
    if (options !== undefined) return wait(this.#cell, this.#name, limitWithin(ms, options));
    if (ms !== 0) milliseconds(ms);
    return (
      compareExchange(this.#cell, 0, FREE, THREAD) === FREE ||
      (ms > 0 && trySpin(this.#cell)) ||
      wait(this.#cell, this.#name, ms)
    );
  }

  unlock() {
    const cell = this.#cell;
    if (compareExchange(cell, 0, THREAD, FREE) !== THREAD)
      native.mutexUnlock(REALM, cell, this.#name);
  }

  /**
   * @template T
   * @param {() => T} fn
   * @param {import('../index.js').LimitOptions} [options]
   */
  runExclusive(fn, options) {
    assertFunction(fn, 'fn');
    this.lock(options);
    let result;
    try {
      result = assertSynchronous(
        fn(),
        'fn returned a promise, but runExclusive() unlocks as soon as fn returns, so the rest of fn would run without the ' +
          'lock. Finish in fn what needs the lock, or use runExclusiveAsync() for a function that awaits.',
      );
    } catch (error) {
      // If a failed wait in fn lost the lock, there is nothing to unlock. Throw the error of fn.
      if (isOwned(this.#cell)) this.unlock();
      throw error;
    }
    this.unlock();
    return result;
  }

  /**
   * @param {import('../index.js').LimitOptions} [options]
   */
  recover(options) {
    const limit = options === undefined ? Infinity : limitOf(options);
    return this.#recover(limit) === RECOVERED;
  }

  /**
   * @param {number} [ms]
   * @param {import('../index.js').CancelOptions} [options]
   */
  tryRecover(ms = 0, options) {
    const recovered = this.#recover(limitWithin(ms, options));
    return recovered === TIMED_OUT ? undefined : recovered === RECOVERED;
  }

  /** @param {import('../binding.js').Limit} limit */
  #recover(limit) {
    const status = native.mutexRecover(REALM, this.#cell, this.#name, limit);
    return status > INTERRUPTED ? status : endIfTerminating(status);
  }

  /**
   * @param {import('../index.js').WaitOptions} [options]
   */
  lockAsync(options) {
    const { Guard, MutexGrant } = guards();
    return waitForGuard(Guard, new MutexGrant(this.#cell, this.#name), options);
  }

  /**
   * @param {import('../index.js').WaitOptions} [options]
   */
  recoverAsync(options) {
    const { Guard, MutexRecovery } = guards();
    return waitForGuard(Guard, new MutexRecovery(this.#cell, this.#name), options);
  }

  /**
   * @template T
   * @param {(guard: import('./guard.js').Guard) => T | PromiseLike<T>} fn
   * @param {import('../index.js').WaitOptions} [options]
   */
  async runExclusiveAsync(fn, options) {
    assertFunction(fn, 'fn');
    const guard = await this.lockAsync(options);
    let result;
    try {
      result = await fn(guard);
    } catch (error) {
      // Throw the error of fn, not one of the release.
      guard.tryRelease();
      throw error;
    }
    // Returns false, without an error, if fn released the guard or a failed wait lost the mutex.
    guards().releaseGuard(guard);
    return result;
  }

  get locked() {
    return load(this.#cell, 0) !== FREE && this.#ownerNumber !== 0;
  }

  get ownerThreadId() {
    const owner = load(this.#cell, 0) === FREE ? 0 : this.#ownerNumber;
    return owner === 0 ? null : owner - 1;
  }

  get #ownerNumber() {
    return native.mutexOwner(REALM, this.#cell, this.#name);
  }
}

module.exports = { Mutex, isOwned, mutexInternals };
