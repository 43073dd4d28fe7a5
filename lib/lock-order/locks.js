// @ts-check
'use strict';

// Which lock a cell is. A lock has a number, which its address stands for as long as a thread keeps the buffer alive. So
// each thread keeps the buffers of the locks that it used last.

const { BroadcastChannel, isMainThread } = require('node:worker_threads');
const { Map, WeakMap } = require('../intrinsics.js');
const { Mutex, mutexInternals } = require('../mutex.js');
const { native, realm } = require('../realm.js');
const { RwLock, rwlockInternals } = require('../rwlock.js');
const { current } = require('./options.js');
const { placeOfNew, tellOmitted } = require('./report.js');

/** The most buffers that a thread keeps, unless it holds more locks. */
const MOST_BUFFERS = 1_024;
/** The most bytes of buffers that a thread keeps, unless it holds locks in more. */
const MOST_BYTES = 64 * 2 ** 20;
/** The most edges that a lock remembers in this thread. */
const MOST_SEEN = 1_024;
/** The most buffers that a worker sends to the main thread: each costs it about 0.1 ms. */
const MOST_SENT = 16;
/** On which workers send their buffers to the main thread. */
const CHANNEL = '@x/shared-sync/lock-order';

/** A buffer that this thread keeps alive. */
class Kept {
  /** How many of its locks this thread holds or waits for. */
  uses = 0;
  /** Whether it is kept no more, so that its locks may be others by now. */
  isDropped = false;
  /** Its locks: by the offset of the cell, an RwLock after a Mutex. @type {Map<number, Lock>} */
  locks = new Map();

  /**
   * @param {SharedArrayBuffer} buffer
   * @param {Int32Array} cell a cell of the buffer
   */
  constructor(buffer, cell) {
    this.buffer = buffer;
    this.cell = cell;
    this.bytes = buffer.byteLength;
  }
}

/** A lock, as this thread knows it. */
class Lock {
  /** The locks that were held when this one was asked for, and in which modes, one bit each. @type {Map<number, number>} */
  #seen = new Map();
  #lastFrom = 0;
  #lastModes = 0;

  /**
   * @param {number} number 0 if it is not followed
   * @param {Kept} kept
   * @param {boolean} isMutex
   * @param {string | undefined} name
   */
  constructor(number, kept, isMutex, name) {
    this.number = number;
    this.kept = kept;
    this.isMutex = isMutex;
    /** Whether a call has asked to write it. A Mutex is always written. */
    this.isWritten = isMutex;
    this.name = name;
  }

