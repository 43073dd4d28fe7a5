// @ts-check
'use strict';

const worker_threads = require('node:worker_threads');
const { cells } = require('./cells.js');
const { describe } = require('./transfer.js');
const { codeOf, sleep } = require('./waiting.js');

// Everything is loaded when it is first named, so that a body which names no primitive never loads the addon.
/** @type {import('./types.js').Tools} */
const tools = {
  require,
  get Mutex() {
    return require('../../index.js').Mutex;
  },
  get Channel() {
    return require('../../index.js').Channel;
  },
  get Condition() {
    return require('../../index.js').Condition;
  },
  get Barrier() {
    return require('../../index.js').Barrier;
  },
  get Cancel() {
    return require('../../index.js').Cancel;
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
  get Event() {
    return require('../../index.js').Event;
  },
  get Once() {
    return require('../../index.js').Once;
  },
  get select() {
    return require('../../index.js').select;
  },
  get selectAsync() {
    return require('../../index.js').selectAsync;
  },
  get trySelect() {
    return require('../../index.js').trySelect;
  },
  get SyncError() {
    return require('../../index.js').SyncError;
  },
  get startWorker() {
    return require('./threads.js').startWorker;
  },
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
  cells,
  codeOf,
  sleep,
  /**
   * Blocks this thread, so that a test can hold a lock for a while without a turn of the event loop.
   *
   * @param {number} ms
   */
  stall(ms) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  },
  leaving() {},
  ready() {
    worker_threads.parentPort?.postMessage({ ready: true });
  },
  errorOf(call) {
    try {
      call();
    } catch (error) {
      return describe(error);
    }
    return null;
  },
  async startBlocked(name, view) {
    const started = tools.startWorker(
      ({ view, name }, { wait, ready }) => {
        ready();
        wait(name, view);
        throw new Error('it did not wait');
      },
      { view, name },
    );
    await started.blocked();
    return started;
  },
};

module.exports = { tools };
