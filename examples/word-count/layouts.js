// @ts-check
'use strict';

const { Barrier, Latch, Mutex } = require('../..');
const { lengthFor } = require('./table.js');

/** What each cell of `cells` counts, by `Atomics` alone. */
const Cell = Object.freeze({
  BEGUN: 0, // blocks that a worker has begun to count
  COUNTED: 1, // blocks that are counted: the progress
  COUNT: 2,
});

/** @param {number} bytes */
const textLayout = (bytes) =>
  /** @type {const} */ ({
    text: [Uint8Array, bytes],
    written: [Int32Array, 1], // pieces that a worker has begun to write
  });

/**
 * What the workers of one run share besides the text.
 *
 * @param {number} workers
 * @param {number} slots places in the table of all words
 */
const runLayout = (workers, slots) =>
  /** @type {const} */ ({
    phase: [Barrier, workers],
    merging: Mutex, // guards the table
    done: [Latch, workers],
    cells: [Int32Array, Cell.COUNT],
    ms: [Float64Array, 1], // how long it took
    table: [Uint32Array, lengthFor(slots)],
  });

module.exports = { Cell, runLayout, textLayout };
