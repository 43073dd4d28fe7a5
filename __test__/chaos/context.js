// @ts-check
'use strict';

const fs = require('node:fs');
const { threadId } = require('node:worker_threads');
const { STATISTICS } = require('./statistics.js');

/** @typedef {import('./statistics.js').Statistic} Statistic */

/** Loaded when it is first used: the baseline never does. */
const primitives = () => require('../../index.js');

/**
 * What a worker is at: the upper half of its `doing` cell; the lower one tells the cell of the primitive.
 */
const DOING = /** @type {const} */ ([
  'between two operations',
  'Mutex#lock',
  'Mutex#tryLock',
  'Mutex#recover',
  'Mutex#tryRecover',
  'Mutex#unlock',
  'Condition#wait',
  'Condition#waitFor',
  'Condition#notify',
  'Barrier#wait',
  'Latch#await',
  'Latch#tryAwait',
  'Latch#countDown',
  'Latch#release',
  'waiting for a partner',
]);
const CELL_BITS = 24;

/** Below this a clock may differ from another by its resolution. */
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
   * Runs one operation of a primitive, so that the watchdog can tell what this thread is at.
   *
   * @template T
   * @param {typeof DOING[number]} what
   * @param {number} cell
   * @param {() => T} operation
   * @returns {T}
   */
  operate(what, cell, operation) {
    if (this.slot < 0) return operation();
    const { progress, doing } = this.plan.cells;
    Atomics.store(this.view, doing + this.slot, (DOING.indexOf(what) << CELL_BITS) | cell);
    try {
      return operation();
    } finally {
      Atomics.store(this.view, doing + this.slot, 0);
      Atomics.add(this.view, progress + this.slot, 1);
    }
  }

  /**
   * An operation with a limit: that it failed must not be said too early.
   *
   * @template T
   * @param {typeof DOING[number]} what
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
   * The code of a SyncError that chaos may bring, after a look at what it claims; every other error is thrown again.
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

  /** Lets time pass without a primitive of ours, for at most so many milliseconds. @param {number} ms */
  pause(ms) {
    Atomics.wait(pauseCell, 0, 0, ms);
  }

  /** The time in microseconds on a clock that all threads share, in 32 bits: only differences mean something. */
  microseconds() {
    return Number(BigInt.asIntN(32, process.hrtime.bigint() / 1_000n));
  }

  /** What a worker is at, in words. @param {number} slot */
  describe(slot) {
    const doing = Atomics.load(this.view, this.plan.cells.doing + slot);
    if (doing === 0) return DOING[0];
    const cell = doing & ((1 << CELL_BITS) - 1);
    const word = Atomics.load(this.view, cell) >>> 0;
    return `${DOING[doing >>> CELL_BITS]} of cell ${cell}, which holds 0x${word.toString(16)}`;
  }
}

const pauseCell = new Int32Array(new SharedArrayBuffer(4));

module.exports = { Context };
