// @ts-check
'use strict';

const { cellOf, milliseconds, nameOf } = require('./arguments.js');
const { defineDispose } = require('./dispose.js');
const { SyncError } = require('./errors.js');
const { native, realm, THREAD } = require('./realm.js');
const { waited } = require('./waited.js');

/** The word of a lock that nobody is inside. */
const FREE = native.RWLOCK_FREE;
/** The word counts fewer reads than this, where nobody writes or is queued. */
const MOST_READS = native.RWLOCK_MOST_READS;
/** The bit of the word that says that somebody is queued. */
const WAITERS = native.RWLOCK_WAITERS;
/** The word while this thread writes, with nobody queued. */
const MINE = native.RWLOCK_WRITER | THREAD;
/** Where this thread counts its own reads. */
const OWN = 0;

/**
 * @param {string} what
 */
function released(what) {
  return new SyncError(
    `This guard has released its ${what} already. Release a guard once, after its last use.`,
    'ERR_NOT_OWNER',
  );
}

/** Whether this thread holds a read. @type {(lock: RwLock) => boolean} */
let isReading;
/** Whether this thread writes. @type {(lock: RwLock) => boolean} */
let isWriting;

/** One read, to be ended once. */
class ReadGuard {
  /** @type {RwLock | undefined} */
  #lock;

  static {
    defineDispose(this.prototype, function () {
      if (this.#lock !== undefined && isReading(this.#lock)) this.release();
    });
  }

  /**
   * @param {RwLock} lock
   */
  constructor(lock) {
    this.#lock = lock;
  }

  release() {
    const lock = this.#lock;
    if (lock === undefined) throw released('read');
    this.#lock = undefined;
    lock.unlockRead();
  }
}

/** One write, to be ended once, or to be turned into a read. */
class WriteGuard {
  /** @type {RwLock | undefined} */
  #lock;

  static {
    defineDispose(this.prototype, function () {
      if (this.#lock !== undefined && isWriting(this.#lock)) this.release();
    });
  }

  /**
   * @param {RwLock} lock
   */
  constructor(lock) {
    this.#lock = lock;
  }

  release() {
    this.#end().unlockWrite();
  }

  downgrade() {
    return this.#end().downgrade();
  }

  #end() {
    const lock = this.#lock;
    if (lock === undefined) throw released('write');
    this.#lock = undefined;
    return lock;
  }
}

/** Many readers or one writer. The protocol is in src/primitives/rwlock. */
class RwLock {
  /** @type {Int32Array} */
  #cell;
  /** @type {InstanceType<typeof native.RwLock>} */
  #native;
  /** How many reads of the cell this thread holds: the native side looks here when the thread ends. @type {Int32Array} */
  #counts;

  static {
    isReading = (lock) => lock.#counts[OWN] > 0;
    isWriting = (lock) => (Atomics.load(lock.#cell, 0) & ~WAITERS) === MINE;
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
  }

  read() {
    if (!this.#readFree()) waited(this.#native.read(Infinity));
    return new ReadGuard(this);
  }

  tryRead(ms = 0) {
    if (ms !== 0) milliseconds(ms);
    return this.#readFree() || waited(this.#native.read(ms));
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
      this.#native.unlockRead();
    }
  }

  write() {
    if (Atomics.compareExchange(this.#cell, 0, FREE, MINE) !== FREE)
      waited(this.#native.write(Infinity));
    return new WriteGuard(this);
  }

  tryWrite(ms = 0) {
    if (ms !== 0) milliseconds(ms);
    return (
      Atomics.compareExchange(this.#cell, 0, FREE, MINE) === FREE || waited(this.#native.write(ms))
    );
  }

  unlockWrite() {
    if (Atomics.compareExchange(this.#cell, 0, MINE, FREE) !== MINE) this.#native.unlockWrite();
  }

  downgrade() {
    this.#native.downgrade();
    return new ReadGuard(this);
  }

  recover() {
    return /** @type {boolean} */ (waited(this.#native.recover(Infinity)));
  }

  tryRecover(ms = 0) {
    // napi has null for what JavaScript leaves undefined.
    return waited(this.#native.recover(milliseconds(ms))) ?? undefined;
  }

  get readers() {
    return this.#native.readers();
  }

  get writerThreadId() {
    const writer = this.#native.writer();
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
