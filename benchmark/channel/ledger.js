// @ts-check
'use strict';

/**
 * What a message of the questions about channels has in it: its sender and its number. A receiver reads them byte by byte,
 * since a new view of each message would cost more than most of what is measured.
 */

/** The number of a message that says that no more comes. All others count from 1. */
const END = 0;

/**
 * Writes the sender and the number of a message.
 * @param {Uint8Array} bytes at least 6
 * @param {number} sender
 * @param {number} number
 */
function stamp(bytes, sender, number) {
  bytes[0] = sender;
  bytes[1] = number;
  bytes[2] = number >> 8;
  bytes[3] = number >> 16;
  bytes[4] = number >> 24;
  bytes[bytes.length - 1] = number;
}

/**
 * A small object as programs send it.
 * @param {number} sender
 * @param {number} number
 */
const objectOf = (sender, number) => ({ sender, number, path: 'src/a.txt', done: false });

/** What a receiver has received of each sender. */
class Ledger {
  /** @param {number} senders */
  static createMemory(senders) {
    return new SharedArrayBuffer(3 * senders * Float64Array.BYTES_PER_ELEMENT);
  }

  /**
   * @param {SharedArrayBuffer} memory the main thread looks into it meanwhile
   * @param {number} length of each message in bytes
   */
  constructor(memory, length) {
    const senders = memory.byteLength / 3 / Float64Array.BYTES_PER_ELEMENT;
    this.length = length;
    /** How many messages of each sender. */
    this.counts = new Float64Array(memory, 0, senders);
    /** The sum of their numbers. */
    this.sums = new Float64Array(memory, 8 * senders, senders);
    /** The last number of each sender. */
    this.last = new Float64Array(memory, 16 * senders, senders);
  }

  /** Forgets everything: messages are numbered from 1 on again. */
  turnPage() {
    this.last.fill(0);
    this.counts.fill(0);
    this.sums.fill(0);
  }

  /**
   * Notes a message. Returns whether it is not an END.
   * @param {Uint8Array} bytes
   */
  note(bytes) {
    const { length } = bytes;
    const number = bytes[1] | (bytes[2] << 8) | (bytes[3] << 16) | (bytes[4] << 24);
    if (length !== this.length || bytes[length - 1] !== (number & 0xff)) {
      throw new Error(`wrong: message ${number} of sender ${bytes[0]} is damaged`);
    }
    return number !== END && this.#noteNumber(bytes[0], number);
  }

  /**
   * Notes an object. Returns whether it is not an END.
   * @param {ReturnType<typeof objectOf>} object
   */
  noteObject({ sender, number, path, done }) {
    if (path !== 'src/a.txt' || done) throw new Error(`wrong: object ${number} is damaged`);
    return number !== END && this.#noteNumber(sender, number);
  }

  /**
   * @param {number} sender
   * @param {number} number
   */
  #noteNumber(sender, number) {
    if (number <= this.last[sender]) {
      throw new Error(`wrong: message ${number} of sender ${sender} after ${this.last[sender]}`);
    }
    this.last[sender] = number;
    this.counts[sender]++;
    this.sums[sender] += number;
    return true;
  }

  /** How many messages there are of all senders. */
  get total() {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }
}

/**
 * Throws unless each message of each sender is in one of the ledgers, once.
 * @param {Ledger[]} ledgers
 * @param {number} messages of each sender
 */
function assertComplete(ledgers, messages) {
  const expected = (messages * (messages + 1)) / 2;
  for (let sender = 0; sender < ledgers[0].counts.length; sender++) {
    const count = ledgers.reduce((all, { counts }) => all + counts[sender], 0);
    const sum = ledgers.reduce((all, { sums }) => all + sums[sender], 0);
    if (count !== messages || sum !== expected) {
      throw new Error(`wrong: ${count} of ${messages} messages of sender ${sender} arrived`);
    }
  }
}

module.exports = { END, Ledger, assertComplete, objectOf, stamp };
