// @ts-check
'use strict';

// The ring of a Channel: its memory, and the records in it. Everything here happens under the Mutex of the channel.
//
// Each change is published by one plain store: the position of the tail or of the head, or the state of a record. So a
// thread that dies between two stores leaves a ring that is right, and there is nothing to repair.

const { Int32Array, Uint8Array, load } = require('../intrinsics.js');
const { BYTES, VALUE } = require('./codec.js');
const { corruptRing } = require('./errors.js');

// The cells before the ring.
/** The waiters for messages. */
const RECEIVERS = 0;
/** The waiters for room. */
const SENDERS = 1;
/** The Mutex. */
const LOCK = 2;
/** Whether the channel is open. */
const STATE = 3;
/** The position of the first record, and that behind the last one: in bytes, modulo twice the capacity. */
const HEAD = 4;
const TAIL = 5;
/** The sender that waits for room before all others: the tag of its thread, and when its wait began. */
const FRONT = 6;
const FRONT_SINCE = 7;
/** Not 0 if a thread may wait that fills or reads a record in place. */
const HOLDER = 8;
/** The cells before the ring, in all: a cache line. */
const HEADER_CELLS = 16;
const HEADER_BYTES = HEADER_CELLS * 4;

// The cells of a record, before its payload.
/** What happens with it. */
const RECORD_STATE = 0;
/** The bytes of its payload. */
const RECORD_LENGTH = 1;
/** What its payload is. */
const RECORD_KIND = 2;
const RECORD_CELLS = 4;
const RECORD_BYTES = RECORD_CELLS * 4;

// The states of a record. Those from FILLING on have the tag of a thread in the lower bits.
/** It is not a message any more, or never became one. */
const DROPPED = 1;
/** The rest of the ring is unused: the next record is at its beginning. */
const PADDING = 2;
/** A message that no receiver has taken. */
const READY = 3;
/** A thread fills it. */
const FILLING = 1 << 29;
/** A thread has taken it, and copies it. */
const TAKING = 2 << 29;
/** A thread reads it in place. It is a message until that consumes it. */
const PEEKING = 3 << 29;
const TAG = (1 << 29) - 1;

/** There is no such record. */
const NONE = -1;

/** The largest capacity: positions, modulo twice the capacity, are signed 32-bit integers. */
const MAX_CAPACITY = 2 ** 29;
const MIN_CAPACITY = 64;
/** Messages with more bytes are copied outside the lock, in a record that names the thread. */
const LARGE = 32 * 1024;

/**
 * The bytes that a record with this payload takes.
 * @param {number} length
 */
function sizeOf(length) {
  return RECORD_BYTES + ((length + 7) & ~7);
}

class Ring {
  /**
   * @param {SharedArrayBuffer} buffer
   * @param {number} byteOffset a multiple of 8
   * @param {number} capacity in bytes
   */
  constructor(buffer, byteOffset, capacity) {
    this.capacity = capacity;
    /** The cells and the ring behind them. */
    this.words = new Int32Array(buffer, byteOffset, HEADER_CELLS + capacity / 4);
    /** The same memory. */
    this.bytes = new Uint8Array(buffer, byteOffset, HEADER_BYTES + capacity);
    /** The largest payload. */
    this.longest = capacity / 2 - RECORD_BYTES;
  }

  /**
   * The view of one of the cells before the ring.
   * @param {number} index
   */
  cell(index) {
    const { buffer, byteOffset, BYTES_PER_ELEMENT } = this.words;
    return new Int32Array(buffer, byteOffset + index * BYTES_PER_ELEMENT, 1);
  }

  /** How many bytes are in use. */
  get used() {
    const { words, capacity } = this;
    const used = words[TAIL] - words[HEAD];
    return used < 0 ? used + 2 * capacity : used;
  }

  /** Whether there is no record. Without the lock, only a guess. */
  get isEmpty() {
    return load(this.words, HEAD) === load(this.words, TAIL);
  }

  /** How many bytes are free. */
  get free() {
    return this.capacity - this.used;
  }

  /**
   * As `used`, and throws if the positions are not those of a ring. Not a private getter, which V8 calls by way of its
   * runtime.
   */
  checkedUsed() {
    const { words, capacity, used } = this;
    const head = words[HEAD];
    const tail = words[TAIL];
    if (
      ((head | tail) & 7) !== 0 ||
      (head | tail) < 0 ||
      head >= 2 * capacity ||
      tail >= 2 * capacity ||
      used > capacity
    ) {
      throw corruptRing(`its positions are ${head} and ${tail}`);
    }
    return used;
  }

