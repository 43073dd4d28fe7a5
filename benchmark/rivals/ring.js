// @ts-check
'use strict';

const { Buffer } = require('node:buffer');
const {
  MAX_POOLED,
  copyIn,
  copyInto,
  copyOut,
  copyToPool,
  fromPool,
} = require('../../lib/channel/copy.js');
const { condition, mutex } = /** @type {Required<import('./index.js').Rival>} */ (
  require('./atomics.js')
);

/**
 * The fair rival of a Channel: a bounded queue of messages over plain `Atomics`, as an expert writes it. Any number of
 * senders and receivers, messages of any length up to half the capacity, in each sender's order. A sender sleeps while it
 * is full, a receiver while it is empty, and neither is notified where none sleeps. Large messages are copied outside the
 * lock. What it leaves out: a thread that dies with the lock or a record blocks all others, a large message may wait for
 * ever behind small ones, and there are no time limits. Received messages lie in the same pool as those of a Channel.
 */

// The cells before the ring.
const LOCK = 0;
/** Of two cells each. */
const NOT_EMPTY = 1;
const NOT_FULL = 3;
/** Positions in bytes, which only ever grow, modulo 2 ** 32. The capacity is a power of two. */
const HEAD = 5;
const TAIL = 6;
const HEADER_CELLS = 16;

// The cells of a record, before its payload.
const STATE = 0;
const LENGTH = 1;
const RECORD_CELLS = 4;
const RECORD_BYTES = RECORD_CELLS * 4;

/** A message that no receiver has taken. */
const READY = 1;
/** A thread fills or copies it outside the lock. */
const IN_USE = 2;
/** The next record is at the beginning of the ring. */
const PADDING = 3;

/** Messages with more bytes are copied outside the lock. */
const LARGE = 32 * 1024;
/** How often a thread looks before it sleeps. */
const SPINS = 500;

/** @param {number} length */
const sizeOf = (length) => RECORD_BYTES + ((length + 7) & ~7);

class AtomicsRing {
  /**
   * @param {Int32Array} view
   * @param {number} index
   * @param {number} capacity in bytes, a power of two
   */
  constructor(view, index, capacity) {
    const start = view.byteOffset + index * 4;
    this.capacity = capacity;
    this.words = new Int32Array(view.buffer, start, HEADER_CELLS + capacity / 4);
    this.bytes = new Uint8Array(view.buffer, start, HEADER_CELLS * 4 + capacity);
    this.lock = mutex(this.words, LOCK);
    this.notEmpty = condition(this.words, NOT_EMPTY);
    this.notFull = condition(this.words, NOT_FULL);
  }

  /** @param {Uint8Array} bytes */
  send(bytes) {
    this.lock.lock();
    this.#put(bytes);
    this.notEmpty.notify?.();
    this.lock.unlock();
  }

  /** @param {Uint8Array[]} messages */
  sendMany(messages) {
    this.lock.lock();
    for (let i = 0; i < messages.length; i++) this.#put(messages[i]);
    this.notEmpty.notify?.();
    this.lock.unlock();
  }

  /** @returns {Uint8Array} */
  receive() {
    this.lock.lock();
    this.#waitForMessage();
    const record = this.#first();
    const length = this.words[record + LENGTH];
    const offset = length > MAX_POOLED ? 0 : copyToPool(this, record + RECORD_CELLS, length);
    const target = length > MAX_POOLED ? new Uint8Array(length) : undefined;
    if (target) this.#take(record, length, target);
    this.#free(length);
    this.lock.unlock();
    // Not under the lock.
    return target ?? fromPool(offset, length);
  }

  /** @param {Uint8Array} target */
  receiveInto(target) {
    this.lock.lock();
    this.#waitForMessage();
    const record = this.#first();
    const length = this.words[record + LENGTH];
    this.#take(record, length, target);
    this.#free(length);
    this.lock.unlock();
    return length;
  }

