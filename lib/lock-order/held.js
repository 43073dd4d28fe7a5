// @ts-check
'use strict';

// What is held when a lock is asked for, and the edges that this makes.
//
// A blocking call waits with all that its thread holds, guards of all its tasks too. A promise waits with the guards of its
// own task only. Tasks are told apart by AsyncLocalStorage: each acquire enters a new list with its own entry. An async
// function that is called and not awaited leaks its list into its caller, so that list may name guards of another task. So an
// edge between two guards is provisional. It counts if the first guard is released in a context whose list has the second.

const { AsyncLocalStorage } = require('node:async_hooks');
const { Map, Set } = require('../intrinsics.js');
const { isOwned, mutexInternals } = require('../mutex.js');
const { native, realm } = require('../realm.js');
const { rwlockInternals } = require('../rwlock.js');
const { current } = require('./options.js');
const { errorOf, stackOf, tell, tellOmitted } = require('./report.js');

/** @typedef {import('./locks.js').Lock} Lock */
/** @typedef {(...args: any[]) => unknown} Method */
/** @typedef {typeof READ | typeof WRITE} Mode */

const READ = 0;
const WRITE = 1;

/** The most guards that a list has. */
const MOST_ENTRIES = 64;
/** The most provisional edges from one guard. */
const MOST_PROVISIONAL = 256;

/** What a thread holds by a blocking call. */
class Owned {
  /**
   * @param {Lock} lock
   * @param {Mode} mode
   * @param {any} primitive
   */
  constructor(lock, mode, primitive) {
    this.lock = lock;
    this.mode = mode;
    this.primitive = primitive;
  }

  /** Whether the thread holds it. It may have been released in a way that is not observed. */
  get isHeld() {
    if (this.lock.isMutex) return isOwned(mutexInternals(this.primitive).cell);
    const { isReading, isWriting } = rwlockInternals(this.primitive);
    return this.mode === READ ? isReading : isWriting;
  }

  /** It was released in a way that is not observed. */
  forget() {
    remove(owned.indexOf(this));
  }
}

/** What a guard holds, or will hold. */
class Guarded {
  isGranted = false;
  isReleased = false;
  /** Whether the guard waits for a Condition, and does not own the mutex meanwhile. */
  isSuspended = false;
  /** @type {WeakRef<{ held: boolean }> | undefined} */
  #guard = undefined;
  /** @type {Map<Guarded, { modes: number, stack: string }> | undefined} */
  #provisional = undefined;

  /**
   * @param {Lock} lock
   * @param {Mode} mode
   * @param {boolean} isScoped whether it is in the lists of its own task only
   */
  constructor(lock, mode, isScoped) {
    this.lock = lock;
    this.mode = mode;
    this.isScoped = isScoped;
    lock.kept.uses++;
  }

  /** Whether the guard is known to hold the lock. */
  get isLive() {
    return this.isGranted && !this.isReleased && !this.isSuspended;
  }

  /** Whether the guard holds the lock. One that was collected may hold it for ever. */
  get isHeld() {
    return this.#guard?.deref()?.held ?? true;
  }

  /** @param {{ held: boolean }} guard */
  grant(guard) {
    if (this.isReleased) return;
    this.isGranted = true;
    this.#guard = new WeakRef(guard);
    entries.set(guard, this);
    guards.add(this);
  }

  /** The guard has become another, which reads what this one wrote. @param {{ held: boolean }} guard */
  downgrade(guard) {
    this.mode = READ;
    this.#guard = new WeakRef(guard);
    entries.set(guard, this);
  }

