// @ts-check
'use strict';

// How the senders and the receivers of a Channel wait. The protocol is in src/primitives/channel.rs.

const { endIfTerminating } = require('../end-if-terminating.js');
const { or } = require('../intrinsics.js');
const { timeOf, withTime } = require('../limits.js');
const { waitForPromise } = require('../promises.js');
const { native, realm } = require('../realm.js');
const { Wait } = require('../wait.js');
const { LOCK } = require('./ring.js');

const { ACQUIRED } = native;
/** The waiters bit of the word. */
const WAITERS = native.CHANNEL_WAITERS;

/** @typedef {import('../../binding.js').Limit} Limit */
/** @typedef {import('../promises.js').CheckedOptions} CheckedOptions */

/**
 * What a waiter found when it looked into the ring.
 *
 * @typedef {object} Look
 * @property {number} word the word of its side
 * @property {number} request how many bytes it needs; 0 for a receiver
 * @property {number} first the tag of the thread that fills or reads the first message; 0 if there is none
 * @property {number} front the tag of the thread of the sender that waits before all others; 0 if that does not matter
 */

/** A wait by promise until there is reason to look into the ring again. */
class LookWait extends Wait {
  /**
   * @param {Side} side
   * @param {Look} look
   * @param {number} since
   */
  constructor(side, look, since) {
    super(side.cell);
    this.side = side;
    this.look = look;
    this.since = since;
  }

  /**
   * @param {Limit} limit
   * @param {boolean} keepsAlive
   */
  begin(limit, keepsAlive) {
    const { number, since } = this;
    const { cell, name, lock } = this.side;
    const { word, request, first, front } = this.look;
    return native.channelWaitAsync(
      realm.number,
      cell,
      name,
      lock,
      word,
      request,
      since,
      first,
      front,
      number,
      limit,
      keepsAlive,
    );
  }

  /** It was told to look, and will not. */
  revoke() {
    this.side.tellAll();
  }
}

/** The waiters for messages, or for room. All but waiting happens under the Mutex of the channel. */
class Side {
  /**
   * @param {import('./ring.js').Ring} ring
   * @param {number} index the cell of the side
   * @param {string | undefined} name
   */
  constructor(ring, index, name) {
    this.cell = ring.cell(index);
    this.lock = ring.cell(LOCK);
    this.name = name;
  }

  /** How many wait. */
  get waiting() {
    return native.channelWaiting(this.cell);
  }

  /** Announces a waiter, and returns the word that it has to find. */
  announce() {
    return or(this.cell, 0, WAITERS) | WAITERS;
  }

  /**
   * Tells the waiters that need no more than `free` bytes to look.
   * @param {number} free
   */
  tell(free) {
    native.channelTell(realm.number, this.cell, this.name, free);
  }

  /**
   * Tells the next waiter to look, also if there is no room for it. Returns the waiter that stands before all others now, if
   * one waits.
   */
  tellFront() {
    return native.channelTellFront(realm.number, this.cell, this.name);
  }

  tellAll() {
    native.channelTellAll(realm.number, this.cell, this.name);
  }

  /**
   * Blocks until there is reason to look again. Returns false if the limit has passed.
   * @param {Look} look
   * @param {Patience} patience
   */
  wait({ word, request, first, front }, patience) {
    const { cell, name, lock } = this;
    const { since } = patience;
    const status = native.channelWait(
      realm.number,
      cell,
      name,
      lock,
      word,
      request,
      since,
      first,
      front,
      patience.limit(),
    );
    return endIfTerminating(status) === ACQUIRED;
  }

  /**
   * Begins to wait until there is reason to look again.
   * @param {Look} look
   * @param {number} since
   */
  begin(look, since) {
    return new LookWait(this, look, since);
  }
}

/** One wait, which may look several times: its place, and when its time is over. */
class Patience {
  #limit;
  #end;

  /**
   * @param {Limit} limit from now on
   * @param {number} [since] its place: now, or when the oldest message began to wait that goes before it
   */
  constructor(limit, since) {
    const now = native.now();
    this.since = since ?? now;
    this.#limit = limit;
    this.#end = now + timeOf(limit);
  }

  /** The limit that is left. */
  limit() {
    if (this.#end === Infinity) return this.#limit;
    return withTime(this.#limit, Math.max(this.#end - native.now(), 0));
  }

  /**
   * Waits by promise, with what is left of these options.
   * @param {Wait} wait
   * @param {CheckedOptions} options
   */
  waitForPromise(wait, options) {
    return waitForPromise(
      wait,
      this.#end === Infinity ? options : { ...options, timeout: timeOf(this.limit()) },
    );
  }
}

module.exports = { Patience, Side };
