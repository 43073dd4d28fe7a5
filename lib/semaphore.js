// @ts-check
'use strict';

const {
  assertFunction,
  assertSynchronous,
  cellOf,
  integer,
  milliseconds,
  nameOf,
} = require('./arguments.js');
const { defineInspect } = require('./describe.js');
const { endIfTerminating } = require('./end-if-terminating.js');
const { outOfRange } = require('./errors.js');
const { compareExchange, load } = require('./intrinsics.js');
const { later } = require('./later.js');
const { limitOf, limitWithin } = require('./limits.js');
const { waitForPromise, waitOptions } = require('./promises.js');
const { native, realm } = require('./realm.js');
const { markAsUncloneable } = require('./uncloneable.js');
const { Wait } = require('./wait.js');

const { ACQUIRED } = native;
const permits = later(() => require('./permit.js'));
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
   * @param {import('../binding.js').Limit} limit
   * @param {boolean} keepsAlive
   */
  begin(limit, keepsAlive) {
    const { cell, name, permits, max, count, number } = this;
    return native.semaphoreAcquireAsync(
      realm.number,
      cell,
      name,
      permits,
      max,
      count,
      number,
      limit,
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
  /**
   * The word as this object left it: a guess of what it is now. A load before each exchange would make the line of the word
   * travel twice between threads.
   */
  #left = 0;

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

  /**
   * @param {number} [n]
   * @param {import('../index.js').LimitOptions} [options]
   */
  acquire(n = 1, options) {
    if (n !== 1) this.#count(n);
    if (options !== undefined) this.#acquire(n, limitOf(options));
    else if (!this.#tryAcquireFast(n) && !this.#trySpin(n)) this.#acquire(n, Infinity);
  }

  /**
   * @param {number} [n]
   * @param {number} [ms]
   * @param {import('../index.js').CancelOptions} [options]
   */
  tryAcquire(n = 1, ms = 0, options) {
    if (n !== 1) this.#count(n);
    if (options !== undefined) return this.#acquire(n, limitWithin(ms, options));
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
    if (this.#tryReleaseFast(n) || this.#release(n)) return;
    throw outOfRange(
      `n must leave at most ${this.#max} permits free, but is ${n}. Release each acquired permit once, or construct every ` +
        'Semaphore on the cell with a larger options.max.',
    );
  }

  tryRelease(n = 1) {
    if (n !== 1) this.#count(n);
    return this.#tryReleaseFast(n) || this.#release(n);
  }

  /**
   * @param {number} [n]
   * @param {import('../index.js').LimitOptions} [options]
   */
  permit(n = 1, options) {
    // Made first: a call that failed after the permits were acquired would lose them.
    const permit = permits().permitOf(this, this.#cell, this.#name, n, false);
    this.acquire(n, options);
    return permit;
  }

  /**
   * @param {number} [n]
   * @param {import('../index.js').WaitOptions} [options]
   */
  async permitAsync(n = 1, options) {
    const { permitOf } = permits();
    await this.acquireAsync(n, options);
    return permitOf(this, this.#cell, this.#name, n, true);
  }

  /**
   * @template T
   * @param {() => T} fn
   * @param {number} [n]
   * @param {import('../index.js').LimitOptions} [options]
   */
  run(fn, n = 1, options) {
    assertFunction(fn, 'fn');
    this.acquire(n, options);
    let result;
    try {
      result = assertSynchronous(
        fn(),
        'fn returned a promise, but run() releases the permits as soon as fn returns, so the rest of fn would run without ' +
          'them. Finish in fn what needs the permits, or use runAsync() for a function that awaits.',
      );
    } catch (error) {
      // Throw the error of fn, not one of the release.
      this.tryRelease(n);
      throw error;
    }
    this.release(n);
    return result;
  }

  /**
   * @template T
   * @param {() => T | PromiseLike<T>} fn
   * @param {number} [n]
   * @param {import('../index.js').WaitOptions} [options]
   */
  async runAsync(fn, n = 1, options) {
    assertFunction(fn, 'fn');
    await this.acquireAsync(n, options);
    let result;
    try {
      result = await fn();
    } catch (error) {
      this.tryRelease(n);
      throw error;
    }
    this.release(n);
    return result;
  }

  get available() {
    const { number } = realm;
    return native.semaphoreAvailable(number, this.#cell, this.#name, this.#permits, this.#max);
  }

  /**
   * Gives permits back where that failed at first. Returns false if there would be more than the maximum.
   * @param {number} n
   */
  #release(n) {
    const { number } = realm;
    return native.semaphoreRelease(number, this.#cell, this.#name, this.#permits, this.#max, n);
  }

  /**
   * Gives permits back by one atomic exchange, if no waiter is queued.
   * @param {number} n
   */
  #tryReleaseFast(n) {
    return this.#tryExchange(-PERMIT * n);
  }

  /**
   * Acquires permits if that is possible within SPIN_LIMIT iterations, and while no waiter is queued.
   * @param {number} n
   */
  #trySpin(n) {
    for (let i = 0; i < SPIN_LIMIT; i++) {
      const word = load(this.#cell, 0);
      if ((word & WAITERS) !== 0) return false;
      if (word + PERMIT * n <= this.#empty && this.#tryExchange(PERMIT * n)) return true;
    }
    return false;
  }

  /**
   * Acquires permits by one atomic exchange, if enough are free and no waiter is queued.
   * @param {number} n
   */
  #tryAcquireFast(n) {
    return this.#tryExchange(PERMIT * n);
  }

  /**
   * Changes the number of free permits by one atomic exchange, if the word allows it and no waiter is queued.
   * @param {number} change of the word
   */
  #tryExchange(change) {
    let word = this.#left;
    if (!this.#allows(word, change)) word = load(this.#cell, 0);
    // Another thread may change the word in between.
    for (let i = 0; i < SPIN_LIMIT && this.#allows(word, change); i++) {
      /** @type {number} */
      const seen = compareExchange(this.#cell, 0, word, word + change);
      if (seen === word) {
        this.#left = word + change;
        return true;
      }
      word = seen;
    }
    return false;
  }

  /**
   * @param {number} word
   * @param {number} change
   */
  #allows(word, change) {
    return (word & WAITERS) === 0 && this.#isCount(word) && this.#isCount(word + change);
  }

  /** @param {number} word */
  #isCount(word) {
    return word >= this.#full && word <= this.#empty;
  }

  /**
   * @param {number} n
   * @param {import('../binding.js').Limit} limit
   */
  #acquire(n, limit) {
    const { number } = realm;
    const status = native.semaphoreAcquire(
      number,
      this.#cell,
      this.#name,
      this.#permits,
      this.#max,
      n,
      limit,
    );
    if (status !== ACQUIRED) endIfTerminating(status);
    return status === ACQUIRED;
  }

  /**
   * @param {unknown} n
   */
  #count(n) {
    integer(n, 'n', 1, this.#max, ', the most permits that can ever be free');
  }
}

module.exports = { Semaphore };