  /**
   * Whether an edge was handled before.
   * @param {number} from
   * @param {number} modes
   */
  hasSeen(from, modes) {
    if (from !== this.#lastFrom) {
      this.#lastFrom = from;
      this.#lastModes = this.#seen.get(from) ?? 0;
    }
    return (this.#lastModes & (1 << modes)) !== 0;
  }

  /**
   * The edge was handled.
   * @param {number} from
   * @param {number} modes
   */
  see(from, modes) {
    if (this.#seen.size === MOST_SEEN) this.#seen.clear();
    this.#lastFrom = from;
    this.#lastModes = (this.#seen.get(from) ?? 0) | (1 << modes);
    this.#seen.set(from, this.#lastModes);
  }

  /** Forgets the edges, since other ones are allowed now. */
  forgetSeen() {
    this.#seen.clear();
    this.#lastFrom = 0;
    this.#lastModes = 0;
  }
}

/** The buffers that this thread keeps, the one that came first at the front. @type {Map<SharedArrayBuffer, Kept>} */
const buffers = new Map();
let bytes = 0;
let sent = 0;

/** The lock of each primitive. @type {WeakMap<object, Lock>} */
const locks = new WeakMap();

/** Where each unnamed primitive was constructed. @type {WeakMap<object, string>} */
const places = new WeakMap();

/**
 * The lock of a Mutex. Undefined for another object.
 * @param {unknown} mutex
 */
function lockOfMutex(mutex) {
  const lock = locks.get(/** @type {object} */ (mutex));
  return lock !== undefined && !lock.kept.isDropped ? lock : find(mutex, false);
}

/**
 * The lock of an RwLock. Undefined for another object.
 * @param {unknown} rwlock
 */
function lockOfRwLock(rwlock) {
  const lock = locks.get(/** @type {object} */ (rwlock));
  return lock !== undefined && !lock.kept.isDropped ? lock : find(rwlock, true);
}

/**
 * The lock of a primitive that this thread has used before.
 * @param {object} primitive
 */
function knownLock(primitive) {
  return locks.get(primitive);
}

/**
 * @param {any} primitive
 * @param {boolean} isRwLock
 */
function find(primitive, isRwLock) {
  let internals;
  try {
    internals = isRwLock ? rwlockInternals(primitive) : mutexInternals(primitive);
  } catch {
    // It is no primitive of this kind. The method itself throws the right error.
    return undefined;
  }
  const { cell, name } = internals;
  const kept = keep(cell);
  const key = cell.byteOffset + (isRwLock ? 1 : 0);
  let lock = kept.locks.get(key);
  if (lock === undefined) {
    const number = numberOf(cell, isRwLock, name, places.get(primitive));
    lock = new Lock(number, kept, !isRwLock, name);
    kept.locks.set(key, lock);
    if (number === 0) tellOmitted();
  }
  locks.set(primitive, lock);
  return lock;
}

/**
 * @param {Int32Array} cell
 * @param {boolean} isRwLock
 * @param {string | undefined} name
 * @param {string | undefined} place where it was constructed
 */
function numberOf(cell, isRwLock, name, place) {
  const kind = isRwLock ? 'RwLock' : 'Mutex';
  if (!current.byName || (name === undefined && place === undefined)) {
    return native.orderLock(cell, isRwLock, kind, name);
  }
  const title = name === undefined ? `"${kind} made at ${place}"` : `${kind} "${name}"`;
  return native.orderClass(title, isRwLock);
}

/**
 * Keeps the buffer of a cell.
 * @param {Int32Array} cell
 */
function keep(cell) {
  const buffer = /** @type {SharedArrayBuffer} */ (/** @type {unknown} */ (cell.buffer));
  const known = buffers.get(buffer);
  if (known !== undefined) return known;
  native.orderKeep(realm.number, cell);
  if (!isMainThread) handOver(buffer, cell);
  return insert(buffer, cell);
}

/**
 * @param {SharedArrayBuffer} buffer
 * @param {Int32Array} cell
 */
function insert(buffer, cell) {
  const kept = new Kept(buffer, cell);
  buffers.set(buffer, kept);
  bytes += kept.bytes;
  if (buffers.size > MOST_BUFFERS || bytes > MOST_BYTES) dropOldest(kept);
  return kept;
}

/**
 * Drops the buffers that came first until the rest is within the bounds.
 * @param {Kept} newest
 */
function dropOldest(newest) {
  for (const kept of buffers.values()) {
    if (buffers.size <= MOST_BUFFERS && bytes <= MOST_BYTES) return;
    if (kept.uses === 0 && kept !== newest) drop(kept);
  }
}

/** @param {Kept} kept */
function drop(kept) {
  kept.isDropped = true;
  buffers.delete(kept.buffer);
  bytes -= kept.bytes;
  native.orderDrop(realm.number, kept.cell);
}

/**
 * Sends a buffer to the main thread, which keeps it when this worker has ended. So an order that one worker after another
 * breaks is seen, even if the main thread uses no lock.
 *
 * @param {SharedArrayBuffer} buffer
 * @param {Int32Array} cell
 */
function handOver(buffer, cell) {
  if (sent === MOST_SENT || !native.orderHandOver(cell, false)) return;
  sent++;
  const channel = new BroadcastChannel(CHANNEL);
  try {
    channel.postMessage(buffer);
    native.orderHandOver(cell, true);
  } catch {
    // A runtime that does not send shared memory this way.
  } finally {
    channel.close();
  }
}

/** Begins to keep buffers; in the main thread also those that workers send. */
function keepBuffers() {
  if (!native.orderBegin(realm.number, buffers)) return;
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = (/** @type {any} */ { data }) => {
    insert(data, new Int32Array(data, 0, 1));
  };
  /** @type {any} */ (channel).unref?.();
}

/** Forgets all locks, since a lock is another thing from here on. */
function forgetLocks() {
  for (const kept of [...buffers.values()]) drop(kept);
}

/** Handles each edge again, since other ones are allowed now. */
function forgetSeen() {
  for (const { locks: own } of buffers.values()) for (const lock of own.values()) lock.forgetSeen();
}

/**
 * A primitive was constructed: from here on this thread keeps its buffer.
 * @param {object} primitive
 */
function constructed(primitive) {
  const isRwLock = primitive instanceof RwLock;
  if (!isRwLock && !(primitive instanceof Mutex)) return;
  if (current.byName) places.set(primitive, placeOfNew());
  find(primitive, isRwLock);
}

module.exports = {
  Lock,
  constructed,
  forgetLocks,
  forgetSeen,
  keepBuffers,
  knownLock,
  lockOfMutex,
  lockOfRwLock,
};