  /**
   * Remembers an edge that counts if this is released in the task of the second guard.
   * @param {Guarded} second
   * @param {Mode} asked
   * @param {Method} method
   */
  provide(second, asked, method) {
    const modes = modesOf(this.mode, asked);
    if (isHandled(this.lock, second.lock, modes)) return;
    this.#provisional ??= new Map();
    if (this.#provisional.size === MOST_PROVISIONAL) return;
    this.#provisional.set(second, { modes, stack: stackOf(method) });
  }

  /** The guard holds the lock no more, or never will. */
  release() {
    if (this.isReleased) return;
    this.isReleased = true;
    guards.delete(this);
    if (this.#provisional !== undefined) {
      const list = tasks.getStore() ?? NONE;
      for (const [second, { modes, stack }] of this.#provisional) {
        if (list.includes(second)) add(this.lock, second.lock, modes, stack, false);
      }
      this.#provisional = undefined;
    }
    this.lock.kept.uses--;
  }

  forget() {
    this.release();
  }
}

/** What this thread holds by blocking calls, the newest at the end. @type {Owned[]} */
const owned = [];
/** What the guards of this thread hold. @type {Set<Guarded>} */
const guards = new Set();
/** What each guard holds. @type {WeakMap<object, Guarded>} */
const entries = new WeakMap();
/** @type {readonly Guarded[]} */
const NONE = [];
/** The guards of each task. @type {AsyncLocalStorage<readonly Guarded[]>} */
const tasks = new AsyncLocalStorage();

/**
 * @param {Mode} held
 * @param {Mode} asked
 */
function modesOf(held, asked) {
  return held | (asked << 1);
}

/**
 * A blocking call is about to ask for a lock. Throws if that would close a cycle and the options say so.
 * @param {Lock} lock
 * @param {Mode} asked
 * @param {Method} method
 */
function beforeBlocking(lock, asked, method) {
  if (asked === WRITE && !lock.isWritten) requestWrite(lock);
  for (let i = owned.length - 1; i >= 0; i--) {
    const entry = owned[i];
    if (!lock.hasSeen(entry.lock.number, modesOf(entry.mode, asked)))
      meet(entry, lock, asked, method);
  }
  if (guards.size > 0) {
    for (const entry of guards) if (entry.isLive) meet(entry, lock, asked, method);
  }
}

/**
 * A promise is about to ask for a lock. Throws as beforeBlocking().
 * @param {Guarded} entry
 * @param {Mode} asked
 * @param {Method} method
 */
function beforePromise(entry, asked, method) {
  const { lock } = entry;
  if (asked === WRITE && !lock.isWritten) requestWrite(lock);
  for (const held of tasks.getStore() ?? NONE) {
    if (!held.isLive || held === entry) continue;
    if (held.isScoped) meet(held, lock, asked, method);
    else held.provide(entry, asked, method);
  }
}

/**
 * Makes the edge between a lock that is held and one that is asked for.
 * @param {Owned | Guarded} entry
 * @param {Lock} lock
 * @param {Mode} asked
 * @param {Method} method
 */
function meet(entry, lock, asked, method) {
  const modes = modesOf(entry.mode, asked);
  if (isHandled(entry.lock, lock, modes)) return;
  if (!entry.isHeld) entry.forget();
  else add(entry.lock, lock, modes, stackOf(method), current.throws);
}

/**
 * Whether two are one lock. A buffer that was received twice has two entries for it. Two locks of one class have one number.
 * @param {Lock} first
 * @param {Lock} second
 */
function isSame(first, second) {
  return first === second || (!current.byName && first.number === second.number);
}

/**
 * Whether there is nothing to do for an edge.
 * @param {Lock} from
 * @param {Lock} to
 * @param {number} modes
 */
function isHandled(from, to, modes) {
  if (to.hasSeen(from.number, modes)) return true;
  const isHandledNow =
    from.number === 0 ||
    to.number === 0 ||
    // What deadlocks by itself is an error of the primitive. A read inside a read may go well.
    (isSame(from, to) && modes !== READ) ||
    isAllowed(from.name, to.name) ||
    native.orderKnows(from.number, to.number, modes);
  if (isHandledNow && !(isSame(from, to) && current.byName)) to.see(from.number, modes);
  return isHandledNow;
}

/**
 * @param {string | undefined} first
 * @param {string | undefined} second
 */
function isAllowed(first, second) {
  return (
    first !== undefined && second !== undefined && current.allowed.get(first)?.has(second) === true
  );
}

/**
 * Adds an edge, and reports the cycle that it closes.
 * @param {Lock} from
 * @param {Lock} to
 * @param {number} modes
 * @param {string} stack
 * @param {boolean} throws
 */
function add(from, to, modes, stack, throws) {
  // A read inside a read is no cycle until a writer comes.
  const refuses = throws && !(isSame(from, to) && modes === READ);
  const report = native.orderEdge(realm.number, from.number, to.number, modes, stack, refuses);
  if (report === undefined) {
    to.see(from.number, modes);
    tellOmitted();
    return;
  }
  tell(report);
  if (refuses) throw errorOf(report);
  to.see(from.number, modes);
}

/** @param {Lock} lock */
function requestWrite(lock) {
  lock.isWritten = true;
  if (lock.number === 0) return;
  for (const report of native.orderWrite(realm.number, lock.number)) tell(report);
}

/**
 * This thread has acquired a lock by a blocking call.
 * @param {Lock} lock
 * @param {Mode} mode
 * @param {object} primitive
 */
function own(lock, mode, primitive) {
  lock.kept.uses++;
  owned.push(new Owned(lock, mode, primitive));
}

/**
 * This thread has released a lock. Does nothing if it was acquired before lock order was on.
 * @param {Lock | undefined} lock
 * @param {Mode} mode
 */
function disown(lock, mode) {
  if (lock === undefined) return;
  const last = owned.length - 1;
  if (last >= 0 && owned[last].lock === lock && owned[last].mode === mode) {
    lock.kept.uses--;
    owned.pop();
  } else {
    remove(indexOf(lock, mode));
  }
}

/**
 * The index of the newest entry of a lock.
 * @param {Lock} lock
 * @param {Mode} mode
 */
function indexOf(lock, mode) {
  return owned.findLastIndex((entry) => entry.mode === mode && isSame(entry.lock, lock));
}

/** @param {number} index */
function remove(index) {
  if (index < 0) return;
  owned[index].lock.kept.uses--;
  owned.splice(index, 1);
}

/**
 * This thread reads what it wrote.
 * @param {Lock | undefined} lock
 */
function downgrade(lock) {
  const index = lock === undefined ? -1 : indexOf(lock, WRITE);
  if (index >= 0) owned[index].mode = READ;
}

/**
 * The list of a task that has asked for one more lock. What is released stays while an older guard is held, so that its
 * edge counts when that is released.
 * @param {Guarded} entry
 */
function listWith(entry) {
  /** @type {Guarded[]} */
  const list = [];
  let isInside = false;
  for (const other of tasks.getStore() ?? NONE) {
    if (other.isGranted && !other.isReleased) isInside = true;
    else if (!isInside || !other.isGranted || other.lock === entry.lock) continue;
    list.push(other);
  }
  if (list.length === MOST_ENTRIES) list.shift();
  list.push(entry);
  return list;
}

/** Forgets what is held, since a lock is another thing from here on. */
function forgetHeld() {
  for (const { lock } of owned) lock.kept.uses--;
  owned.length = 0;
  for (const entry of guards) entry.release();
}

module.exports = {
  Guarded,
  READ,
  WRITE,
  beforeBlocking,
  beforePromise,
  disown,
  downgrade,
  entries,
  forgetHeld,
  listWith,
  own,
  tasks,
};
