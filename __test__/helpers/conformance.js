// @ts-check
'use strict';

const test = require('ava').default;
const { inspect } = require('../../index.js');
const { cells } = require('./cells.js');
const { inWorkers, startWorker } = require('./threads.js');
const { endOf, isPending, sleep } = require('./waiting.js');

/** @typedef {import('./types.js').Body} Body */

/** The time limit of a conformance test, in milliseconds. The error about a worker that hangs shows its body. */
const LIMIT = 40_000;

/**
 * Declares tests of what one source promises in its public documentation, each named for the promise.
 *
 * @param {string} source such as `Java CyclicBarrier`
 */
function documented(source) {
  const declared =
    (/** @type {typeof test.serial} */ declare) =>
    (
      /** @type {string} */ promise,
      /** @type {(t: import('ava').ExecutionContext) => unknown} */ body,
    ) => {
      declare(`${source}: ${promise}`, async (t) => {
        t.timeout(2 * LIMIT);
        await body(t);
      });
    };
  // A serial test runs while no thread of another test ends.
  return Object.assign(declared(test), { serial: declared(test.serial) });
}

/**
 * A worker that runs `body`, as for startWorker.
 *
 * @param {Body} body
 * @param {object} data
 */
function party(body, data) {
  return startWorker(body, data, { limit: LIMIT });
}

/**
 * Waits until each of these workers sleeps in the package: `inspect()` lists them.
 *
 * @param {ReturnType<typeof party>[]} started
 */
async function asleep(...started) {
  const ids = started.map(({ worker }) => worker.threadId);
  for (const end = performance.now() + LIMIT; performance.now() < end; await sleep(5)) {
    const blocked = inspect().map(({ threadId }) => threadId);
    if (ids.every((id) => blocked.includes(id))) return;
  }
  throw new Error(`of the threads ${ids}, some do not sleep: ${JSON.stringify(inspect())}`);
}

/**
 * Starts `count` workers, each when the one before sleeps. So they stand in the queue in their order.
 *
 * @param {number} count
 * @param {Body} body
 * @param {object} data
 */
async function inOrder(count, body, data) {
  const started = [];
  for (let id = 0; id < count; id++) {
    started.push(party(body, { ...data, id }));
    await asleep(started[id]);
  }
  return started;
}

/**
 * The answers of workers, when all have ended.
 *
 * @param {ReturnType<typeof party>[]} started
 * @returns {Promise<any[]>}
 */
async function answers(started) {
  const all = await Promise.all(started.map(({ done }) => done));
  await Promise.all(started.map(({ exited }) => exited));
  return all;
}

/**
 * The result of a promise, or the code of its error, as `tools.codeOf` returns for a call.
 *
 * @param {Body} body
 * @param {object} data
 */
const answer = async (body, data) => (await answers([party(body, data)]))[0];

/**
 * The answers of `count` workers that run `body` at once, each with its `id` from 0.
 *
 * @param {number} count
 * @param {Body} body
 * @param {object} data
 */
const together = (count, body, data) => inWorkers(count, body, data, { limit: LIMIT });

/** The result of a call whose barrier breaks. */
const BROKEN = 'ERR_BROKEN_BARRIER';

/**
 * The body of a worker that arrives once at the barrier in cell 0.
 *
 * @type {Body}
 */
const arrive = ({ view, total, ms }, { Barrier, codeOf }) => {
  const barrier = new Barrier(view, 0, total);
  return codeOf(() => (ms === undefined ? barrier.wait() : barrier.waitFor(ms)));
};

/**
 * The body of a worker that acquires `n` permits of the semaphore in cell 0, within `ms` if given, and records its turn
 * in cell 1.
 *
 * @type {Body}
 */
const acquire = ({ view, permits, max, n, ms }, { Semaphore, codeOf }) => {
  const semaphore = new Semaphore(view, 0, permits, { max });
  return codeOf(() => {
    if (ms === undefined) semaphore.acquire(n);
    else if (!semaphore.tryAcquire(n, ms)) return 'time is up';
    return Atomics.add(view, 1, 1);
  });
};

/**
 * The body of a worker that acquires the lock in cell 0, to `read` or `write`, within `ms` if given, records its turn
 * in cell 1, and unlocks.
 *
 * @type {Body}
 */
const enter = ({ view, how, ms }, { RwLock, codeOf }) => {
  const lock = new RwLock(view, 0);
  const writes = how === 'write';
  return codeOf(() => {
    if (ms === undefined) writes ? lock.write() : lock.read();
    else if (!(writes ? lock.tryWrite(ms) : lock.tryRead(ms))) return 'time is up';
    const turn = Atomics.add(view, 1, 1);
    if (writes) lock.unlockWrite();
    else lock.unlockRead();
    return turn;
  });
};

/**
 * The body of a worker that enters the lock in cell 0, to `read` or `write`, says so by `ready()`, and leaves it when
 * it receives a message.
 *
 * @type {Body}
 */
const enterUntilTold = ({ view, how }, { RwLock, ready, worker_threads }) => {
  const lock = new RwLock(view, 0);
  const guard = how === 'write' ? lock.write() : lock.read();
  ready();
  return new Promise((resolve) => {
    worker_threads.parentPort?.once('message', () => resolve(guard.release()));
  });
};

/**
 * A worker that dies of an uncaught error while it holds the lock in cell 0, as a thread of Rust panics.
 *
 * @param {Int32Array} view
 * @param {'lock' | 'read' | 'write'} how it holds the lock: it locks a Mutex, or reads or writes under an RwLock
 */
async function poison(view, how) {
  const started = party(
    ({ view, how }, { Mutex, RwLock, ready }) => {
      if (how === 'lock') new Mutex(view, 0).lock();
      else if (how === 'read') new RwLock(view, 0).read();
      else new RwLock(view, 0).write();
      ready();
      setImmediate(() => {
        throw new Error('panic');
      });
      return new Promise(() => {});
    },
    { view, how },
  );
  started.worker.on('error', () => {});
  const id = started.worker.threadId;
  await started.exited;
  return id;
}

module.exports = {
  BROKEN,
  acquire,
  answer,
  answers,
  arrive,
  asleep,
  cells,
  documented,
  endOf,
  enter,
  enterUntilTold,
  inOrder,
  isPending,
  party,
  poison,
  sleep,
  together,
};
