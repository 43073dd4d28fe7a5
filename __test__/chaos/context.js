// @ts-check
'use strict';

const fs = require('node:fs');
const { threadId } = require('node:worker_threads');
const { doingWord } = require('./doing.js');
const { STATISTICS } = require('./statistics.js');

/** @typedef {import('./doing.js').Doing} Doing */
/** @typedef {import('./statistics.js').Statistic} Statistic */

/** Loaded on first use: the baseline never uses it. */
const primitives = () => require('../../index.js');

/** How many promises of one worker may be pending at once. */
const TASKS = 4;
/** A worker's thread, and its tasks. */
const PARTS = 1 + TASKS;

/** Two clocks may differ by this much because of their resolution. */
const CLOCK_TOLERANCE_MS = 0.05;

/** One thread's hold on the shared memory: its cells and counters, its primitives, and its complaints. */
class Context {
  /**
   * @param {import('./plan.js').Plan} plan
   * @param {SharedArrayBuffer} memory
   * @param {number} slot the worker's number, or -1 for the main thread
   */
  constructor(plan, memory, slot) {
    this.plan = plan;
    this.slot = slot;
    this.threadId = threadId;
    this.view = new Int32Array(memory);
    /** Where a worker has any. @type {import('./tasks.js').Tasks | undefined} */
    this.tasks = undefined;
  }

  /** Whether the run is over. */
  get stopped() {
    return Atomics.load(this.view, this.plan.cells.stop) !== 0;
  }

  /**
   * @param {Statistic} name
   * @param {number} [by]
   */
  count(name, by = 1) {
    Atomics.add(this.view, this.plan.cells.statistics + STATISTICS.indexOf(name), by);
  }

  /** @param {Statistic} name */
  counted(name) {
    return Atomics.load(this.view, this.plan.cells.statistics + STATISTICS.indexOf(name));
  }

  /**
   * Runs one operation of a primitive, so that the watchdog can see what this thread is doing.
   *
   * @template T
   * @param {Doing} what
   * @param {number} cell
   * @param {() => T} operation
   * @returns {T}
   */
  operate(what, cell, operation) {
    if (this.slot < 0) return operation();
    const { progress, doing } = this.plan.cells;
    Atomics.store(this.view, doing + this.slot, doingWord(what, cell));
    try {
      return operation();
    } finally {
      Atomics.store(this.view, doing + this.slot, 0);
      Atomics.add(this.view, progress + this.slot, 1);
    }
  }

  /**
   * Runs an operation with a time limit, and checks that it did not time out too early.
   *
   * @template T
   * @param {Doing} what
   * @param {number} cell
   * @param {number} ms
   * @param {() => T} operation
   * @param {(value: T) => boolean} timedOut
   */
  operateWithin(what, cell, ms, operation, timedOut) {
    const start = performance.now();
    const value = this.operate(what, cell, operation);
    if (timedOut(value)) {
      const waited = performance.now() - start;
      this.count('timeouts');
      this.check(
        waited >= ms - CLOCK_TOLERANCE_MS,
        () => `${what} gave up ${ms} ms after ${waited}`,
      );
    }
    return value;
  }

  /**
   * Runs an operation that a Cancel of its own ends after a random time. Returns false if it did.
   *
   * @param {Doing} what
   * @param {number} cell
   * @param {import('./random.js').Random} random
   * @param {(options: { cancel: import('../../index.js').Cancel }) => unknown} operation
   */
  operateUntilCancelled(what, cell, random, operation) {
    const cancel = new (primitives().Cancel)(new SharedArrayBuffer(4));
    const ms = random.integer(0, 6);
    const start = performance.now();
    cancel.abortAfter(ms);
    try {
      this.operate(what, cell, () => operation({ cancel }));
      return true;
    } catch (error) {
      this.expect(error, 'ERR_CANCELLED');
      const waited = performance.now() - start;
      this.count('waits cancelled');
      this.check(
        waited >= ms - CLOCK_TOLERANCE_MS,
        () => `${what} was cancelled ${waited} ms after ${ms}`,
      );
      return false;
    }
  }

  /**
   * @param {boolean} holds
   * @param {() => string} complaint
   */
  check(holds, complaint) {
    if (!holds) this.violation(complaint());
  }

