// @ts-check
'use strict';

// Programs that use one primitive each, for any classes that are used in the same way.

const assert = require('node:assert/strict');

/**
 * The document's classes, or those of this package.
 *
 * @typedef {object} Primitives
 * @property {new (cells: Int32Array, cell: number) => { lock(): unknown, unlock(): void }} Mutex
 * @property {new (cells: Int32Array, cell: number) => {
 *   wait(mutex: any, predicate: () => boolean): unknown, notifyAll(): void
 * }} Condition
 * @property {new (cells: Int32Array, cell: number, parties: number) => { wait(): unknown }} Barrier
 * @property {new (cells: Int32Array, cell: number) => { await(): unknown, release(): void }} Latch
 *
 * @typedef {{ cells: Int32Array }} Data
 */

/** The places of the primitives, as in the document, and of what they guard. */
const [MUTEX, CONDITION, BARRIER, LATCH, VALUE, ARRIVED] = [0, 1, 2, 3, 8, 9];
const [CELLS, THREADS, ROUNDS] = [16, 3, 2];

const setup = () => ({
  cells: new Int32Array(new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT)),
});

/**
 * @param {(data: Data, thread: { index: number }) => void} body
 */
const equalThreads = (body) => Array(THREADS).fill(body);

/**
 * Each thread adds to an ordinary cell under the mutex.
 * @param {Primitives} primitives
 */
const mutex = ({ Mutex }) => ({
  setup,
  threads: equalThreads(({ cells }) => {
    const mutex = new Mutex(cells, MUTEX);
    mutex.lock();
    const before = Atomics.load(cells, VALUE);
    Atomics.store(cells, VALUE, before + 1);
    mutex.unlock();
  }),
  /** @param {Data} data */
  check({ cells }) {
    assert.equal(cells[VALUE], THREADS, 'an addition is lost');
  },
});

/**
 * One thread waits until another has written a cell.
 * @param {Primitives} primitives
 */
const condition = ({ Mutex, Condition }) => ({
  setup,
  threads: {
    /** @param {Data} data */
    waiter({ cells }) {
      const mutex = new Mutex(cells, MUTEX);
      mutex.lock();
      new Condition(cells, CONDITION).wait(mutex, () => cells[VALUE] === 1);
      mutex.unlock();
    },
    /** @param {Data} data */
    notifier({ cells }) {
      const mutex = new Mutex(cells, MUTEX);
      mutex.lock();
      cells[VALUE] = 1;
      new Condition(cells, CONDITION).notifyAll();
      mutex.unlock();
    },
  },
});

/**
 * All threads pass the barrier together, round after round.
 * @param {Primitives} primitives
 */
const barrier = ({ Barrier }) => ({
  setup,
  threads: equalThreads(({ cells }) => {
    const barrier = new Barrier(cells, BARRIER, THREADS);
    for (let round = 0; round < ROUNDS; round++) {
      Atomics.add(cells, ARRIVED + round, 1);
      barrier.wait();
      assert.equal(cells[ARRIVED + round], THREADS, 'a thread passed before all had arrived');
    }
  }),
});

/**
 * One thread writes a cell and releases the others.
 * @param {Primitives} primitives
 */
const latch = ({ Latch }) => ({
  setup,
  threads: equalThreads(({ cells }, { index }) => {
    const latch = new Latch(cells, LATCH);
    if (index === 0) {
      cells[VALUE] = 1;
      latch.release();
    }
    latch.await();
    assert.equal(cells[VALUE], 1, 'a thread passed before the release');
  }),
});

/**
 * A whole program file, as its workers run it.
 * @param {(workerData: unknown) => void} run
 */
const mapReduce = (run) => {
  const [RESULT, DATA] = [4, [1, 2, 3, 4, 5, 6]];
  const chunk = DATA.length / THREADS;
  const sum = DATA.reduce((a, b) => a + b, 0);
  return {
    setup,
    threads: equalThreads(({ cells }, { index }) => {
      const data = DATA.slice(index * chunk, (index + 1) * chunk);
      run({ id: index, sab: cells.buffer, data, total: THREADS });
      assert.equal(cells[RESULT], sum, 'a worker ended before the sum was whole');
    }),
  };
};

module.exports = { barrier, condition, latch, mapReduce, mutex };
