// @ts-check
'use strict';

const { cellOf, milliseconds, nameOf } = require('./arguments.js');
const { defineInspect, labelOf } = require('./describe.js');
const { endIfTerminating } = require('./end-if-terminating.js');
const { compareExchange, load } = require('./intrinsics.js');
const { waitForPromise, waitOptions } = require('./promises.js');
const { NO_SLOT, slotOf } = require('./read-counts.js');
const { native, realm, THREAD } = require('./realm.js');
const { ReadGuard, WriteGuard, numberOf, setRecovered } = require('./rwlock-guard.js');
const { markAsUncloneable } = require('./uncloneable.js');

/** The word of a lock that no thread reads or writes. */
const FREE = native.RWLOCK_FREE;
/** The word counts fewer reads than this, where no thread writes or is queued. */
const MOST_READS = native.RWLOCK_MOST_READS;
/** The bit of the word that says that a thread or a promise waits. */
const WAITERS = native.RWLOCK_WAITERS;
/** The word while this thread writes, with none queued. */
const WRITTEN_BY_ME = native.RWLOCK_WRITER | THREAD;
/** What a thread or a guard asks for. */
const READ = native.RWLOCK_READ;
const WRITE = native.RWLOCK_WRITE;
const RECOVER = native.RWLOCK_RECOVER;

/** @typedef {import('./grant.js').Grant} Grant */
/** @typedef {import('./rwlock-guard.js').OwnerKind} OwnerKind */

/** How a guard ends what the thread itself began. @type {OwnerKind} */
let threadOwned;
/** How a guard ends what a promise began. @type {OwnerKind} */
let guardOwned;

/** @param {Grant} grant */
const isReading = ({ cell, number }) => native.rwlockIsGuarded(realm.number, cell, READ, number);
/** @param {Grant} grant */
const isWriting = ({ cell, number }) => native.rwlockIsGuarded(realm.number, cell, WRITE, number);

/** Many readers or one writer. The protocol is in src/primitives/rwlock. */
class RwLock {
  /** @type {Int32Array} */
  #cell;
  /** @type {string | undefined} */
  #name;
  /** Where this thread counts its reads. */
  #slot = NO_SLOT;