  /**
   * Counts a violation, and prints it at once: this thread may be terminated at any moment.
   *
   * @param {string} text
   */
  violation(text) {
    if (Atomics.add(this.view, this.plan.cells.violations, 1) > 50) return;
    const who = this.slot < 0 ? 'main' : `worker ${this.slot} (threadId ${this.threadId})`;
    fs.writeSync(2, `VIOLATION in ${who}: ${text}\n`);
  }

  /**
   * Returns the code of a SyncError that chaos may cause, after checking what it claims. Rethrows every other error.
   *
   * @param {unknown} error
   * @param {import('../../index.js').SyncErrorCode[]} expected
   */
  expect(error, ...expected) {
    const { code, ownerThreadId } = /** @type {import('../../index.js').SyncError} */ (error);
    if (!expected.includes(code)) throw error;
    if (code === 'ERR_ABANDONED') {
      this.count('abandonments told');
      this.check(this.isDoomed(ownerThreadId), () => `${error}: that thread was not terminated`);
    }
    return code;
  }

  /**
   * Whether the main thread has begun to terminate a thread.
   *
   * @param {number | null | undefined} id
   */
  isDoomed(id) {
    return typeof id === 'number' && Atomics.load(this.view, this.plan.cells.doomed + id) !== 0;
  }

  /** @param {number} cell */
  mutex(cell) {
    return new (primitives().Mutex)(this.view, cell);
  }

  /** @param {number} cell */
  condition(cell) {
    return new (primitives().Condition)(this.view, cell);
  }

  /**
   * @param {number} cell
   * @param {number} total
   */
  barrier(cell, total) {
    return new (primitives().Barrier)(this.view, cell, total);
  }

  /**
   * @param {number} cell
   * @param {number} count
   */
  latch(cell, count) {
    return new (primitives().Latch)(this.view, cell, count);
  }

  /**
   * @param {number} cell
   * @param {number} permits
   * @param {number} max
   */
  semaphore(cell, permits, max) {
    return new (primitives().Semaphore)(this.view, cell, permits, { max });
  }

  /** @param {number} cell */
  cancel(cell) {
    return new (primitives().Cancel)(this.view, cell);
  }

  /**
   * @param {number} cell
   * @param {boolean} autoReset
   */
  event(cell, autoReset) {
    return new (primitives().Event)(this.view, cell, { autoReset });
  }

  /** @param {number} cell */
  once(cell) {
    return new (primitives().Once)(this.view, cell);
  }

  /** @param {number} cell */
  rwLock(cell) {
    return new (primitives().RwLock)(this.view, cell);
  }

  /**
   * Holds a lock for a while: the main thread terminates some of the workers that do.
   *
   * @template T
   * @param {() => T} stay
   */
  linger(stay) {
    const cell = this.plan.cells.lingering + this.slot;
    Atomics.add(this.view, cell, 1);
    const stayed = stay();
    if (stayed instanceof Promise) return stayed.finally(() => Atomics.sub(this.view, cell, 1));
    Atomics.sub(this.view, cell, 1);
    return stayed;
  }

  /** Blocks without a primitive of this package, for at most this many milliseconds. @param {number} ms */
  pause(ms) {
    Atomics.wait(pauseCell, 0, 0, ms);
  }

  /** The time in microseconds on a clock that all threads share, in 32 bits: only differences mean something. */
  microseconds() {
    return Number(BigInt.asIntN(32, process.hrtime.bigint() / 1_000n));
  }

  /** The numbers that the tasks of a worker have. */
  get taskNumbers() {
    return Array(TASKS).keys();
  }

  /**
   * The cell in which a worker's task stores what it is doing.
   *
   * @param {number} slot
   * @param {number} number of the task
   */
  taskPlace(slot, number) {
    return slot * TASKS + number;
  }

  /**
   * The number of a party: of a worker's thread, or of one of its tasks.
   *
   * @param {number} part 0 for the thread itself; for a task its number plus one
   */
  party(part) {
    return this.slot * PARTS + part;
  }

  /** All parties of a worker. @param {number} slot */
  partiesOf(slot) {
    return Array.from({ length: PARTS }, (_, part) => slot * PARTS + part);
  }
}

const pauseCell = new Int32Array(new SharedArrayBuffer(4));

module.exports = { CLOCK_TOLERANCE_MS, Context, PARTS, TASKS };
