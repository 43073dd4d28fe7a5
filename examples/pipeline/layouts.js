// @ts-check
'use strict';

const { Cancel, Channel } = require('../..');

/** How many records the stages have dealt with. */
const Count = Object.freeze({ READ: 0, WRITTEN: 1, LENGTH: 2 });

/** @param {number} capacity of each queue, in bytes */
const pipelineLayout = (capacity) =>
  /** @type {const} */ ({
    lines: [Channel, { capacity }], // from read to parse: one JSON text each
    rows: [Channel, { capacity }], // from parse to compress: the row of a table
    packed: [Channel, { capacity }], // from compress to write: a gzip member each
    stop: Cancel, // aborted by Ctrl-C: nothing more is read
    counts: [Int32Array, Count.LENGTH],
  });

/** @typedef {import('../..').Layout<ReturnType<typeof pipelineLayout>>} Memory */

module.exports = { Count, pipelineLayout };