  /**
   * Returns the cell at which the first record begins, or NONE. What no thread needs before it is freed.
   */
  first() {
    const { words, capacity } = this;
    for (;;) {
      const used = this.checkedUsed();
      if (used === 0) return NONE;
      const head = words[HEAD];
      const at = head >= capacity ? head - capacity : head;
      const record = HEADER_CELLS + (at >> 2);
      const state = words[record];
      if (state === PADDING) this.#advance(capacity - at, used);
      else if (state === DROPPED) this.#advance(this.#sizeAt(record), used);
      else return record;
    }
  }

  /** @param {number} record */
  #sizeAt(record) {
    return sizeOf(this.lengthOf(record));
  }

  /**
   * The bytes of the payload of a record.
   * @param {number} record
   */
  lengthOf(record) {
    const length = this.words[record + RECORD_LENGTH];
    const room = this.bytes.length - (record + RECORD_CELLS) * 4;
    if (length < 0 || length > this.longest || length > room) {
      throw corruptRing(`a record has a length of ${length}`);
    }
    return length;
  }

  /**
   * What the payload of a record is.
   * @param {number} record
   */
  kindOf(record) {
    const kind = this.words[record + RECORD_KIND];
    if (kind !== BYTES && kind !== VALUE) throw corruptRing(`a record has the kind ${kind}`);
    return kind;
  }

  /**
   * Moves the head.
   * @param {number} size
   * @param {number} used
   */
  #advance(size, used) {
    const { words, capacity } = this;
    if (size > used) throw corruptRing(`a record of ${size} bytes lies in ${used}`);
    const head = words[HEAD] + size;
    words[HEAD] = head >= 2 * capacity ? head - 2 * capacity : head;
  }

  /**
   * Removes the first record.
   * @param {number} length the bytes of its payload
   */
  remove(length) {
    this.skip(sizeOf(length));
  }

  /**
   * Removes the first records.
   * @param {number} size the bytes of them
   */
  skip(size) {
    this.#advance(size, this.checkedUsed());
  }

  /**
   * Makes a record in this state. Returns the cell at which it begins, or NONE if there is no room. It is not in the ring
   * before `publish()`.
   *
   * @param {number} length
   * @param {number} kind
   * @param {number} state
   */
  prepare(length, kind, state) {
    const { words, capacity } = this;
    const tail = words[TAIL];
    const size = sizeOf(length);
    let at = tail >= capacity ? tail - capacity : tail;
    const rest = capacity - at;
    const padding = size > rest ? rest : 0;
    if (this.checkedUsed() + padding + size > capacity) return NONE;
    if (padding > 0) {
      words[HEADER_CELLS + (at >> 2)] = PADDING;
      at = 0;
    }
    const record = HEADER_CELLS + (at >> 2);
    words[record + RECORD_STATE] = state;
    words[record + RECORD_LENGTH] = length;
    words[record + RECORD_KIND] = kind;
    return record;
  }

  /**
   * Puts a prepared record into the ring.
   * @param {number} record
   * @param {number} length
   */
  publish(record, length) {
    const { words, capacity } = this;
    const end = (record - HEADER_CELLS) * 4 + sizeOf(length);
    const tail = words[TAIL];
    // The record lies in the same turn of the ring as the tail, or at the beginning of the next one.
    const turn = tail >= capacity ? capacity : 0;
    const isNext = (record - HEADER_CELLS) * 4 < tail - turn;
    const next = isNext ? end + capacity - turn : end + turn;
    words[TAIL] = next >= 2 * capacity ? next - 2 * capacity : next;
  }

  /**
   * Calls `visit` with each record that is a message, or may become one.
   * @param {(record: number) => void} visit
   */
  forEach(visit) {
    const { words, capacity } = this;
    let used = this.checkedUsed();
    const head = words[HEAD];
    let at = head >= capacity ? head - capacity : head;
    while (used > 0) {
      const record = HEADER_CELLS + (at >> 2);
      const state = words[record];
      const size = state === PADDING ? capacity - at : this.#sizeAt(record);
      if (size > used) throw corruptRing(`a record of ${size} bytes lies in ${used}`);
      if (state !== PADDING && state !== DROPPED) visit(record);
      used -= size;
      at = at + size === capacity ? 0 : at + size;
    }
  }
}

module.exports = {
  DROPPED,
  FILLING,
  FRONT,
  FRONT_SINCE,
  HEADER_BYTES,
  HOLDER,
  LARGE,
  LOCK,
  MAX_CAPACITY,
  MIN_CAPACITY,
  NONE,
  PEEKING,
  READY,
  RECEIVERS,
  RECORD_BYTES,
  RECORD_CELLS,
  RECORD_KIND,
  RECORD_LENGTH,
  RECORD_STATE,
  Ring,
  SENDERS,
  STATE,
  TAG,
  TAKING,
  sizeOf,
};
