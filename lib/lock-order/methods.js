// @ts-check
'use strict';

// The observing methods: each makes its edges, calls the method that it stands for, and notes what is held afterwards.

const { Condition } = require('../condition.js');
const { exchange } = require('../exchange.js');
const { Guard } = require('../guard.js');
const { Mutex, isOwned, mutexInternals } = require('../mutex.js');
const { waitOptions } = require('../promises.js');
const { RwLock } = require('../rwlock.js');
const { ReadGuard, WriteGuard } = require('../rwlock-guard.js');
const {
  Guarded,
  READ,
  WRITE,
  beforeBlocking,
  beforePromise,
  disown,
  downgrade,
  entries,
  listWith,
  own,
  tasks,
} = require('./held.js');
const { knownLock, lockOfMutex, lockOfRwLock } = require('./locks.js');

/** @typedef {import('../exchange.js').Observe} Observe */
/** @typedef {import('./locks.js').Lock} Lock */
/** @typedef {import('./held.js').Mode} Mode */
/** @typedef {(primitive: unknown) => Lock | undefined} LockOf */

/** What runExclusiveAsync() holds, for the lockAsync() that it calls. @type {Guarded | undefined} */
let exclusive;

/**
 * A method that acquires, or throws.
 * @param {LockOf} lockOf
 * @param {Mode} mode
 * @returns {Observe}
 */
function acquiring(lockOf, mode) {
  return (method) =>
    function observed(options) {
      const lock = lockOf(this);
      if (lock === undefined) return method.call(this, options);
      beforeBlocking(lock, mode, observed);
      const result = method.call(this, options);
      own(lock, mode, this);
      return result;
    };
}

/**
 * A method that acquires within a limit. Without waiting it makes no edge to what it takes.
 * @param {LockOf} lockOf
 * @param {Mode} mode
 * @param {(result: unknown) => boolean} isAcquired
 * @returns {Observe}
 */
function acquiringWithin(lockOf, mode, isAcquired) {
  return (method) =>
    function observed(ms = 0, options) {
      const lock = lockOf(this);
      if (lock === undefined) return method.call(this, ms, options);
      if (typeof ms === 'number' && ms > 0) beforeBlocking(lock, mode, observed);
      const result = method.call(this, ms, options);
      if (isAcquired(result)) own(lock, mode, this);
      return result;
    };
}

/**
 * A method that releases.
 * @param {Mode} mode
 * @returns {Observe}
 */
function releasing(mode) {
  return (method) =>
    function observed() {
      method.call(this);
      disown(knownLock(this), mode);
    };
}

/**
 * A method whose promise acquires for a guard. It never throws, so that it is no async function: what it enters is to be
 * seen by its caller.
 *
 * @param {LockOf} lockOf
 * @param {Mode} mode
 * @returns {Observe}
 */
function acquiringByPromise(lockOf, mode) {
  return (method) =>
    function observed(options) {
      const lock = lockOf(this);
      if (lock === undefined) return method.call(this, options);
      if (exclusive?.lock === lock) {
        const entry = exclusive;
        exclusive = undefined;
        return settle(method.call(this, options), entry);
      }
      const entry = new Guarded(lock, mode, false);
      try {
        if (mayWait(options)) beforePromise(entry, mode, observed);
      } catch (error) {
        entry.release();
        return rejected(error);
      }
      tasks.enterWith(listWith(entry));
      return settle(method.call(this, options), entry);
    };
}

/**
 * Whether a promise with these options waits if the lock is not free.
 * @param {import('../../index.js').WaitOptions} [options]
 */
function mayWait(options) {
  try {
    return waitOptions(options).timeout > 0;
  } catch {
    // The method itself rejects with this error.
    return false;
  }
}

/** @param {unknown} error */
async function rejected(error) {
  throw error;
}

/**
 * Notes what the guard of a promise holds. An async function, so that the stack of an error still names its callers.
 * @param {Promise<any>} promise
 * @param {Guarded} entry
 */
async function settle(promise, entry) {
  try {
    const guard = await promise;
    entry.grant(guard);
    return guard;
  } catch (error) {
    entry.release();
    throw error;
  }
}

/** @type {Observe} */
const runExclusiveAsync = (method) =>
  function observed(fn, options) {
    const lock = lockOfMutex(this);
    if (lock === undefined || typeof fn !== 'function') return method.call(this, fn, options);
    const entry = new Guarded(lock, WRITE, true);
    try {
      if (mayWait(options)) beforePromise(entry, WRITE, observed);
    } catch (error) {
      entry.release();
      return rejected(error);
    }
    return tasks.run(listWith(entry), () => {
      exclusive = entry;
      try {
        return ended(method.call(this, fn, options), entry);
      } finally {
        exclusive = undefined;
      }
    });
  };

