// @ts-check
'use strict';

const { Channel } = require('../..');

/**
 * The memory of the pool.
 *
 * @param {number} capacity of the queue, in bytes
 * @param {number} workers
 */
const poolLayout = (capacity, workers) =>
  /** @type {const} */ ({
    jobs: [Channel, { capacity, codec: 'json' }], // { id, job }; jobs are numbered from 1
    held: [Int32Array, workers], // the job that the worker of this number works on; 0 is none
    planted: [Int32Array, 1], // 1 once a worker has died in the middle of taking a job
  });

module.exports = { poolLayout };
