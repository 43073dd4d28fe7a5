// @ts-check
'use strict';

// The state of a Channel and its changes, for the class and for what its methods return. Each change happens under the
// Mutex, and tells the waiters that can go on before that is unlocked: a thread that dies in between leaves the Mutex
// abandoned, and the thread that recovers it tells all waiters.

const { labelOf } = require('../describe.js');
const { isTry } = require('../limits.js');
const { Mutex } = require('../mutex.js');
const { native, THREAD } = require('../realm.js');
const { BYTES } = require('./codec.js');
const { copyFromStage, copyIn } = require('./copy.js');
const {
  closedForReceivers,
  closedForSenders,
  corruptRing,
  tooLong,
  waitsForItself,
} = require('./errors.js');
const { blockedBy, enter, handTo, leave } = require('./front.js');
const { isInPlace } = require('./in-place.js');
const { lettersTo } = require('./outbox.js');
const {
  DROPPED,
  FILLING,
  FRONT,
  HOLDER,
  LOCK,
  NONE,
  PEEKING,
  READY,
  RECEIVERS,
  RECORD_BYTES,
  RECORD_CELLS,
  Ring,
  SENDERS,
  STATE,
  TAG,
  TAKING,
  sizeOf,
} = require('./ring.js');
const { Patience, Side } = require('./side.js');

const { CHANNEL_WAITERS: WAITERS, THREAD_DEAD } = native;

/** The values of STATE. */
const OPEN = 0;
const CLOSED = 1;
/** Closed, and no message is wanted any more. */
const DISCARDED = 2;

/** @typedef {import('./side.js').Look} Look */
/** @typedef {import('../../binding.js').Limit} Limit */

class State {
  #lock;
  /** Whether the last attempt to send failed because of the sender at the front. */
  #isBehind = false;

  /**
   * @param {SharedArrayBuffer} buffer
   * @param {number} byteOffset
   * @param {number} capacity
   * @param {string | undefined} name
   */
  constructor(buffer, byteOffset, capacity, name) {
    const ring = new Ring(buffer, byteOffset, capacity);
    this.ring = ring;
    this.name = name;
    this.receivers = new Side(ring, RECEIVERS, name);
    this.senders = new Side(ring, SENDERS, name);
    /** Says in all objects of this thread which channel it is. */
    this.address = native.cellAddress(this.receivers.cell);
    this.#lock = new Mutex(ring.words, LOCK, { name: name ?? 'of a Channel' });
  }

  get label() {
    return labelOf('Channel', this.name, this.receivers.cell);
  }

  /** Locks the ring. */
  enter() {
    try {
      this.#lock.lock();
    } catch (error) {
      this.#recover(/** @type {any} */ (error));
    }
  }

  /** Unlocks the ring. */
  exit() {
    this.#lock.unlock();
  }