  static {
    threadOwned = {
      isReading: (lock) => lock.#ownReads > 0,
      isWriting: (lock) => (load(lock.#cell, 0) & ~WAITERS) === WRITTEN_BY_ME,
      unlockRead(lock) {
        lock.unlockRead();
        return true;
      },
      unlockWrite(lock) {
        lock.unlockWrite();
        return true;
      },
      downgrade: (lock) => lock.downgrade(),
      label: (lock) => labelOf('RwLock', lock.#name, lock.#cell),
    };
    guardOwned = {
      isReading: (_lock, grant) => isReading(grant),
      isWriting: (_lock, grant) => isWriting(grant),
      unlockRead: (_lock, { cell, name, number }) =>
        native.rwlockReleaseGuard(realm.number, cell, name, READ, number),
      unlockWrite: (_lock, { cell, name, number }) =>
        native.rwlockReleaseGuard(realm.number, cell, name, WRITE, number),
      downgrade(lock, { cell, name, number }) {
        // The guard is there before its read is: no call stands between the two that could fail.
        const guard = new ReadGuard(lock, guardOwned, lock.#grantOf(isReading));
        const reading = numberOf(guard);
        return native.rwlockDowngradeGuard(realm.number, cell, name, number, reading)
          ? guard
          : undefined;
      },
      label: threadOwned.label,
    };
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

  read() {
    if (!this.#tryReadFast()) this.#read(Infinity);
    return new ReadGuard(this, threadOwned);
  }

  tryRead(ms = 0) {
    if (ms !== 0) milliseconds(ms);
    return this.#tryReadFast() || this.#read(ms);
  }

  unlockRead() {
    const word = load(this.#cell, 0);
    const { counts, own, generationAt, generation } = this.#slot;
    if (
      counts[generationAt] === generation &&
      counts[own] > 0 &&
      word > FREE &&
      word <= MOST_READS &&
      compareExchange(this.#cell, 0, word, word - 1) === word
    ) {
      // No call stands between the exchange and these: a termination may land before one.
      if (--counts[own] === 0) this.#slot.cells[this.#slot.place] = undefined;
    } else {
      this.#counting(() => {
        native.rwlockUnlock(realm.number, this.#cell, this.#name, READ);
      });
    }
  }

  write() {
    if (compareExchange(this.#cell, 0, FREE, WRITTEN_BY_ME) !== FREE) this.#write(Infinity);
    return new WriteGuard(this, threadOwned);
  }

  tryWrite(ms = 0) {
    if (ms !== 0) milliseconds(ms);
    return compareExchange(this.#cell, 0, FREE, WRITTEN_BY_ME) === FREE || this.#write(ms);
  }

  unlockWrite() {
    if (compareExchange(this.#cell, 0, WRITTEN_BY_ME, FREE) !== WRITTEN_BY_ME)
      native.rwlockUnlock(realm.number, this.#cell, this.#name, WRITE);
  }

  downgrade() {
    this.#counting(() => {
      native.rwlockDowngrade(realm.number, this.#cell, this.#name);
    });
    return new ReadGuard(this, threadOwned);
  }

  recover() {
    return this.#enter(RECOVER, Infinity) === 2;
  }

  tryRecover(ms = 0) {
    const recovered = this.#enter(RECOVER, milliseconds(ms));
    return recovered === 0 ? undefined : recovered === 2;
  }

  /**
   * @param {import('../index.js').WaitOptions} [options]
   */
  async readAsync(options) {
    const checked = waitOptions(options);
    // The guard is there before the read is: no call stands between the two that could fail.
    const guard = new ReadGuard(this, guardOwned, this.#grantOf(isReading));
    if (!this.#tryEnter(guard, READ)) await this.#wait(guard, READ, checked);
    return guard;
  }

  /**
   * @param {import('../index.js').WaitOptions} [options]
   */
  async writeAsync(options) {
    const checked = waitOptions(options);
    const guard = new WriteGuard(this, guardOwned, this.#grantOf(isWriting));
    if (!this.#tryEnter(guard, WRITE)) await this.#wait(guard, WRITE, checked);
    return guard;
  }

  /**
   * @param {import('../index.js').WaitOptions} [options]
   */
  async recoverAsync(options) {
    const checked = waitOptions(options);
    const guard = new WriteGuard(this, guardOwned, this.#grantOf(isWriting));
    const recovered = await this.#wait(guard, RECOVER, checked);
    setRecovered(guard, recovered === 2);
    return guard;
  }

  get readers() {
    return native.rwlockReaders(realm.number, this.#cell, this.#name);
  }

  get writerThreadId() {
    const writer = native.rwlockWriter(realm.number, this.#cell, this.#name);
    return writer === 0 ? null : writer - 1;
  }

  #tryReadFast() {
    let slot = this.#slot;
    if (slot.counts[slot.generationAt] !== slot.generation) slot = this.#findSlot();
    const word = load(this.#cell, 0);
    if (
      word < FREE ||
      word >= MOST_READS ||
      compareExchange(this.#cell, 0, word, word + 1) !== word
    ) {
      return false;
    }
    // No call stands between the exchange and these: a termination may land before one.
    if (slot.counts[slot.own]++ === 0) slot.cells[slot.place] = this.#cell;
    return true;
  }

  #findSlot() {
    this.#slot = slotOf(this.#cell);
    return this.#slot;
  }

  get #ownReads() {
    const { counts, own, generationAt, generation } = this.#slot;
    return counts[generationAt] === generation ? counts[own] : 0;
  }

  /** @param {number} ms */
  #read(ms) {
    return this.#counting(() => this.#enter(READ, ms)) !== 0;
  }

  /**
   * Calls what natively changes how often this thread reads. The cell is kept from before the call until no read is
   * counted, so that the thread's end finds its memory.
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

  /** @param {number} ms */
  #write(ms) {
    return this.#enter(WRITE, ms) !== 0;
  }

  /**
   * @param {number} request
   * @param {number} ms
   */
  #enter(request, ms) {
    return endIfTerminating(native.rwlockEnter(realm.number, this.#cell, this.#name, request, ms));
  }

  /**
   * Lets the guard of a promise in, if that takes no waiting.
   * @param {import('./rwlock-guard.js').ReadGuard | import('./rwlock-guard.js').WriteGuard} guard
   * @param {number} request
   */
  #tryEnter(guard, request) {
    const number = numberOf(guard);
    return native.rwlockTryEnterGuard(realm.number, this.#cell, this.#name, request, number);
  }

  /** @param {(grant: Grant) => boolean} isHeld */
  #grantOf(isHeld) {
    return { kind: /** @type {const} */ ('RwLock'), cell: this.#cell, name: this.#name, isHeld };
  }

  /**
   * @param {import('./rwlock-guard.js').ReadGuard | import('./rwlock-guard.js').WriteGuard} guard
   * @param {number} request
   * @param {import('./promises.js').CheckedOptions} options
   */
  #wait(guard, request, options) {
    const number = numberOf(guard);
    const [cell, name] = [this.#cell, this.#name];
    return waitForPromise(
      {
        number,
        cell,
        begin: (timeout, keepsAlive) =>
          native.rwlockEnterAsync(realm.number, cell, name, request, number, timeout, keepsAlive),
        undo: () => guard.tryRelease(),
      },
      options,
    );
  }
}

module.exports = { RwLock };
