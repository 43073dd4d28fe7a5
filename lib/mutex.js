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

/** @typedef {InstanceType<typeof native.Mutex>} NativeMutex */

/**
 * What a Condition needs of a mutex.
 *
 * @typedef {object} Parts
 * @property {NativeMutex} native
 * @property {number} handle
 * @property {boolean} owned whether this thread itself owns it: not by a guard
 */

/** @type {(mutex: unknown) => Parts} */
let partsOf;

/** Mutual exclusion: one thread at a time owns it. The protocol is in src/primitives/mutex.rs. */
class Mutex {
  /** @type {Int32Array} */
  #cell;
  /** @type {NativeMutex} */
  #native;
  /** What the native functions know it by. @type {number} */
  #handle;

  static {
    partsOf = (mutex) => {
      if (typeof mutex !== 'object' || mutex === null || !(#native in mutex)) {
        throw invalidArgType(
          `mutex must be a Mutex of this package, and is ${shown(mutex)}. Pass the Mutex that guards what the ` +
            'predicate reads.',
        );
      }
      return { native: mutex.#native, handle: mutex.#handle, owned: mutex.#owned };
    };
    defineWords(this, (value) => (#native in value ? value.#native : undefined));
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
    if (Atomics.compareExchange(this.#cell, 0, FREE, THREAD) !== FREE)
      waited(native.mutexLock(this.#handle));
    return this;
  }

  tryLock(ms = 0) {
    if (ms !== 0) milliseconds(ms);
    return (
      Atomics.compareExchange(this.#cell, 0, FREE, THREAD) === FREE ||
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

  /** Whether this thread itself owns it: not by a guard. */
  get #owned() {
    return (Atomics.load(this.#cell, 0) & ~WAITERS) === THREAD;
  }

  recover() {
    return /** @type {boolean} */ (waited(this.#native.recover(Infinity)));
  }

  tryRecover(ms = 0) {
    // napi has null for what JavaScript leaves undefined.
    return waited(this.#native.recover(milliseconds(ms))) ?? undefined;
  }

  /**
   * @param {import('../index.js').WaitOptions} [options]
   */
  async lockAsync(options) {
    const checked = waitOptions(options);
    await settled(this.#native.lockAsync(), checked);
    return new Guard(this.#native);
  }

  /**
   * @param {import('../index.js').WaitOptions} [options]
   */
  async recoverAsync(options) {
    const checked = waitOptions(options);
    return new Guard(this.#native, await settled(this.#native.recoverAsync(), checked));
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
    return Atomics.load(this.#cell, 0) !== FREE && this.#native.owner() !== 0;
  }

  get ownerThreadId() {
    const owner = Atomics.load(this.#cell, 0) === FREE ? 0 : this.#native.owner();
    return owner === 0 ? null : owner - 1;
  }
}

module.exports = { Mutex, partsOf: (/** @type {unknown} */ mutex) => partsOf(mutex) };
