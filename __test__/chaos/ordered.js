// @ts-check
'use strict';

// Random operations of workers and tasks that acquire locks in one order only, under lock order: it must report nothing.
// Workers are terminated and replaced, and buffers come and go, so that their memory is reused.

const { Worker, isMainThread, workerData } = require('node:worker_threads');
const { command, count } = require('../../scripts/command.js');
const { inversions, start } = require('../../lock-order.js');
const { Condition, Mutex, RwLock, SyncError } = require('../../index.js');
const { Random } = require('./random.js');
const { sleep } = require('../helpers/waiting.js');

const USAGE = `Usage: node __test__/chaos/ordered.js [options]

Acquires locks in one order by random operations in workers and tasks, and fails if lock order reports anything.

  --seconds 60  how long
  --seed 1      determines the operations
  --workers 4   how many workers run at a time
  --help        print this`;

const OPTIONS = /** @type {const} */ ({
  seconds: { type: 'string', default: '60' },
  seed: { type: 'string', default: '1' },
  workers: { type: 'string', default: '4' },
});

/** How many locks the shared buffer has. The odd ones are RwLocks. */
const LOCKS = 12;
/** The cell of the condition, whose mutex is the last lock but one. */
const CONDITION = LOCKS;
/** The cell that counts operations. */
const OPERATIONS = LOCKS + 1;
/** The tasks of a worker that run at a time. */
const TASKS = 3;

/** @typedef {{ release(): void }} Held */

/** The locks of a buffer, in the one order in which they are acquired. */
class Ordered {
  /**
   * @param {SharedArrayBuffer} cells
   * @param {Random} random
   */
  constructor(cells, random) {
    this.random = random;
    this.operations = new Int32Array(cells);
    this.locks = Array.from({ length: LOCKS }, (_, i) =>
      i % 2 === 1
        ? new RwLock(cells, i, { name: `rwlock ${i}` })
        : new Mutex(cells, i, { name: `mutex ${i}` }),
    );
    this.condition = new Condition(cells, CONDITION);
  }

  /** Some of the locks, in their order. */
  some() {
    Atomics.add(this.operations, OPERATIONS, 1);
    return this.locks.filter(() => this.random.chance(25));
  }

  /** Acquires and releases some locks, as a thread. */
  byThread() {
    /** @type {Held[]} */
    const held = [];
    try {
      for (const lock of this.some()) {
        const one = this.acquire(lock);
        if (one !== undefined) held.push(one);
        if (held.length > 1 && this.random.chance(20)) held.splice(0, 1)[0].release();
      }
      this.tryBackwards();
    } finally {
      for (const one of this.random.chance(50) ? held : held.reverse()) one.release();
    }
  }

  /**
   * @param {Mutex | RwLock} lock
   * @returns {Held | undefined}
   */
  acquire(lock) {
    const { random } = this;
    const within = random.integer(0, 2);
    if (lock instanceof RwLock) {
      const writes = random.chance(30);
      if (random.chance(50)) {
        const guard = writes ? lock.write() : lock.read();
        return writes && random.chance(30) ? /** @type {any} */ (guard).downgrade() : guard;
      }
      if (writes) return lock.tryWrite(within) ? { release: () => lock.unlockWrite() } : undefined;
      return lock.tryRead(within) ? { release: () => lock.unlockRead() } : undefined;
    }
    if (random.chance(50)) lock.lock();
    else if (!lock.tryLock(within)) return undefined;
    if (lock === this.locks[LOCKS - 2] && random.chance(20)) {
      // All other locks that this thread may hold come before this one.
      this.condition.waitFor(lock, () => random.chance(60), random.integer(0, 2));
      this.condition.notify();
    }
    return { release: () => lock.unlock() };
  }

  /** Takes what is free without waiting, in the other order. */
  tryBackwards() {
    const first = this.locks[this.random.integer(0, LOCKS / 2 - 1) * 2];
    if (first instanceof Mutex && first.ownerThreadId === null && first.tryLock()) first.unlock();
  }

