// @ts-check
'use strict';

const {
  assertFunction,
  assertSynchronous,
  cellOf,
  milliseconds,
  nameOf,
} = require('./arguments.js');
const { defineInspect, labelOf } = require('./describe.js');
const { endIfTerminating } = require('./end-if-terminating.js');
const { compareExchange, load } = require('./intrinsics.js');
const { limitOf, limitWithin } = require('./limits.js');
const { waitForGuard } = require('./promises.js');
const { NO_SLOT, slotOf } = require('./read-counts.js');
const { native, realm, THREAD } = require('./realm.js');
const {
  READ,
  RECOVER,
  ReadGrant,
  ReadGuard,
  WRITE,
  WriteGrant,
  WriteGuard,
  WriteRecovery,
} = require('./rwlock-guard.js');
const { markAsUncloneable } = require('./uncloneable.js');

const { ACQUIRED, INTERRUPTED, RECOVERED, TIMED_OUT } = native;
/** The word of a lock that no thread reads or writes. */
const FREE = native.RWLOCK_FREE;
/** The most reads that the word counts. A word from 0 to this holds neither a writer nor the waiters bit. */
const MOST_READS = native.RWLOCK_MOST_READS;
/** The waiters bit of the word: set while a thread or a promise waits. */
const WAITERS = native.RWLOCK_WAITERS;
/** The word while this thread writes and has no waiters. */
const WRITTEN_BY_ME = native.RWLOCK_WRITER | THREAD;

/** The attempts before the native call: about as long as that call takes. */
const SPIN_LIMIT = 60;

/** How a guard releases what the thread acquired by read() or write(). @type {import('./rwlock-guard.js').OwnerKind} */
let threadOwned;

/** The message for a function that returns a promise. @param {string} method */
const notSynchronous = (method) =>
  `fn returned a promise, but ${method}() unlocks as soon as fn returns, so the rest of fn would run without the lock. ` +
  `Finish in fn what needs the lock, or use ${method}Async() for a function that awaits.`;
const NOT_READING = notSynchronous('runReading');
const NOT_WRITING = notSynchronous('runWriting');

/**
 * Calls a function that awaits while a guard holds the lock, and releases the guard.
 *
 * @template T
 * @template {ReadGuard | WriteGuard} Guard
 * @param {Guard} guard
 * @param {(guard: Guard) => T | PromiseLike<T>} fn
 */
async function runWithAsync(guard, fn) {
  try {
    return await fn(guard);
  } finally {
    // Returns false, without an error, if fn released the guard.
    guard.tryRelease();
  }
}

/**
 * What an observer needs to know about a lock.
 *
 * @typedef {object} Internals
 * @property {Int32Array} cell
 * @property {string | undefined} name
 * @property {boolean} isReading whether this thread reads it by read(), not by a guard
 * @property {boolean} isWriting whether this thread writes it by write(), not by a guard
 */

/** @type {(lock: RwLock) => Internals} */
let rwlockInternals;

/** Many readers or one writer. The protocol is in src/primitives/rwlock. */
class RwLock {
  /** @type {Int32Array} */
  #cell;
  /** @type {string | undefined} */
  #name;
  /** The slot in which this thread counts its reads. */
  #slot = NO_SLOT;

