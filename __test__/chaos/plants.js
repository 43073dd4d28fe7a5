// @ts-check
'use strict';

// Faults that chaos must find: node --require ./__test__/chaos/plants.js __test__/chaos/main.js. With PLANT set to the
// name of one, there is only that.

const { isMainThread } = require('node:worker_threads');
const { Barrier, Condition, Latch, Mutex, RwLock, Semaphore } = require('../../index.js');

/** @type {Record<string, () => void>} */
const plants = {
  /** Two owners, now and then. */
  owners() {
    const { lock } = Mutex.prototype;
    Mutex.prototype.lock = function () {
      return now(200) ? this : lock.call(this);
    };
  },
  /** A barrier that lets one through early. */
  barrier() {
    const { wait } = Barrier.prototype;
    Barrier.prototype.wait = function () {
      return this.total > 1 && now(20) ? 1 : wait.call(this);
    };
  },
  /** A latch that opens early. */
  latch() {
    const { tryAwait } = Latch.prototype;
    Latch.prototype.tryAwait = function (/** @type {number | undefined} */ ms) {
      return now(20) || tryAwait.call(this, ms);
    };
  },
  /** A notification that is lost. */
  notification() {
    const { notify } = Condition.prototype;
    Condition.prototype.notify = function (/** @type {number | undefined} */ n) {
      return now(50) ? 0 : notify.call(this, n);
    };
  },
  /** A deadlock that throws no ERR_DEADLOCK. */
  deadlock() {
    Mutex.prototype.lock = function () {
      this.tryLock(1e9);
      return this;
    };
  },
  /** An owner that died, and whose death is not told. */
  death() {
    const { tryLock } = Mutex.prototype;
    Mutex.prototype.tryLock = function (/** @type {number | undefined} */ ms) {
      try {
        return tryLock.call(this, ms);
      } catch {
        return true;
      }
    };
  },
  /** A semaphore that gives too many permits. */
  permits() {
    const { acquire } = Semaphore.prototype;
    Semaphore.prototype.acquire = function (/** @type {number | undefined} */ n) {
      if (!now(20)) acquire.call(this, n);
    };
  },
  /** A semaphore that keeps what it is given back. */
  release() {
    const { release } = Semaphore.prototype;
    Semaphore.prototype.release = function (/** @type {number | undefined} */ n) {
      if (!now(50)) release.call(this, n);
    };
  },
  /** A lock that lets a reader in beside a writer. */
  reader() {
    const { read, unlockRead } = RwLock.prototype;
    let uninvited = 0;
    RwLock.prototype.read = function () {
      if (this.writerThreadId === null || !now(2)) return read.call(this);
      uninvited++;
      return /** @type {any} */ ({ release: () => uninvited-- });
    };
    RwLock.prototype.unlockRead = function () {
      if (uninvited > 0) uninvited--;
      else unlockRead.call(this);
    };
  },
  /** A promise that is lost. */
  promise() {
    const { lockAsync } = Mutex.prototype;
    Mutex.prototype.lockAsync = function (/** @type {any} */ options) {
      return options?.timeout === Infinity && !options.signal && now(2)
        ? new Promise(() => {})
        : lockAsync.call(this, options);
    };
  },
  /** A promise that resolves with a lock that another party owns. */
  guard() {
    const { writeAsync } = RwLock.prototype;
    RwLock.prototype.writeAsync = async function (/** @type {any} */ options) {
      const guard = await writeAsync.call(this, options);
      if (now(10)) guard.release();
      return guard;
    };
  },
};

let calls = 0;

/** True once in so many calls. @param {number} often */
function now(often) {
  return !isMainThread && ++calls % often === 0;
}

const { PLANT } = process.env;
for (const name of PLANT ? [PLANT] : ['owners', 'barrier', 'latch', 'permits', 'reader'])
  plants[name]();