  /** Acquires and releases some locks, as a task. */
  async byTask() {
    const { random } = this;
    /** @type {Held[]} */
    const held = [];
    try {
      for (const lock of this.some()) {
        const options = random.chance(30) ? { timeout: random.integer(0, 3) } : undefined;
        const wait =
          lock instanceof Mutex
            ? lock.lockAsync(options)
            : random.chance(30)
              ? lock.writeAsync(options)
              : lock.readAsync(options);
        const guard = await wait.catch(ignoreTimeout);
        if (guard !== undefined) held.push(guard);
        if (random.chance(30)) await sleep(random.integer(0, 2));
        if (held.length > 1 && random.chance(20)) held.splice(0, 1)[0].release();
      }
    } finally {
      for (const one of random.chance(50) ? held : held.reverse()) one.release();
    }
  }

  /** Nested functions that hold while the next one runs, as a task. */
  async nested() {
    const mutexes = this.some().filter((lock) => lock instanceof Mutex);
    /** @param {number} i @returns {Promise<void>} */
    const enter = async (i) => {
      if (this.random.chance(30)) await sleep(1);
      if (i < mutexes.length) await mutexes[i].runExclusiveAsync(() => enter(i + 1));
    };
    await enter(0);
  }
}

/** @param {any} error @returns {undefined} */
function ignoreTimeout(error) {
  if (error?.code !== 'ERR_TIMEOUT') throw error;
}

/**
 * A pair of locks in a new buffer, in one order or the other. Its memory has been and will be that of other pairs.
 * @param {Random} random
 */
function usePair(random) {
  const cells = new SharedArrayBuffer(64);
  const pair = [new Mutex(cells, 0), new Mutex(cells, 1)];
  if (random.chance(50)) pair.reverse();
  pair[0].runExclusive(() => pair[1].runExclusive(() => {}));
}

/** Runs operations until this worker is terminated. */
async function work() {
  const { cells, seed, id } = workerData;
  const random = new Random(seed, id);
  const ordered = new Ordered(cells, random);
  const task = async () => {
    for (;;) {
      await (random.chance(50) ? ordered.byTask() : ordered.nested());
      await sleep(0);
    }
  };
  if (id % 2 === 1) {
    // A thread of tasks does not block: what its own guards hold would deadlock it.
    await Promise.all(Array.from({ length: TASKS }, task));
  }
  for (;;) {
    for (let i = 0; i < 50; i++) ordered.byThread();
    usePair(random);
    await sleep(0);
  }
}

/**
 * @param {number} seconds
 * @param {number} seed
 * @param {number} workers
 */
async function run(seconds, seed, workers) {
  const random = new Random(seed, -1);
  const end = performance.now() + seconds * 1_000;
  let started = 0;
  let abandoned = 0;
  let operations = 0;
  start();
  while (performance.now() < end) {
    // A worker that is terminated leaves locks abandoned, so each crew has a buffer of its own.
    const cells = new SharedArrayBuffer(4 * (OPERATIONS + 1));
    const crew = Array.from({ length: workers }, () => {
      const id = started++;
      const worker = new Worker(__filename, { workerData: { cells, seed, id } });
      worker.on('error', (/** @type {any} */ error) => {
        if (SyncError.codeOf(error) !== 'ERR_ABANDONED') throw error;
        abandoned++;
      });
      return worker;
    });
    const counter = new Int32Array(cells);
    // On a busy machine a worker takes seconds to start.
    while (Atomics.load(counter, OPERATIONS) === 0 && performance.now() < end) await sleep(20);
    await sleep(random.integer(200, 3_000));
    await Promise.all(crew.map((worker) => worker.terminate()));
    operations += Atomics.load(counter, OPERATIONS);
    usePair(random);
  }
  console.log(
    `${operations} operations by ${started} workers, ${abandoned} ended by ERR_ABANDONED, seed ${seed}`,
  );
  const found = inversions();
  for (const { message } of found) console.error(message);
  console.log(`${found.length} inversions`);
  process.exitCode = found.length === 0 ? 0 : 1;
}

if (isMainThread) {
  command(USAGE, OPTIONS, ({ seconds, seed, workers }) =>
    run(count('--seconds', seconds), count('--seed', seed), count('--workers', workers)),
  );
} else {
  start();
  void work();
}