  static {
    threadOwned = {
      isReading: (lock) => lock.#ownReads > 0,
      isWriting: (/** @type {RwLock} */ lock) => lock.#isWriting,
      unlockRead(lock) {
        lock.unlockRead();
        return true;
      },
      unlockWrite(lock) {
        lock.unlockWrite();
        return true;
      },
      downgrade: (lock) => lock.downgrade(),
      isRecovered: () => false,
      label: (lock) => labelOf('RwLock', lock.#name, lock.#cell),
    };
    rwlockInternals = (lock) => ({
      cell: lock.#cell,
      name: lock.#name,
      isReading: threadOwned.isReading(lock),
      isWriting: threadOwned.isWriting(lock),
    });
    defineInspect(this, (lock) =>
      #cell in lock ? { name: lock.#name, state: native.rwlockDescribe(lock.#cell) } : undefined,
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
   * @param {import('../index.js').LimitOptions} [options]
   */
  read(options) {
    // Made first: a call that failed after the read was acquired would lose it.
    const guard = new ReadGuard(this, threadOwned);
    if (options !== undefined) this.#read(limitOf(options));
    else if (!this.#tryReadFast() && !this.#trySpinToRead()) this.#read(Infinity);
    return guard;
  }

  /**
   * @param {number} [ms]
   * @param {import('../index.js').CancelOptions} [options]
   */
  tryRead(ms = 0, options) {
    if (options !== undefined) return this.#read(limitWithin(ms, options));
    if (ms !== 0) milliseconds(ms);
    return this.#tryReadFast() || (ms > 0 && this.#trySpinToRead()) || this.#read(ms);
  }

  unlockRead() {
    const { counts, own, generationAt, generation } = this.#slot;
    if (counts[generationAt] === generation && counts[own] > 0) {
      // As in #tryReadFast().
      let word = FREE + 1;
      for (let i = 0; i < SPIN_LIMIT && word > FREE && word <= MOST_READS; i++) {
        const seen = compareExchange(this.#cell, 0, word, word - 1);
        if (seen === word) {
          // No call may stand between the exchange and this line: a termination may land before a call.
          if (--counts[own] === 0) this.#slot.cells[this.#slot.place] = undefined;
          return;
        }
        word = seen;
      }
    }
    this.#counting(() => {
      native.rwlockUnlock(realm.number, this.#cell, this.#name, READ);
    });
  }

  /**
   * @param {import('../index.js').LimitOptions} [options]
   */
  write(options) {
    // As in read().
    const guard = new WriteGuard(this, threadOwned);
    if (options !== undefined) this.#write(limitOf(options));
    else if (
      compareExchange(this.#cell, 0, FREE, WRITTEN_BY_ME) !== FREE &&
      !this.#trySpinToWrite()
    )
      this.#write(Infinity);
    return guard;
  }

  /**
   * @param {number} [ms]
   * @param {import('../index.js').CancelOptions} [options]
   */
  tryWrite(ms = 0, options) {
    if (options !== undefined) return this.#write(limitWithin(ms, options));
    if (ms !== 0) milliseconds(ms);
    return (
      compareExchange(this.#cell, 0, FREE, WRITTEN_BY_ME) === FREE ||
      (ms > 0 && this.#trySpinToWrite()) ||
      this.#write(ms)
    );
  }

  unlockWrite() {
    if (compareExchange(this.#cell, 0, WRITTEN_BY_ME, FREE) !== WRITTEN_BY_ME)
      native.rwlockUnlock(realm.number, this.#cell, this.#name, WRITE);
  }

  downgrade() {
    const guard = new ReadGuard(this, threadOwned);
    this.#counting(() => {
      native.rwlockDowngrade(realm.number, this.#cell, this.#name);
    });
    return guard;
  }

  /**
   * @param {import('../index.js').LimitOptions} [options]
   */
  recover(options) {
    const limit = options === undefined ? Infinity : limitOf(options);
    return this.#enter(RECOVER, limit) === RECOVERED;
  }

  /**
   * @param {number} [ms]
   * @param {import('../index.js').CancelOptions} [options]
   */
  tryRecover(ms = 0, options) {
    const recovered = this.#enter(RECOVER, limitWithin(ms, options));
    return recovered === TIMED_OUT ? undefined : recovered === RECOVERED;
  }

  /**
   * @param {import('../index.js').WaitOptions} [options]
   */
  readAsync(options) {
    return waitForGuard(ReadGuard, new ReadGrant(this.#cell, this.#name), options);
  }

  /**
   * @param {import('../index.js').WaitOptions} [options]
   */
  writeAsync(options) {
    return waitForGuard(WriteGuard, new WriteGrant(this.#cell, this.#name), options);
  }

  /**
   * @param {import('../index.js').WaitOptions} [options]
   */
  recoverAsync(options) {
    return waitForGuard(WriteGuard, new WriteRecovery(this.#cell, this.#name), options);
  }

  /**
   * @template T
   * @param {() => T} fn
   * @param {import('../index.js').LimitOptions} [options]
   */
  runReading(fn, options) {
    assertFunction(fn, 'fn');
    this.read(options);
    let result;
    try {
      result = assertSynchronous(fn(), NOT_READING);
    } catch (error) {
      // Throw the error of fn, not one of the release. Without the guard, which would take more of a stack that may be full.
      if (this.#ownReads > 0) this.unlockRead();
      throw error;
    }
    this.unlockRead();
    return result;
  }

  /**
   * @template T
   * @param {() => T} fn
   * @param {import('../index.js').LimitOptions} [options]
   */
  runWriting(fn, options) {
    assertFunction(fn, 'fn');
    this.write(options);
    let result;
    try {
      result = assertSynchronous(fn(), NOT_WRITING);
    } catch (error) {
      // As in runReading().
      if (this.#isWriting) this.unlockWrite();
      throw error;
    }
    this.unlockWrite();
    return result;
  }

  /**
   * @template T
   * @param {(guard: ReadGuard) => T | PromiseLike<T>} fn
   * @param {import('../index.js').WaitOptions} [options]
   */
  async runReadingAsync(fn, options) {
    assertFunction(fn, 'fn');
    return runWithAsync(await this.readAsync(options), fn);
  }

  /**
   * @template T
   * @param {(guard: WriteGuard) => T | PromiseLike<T>} fn
   * @param {import('../index.js').WaitOptions} [options]
   */
  async runWritingAsync(fn, options) {
    assertFunction(fn, 'fn');
    return runWithAsync(await this.writeAsync(options), fn);
  }

  get readers() {
    return native.rwlockReaders(realm.number, this.#cell, this.#name);
  }

  get writerThreadId() {
    const writer = native.rwlockWriter(realm.number, this.#cell, this.#name);
    return writer === 0 ? null : writer - 1;
  }

  /**
   * Begins a read by one atomic exchange, if no thread writes and no waiter is queued.
   * @param {number} [word] a guess of the word: a load before the exchange would make its line travel twice between readers
   */
  #tryReadFast(word = FREE) {
    let slot = this.#slot;
    if (slot.counts[slot.generationAt] !== slot.generation) slot = this.#findSlot();
    // Another reader may change the word in between.
    for (let i = 0; i < SPIN_LIMIT && word >= FREE && word < MOST_READS; i++) {
      /** @type {number} */
      const seen = compareExchange(this.#cell, 0, word, word + 1);
      if (seen === word) {
        // No call may stand between the exchange and this line: a termination may land before a call.
        if (slot.counts[slot.own]++ === 0) slot.cells[slot.place] = this.#cell;
        return true;
      }
      word = seen;
    }
    return false;
  }

  /** Begins a read if that is possible within SPIN_LIMIT iterations, and while no waiter is queued. */
  #trySpinToRead() {
    for (let i = 0; i < SPIN_LIMIT; i++) {
      const word = load(this.#cell, 0);
      if ((word & WAITERS) !== 0) return false;
      if (this.#tryReadFast(word)) return true;
    }
    return false;
  }

  /** Begins to write if that is possible within SPIN_LIMIT iterations, and while no waiter is queued. */
  #trySpinToWrite() {
    for (let i = 0; i < SPIN_LIMIT; i++) {
      const word = load(this.#cell, 0);
      if (word === FREE && compareExchange(this.#cell, 0, FREE, WRITTEN_BY_ME) === FREE)
        return true;
      if ((word & WAITERS) !== 0) return false;
    }
    return false;
  }

  #findSlot() {
    this.#slot = slotOf(this.#cell);
    return this.#slot;
  }

  get #isWriting() {
    return (load(this.#cell, 0) & ~WAITERS) === WRITTEN_BY_ME;
  }

  get #ownReads() {
    const { counts, own, generationAt, generation } = this.#slot;
    return counts[generationAt] === generation ? counts[own] : 0;
  }

  /** @param {import('../binding.js').Limit} limit */
  #read(limit) {
    return this.#counting(() => this.#enter(READ, limit)) === ACQUIRED;
  }

  /**
   * Calls a native function that changes the count of this thread's reads. The cell is referenced from before the call
   * until no read is counted, so that the thread, when it ends, finds the memory of the lock.
   *
   * @template T
   * @param {() => T} call
   */
  #counting(call) {
    const { cells, place, counts, own } = this.#findSlot();
    cells[place] = this.#cell;
    try {
      return call();
    } finally {
      cells[place] = counts[own] > 0 ? this.#cell : undefined;
    }
  }

  /** @param {import('../binding.js').Limit} limit */
  #write(limit) {
    return this.#enter(WRITE, limit) === ACQUIRED;
  }

  /**
   * @param {import('../binding.js').Request} request
   * @param {import('../binding.js').Limit} limit
   */
  #enter(request, limit) {
    const status = native.rwlockEnter(realm.number, this.#cell, this.#name, request, limit);
    return status > INTERRUPTED ? status : endIfTerminating(status);
  }
}

module.exports = {
  RwLock,
  rwlockInternals: (/** @type {RwLock} */ lock) => rwlockInternals(lock),
};
