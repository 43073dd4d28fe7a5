// @ts-check
'use strict';

// A message that is written or read where it lies in the ring, without a copy.

const { defineDispose } = require('../dispose.js');
const { SyncError } = require('../errors.js');
const { THREAD } = require('../realm.js');
const { DROPPED, FILLING, PEEKING, READY, RECORD_CELLS, TAKING } = require('./ring.js');

/** @typedef {import('./state.js').State} State */

/** The state of a record that this thread fills. */
const FILLED_HERE = FILLING | THREAD;
/** The state of a record that this thread reads. */
const PEEKED_HERE = PEEKING | THREAD;
/** The state of a record that this thread has taken, and copies. */
const TAKEN_HERE = TAKING | THREAD;

/**
 * The error for the second use.
 * @param {State} state
 * @param {string} what
 * @param {string} happened
 */
function isOver({ label }, what, happened) {
  return new SyncError(
    `This ${what} of the ${label} was ${happened} already: it can be used once. Call reserve() or peek() for each message.`,
    'ERR_NOT_OWNER',
  );
}

/**
 * The payload of a record, in the ring.
 * @param {State} state
 * @param {number} record
 */
function payload({ ring }, record) {
  const at = (record + RECORD_CELLS) * 4;
  return ring.bytes.subarray(at, at + ring.lengthOf(record));
}

/** How many records this thread fills or reads in place, in all channels. */
let open = 0;

/** A record that this thread fills or reads where it lies, once. */
class InPlace {
  #state;
  #record;
  #from;
  #isOver = false;

  /**
   * @param {State} state
   * @param {number} record
   * @param {number} from the state of the record meanwhile
   */
  constructor(state, record, from) {
    this.#state = state;
    this.#record = record;
    this.#from = from;
    this.bytes = payload(state, record);
    open++;
  }

  /** @param {InPlace} place */
  static stateOf(place) {
    return place.#state;
  }

  /**
   * Ends it, unless it is over. Returns whether it was not.
   * @param {InPlace} place
   * @param {number} to the state of the record from here on
   */
  static end(place, to) {
    if (place.#isOver) return false;
    const { words } = place.#state.ring;
    place.#isOver = true;
    try {
      place.#state.change(place.#record, place.#from, to);
    } catch (error) {
      // If the record has not changed, the call can be tried again.
      place.#isOver = words[place.#record] !== place.#from;
      throw error;
    }
    open--;
    return true;
  }
}

const { end, stateOf } = InPlace;

/** Room for a message, which the thread fills. */
class Reservation extends InPlace {
  /**
   * @param {State} state
   * @param {number} record
   */
  constructor(state, record) {
    super(state, record, FILLED_HERE);
  }

  commit() {
    if (!end(this, READY)) throw isOver(stateOf(this), 'reservation', 'committed or dropped');
  }

  static {
    defineDispose(this.prototype, function () {
      end(this, DROPPED);
    });
  }
}

/** The first message, which the thread reads. */
class Peek extends InPlace {
  /**
   * @param {State} state
   * @param {number} record
   */
  constructor(state, record) {
    super(state, record, PEEKED_HERE);
  }

  consume() {
    if (!end(this, DROPPED)) throw isOver(stateOf(this), 'message', 'consumed or put back');
  }

  static {
    defineDispose(this.prototype, function () {
      end(this, READY);
    });
  }
}

module.exports = {
  FILLED_HERE,
  PEEKED_HERE,
  Peek,
  Reservation,
  TAKEN_HERE,
  /** Whether this thread fills or reads a record in place, in any channel. */
  isInPlace: () => open > 0,
};
