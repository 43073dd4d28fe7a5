// @ts-check
'use strict';

const { defineDispose } = require('./dispose.js');
const { SyncError } = require('./errors.js');

/** @typedef {import('./rwlock.js').RwLock} RwLock */

/**
 * How a read or a write that began in one way, by the thread itself or by a promise, is ended.
 *
 * @typedef {object} Way
 * @property {(lock: RwLock) => boolean} isReading whether this thread reads so
 * @property {(lock: RwLock) => boolean} isWriting whether this thread writes so
 * @property {(lock: RwLock) => void} unlockRead
 * @property {(lock: RwLock) => void} unlockWrite
 * @property {(lock: RwLock) => void} downgrade
 */

/**
 * @param {string} how
 */
function notHeld(how) {
  return new SyncError(
    `This guard has been ${how} before. Release a guard once, after its last use, and only while it is held.`,
    'ERR_NOT_OWNER',
  );
}

/** One read, to be ended once. */
class ReadGuard {
  /** @type {RwLock | undefined} */
  #lock;
  #way;

  static {
    defineDispose(this.prototype, function () {
      if (this.held) this.release();
    });
  }

  /**
   * @param {RwLock} lock
   * @param {Way} way
   */
  constructor(lock, way) {
    this.#lock = lock;
    this.#way = way;
  }

  get held() {
    return this.#lock !== undefined && this.#way.isReading(this.#lock);
  }

  release() {
    const lock = this.#lock;
    if (lock === undefined) throw notHeld('released');
    this.#lock = undefined;
    this.#way.unlockRead(lock);
  }
}

/** One write, to be ended once, or to be turned into a read. */
class WriteGuard {
  /** @type {RwLock | undefined} */
  #lock;
  #way;
  #recovered;

  static {
    defineDispose(this.prototype, function () {
      if (this.held) this.release();
    });
  }

  /**
   * @param {RwLock} lock
   * @param {Way} way
   * @param {boolean} [recovered]
   */
  constructor(lock, way, recovered = false) {
    this.#lock = lock;
    this.#way = way;
    this.#recovered = recovered;
  }

  get held() {
    return this.#lock !== undefined && this.#way.isWriting(this.#lock);
  }

  get recovered() {
    return this.#recovered;
  }

  release() {
    this.#way.unlockWrite(this.#end());
  }

  downgrade() {
    const lock = this.#end();
    this.#way.downgrade(lock);
    return new ReadGuard(lock, this.#way);
  }

  #end() {
    const lock = this.#lock;
    if (lock === undefined) throw notHeld('released or downgraded');
    this.#lock = undefined;
    return lock;
  }
}

module.exports = { ReadGuard, WriteGuard };