  /**
   * Locks the ring after a thread has died under the lock. It may have died before it told the others. Its death told the
   * waiters in the queue by then, but not a waiter that had announced itself and not entered the queue yet.
   * @param {{ code?: string }} error
   */
  #recover(error) {
    if (error.code !== 'ERR_ABANDONED') throw error;
    this.#lock.recover();
    this.receivers.tellAll();
    this.senders.tellAll();
  }

  // What follows happens under the lock.

  get isClosed() {
    return this.ring.words[STATE] !== OPEN;
  }

  get isDiscarded() {
    return this.ring.words[STATE] === DISCARDED;
  }

  /** Tells the waiters that can go on. */
  tell() {
    const { words } = this.ring;
    // A thread that begins to wait sets its bit under the lock.
    if (((words[RECEIVERS] | words[SENDERS]) & WAITERS) !== 0) this.#tellWaiters();
  }

  #tellWaiters() {
    const { ring, receivers, senders } = this;
    const { words } = ring;
    const first = ring.first();
    if (words[HOLDER] !== 0 && first !== NONE && words[first] !== READY) {
      // One of the waiters may use the first record itself, from now on: it looks, and fails.
      words[HOLDER] = 0;
      receivers.tellAll();
      senders.tellAll();
      return;
    }
    if ((words[RECEIVERS] & WAITERS) !== 0) {
      if (first === NONE) {
        if (this.isClosed) receivers.tellAll();
      } else if (words[first] === READY) {
        receivers.tell(0);
      }
    }
    if ((words[SENDERS] & WAITERS) !== 0) senders.tell(ring.free);
  }

  /**
   * Drops or frees the first records whose threads have died. Returns whether there was one.
   */
  repair() {
    const { ring } = this;
    const { words } = ring;
    let found = false;
    for (;;) {
      const first = ring.first();
      if (first === NONE || this.#livingUser(first) !== 0 || words[first] === READY) break;
      const isMessage = (words[first] & ~TAG) === PEEKING && !this.isDiscarded;
      words[first] = isMessage ? READY : DROPPED;
      found = true;
    }
    if (found) this.tell();
    return found;
  }

  /**
   * Returns the tag of the living thread that fills or reads a record, or 0.
   * @param {number} record
   */
  #livingUser(record) {
    const state = this.ring.words[record];
    if (state === READY) return 0;
    const use = state & ~TAG;
    if (use !== FILLING && use !== TAKING && use !== PEEKING) {
      throw corruptRing(`a record has the state ${state}`);
    }
    const tag = state & TAG;
    return tag === THREAD || native.threadState(tag) !== THREAD_DEAD ? tag : 0;
  }

  /** Returns the cell at which the first message begins, if it can be taken, or NONE. */
  firstMessage() {
    const { ring } = this;
    const { words } = ring;
    let first = ring.first();
    if (first !== NONE && words[first] !== READY && this.repair()) first = ring.first();
    if (first === NONE) {
      if (this.isClosed) throw closedForReceivers(this.label);
      return NONE;
    }
    return words[first] === READY ? first : NONE;
  }

  /**
   * Makes a record, if there is room and no sender stands before the caller. Returns its cell, or NONE.
   *
   * @param {number} length
   * @param {number} kind
   * @param {number} state
   * @param {number} since when the caller began to wait; Infinity if it does not
   */
  prepare(length, kind, state, since) {
    const { ring } = this;
    const { words } = ring;
    if (words[STATE] !== OPEN) throw closedForSenders(this.label);
    this.#isBehind = words[FRONT] !== 0 && blockedBy(ring, since) !== 0;
    if (this.#isBehind) return NONE;
    const record = ring.prepare(length, kind, state);
    if (record !== NONE) return record;
    // Frees also what was dropped and is the first now.
    this.repair();
    return ring.prepare(length, kind, state);
  }

  /**
   * Puts a message into the ring. Returns false if there is no room.
   *
   * @param {Uint8Array} bytes
   * @param {number} kind
   * @param {number} since
   */
  put(bytes, kind, since) {
    const { length } = bytes;
    const { ring } = this;
    // Its buffer may have grown since the length was checked.
    if (length > ring.longest) throw tooLong(length, ring.longest, this.label);
    const record = this.prepare(length, kind, READY, since);
    if (record === NONE) return false;
    copyIn(ring, record + RECORD_CELLS, length, bytes);
    ring.publish(record, length);
    return true;
  }

  /**
   * As `put`, of a message that is on the stage, for a sender that does not wait.
   * @param {number} length
   * @param {number} kind
   */
  putStaged(length, kind) {
    const { ring } = this;
    const record = this.prepare(length, kind, READY, Infinity);
    if (record === NONE) return false;
    copyFromStage(ring, record + RECORD_CELLS, length);
    ring.publish(record, length);
    return true;
  }

  /**
   * Puts a run of messages, for a sender that does not wait. Returns false if there is no room for all of them.
   * @param {import('./run.js').Run} run
   */
  putRun(run) {
    const { ring } = this;
    // As one record, whose own head is written over.
    const length = run.size - RECORD_BYTES;
    if (length > ring.longest) return false;
    const record = this.prepare(length, BYTES, READY, Infinity);
    if (record === NONE) return false;
    run.copyTo(ring, record);
    ring.publish(record, length);
    return true;
  }

  /**
   * Puts what this thread has sent by promise before. Returns false if something is left.
   * @param {number} since
   */
  putLetters(since) {
    const letters = lettersTo(this.address);
    let hasSent = false;
    for (let i = 0; i < letters.length; i++) {
      const letter = letters[i];
      if (letter.isSent) continue;
      if (!this.put(letter.bytes, letter.kind, since)) return false;
      letter.sent();
      hasSent = true;
    }
    // They may have stood at the front.
    if (hasSent) this.leaveFront();
    return true;
  }

  /**
   * A sender of this thread does not wait any more. The next one has the place at the front from this moment on, and looks,
   * also if there is no room for it: then it tells the waiters that may pass it.
   */
  leaveFront() {
    const { ring, senders } = this;
    const { words } = ring;
    if (words[FRONT] === 0 || !leave(ring) || (words[SENDERS] & WAITERS) === 0) return;
    const next = senders.tellFront();
    if (next !== undefined) handTo(ring, next);
  }

  /**
   * Says what a receiver has to wait for.
   * @param {boolean} byPromise
   * @returns {Look}
   */
  lookForMessage(byPromise) {
    const first = this.#firstUser(byPromise);
    return { word: this.receivers.announce(), request: 0, first, front: 0 };
  }

  /**
   * Says what a sender has to wait for. Returns undefined if it has to try again.
   *
   * @param {number} length of its message
   * @param {number} since
   * @param {boolean} byPromise
   * @returns {Look | undefined}
   */
  lookForRoom(length, since, byPromise) {
    const { ring } = this;
    const first = this.#firstUser(byPromise);
    const word = this.senders.announce();
    // A thread at the front may have blocked since, and has told the waiters: but not this one, if it has not announced
    // itself before.
    if (this.#isBehind && blockedBy(ring, since) === 0) return undefined;
    enter(ring, since, byPromise);
    const front = ring.words[FRONT] & TAG;
    return {
      word,
      request: sizeOf(length),
      first,
      front: front === THREAD ? 0 : front,
    };
  }

  /**
   * Returns the tag of the thread that fills or reads the first record, or 0. Throws if a thread would wait for itself.
   * @param {boolean} byPromise
   */
  #firstUser(byPromise) {
    const { ring } = this;
    const { words } = ring;
    // A record that this thread uses may become the first while it waits.
    if (isInPlace()) words[HOLDER] = 1;
    const first = ring.first();
    if (first === NONE || words[first] === READY) return 0;
    const user = words[first] & TAG;
    if (user !== THREAD) return user;
    if (!byPromise) throw waitsForItself(this.label);
    return 0;
  }

  // What follows takes the lock.

  /**
   * Ends the use of a record in place.
   * @param {number} record
   * @param {number} from the state that it has
   * @param {number} to
   */
  change(record, from, to) {
    this.enter();
    try {
      const { words } = this.ring;
      if (words[record] !== from) throw corruptRing(`a record has the state ${words[record]}`);
      words[record] = this.isDiscarded ? DROPPED : to;
      this.ring.first();
      this.tell();
    } finally {
      this.exit();
    }
  }

  /**
   * Calls `attempt` until it returns something else than undefined, and blocks in between. Returns undefined if the limit
   * has passed.
   *
   * @template T
   * @param {Side} side
   * @param {Limit} limit
   * @param {number} since when the wait began, or an older one before which it must not end
   * @param {(since: number) => T | undefined} attempt under the lock
   * @param {(since: number) => Look | undefined} look under the lock; returns undefined for one more attempt
   * @returns {T | undefined}
   */
  block(side, limit, since, attempt, look) {
    const patience = new Patience(limit, since);
    for (;;) {
      let found;
      this.enter();
      try {
        const result = attempt(since);
        if (result !== undefined || isTry(limit)) return result;
        found = look(since);
      } finally {
        this.exit();
      }
      if (found !== undefined && !side.wait(found, patience)) return undefined;
    }
  }

  /**
   * As `block`, by promise.
   *
   * @template T
   * @param {Side} side
   * @param {import('../promises.js').CheckedOptions} options
   * @param {number} since
   * @param {() => T | undefined} attempt under the lock
   * @param {() => Look | undefined} look under the lock; returns undefined for one more attempt
   * @param {(wait: import('../wait.js').Wait) => void} [begins]
   * @returns {Promise<T>}
   */
  async await(side, options, since, attempt, look, begins) {
    const patience = new Patience(options.timeout, since);
    for (;;) {
      let found;
      this.enter();
      try {
        const result = attempt();
        if (result !== undefined) return result;
        found = look();
      } finally {
        this.exit();
      }
      if (found === undefined) continue;
      const wait = side.begin(found, since);
      begins?.(wait);
      await patience.waitForPromise(wait, options);
    }
  }

  /**
   * Closes the channel.
   * @param {boolean} discard
   */
  close(discard) {
    const { ring } = this;
    const { words } = ring;
    this.enter();
    try {
      if (discard) {
        words[STATE] = DISCARDED;
        ring.forEach((record) => {
          if (words[record] === READY) words[record] = DROPPED;
        });
        ring.first();
      } else if (words[STATE] === OPEN) {
        words[STATE] = CLOSED;
      }
      this.receivers.tellAll();
      this.senders.tellAll();
    } finally {
      this.exit();
    }
  }

  /** How many messages there are. */
  count() {
    const { ring } = this;
    let count = 0;
    this.enter();
    try {
      this.repair();
      ring.forEach((record) => {
        const state = ring.words[record];
        if (state === READY || (state & ~TAG) === PEEKING) count++;
      });
    } finally {
      this.exit();
    }
    return count;
  }

  /** What console.log shows. Takes no lock, so it may be between two changes. */
  describe() {
    const { ring, receivers, senders } = this;
    const closed = this.isClosed ? ', closed' : '';
    const waiting = [
      [receivers.waiting, 'receiving'],
      [senders.waiting, 'sending'],
    ]
      .filter(([count]) => count !== 0)
      .map(([count, what]) => `, ${count} waiting ${what}`);
    return `${ring.used} of ${ring.capacity} bytes used${closed}${waiting.join('')}`;
  }

  /** Returns the cell at which the next message begins, if it is ready, or NONE. Under the lock. */
  nextReady() {
    const { ring } = this;
    const first = ring.first();
    return first !== NONE && ring.words[first] === READY ? first : NONE;
  }
}

module.exports = { State };
