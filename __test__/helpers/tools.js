// @ts-check
'use strict';

const worker_threads = require('node:worker_threads');

/**
 * What the body of a worker or child is given besides its data.
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
   * Blocks this thread, so that a test can hold a lock for a while without giving it up to the event loop.
   *
   * @param {number} ms
   */
  stall(ms) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  },
  /** In a child process: says that it is about to end, so that the time until it has can be measured. */
  leaving() {},
  /** Tells the thread that started this one to go on: its `ready` is fulfilled. */
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

/**
 * @param {number} ms
 * @returns {Promise<void>}
 */
function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * An error as plain data: a structured clone would lose its class and code.
 *
 * @param {any} error
 * @returns {{ name: string, message: string, code?: string, stack?: string }}
 */
function describe(error) {
  return {
    name: error?.name,
    message: error?.message ?? String(error),
    code: error?.code,
    stack: error?.stack,
  };
}

/**
 * The other side of {@link describe}.
 *
 * @param {{ name: string, message: string, code?: string, stack?: string }} described
 */
function revive({ name, message, code, stack }) {
  const error = new Error(message);
  return Object.assign(error, { name, code, stack: `in the other thread: ${stack}` });
}

/**
 * Makes a function from its source. It was written in a test file, but sees nothing of that file.
 *
 * @param {string} source
 */
function compile(source) {
  return new (require('node:vm').Script)(`(${source})`, { filename: 'body' }).runInThisContext();
}

module.exports = { tools, sleep, describe, revive, compile };
