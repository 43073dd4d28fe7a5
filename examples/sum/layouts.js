// @ts-check
'use strict';

const { Barrier, Condition, Latch, Mutex } = require('../..');
const { Sum } = require('./compensated-sum.js');

/** How many bytes of input a worker takes at a time. A number may go on in the next block of a file. */
const BLOCK_BYTES = 256 * 1024;

/** The int32 cells that the mutex guards. */
const Cell = Object.freeze({
  FILLED: 0, // blocks that the main thread has put into the ring
  TAKEN: 1, // blocks that a worker has taken
  ADDED: 2, // blocks that are added to the total: their places in the ring are free again
  CLOSED: 3, // 1 once the input has ended
  COUNT: 4,
});

/** The float64 fields of a place in the ring. */
const Field = Object.freeze({
  FILE: 0, // index of the file
  OFFSET: 1, // of the block in the file
  LENGTH: 2,
  HAS_BYTES: 3, // 1 if the bytes are in the ring, 0 if the worker reads them from the file
  SUMMED: 4, // 1 from when the sum of the block is known until it is added to the total
  COUNT: 5,
});

/**
 * What all threads share. The mutex guards `cells`, `fields`, `sums` and `total`.
 *
 * @param {number} workers
 * @param {number} places for blocks in the ring
 */
const sumLayout = (workers, places) =>
  /** @type {const} */ ({
    mutex: Mutex,
    blockReady: Condition, // a worker can take a block, or the input has ended
    blockAdded: Condition, // blocks were added to the total
    phase: [Barrier, workers],
    done: Latch,
    cells: [Int32Array, Cell.COUNT],
    fields: [Float64Array, Field.COUNT * places],
    sums: [Float64Array, Sum.COUNT * places],
    bytes: [Uint8Array, BLOCK_BYTES * places],
    total: [Float64Array, Sum.COUNT],
    ms: [Float64Array, 1], // from the common start to the result
    finished: [Int32Array, workers], // 1 once the worker of this id has done all of its work
  });

/** @typedef {import('../..').Layout<ReturnType<typeof sumLayout>>} SumMemory */

module.exports = { BLOCK_BYTES, Cell, Field, sumLayout };
