// @ts-check
'use strict';

// Several small messages at once. Their records lie behind one another, so that they are copied into the ring, and out of
// it, as one piece, and what each of them needs besides is done without the lock.

const { Int32Array, Uint8Array } = require('../intrinsics.js');
const { copyRun } = require('./copy.js');
const {
  READY,
  RECORD_BYTES,
  RECORD_CELLS,
  RECORD_KIND,
  RECORD_LENGTH,
  RECORD_STATE,
  sizeOf,
} = require('./ring.js');

/** The bytes of a run, at most. */
const MAX_RUN = 4 * 1024;

const stage = new Uint8Array(MAX_RUN);
const stageCells = new Int32Array(stage.buffer);

/** @typedef {{ bytes: Uint8Array, kind: number }} Message */

/** The records of messages that this thread puts into the ring as one. */
class Run {
  /** How many messages. */
  count = 0;
  /** The bytes of their records. */
  size = 0;

  /**
   * Gets the records of as many messages ready as make a run.
   * @param {Message[]} messages
   * @param {number} from the index of the first one
   */
  fill(messages, from) {
    let size = 0;
    let next = from;
    for (; next < messages.length; next++) {
      const { bytes, kind } = messages[next];
      const { length } = bytes;
      const end = size + sizeOf(length);
      if (end > MAX_RUN) break;
      const cell = size >> 2;
      stageCells[cell + RECORD_STATE] = READY;
      stageCells[cell + RECORD_LENGTH] = length;
      stageCells[cell + RECORD_KIND] = kind;
      // If another thread has made it longer meanwhile, the next record is written over what is too much.
      stage.set(bytes, size + RECORD_BYTES);
      size = end;
    }
    this.count = next - from;
    this.size = size;
  }

  /**
   * Copies the records into the ring.
   * @param {import('./ring.js').Ring} ring
   * @param {number} record the cell at which they begin
   */
  copyTo(ring, record) {
    ring.bytes.set(new Uint8Array(stage.buffer, 0, this.size), record * 4);
  }
}

/** Messages that were taken from the ring, and have no Uint8Array yet. */
class Taken {
  /** @type {ArrayBuffer[]} */
  #buffers = [];
  /** @type {number[]} */
  #offsets = [];
  /** @type {number[]} */
  #lengths = [];
  /** @type {number[]} */
  #kinds = [];

  get count() {
    return this.#kinds.length;
  }

  /**
   * Takes messages from the ring: from the first one on, up to `max`, as many as lie behind one another and are small.
   * Returns whether there was one. Under the lock.
   * @param {import('./ring.js').Ring} ring
   * @param {number} first the cell of the first record
   * @param {number} max
   */
  take(ring, first, max) {
    const { words } = ring;
    const end = Math.min(first + (ring.checkedUsed() >> 2), words.length, first + MAX_RUN / 4);
    const before = this.count;
    let cell = first;
    while (cell < end && this.count < max && words[cell] === READY) {
      const length = ring.lengthOf(cell);
      const next = cell + (sizeOf(length) >> 2);
      if (next > end) break;
      this.#kinds.push(ring.kindOf(cell));
      this.#lengths.push(length);
      this.#offsets.push((cell - first + RECORD_CELLS) * 4);
      cell = next;
    }
    if (cell === first) return false;
    const size = (cell - first) * 4;
    const { buffer, offset } = copyRun(ring, first, size);
    for (let i = before; i < this.count; i++) {
      this.#buffers.push(buffer);
      this.#offsets[i] += offset;
    }
    ring.skip(size);
    return true;
  }

  /**
   * Returns the messages. Without the lock.
   * @param {(bytes: Uint8Array, kind: number) => unknown} decode
   */
  messages(decode) {
    const messages = [];
    /** @type {{ error: any } | undefined} */
    let failed;
    for (let i = 0; i < this.#kinds.length; i++) {
      const bytes = new Uint8Array(this.#buffers[i], this.#offsets[i], this.#lengths[i]);
      try {
        messages.push(decode(bytes, this.#kinds[i]));
      } catch (error) {
        failed ??= { error };
      }
    }
    if (failed === undefined) return messages;
    const { error } = failed;
    if (error instanceof Error && Object.isExtensible(error)) {
      Object.assign(error, { received: messages });
    }
    throw error;
  }
}

module.exports = { Run, Taken };
