// @ts-check
'use strict';

const { cellOf, integer, milliseconds, nameOf } = require('./arguments.js');
const { defineInspect } = require('./describe.js');
const { endIfTerminating } = require('./end-if-terminating.js');
const { outOfRange } = require('./errors.js');
const { compareExchange, load } = require('./intrinsics.js');
const { waitForPromise, waitOptions } = require('./promises.js');
const { native, realm } = require('./realm.js');
const { markAsUncloneable } = require('./uncloneable.js');
const { Wait } = require('./wait.js');

const { ACQUIRED } = native;
/** The waiters bit of the word: set while a thread or a promise waits. */
const WAITERS = native.SEMAPHORE_WAITERS;
/** What each acquired permit adds to the word. */
const PERMIT = native.SEMAPHORE_PERMIT;
/** The most permits that a cell can count. */
const MOST = native.SEMAPHORE_MAX_PERMITS;
const OPTIONS = ['name', 'max'];
/** The attempts before the native call: about as long as that call takes. */
const SPIN_LIMIT = 60;

/** A wait by promise for permits. */
class SemaphoreWait extends Wait {
  /**
   * @param {Int32Array} cell
   * @param {string | undefined} name
   * @param {number} permits
   * @param {number} max
   * @param {number} count
   */
  constructor(cell, name, permits, max, count) {
    super(cell);
    this.name = name;
    this.permits = permits;
    this.max = max;
    this.count = count;
  }

  /**
   * @param {number} timeout
   * @param {boolean} keepsAlive
   */
  begin(timeout, keepsAlive) {
    const { cell, name, permits, max, count, number } = this;
    return native.semaphoreAcquireAsync(
      realm.number,
      cell,
      name,
      permits,
      max,
      count,
      number,
      timeout,
      keepsAlive,
    );
  }

  revoke() {
    const { cell, name, permits, max, count } = this;
    native.semaphoreRelease(realm.number, cell, name, permits, max, count);
  }
}

/** A number of permits. The protocol is in src/primitives/semaphore.rs. */
class Semaphore {
  /** @type {Int32Array} */
  #cell;
  /** @type {string | undefined} */
  #name;
  #permits;
  #max;
  /** The word when no permit is free, and when `max` permits are free. */
  #empty;
  #full;

  static {
    defineInspect(this, (semaphore) =>
      #cell in semaphore
        ? {
            name: semaphore.#name,
            state: native.semaphoreDescribe(semaphore.#cell, semaphore.#permits, semaphore.#max),
          }
        : undefined,
    );
  }

  /**
   * @param {Int32Array | SharedArrayBuffer} view
   * @param {number} index
   * @param {number} permits
   * @param {import('../index.js').SemaphoreOptions} [options]
   */
  constructor(view, index, permits, options) {
    this.#cell = cellOf(view, index);
    this.#permits = integer(permits, 'permits', 0, MOST);
    this.#name = nameOf(options, OPTIONS);
    const { max = Math.max(permits, 1) } = options ?? {};
    this.#max = max === Infinity ? MOST : integer(max, 'options.max', Math.max(permits, 1), MOST);
    this.#empty = PERMIT * permits;
    this.#full = PERMIT * (permits - this.#max);
    markAsUncloneable(this);
  }

  acquire(n = 1) {
    if (n !== 1) this.#count(n);
    if (!this.#tryAcquireFast(n) && !this.#trySpin(n)) this.#acquire(n, Infinity);
  }

  tryAcquire(n = 1, ms = 0) {
    if (n !== 1) this.#count(n);
    if (ms !== 0) milliseconds(ms);
    return this.#tryAcquireFast(n) || (ms > 0 && this.#trySpin(n)) || this.#acquire(n, ms);
  }

  /**
   * @param {number} [n]
   * @param {import('../index.js').WaitOptions} [options]
   */
  async acquireAsync(n = 1, options) {
    this.#count(n);
    const checked = waitOptions(options);
    if (this.#tryAcquireFast(n)) return;
    const wait = new SemaphoreWait(this.#cell, this.#name, this.#permits, this.#max, n);
    await waitForPromise(wait, checked);
  }

  release(n = 1) {
    if (n !== 1) this.#count(n);
    if (this.#tryReleaseFast(n)) return;
    // Another thread may have changed the word in between.
    for (let i = 0; i < SPIN_LIMIT && this.#hasNoWaiters(); i++) {
      if (this.#tryReleaseFast(n)) return;
    }
    const { number } = realm;
    if (!native.semaphoreRelease(number, this.#cell, this.#name, this.#permits, this.#max, n)) {
      throw outOfRange(
        `n must leave at most ${this.#max} permits free, but is ${n}. Release each acquired permit once, or construct every ` +
          'Semaphore on the cell with a larger options.max.',
      );
    }
  }

  get available() {
    const { number } = realm;
    return native.semaphoreAvailable(number, this.#cell, this.#name, this.#permits, this.#max);
  }

  /**
   * Gives permits back by one atomic exchange, if no waiter is queued.
   * @param {number} n
   */
  #tryReleaseFast(n) {
    const word = load(this.#cell, 0);
    const after = word - PERMIT * n;
    return (
      (word & WAITERS) === 0 &&
      word <= this.#empty &&
      after >= this.#full &&
      compareExchange(this.#cell, 0, word, after) === word
    );
  }

  #hasNoWaiters() {
    return (load(this.#cell, 0) & WAITERS) === 0;
  }

  /**
   * Acquires permits if that is possible within SPIN_LIMIT iterations, and while no waiter is queued.
   * @param {number} n
   */
  #trySpin(n) {
    for (let i = 0; i < SPIN_LIMIT && this.#hasNoWaiters(); i++) {
      if (this.#tryAcquireFast(n)) return true;
    }
    return false;
  }

  /**
   * Acquires permits by one atomic exchange, if enough are free and no waiter is queued.
   * @param {number} n
   */
  #tryAcquireFast(n) {
    const word = load(this.#cell, 0);
    const after = word + PERMIT * n;
    return (
      (word & WAITERS) === 0 &&
      word >= this.#full &&
      after <= this.#empty &&
      compareExchange(this.#cell, 0, word, after) === word
    );
  }

  /**
   * @param {number} n
   * @param {number} ms
   */
  #acquire(n, ms) {
    const { number } = realm;
    return (
      endIfTerminating(
        native.semaphoreAcquire(number, this.#cell, this.#name, this.#permits, this.#max, n, ms),
      ) === ACQUIRED
    );
  }

  /**
   * @param {unknown} n
   */
  #count(n) {
    integer(n, 'n', 1, this.#max, ', the most permits that can ever be free');
  }
}

module.exports = { Semaphore };
