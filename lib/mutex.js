// @ts-check
'use strict';

const { assertFunction, atOnce, cellOf, milliseconds, nameOf, shown } = require('./arguments.js');
const { defineDispose } = require('./dispose.js');
const { invalidArgType } = require('./errors.js');
const { Guard } = require('./guard.js');
const { settled, waitOptions } = require('./promises.js');
const { native, realm, THREAD } = require('./realm.js');
const { waited } = require('./waited.js');
const { defineWords } = require('./words.js');

/** The word of a mutex that nobody owns. */
const FREE = native.MUTEX_FREE;
/** The bit of the word that says that somebody waits. */
const WAITERS = native.MUTEX_WAITERS;

/**
 * What a Condition and a guard need of a mutex.
 *
 * @typedef {object} Parts
 * @property {InstanceType<typeof native.Mutex>} native keeps the number good
 * @property {number} handle what the native functions know it by
 * @property {boolean} owned whether this thread itself owned it: not by a guard
 */

/** @type {(mutex: unknown) => Parts} */
let partsOf;

/** How often a thread looks before it calls in: for as long as the call takes, and a short critical section. */
const LOOKS = 60;

/**
 * Locks if it becomes free in a moment. A short critical section is over before a call would be.
 * @param {Int32Array} cell
 */
function lockSoon(cell) {
  for (let look = 0; look < LOOKS; look++) {
    if (Atomics.load(cell, 0) === FREE && Atomics.compareExchange(cell, 0, FREE, THREAD) === FREE) {
      return true;
    }
  }
  return false;
}

/** Mutual exclusion: one thread at a time owns it. The protocol is in src/primitives/mutex. */
class Mutex {
  /** @type {Int32Array} */
  #cell;
  /** Keeps the number good. @type {InstanceType<typeof native.Mutex>} */
  #native;
  /** What the native functions know it by. @type {number} */
  #handle;
  /** For how many more times that somebody else owns it not to ask whether to back off. */
  #calm = 0;

  static {
    partsOf = (mutex) => {
      if (typeof mutex !== 'object' || mutex === null || !(#handle in mutex)) {
        throw invalidArgType(
          `mutex must be a Mutex of this package, and is ${shown(mutex)}. Pass the Mutex that guards what the ` +
            'predicate reads.',
        );
      }
      return mutex.#parts;
    };
    defineWords(this, (value) =>
      #handle in value ? native.mutexInWords(value.#handle) : undefined,
    );
    defineDispose(this.prototype, function () {
      if (this.#owned) this.unlock();
    });
  }

  /**
   * @param {Int32Array | SharedArrayBuffer} view
   * @param {number} [index]
   * @param {import('../index.js').PrimitiveOptions} [options]
   */
  constructor(view, index = 0, options) {
    this.#cell = cellOf(view, index);
    this.#native = new native.Mutex(realm, this.#cell, nameOf(options));
    this.#handle = this.#native.handle;
  }

  lock() {
    if (Atomics.compareExchange(this.#cell, 0, FREE, THREAD) !== FREE) {
      if (--this.#calm < 0) this.#calm = native.mutexBackOff(this.#handle);
      if (!lockSoon(this.#cell)) waited(native.mutexLock(this.#handle));
    }
    return this;
  }

  tryLock(ms = 0) {
    if (ms !== 0) milliseconds(ms);
    return (
      Atomics.compareExchange(this.#cell, 0, FREE, THREAD) === FREE ||
      (ms > 0 && lockSoon(this.#cell)) ||
      waited(native.mutexTryLock(this.#handle, ms))
    );
  }

  unlock() {
    if (Atomics.compareExchange(this.#cell, 0, THREAD, FREE) !== THREAD)
      native.mutexUnlock(this.#handle);
  }

  /**
   * @template T
   * @param {() => T} fn
   */
  runExclusive(fn) {
    assertFunction(fn, 'fn');
    this.lock();
    let result;
    try {
      result = atOnce(
        fn(),
        'fn returned a promise, and runExclusive unlocks as soon as fn returns: what goes on after that has no lock. ' +
          'Finish in fn what needs the lock; a function that awaits is for runExclusiveAsync.',
      );
    } catch (error) {
      // Where fn has lost the lock, in a wait that failed, its error is the one to tell.
      if (this.#owned) this.unlock();
      throw error;
    }
    this.unlock();
    return result;
  }

  get #parts() {
    return { native: this.#native, handle: this.#handle, owned: this.#owned };
  }

  /** Whether this thread itself owns it: not by a guard. */
  get #owned() {
    return (Atomics.load(this.#cell, 0) & ~WAITERS) === THREAD;
  }

  recover() {
    return /** @type {boolean} */ (waited(native.mutexRecover(this.#handle, Infinity)));
  }

  tryRecover(ms = 0) {
    // napi has null for what JavaScript leaves undefined.
    return waited(native.mutexRecover(this.#handle, milliseconds(ms))) ?? undefined;
  }

  /**
   * @param {import('../index.js').WaitOptions} [options]
   */
  async lockAsync(options) {
    const checked = waitOptions(options);
    await settled(native.mutexLockAsync(this.#handle), checked);
    return new Guard(this.#parts);
  }

  /**
   * @param {import('../index.js').WaitOptions} [options]
   */
  async recoverAsync(options) {
    const checked = waitOptions(options);
    return new Guard(this.#parts, await settled(native.mutexRecoverAsync(this.#handle), checked));
  }

  /**
   * @template T
   * @param {() => T | PromiseLike<T>} fn
   * @param {import('../index.js').WaitOptions} [options]
   */
  async runExclusiveAsync(fn, options) {
    assertFunction(fn, 'fn');
    const guard = await this.lockAsync(options);
    try {
      return await fn();
    } finally {
      // Condition.waitAsync() may have lost the mutex, and told so by an error of its own.
      if (guard.held) guard.release();
    }
  }

  get locked() {
    return Atomics.load(this.#cell, 0) !== FREE && native.mutexOwner(this.#handle) !== 0;
  }

  get ownerThreadId() {
    const owner = Atomics.load(this.#cell, 0) === FREE ? 0 : native.mutexOwner(this.#handle);
    return owner === 0 ? null : owner - 1;
  }
}

module.exports = { Mutex, partsOf: (/** @type {unknown} */ mutex) => partsOf(mutex) };
