// @ts-check
'use strict';

const { assertPredicate, assertSynchronous, cellOf, integer, nameOf } = require('./arguments.js');
const { defineInspect } = require('./describe.js');
const { endIfTerminating } = require('./end-if-terminating.js');
const { compareExchange, load } = require('./intrinsics.js');
const { later } = require('./later.js');
const { limitOf, limitWithin, timeOf, withTime } = require('./limits.js');
const { mutexInternals } = require('./mutex.js');
const { checkOptions, waitForPromise } = require('./promises.js');
const { native, realm, THREAD } = require('./realm.js');
const { markAsUncloneable } = require('./uncloneable.js');
const { Wait } = require('./wait.js');

/** The word of a condition without waiters. */
const EMPTY = native.CONDITION_EMPTY;
/** The word of a free mutex. */
const FREE = native.MUTEX_FREE;
/** The bit of a mutex's word that says that others wait for it. */
const WAITERS = native.MUTEX_WAITERS;
const { ACQUIRED, NOTIFIED, TURN, TURN_OF_MANY } = native;
const REALM = realm.number;
const guards = later(() => require('./guard.js'));

/** How often a thread that was woken tries to lock the mutex, before the native call. */
const TURN_SPIN_LIMIT = 30;

/** @typedef {import('./mutex.js').Mutex} Mutex */
/** @typedef {import('./mutex.js').Internals} MutexInternals */
/** @typedef {import('../binding.js').Limit} Limit */

/** Stands for the mutex before the first wait. @type {any} */
const NONE = {};

/** What a predicate answered, unless that is a promise. @param {unknown} value */
function answer(value) {
  if (typeof value === 'boolean') return value;
  return assertSynchronous(
    value,
    'predicate returned a promise, which is always truthy. It must read the shared memory and return its answer at once.',
  );
}

/**
 * Whether an error says that a limit ended a wait: its time or a Cancel.
 * @param {any} error
 */
function isLimit(error) {
  return error?.code === 'ERR_CANCELLED' || error?.code === 'ERR_TIMEOUT';
}

/**
 * Makes the function that waits at a condition with a mutex. Each of the threads that notifyAll() wakes runs it with cold caches,
 * and at first without V8's feedback. So it calls few functions, which V8 would have to prepare in each of these threads, and reads
 * variables, which V8 finds faster than fields.
 *
 * @param {Int32Array} cell
 * @param {string | undefined} name
 * @param {MutexInternals} mutex
 */
function waiting(cell, name, mutex) {
  const { cell: mutexCell, name: mutexName } = mutex;

  /**
   * Waits for one notification. Returns false if the wait timed out. A thread that gets the turn to compete for the mutex tries
   * to lock it here: so the native call need not return with the mutex locked. If V8 ends the thread before, the sweep at its
   * death wakes the next.
   * @param {Limit} limit
   */
  function notified(limit) {
    // Read at each call: exploring exchanges it.
    const status = native.conditionWait(REALM, cell, name, mutexCell, mutexName, limit);
    if (status !== TURN && status !== TURN_OF_MANY) return endIfTerminating(status) === NOTIFIED;
    const owned = status === TURN ? THREAD : THREAD | WAITERS;
    let isLocked = false;
    try {
      for (let i = 0; i < TURN_SPIN_LIMIT && !isLocked; i++) {
        isLocked =
          load(mutexCell, 0) === FREE && compareExchange(mutexCell, 0, FREE, owned) === FREE;
      }
    } finally {
      // Also if one of these calls overflowed the stack: then, too, the wait ends with the mutex locked.
      if (!isLocked) {
        const ofMany = status === TURN_OF_MANY;
        const taken = native.mutexTakeTurn(REALM, mutexCell, mutexName, ofMany);
        if (taken !== ACQUIRED) endIfTerminating(taken);
      }
    }
    return true;
  }

  /**
   * Throws unless this thread owns the mutex by lock(), not by a guard. Returns the last answer of the predicate or, without
   * one, whether the condition was notified.
   * @param {(() => unknown) | undefined} predicate
   * @param {Limit} limit
   */
  return function waitUntil(predicate, limit) {
    if ((load(mutexCell, 0) & ~WAITERS) !== THREAD) {
      native.mutexAssertOwned(REALM, mutexCell, mutexName);
    }
    if (predicate === undefined) return notified(limit);
    if (limit !== Infinity) return waitWithin(notified, predicate, limit);
    for (;;) {
      const value = predicate();
      if (value === true || (value !== false && answer(value))) return value;
      notified(Infinity);
    }
  };
}

/**
 * @param {(limit: Limit) => boolean} notified waits for one notification
 * @param {() => unknown} predicate
 * @param {Limit} limit
 */
