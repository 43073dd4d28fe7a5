// @ts-check
'use strict';

const { cellOf, milliseconds, nameOf } = require('./arguments.js');
const { settled, waitOptions } = require('./promises.js');
const { native, realm, THREAD } = require('./realm.js');
const { ReadGuard, WriteGuard } = require('./rwlock-guard.js');
const { waited } = require('./waited.js');
const { defineWords } = require('./words.js');

/** The word of a lock that nobody is inside. */
const FREE = native.RWLOCK_FREE;
/** The word counts fewer reads than this, where nobody writes or is queued. */
const MOST_READS = native.RWLOCK_MOST_READS;
/** The bit of the word that says that somebody is queued. */
const WAITERS = native.RWLOCK_WAITERS;
/** The word while this thread writes, with nobody queued. */
const MINE = native.RWLOCK_WRITER | THREAD;
/** The word while a guard of this thread writes, with nobody queued. */
const GUARDED = native.RWLOCK_GUARD | THREAD;
/** Where this thread counts its own reads, and those of its guards. */
const OWN = 0;
const BY_GUARDS = 1;

/** How the thread itself is inside. @type {import('./rwlock-guard.js').Way} */
let itself;
/** How a promise of it is. @type {import('./rwlock-guard.js').Way} */
let byPromise;

/** Many readers or one writer. The protocol is in src/primitives/rwlock. */
class RwLock {
  /** @type {Int32Array} */
  #cell;
  /** Keeps the number good. @type {InstanceType<typeof native.RwLock>} */
  #native;
  /** What the native functions know it by. @type {number} */
  #handle;
  /** How many reads of the cell this thread holds: the native side looks here when the thread ends. @type {Int32Array} */
  #counts;

  static {
    itself = {
      isReading: (lock) => lock.#counts[OWN] > 0,
      isWriting: (lock) => (Atomics.load(lock.#cell, 0) & ~WAITERS) === MINE,
      unlockRead: (lock) => lock.unlockRead(),
      unlockWrite: (lock) => lock.unlockWrite(),
      downgrade: (lock) => native.rwlockDowngrade(lock.#handle),
    };
    byPromise = {
      isReading: (lock) => lock.#counts[BY_GUARDS] > 0,
      isWriting: (lock) => (Atomics.load(lock.#cell, 0) & ~WAITERS) === GUARDED,
      unlockRead: (lock) => native.rwlockUnlockReadGuard(lock.#handle),
      unlockWrite: (lock) => native.rwlockUnlockWriteGuard(lock.#handle),
      downgrade: (lock) => native.rwlockDowngradeGuard(lock.#handle),
    };
    defineWords(this, (value) =>
      #handle in value ? native.rwlockInWords(value.#handle) : undefined,
    );
  }

  /**
   * @param {Int32Array | SharedArrayBuffer} view
   * @param {number} [index]
   * @param {import('../index.js').PrimitiveOptions} [options]
   */
  constructor(view, index = 0, options) {
    this.#cell = cellOf(view, index);
    const name = nameOf(options);
    const counts = new Int32Array(new SharedArrayBuffer(8));
    this.#native = new native.RwLock(realm, this.#cell, counts, name);
    this.#counts = this.#native.counts;
    this.#handle = this.#native.handle;
  }

  read() {
    if (!this.#readFree()) waited(native.rwlockRead(this.#handle, Infinity));
    return new ReadGuard(this, itself);
  }

  tryRead(ms = 0) {
    if (ms !== 0) milliseconds(ms);
    return this.#readFree() || waited(native.rwlockRead(this.#handle, ms));
  }

  unlockRead() {
    const word = Atomics.load(this.#cell, 0);
    if (
      this.#counts[OWN] > 0 &&
      word > FREE &&
      word <= MOST_READS &&
      Atomics.compareExchange(this.#cell, 0, word, word - 1) === word
    ) {
      this.#counts[OWN]--;
    } else {
      native.rwlockUnlockRead(this.#handle);
    }
  }

  write() {
    if (Atomics.compareExchange(this.#cell, 0, FREE, MINE) !== FREE)
      waited(native.rwlockWrite(this.#handle, Infinity));
    return new WriteGuard(this, itself);
  }

  tryWrite(ms = 0) {
    if (ms !== 0) milliseconds(ms);
    return (
      Atomics.compareExchange(this.#cell, 0, FREE, MINE) === FREE ||
      waited(native.rwlockWrite(this.#handle, ms))
    );
  }

  unlockWrite() {
    if (Atomics.compareExchange(this.#cell, 0, MINE, FREE) !== MINE)
      native.rwlockUnlockWrite(this.#handle);
  }

  downgrade() {
    native.rwlockDowngrade(this.#handle);
    return new ReadGuard(this, itself);
  }

  recover() {
    return /** @type {boolean} */ (waited(native.rwlockRecover(this.#handle, Infinity)));
  }

  tryRecover(ms = 0) {
    // napi has null for what JavaScript leaves undefined.
    return waited(native.rwlockRecover(this.#handle, milliseconds(ms))) ?? undefined;
  }

  /**
   * @param {import('../index.js').WaitOptions} [options]
   */
  async readAsync(options) {
    const checked = waitOptions(options);
    await settled(native.rwlockReadAsync(this.#handle), checked);
    return new ReadGuard(this, byPromise);
  }

  /**
   * @param {import('../index.js').WaitOptions} [options]
   */
  async writeAsync(options) {
    const checked = waitOptions(options);
    await settled(native.rwlockWriteAsync(this.#handle), checked);
    return new WriteGuard(this, byPromise);
  }

  /**
   * @param {import('../index.js').WaitOptions} [options]
   */
  async recoverAsync(options) {
    const checked = waitOptions(options);
    return new WriteGuard(
      this,
      byPromise,
      await settled(native.rwlockRecoverAsync(this.#handle), checked),
    );
  }

  get readers() {
    return native.rwlockReaders(this.#handle);
  }

  get writerThreadId() {
    const writer = native.rwlockWriter(this.#handle);
    return writer === 0 ? null : writer - 1;
  }

  #readFree() {
    const word = Atomics.load(this.#cell, 0);
    if (
      word < FREE ||
      word >= MOST_READS ||
      Atomics.compareExchange(this.#cell, 0, word, word + 1) !== word
    ) {
      return false;
    }
    this.#counts[OWN]++;
    return true;
  }
}

module.exports = { RwLock };
