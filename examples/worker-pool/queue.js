// @ts-check
'use strict';

const { Condition, Mutex } = require('../..');

const SLOT_BYTES = 256;

/** The int32 cells that the mutex guards. Jobs are numbered from 1; 0 is none. */
const Cell = Object.freeze({
  PUT: 0, // jobs ever put into the queue
  TAKEN: 1, // jobs ever taken out of it
  CLOSED: 2, // 1 once no more jobs come
  MOST: 3, // the most that were ever in the queue
  COUNT: 4,
});

/**
 * @param {number} capacity
 * @param {number} workers
 */
const queueLayout = (capacity, workers) =>
  /** @type {const} */ ({
    mutex: [Mutex, { name: 'job queue' }],
    notEmpty: Condition, // or closed
    notFull: Condition,
    cells: [Int32Array, Cell.COUNT],
    ids: [Int32Array, capacity], // of the jobs in the ring
    lengths: [Int32Array, capacity],
    bytes: [Uint8Array, capacity * SLOT_BYTES],
    held: [Int32Array, workers], // the job that the worker of this number works on
  });

/** @typedef {import('../..').Layout<ReturnType<typeof queueLayout>>} QueueMemory */

/**
 * A ring of jobs in shared memory, each a JSON text. Its methods are to be called by who owns the mutex: put() after
 * hasRoom(), take() after hasJob().
 */
class Queue {
  /** @param {QueueMemory} memory */
  constructor(memory) {
    this.memory = memory;
    this.capacity = memory.ids.length;
  }

  get length() {
    return this.memory.cells[Cell.PUT] - this.memory.cells[Cell.TAKEN];
  }

  get isClosed() {
    return this.memory.cells[Cell.CLOSED] === 1;
  }

  get most() {
    return this.memory.cells[Cell.MOST];
  }

  hasRoom = () => this.length < this.capacity;
  hasJob = () => this.length > 0;

  /**
   * @param {number} id
   * @param {object} job
   */
  put(id, job) {
    const { cells, ids, lengths, bytes } = this.memory;
    const slot = cells[Cell.PUT] % this.capacity;
    const text = Buffer.from(JSON.stringify(job));
    if (text.length > SLOT_BYTES) throw new RangeError(`a job takes at most ${SLOT_BYTES} bytes`);
    bytes.set(text, slot * SLOT_BYTES);
    lengths[slot] = text.length;
    ids[slot] = id;
    cells[Cell.PUT]++; // from here on it is in the queue
    cells[Cell.MOST] = Math.max(cells[Cell.MOST], this.length);
  }

  /**
   * @param {number} worker
   * @returns {{ id: number, job: any }}
   */
  take(worker) {
    const { cells, ids, lengths, bytes, held } = this.memory;
    const slot = cells[Cell.TAKEN] % this.capacity;
    const first = bytes.byteOffset + slot * SLOT_BYTES;
    const job = JSON.parse(Buffer.from(bytes.buffer, first, lengths[slot]).toString());
    held[worker] = ids[slot]; // from here on it is this worker's
    if (job.crash === 'locked') process.exit(8); // planted: a death half-way, owning the mutex
    cells[Cell.TAKEN]++;
    return { id: ids[slot], job };
  }

  /**
   * Puts the queue in order after a worker has died while it owned the mutex. All that can be half done is the taking of a
   * job: it is held, and still in the queue.
   */
  repair() {
    const { cells, ids, held } = this.memory;
    const isHeld = this.hasJob() && held.includes(ids[cells[Cell.TAKEN] % this.capacity]);
    if (isHeld) cells[Cell.TAKEN]++;
  }

  close() {
    this.memory.cells[Cell.CLOSED] = 1;
  }
}

module.exports = { Queue, queueLayout };