  /**
   * Receives what is there, up to `max` messages, of which none is large.
   * @param {number} max
   */
  receiveMany(max) {
    const taken = [];
    this.lock.lock();
    this.#waitForMessage();
    do {
      const record = this.#first();
      const length = this.words[record + LENGTH];
      taken.push(copyOut(this, record + RECORD_CELLS, length, false));
      this.#free(length);
    } while (taken.length < max && this.#hasMessage());
    this.lock.unlock();
    return taken;
  }

  /** @param {Uint8Array} bytes */
  #put(bytes) {
    const { length } = bytes;
    const { words, capacity } = this;
    if (!this.#hasRoom(length)) this.#waitForRoom(length);
    const rest = capacity - (words[TAIL] & (capacity - 1));
    if (sizeOf(length) > rest) {
      words[this.#cellAt(TAIL) + STATE] = PADDING;
      words[TAIL] += rest;
    }
    const record = this.#cellAt(TAIL);
    words[record + LENGTH] = length;
    words[TAIL] += sizeOf(length);
    if (length > LARGE) {
      words[record + STATE] = IN_USE;
      this.lock.unlock();
      copyIn(this, record + RECORD_CELLS, length, bytes);
      this.lock.lock();
    } else {
      copyIn(this, record + RECORD_CELLS, length, bytes);
    }
    words[record + STATE] = READY;
  }

  /** @param {number} length */
  #waitForRoom(length) {
    // Before it sleeps, the receivers have to know of what a batch has put into the ring.
    this.notEmpty.notifyAll();
    this.#spin(() => this.#hasRoom(length));
    this.notFull.wait(this.lock, () => this.#hasRoom(length));
  }

  #waitForMessage() {
    if (this.#hasMessage()) return;
    this.#spin(() => Atomics.load(this.words, HEAD) !== Atomics.load(this.words, TAIL));
    this.notEmpty.wait(this.lock, () => this.#hasMessage());
  }

  /**
   * Looks for a while, without the lock.
   * @param {() => boolean} look
   */
  #spin(look) {
    this.lock.unlock();
    for (let i = 0; i < SPINS && !look(); i++);
    this.lock.lock();
  }

  /** @param {number} length */
  #hasRoom(length) {
    const { words, capacity } = this;
    const size = sizeOf(length);
    const rest = capacity - (words[TAIL] & (capacity - 1));
    return ((words[TAIL] - words[HEAD]) | 0) + size + (size > rest ? rest : 0) <= capacity;
  }

  #hasMessage() {
    const { words } = this;
    return words[HEAD] !== words[TAIL] && words[this.#first() + STATE] === READY;
  }

  /** The cell of the first record of a ring that is not empty. */
  #first() {
    const { words, capacity } = this;
    if (words[this.#cellAt(HEAD) + STATE] === PADDING) {
      words[HEAD] += capacity - (words[HEAD] & (capacity - 1));
    }
    return this.#cellAt(HEAD);
  }

  /** @param {number} position the cell that has it */
  #cellAt(position) {
    return HEADER_CELLS + ((this.words[position] & (this.capacity - 1)) >> 2);
  }

  /**
   * @param {number} record
   * @param {number} length
   * @param {Uint8Array} target
   */
  #take(record, length, target) {
    const isLarge = length > LARGE;
    if (isLarge) {
      this.words[record + STATE] = IN_USE;
      this.lock.unlock();
    }
    copyInto(this, record + RECORD_CELLS, length, target);
    if (isLarge) this.lock.lock();
  }

  /**
   * Frees the first record.
   * @param {number} length
   */
  #free(length) {
    this.words[HEAD] += sizeOf(length);
    this.notFull.notify?.();
    // Another receiver may have looked while this one copied.
    if (length > LARGE) this.notEmpty.notify?.();
  }
}

/** Of values as JSON. */
class JsonRing {
  /** @param {AtomicsRing} ring */
  constructor(ring) {
    this.ring = ring;
  }

  /** @param {unknown} value */
  send(value) {
    this.ring.send(Buffer.from(JSON.stringify(value)));
  }

  receive() {
    const { buffer, byteOffset, length } = this.ring.receive();
    return JSON.parse(Buffer.from(buffer, byteOffset, length).toString());
  }
}

/** @type {import('./index.js').Rival} */
module.exports = {
  name: 'best ring over Atomics',
  style: 'pair',
  channel(view, index, capacity, way) {
    const ring = new AtomicsRing(view, index, capacity);
    return way === 'json' ? new JsonRing(ring) : ring;
  },
};
