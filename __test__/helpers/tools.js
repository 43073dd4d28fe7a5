// @ts-check
'use strict';

const worker_threads = require('node:worker_threads');
const { describe, sleep } = require('./transfer.js');

/**
 * What the body of a worker or child receives beside its data.
 *
 * @typedef {typeof tools} Tools
 */

// Everything is loaded when it is first named, so that a body which names no primitive never loads the addon.
const tools = {
  require: /** @type {any} */ (require),
  get Mutex() {
    return require('../../index.js').Mutex;
  },
  get Condition() {
    return require('../../index.js').Condition;
  },
  get Barrier() {
    return require('../../index.js').Barrier;
  },
  get Latch() {
    return require('../../index.js').Latch;
  },
  get layout() {
    return require('../../index.js').layout;
  },
  get RwLock() {
    return require('../../index.js').RwLock;
  },
  get Semaphore() {
    return require('../../index.js').Semaphore;
  },
  get SyncError() {
    return require('../../index.js').SyncError;
  },
  /** @returns {typeof import('./threads.js').startWorker} */
  get startWorker() {
    return require('./threads.js').startWorker;
  },
  /** @returns {typeof import('./threads.js').inWorkers} */
  get inWorkers() {
    return require('./threads.js').inWorkers;
  },
  get wait() {
    return require('./blocking.js').wait;
  },
  get waits() {
    return require('./blocking.js').waits;
  },
  threadId: worker_threads.threadId,
  worker_threads,
  sleep,
  /**
   * Blocks this thread, so that a test can hold a lock for a while without a turn of the event loop.
   *
   * @param {number} ms
   */
  stall(ms) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  },
  /** In a child process: reports that it is about to end, so that the time until its end can be measured. */
  leaving() {},
  /** Fulfils the `ready` of the thread that started this one. */
  ready() {
    worker_threads.parentPort?.postMessage({ ready: true });
  },
  /**
   * The code of the error that a function throws, or what it returned.
   *
   * @param {() => unknown} fn
   * @returns {any}
   */
  codeOf(fn) {
    try {
      return { returned: fn() };
    } catch (error) {
      return describe(error).code ?? describe(error);
    }
  },
  /** @param {() => unknown} fn */
  errorOf(fn) {
    try {
      fn();
    } catch (error) {
      return describe(error);
    }
    return null;
  },
};

module.exports = { tools };