/**
 * @param {Promise<unknown>} promise
 * @param {Guarded} entry
 */
async function ended(promise, entry) {
  try {
    return await promise;
  } finally {
    entry.release();
  }
}

/**
 * A wait of a Condition, which will acquire its mutex again while other locks are held.
 * @type {Observe}
 */
const waiting = (method) =>
  function observed(mutex, ...args) {
    const lock = lockOfMutex(mutex);
    if (lock === undefined || !isOwned(mutexInternals(mutex).cell))
      return method.call(this, mutex, ...args);
    beforeBlocking(lock, WRITE, observed);
    try {
      return method.call(this, mutex, ...args);
    } catch (error) {
      // A wait that fails may lose the mutex. If only the predicate threw, it is still owned.
      if (!isOwned(mutexInternals(mutex).cell)) disown(lock, WRITE);
      throw error;
    }
  };

/** @type {Observe} */
const waitingByPromise = (method) =>
  function observed(guard, ...args) {
    const entry = entries.get(guard);
    if (entry === undefined || !entry.isLive) return method.call(this, guard, ...args);
    try {
      beforePromise(entry, WRITE, observed);
    } catch (error) {
      return rejected(error);
    }
    return resumed(method.call(this, guard, ...args), guard, entry);
  };

/**
 * @param {Promise<unknown>} promise
 * @param {import('../guard.js').Guard} guard
 * @param {Guarded} entry
 */
async function resumed(promise, guard, entry) {
  entry.isSuspended = true;
  try {
    return await promise;
  } finally {
    entry.isSuspended = false;
    // A wait that fails may lose the mutex.
    if (!guard.held) entry.release();
  }
}

/**
 * A method of a guard that releases what it holds, or returns false.
 * @type {Observe}
 */
const releasingGuard = (method) =>
  function observed() {
    const result = method.call(this);
    if (result !== false) entries.get(this)?.release();
    return result;
  };

/** @type {Observe} */
const downgradingGuard = (method) =>
  function observed() {
    const guard = method.call(this);
    entries.get(this)?.downgrade(guard);
    return guard;
  };

/** @type {Observe} */
const downgrading = (method) =>
  function observed() {
    const guard = method.call(this);
    downgrade(knownLock(this));
    return guard;
  };

/** @param {unknown} result */
const isTrue = (result) => result === true;
/** @param {unknown} result */
const isDefined = (result) => result !== undefined;

/** Exchanges the methods of this realm. What calls an exchanged method, as runExclusive() does, stays as it is. */
function exchangeMethods() {
  exchange(Mutex.prototype, {
    lock: acquiring(lockOfMutex, WRITE),
    tryLock: acquiringWithin(lockOfMutex, WRITE, isTrue),
    recover: acquiring(lockOfMutex, WRITE),
    tryRecover: acquiringWithin(lockOfMutex, WRITE, isDefined),
    unlock: releasing(WRITE),
    lockAsync: acquiringByPromise(lockOfMutex, WRITE),
    recoverAsync: acquiringByPromise(lockOfMutex, WRITE),
    runExclusiveAsync,
  });
  exchange(RwLock.prototype, {
    read: acquiring(lockOfRwLock, READ),
    tryRead: acquiringWithin(lockOfRwLock, READ, isTrue),
    unlockRead: releasing(READ),
    write: acquiring(lockOfRwLock, WRITE),
    tryWrite: acquiringWithin(lockOfRwLock, WRITE, isTrue),
    recover: acquiring(lockOfRwLock, WRITE),
    tryRecover: acquiringWithin(lockOfRwLock, WRITE, isDefined),
    unlockWrite: releasing(WRITE),
    downgrade: downgrading,
    readAsync: acquiringByPromise(lockOfRwLock, READ),
    writeAsync: acquiringByPromise(lockOfRwLock, WRITE),
    recoverAsync: acquiringByPromise(lockOfRwLock, WRITE),
  });
  exchange(Condition.prototype, {
    wait: waiting,
    waitFor: waiting,
    waitAsync: waitingByPromise,
  });
  exchange(Guard.prototype, { release: releasingGuard, tryRelease: releasingGuard });
  // Their tryRelease() calls release().
  exchange(ReadGuard.prototype, { release: releasingGuard });
  exchange(WriteGuard.prototype, { release: releasingGuard, downgrade: downgradingGuard });
}

module.exports = { exchangeMethods };