function waitWithin(notified, predicate, limit) {
  const end = native.now() + timeOf(limit);
  /** @type {unknown} */
  let error;
  for (let isOver = false; ;) {
    const value = answer(predicate());
    if (value) return value;
    if (error !== undefined) throw error;
    if (isOver) return value;
    try {
      isOver = !notified(withTime(limit, Math.max(0, end - native.now())));
    } catch (thrown) {
      // The mutex is locked again: what the predicate says now counts.
      if (!isLimit(thrown)) throw thrown;
      error = thrown;
    }
  }
}

/** A wait by promise for one notification, with the mutex of a guard. */
class ConditionWait extends Wait {
  /**
   * @param {Int32Array} cell
   * @param {string | undefined} name
   * @param {import('./guard.js').Guard} guard kept for as long as the wait, so that it is not collected before
   */
  constructor(cell, name, guard) {
    super(cell);
    this.name = name;
    this.guard = guard;
  }

  /**
   * @param {import('../binding.js').Limit} limit
   * @param {boolean} keepsAlive
   */
  begin(limit, keepsAlive) {
    const { cell, name, number } = this;
    const mutex = guards().grantOf(this.guard);
    return native.conditionWaitAsync(
      REALM,
      cell,
      name,
      mutex.cell,
      mutex.name,
      mutex.number,
      number,
      limit,
      keepsAlive,
    );
  }
}

/** Waits until the data that a mutex guards has changed. The protocol is in src/primitives/condition.rs. */
class Condition {
  /** @type {Int32Array} */
  #cell;
  /** @type {string | undefined} */
  #name;
  /** The mutex of the last wait: usually that of each. @type {Mutex} */
  #mutex = NONE;
  /** Waits with that mutex. @type {ReturnType<typeof waiting>} */
  #waitUntil = NONE;

  static {
    defineInspect(this, (condition) =>
      #cell in condition
        ? { name: condition.#name, state: native.conditionDescribe(condition.#cell) }
        : undefined,
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
   * @param {Mutex} mutex
   * @param {() => unknown} [predicate]
   * @param {import('../index.js').LimitOptions} [options]
   */
  wait(mutex, predicate, options) {
    if (mutex !== this.#mutex) this.#remember(mutex);
    const waitUntil = this.#waitUntil;
    if (typeof predicate !== 'function') assertPredicate(predicate);
    waitUntil(predicate, options === undefined ? Infinity : limitOf(options));
  }

  /**
   * @param {Mutex} mutex
   * @param {(() => unknown) | undefined} predicate
   * @param {number} ms
   * @param {import('../index.js').CancelOptions} [options]
   */
  waitFor(mutex, predicate, ms, options) {
    if (mutex !== this.#mutex) this.#remember(mutex);
    const waitUntil = this.#waitUntil;
    assertPredicate(predicate);
    return waitUntil(predicate, limitWithin(ms, options));
  }

  /** @param {Mutex} mutex */
  #remember(mutex) {
    this.#waitUntil = waiting(this.#cell, this.#name, mutexInternals(mutex));
    this.#mutex = mutex;
  }

  /**
   * @param {import('./guard.js').Guard} guard
   * @param {(() => unknown) | undefined} [predicate]
   * @param {import('../index.js').WaitOptions} [options]
   */
  async waitAsync(guard, predicate, options) {
    const { assertHeld, grantOf } = guards();
    const grant = grantOf(guard);
    assertPredicate(predicate);
    const { timeout, ...rest } = checkOptions(options);
    assertHeld(grant);
    const end = native.now() + timeout;
    const notified = async () => {
      if (rest.signal?.aborted) {
        // The signal aborted while the predicate ran. After an abort the guard never owns the mutex.
        grant.release();
        throw rest.signal.reason;
      }
      const left = { ...rest, timeout: Math.max(0, end - native.now()) };
      const wait = new ConditionWait(this.#cell, this.#name, guard);
      return (await waitForPromise(wait, left)) === NOTIFIED;
    };
    if (predicate === undefined) return notified();
    /** @type {unknown} */
    let error;
    for (let inTime = true; ;) {
      const value = answer(predicate());
      if (value) return value;
      if (error !== undefined) throw error;
      if (!inTime) return value;
      try {
        inTime = await notified();
      } catch (thrown) {
        // If a Cancel ended the wait, the guard owns the mutex again: what the predicate says now counts.
        if (!isLimit(thrown) || !grant.isHeld) throw thrown;
        error = thrown;
      }
      // Another task of this thread may have released the guard in between.
      assertHeld(grant);
    }
  }

  notify(n = 1) {
    if (n !== Infinity) integer(n, 'n', 0, Number.MAX_SAFE_INTEGER);
    return this.#notify(n);
  }

  notifyAll() {
    return this.#notify(Infinity);
  }

  /** @param {number} n */
  #notify(n) {
    return load(this.#cell, 0) === EMPTY
      ? 0
      : native.conditionNotify(REALM, this.#cell, this.#name, n);
  }
}

module.exports = { Condition };
