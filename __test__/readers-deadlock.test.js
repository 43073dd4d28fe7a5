// @ts-check
'use strict';

// Deadlocks in which threads read under an RwLock, and what only looks like one.

const test = require('ava').default;
const { once } = require('node:events');
const { Latch, Mutex, RwLock, inspect } = require('../index.js');
const { cells } = require('./helpers/cells.js');
const { inWorkers, sleep, startWorker } = require('./helpers/threads.js');

// `SHARED_SYNC_CYCLES=100 npx ava __test__/readers-deadlock.test.js` for a long run.
const CYCLES = Number(process.env.SHARED_SYNC_CYCLES ?? 20);

// Longer than a report takes (100 ms at most on an idle machine), on a busy machine too.
const LIMIT = 5_000;

// `SHARED_SYNC_SECONDS=600 npx ava __test__/readers-deadlock.test.js --match='64*'` for a long run.
const SECONDS = Number(process.env.SHARED_SYNC_SECONDS ?? 5);

/**
 * Waits until this many threads are blocked at the lock in cell 0.
 *
 * @param {number} count
 */
async function untilQueued(count) {
  const queued = () => inspect().filter(({ waitsFor }) => waitsFor === 'RwLock in cell 0');
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(2)) {
    if (queued().length === count) return;
  }
  throw new Error(`not ${count} queued, but ${JSON.stringify(inspect())}`);
}

test(`${CYCLES} deadlocks of two readers and two writers throw, each in one thread`, async (t) => {
  t.timeout(60_000 + CYCLES * LIMIT);
  const view = cells(64);
  const workers = await inWorkers(
    4,
    ({ view, id, CYCLES }, { Barrier, RwLock, threadId }) => {
      const QUEUED = 1 << 29;
      const [ra, rb] = [new RwLock(view, 0, { name: 'ra' }), new RwLock(view, 1, { name: 'rb' })];
      const [mine, other] = id % 2 ? [rb, ra] : [ra, rb];
      const gate = new Barrier(view, 32, 4);
      const told = [];
      // Each returns when it began to wait.
      const read = () => {
        while ((Number(Atomics.load(view, other === ra ? 0 : 1)) & QUEUED) === 0);
        const began = Date.now();
        other.read().release();
        return began;
      };
      const write = () => {
        const began = Date.now();
        mine.write().release();
        return began;
      };
      for (let round = 0; round < CYCLES; round++) {
        gate.wait();
        if (id < 2) mine.read();
        gate.wait();
        const began = Date.now();
        try {
          (id < 2 ? read : write)();
        } catch (/** @type {any} */ error) {
          const { code, message, cycle } = error;
          told.push({ round, id, threadId, code, message, cycle, ms: Date.now() - began });
        }
        if (id < 2) mine.unlockRead();
      }
      gate.wait();
      return { told, threadId, words: [view[0], view[1]] };
    },
    { view, CYCLES },
    { limit: 60_000 + CYCLES * LIMIT },
  );
  const all = workers.flatMap(({ told }) => told);
  for (let round = 0; round < CYCLES; round++) {
    const told = all.filter((each) => each.round === round);
    t.is(told.length, 1, `round ${round}: ${JSON.stringify(told)}`);
  }
  const [a, b, writesA, writesB] = workers.map(({ threadId }) => threadId);
  const ring = [
    { threadId: a, holds: 'RwLock "ra"', waitsFor: 'RwLock "rb"' },
    { threadId: writesB, waitsFor: 'RwLock "rb"' },
    { threadId: b, holds: 'RwLock "rb"', waitsFor: 'RwLock "ra"' },
    { threadId: writesA, waitsFor: 'RwLock "ra"' },
  ];
  const clauses = [
    `worker ${a} reads the RwLock "ra" and waits to read the RwLock "rb"`,
    `worker ${writesB} waits to write the RwLock "rb" and is queued before that thread`,
    `worker ${b} reads the RwLock "rb" and waits to read the RwLock "ra"`,
    `worker ${writesA} waits to write the RwLock "ra" and is queued before that thread`,
  ];
  for (const { threadId, code, message, cycle, ms } of all) {
    t.is(code, 'ERR_DEADLOCK', message);
    const first = ring.findIndex((link) => link.threadId === threadId);
    t.deepEqual(cycle, [...ring.slice(first), ...ring.slice(0, first)]);
    const words = [...clauses.slice(first), ...clauses.slice(0, first)].join(', ');
    t.true(message.includes(words), message);
    t.true(ms < LIMIT, `told after ${ms} ms`);
  }
  t.log(`told after at most ${Math.max(...all.map(({ ms }) => ms))} ms`);
  t.deepEqual(workers[0].words, [0, 0]);
});

test('a reader that was let in and serves a heap snapshot before it wakes is in no deadlock', async (t) => {
  const view = cells(16);
  const lock = new RwLock(view, 0);
  lock.write();
  // Owns the mutex, and waits to read. Its heap is so large that the snapshot takes long.
  const first = startWorker(
    ({ view }, { Latch, Mutex, RwLock, codeOf, ready }) => {
      const ballast = Array.from({ length: 60_000 }, (_, i) => ({ i, text: `text ${i}` }));
      const mutex = new Mutex(view, 1).lock();
      ready();
      const read = codeOf(() => new RwLock(view, 0).read().release());
      mutex.unlock();
      // Node.js crashes if a worker ends before its snapshot was read.
      new Latch(view, 3).await();
      return { read, length: ballast.length };
    },
    { view },
  );
  await first.ready;
  await untilQueued(1);
  const began = performance.now();
  const snapshot = first.worker.getHeapSnapshot().then(async (stream) => {
    const took = performance.now() - began;
    await once(stream.resume(), 'end');
    new Latch(view, 3).release();
    return took;
  });
  await sleep(50);
  // Lets the first reader in, which goes on with the snapshot.
  lock.unlockWrite();
  const other = startWorker(
    ({ view }, { Latch, Mutex, RwLock, codeOf, ready }) => {
      const guard = new RwLock(view, 0).read();
      new Latch(view, 2).release();
      ready();
      const locked = codeOf(() => new Mutex(view, 1).lock().unlock());
      guard.release();
      return locked;
    },
    { view },
  );
  await other.ready;
  t.true(new Latch(view, 2).released);
  const writer = startWorker(
    ({ view }, { RwLock, codeOf, ready }) => {
      ready();
      return codeOf(() => new RwLock(view, 0).write().release());
    },
    { view },
  );
  await writer.ready;
  const took = await snapshot;
  t.log(`the snapshot took ${took.toFixed(0)} ms`);
  t.deepEqual(await first.done, { read: { returned: undefined }, length: 60_000 });
  t.deepEqual(await other.done, { returned: undefined });
  t.deepEqual(await writer.done, { returned: undefined });
});

test('a reader behind a writer with a time limit and before one without is in no deadlock', async (t) => {
  const view = cells(16);
  const write = (/** @type {any} */ { view, ms }, /** @type {any} */ { RwLock, codeOf, ready }) => {
    ready();
    const lock = new RwLock(view, 0);
    return codeOf(() => Boolean(lock.tryWrite(ms) && !lock.unlockWrite()));
  };
  // Reads, and waits for the owner of the mutex as soon as it may.
  const reads = startWorker(
    ({ view }, { Latch, Mutex, RwLock, codeOf, ready }) => {
      const guard = new RwLock(view, 0).read();
      ready();
      new Latch(view, 2).await();
      const locked = codeOf(() => new Mutex(view, 1).lock().unlock());
      guard.release();
      return locked;
    },
    { view },
  );
  await reads.ready;
  const limited = startWorker(write, { view, ms: 1_500 });
  await untilQueued(1);
  const owns = startWorker(
    ({ view }, { Mutex, RwLock, codeOf, ready }) => {
      const mutex = new Mutex(view, 1).lock();
      ready();
      const read = codeOf(() => new RwLock(view, 0).read().release());
      mutex.unlock();
      return read;
    },
    { view },
  );
  await untilQueued(2);
  const unlimited = startWorker(write, { view, ms: Infinity });
  await untilQueued(3);
  new Latch(view, 2).release();
  t.deepEqual(await limited.done, { returned: false });
  t.deepEqual(await reads.done, { returned: undefined });
  t.deepEqual(await owns.done, { returned: undefined });
  t.deepEqual(await unlimited.done, { returned: true });
});

test('a writer that waits for the guard of a reader that waits for it throws, or the reader does', async (t) => {
  const view = cells(16);
  const writer = startWorker(
    ({ view }, { Latch, Mutex, RwLock, codeOf, ready }) => {
      const mutex = new Mutex(view, 1).lock();
      ready();
      new Latch(view, 2).await();
      const written = codeOf(() => new RwLock(view, 0).write().release());
      mutex.unlock();
      return written;
    },
    { view },
  );
  await writer.ready;
  const reader = startWorker(
    async ({ view }, { Latch, Mutex, RwLock, codeOf }) => {
      const guard = await new RwLock(view, 0).readAsync();
      new Latch(view, 2).release();
      const locked = codeOf(() => new Mutex(view, 1).lock().unlock());
      guard.release();
      return locked;
    },
    { view },
  );
  const answers = [await writer.done, await reader.done];
  const codes = answers.map((answer) => (typeof answer === 'string' ? answer : 'acquired'));
  t.deepEqual(codes.sort(), ['ERR_DEADLOCK', 'acquired'], JSON.stringify(answers));
});

test('the error of a worker that died of a deadlock is read in what the main thread throws', async (t) => {
  const view = cells(16);
  const held = new Mutex(view, 1, { name: 'held' });
  const worker = startWorker(
    ({ view }, { Mutex, ready }) => {
      new Mutex(view, 0, { name: 'jobs' }).lock();
      new Mutex(view, 1, { name: 'held' }).lock();
      ready();
      // Locked twice: the worker dies of the error, and leaves both mutexes locked.
      new Mutex(view, 0, { name: 'jobs' }).lock();
    },
    { view },
  );
  const { threadId } = worker.worker;
  await t.throwsAsync(worker.done, { code: 'ERR_DEADLOCK' });
  await worker.exited;
  const error = t.throws(() => held.lock(), { code: 'ERR_ABANDONED' });
  t.regex(
    error?.message ?? '',
    new RegExp(
      `^The Mutex "held" was held by worker ${threadId} when .* The last error that this package threw in ` +
        `worker ${threadId}, [0-9.]+ m?s before it ended: ERR_DEADLOCK: This thread holds the Mutex "jobs" already`,
    ),
  );
  // A worker that ends without any error leaves nothing to say.
  const silent = startWorker(({ view }, { Mutex }) => void new Mutex(view, 2).lock(), { view });
  await silent.done;
  await silent.exited;
  t.notRegex(t.throws(() => new Mutex(view, 2).lock())?.message ?? '', /last error/);
});

test(`64 threads that read and write in one order for ${SECONDS} s, and serve heap snapshots, are in no deadlock`, async (t) => {
  t.timeout((SECONDS + 120) * 1_000);
  const [LOCKS, DONE, ENDS] = [6, 40, 44];
  const view = cells(64);
  const threads = Array.from({ length: 64 }, (_, seed) =>
    startWorker(
      ({ view, seed, LOCKS, DONE, ENDS, ms }, { Latch, Mutex, RwLock, ready, stall }) => {
        ready();
        const locks = Array.from({ length: LOCKS }, (_, i) =>
          i % 3 === 2 ? new Mutex(view, i) : new RwLock(view, i),
        );
        let state = seed * 2_654_435_761 + 1;
        const random = (/** @type {number} */ below) => {
          state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
          return Math.floor((state / 2 ** 32) * below);
        };
        const counts = { rounds: 0, acquired: 0 };
        for (const end = Date.now() + ms; Date.now() < end; counts.rounds++) {
          // Some of the locks, each after those before it.
          const releases = [];
          for (const lock of locks) {
            if (random(2)) continue;
            if (lock instanceof Mutex) {
              lock.lock();
              releases.push(() => lock.unlock());
            } else if (random(4) === 0) {
              if (random(2)) lock.write();
              else if (!lock.tryWrite(random(20))) continue;
              releases.push(() => lock.unlockWrite());
            } else {
              lock.read();
              releases.push(() => lock.unlockRead());
            }
            counts.acquired++;
            if (random(40) === 0) stall(random(30));
          }
          for (const release of releases.reverse()) release();
        }
        // Node.js crashes if a worker ends before its snapshot was read.
        new Latch(view, DONE, 64).countDown();
        new Latch(view, ENDS).await();
        return counts;
      },
      { view, seed, LOCKS, DONE, ENDS, ms: SECONDS * 1_000 },
      { limit: (SECONDS + 100) * 1_000 },
    ),
  );
  const done = new Latch(view, DONE, 64);
  let snapshots = 0;
  const failed = Promise.race(threads.map((thread) => thread.done));
  for (; !done.released; snapshots++) {
    const { worker, ready } = threads[(snapshots * 7) % 64];
    await ready; // a worker that has not begun gives no snapshot
    const drained = worker.getHeapSnapshot().then((stream) => once(stream.resume(), 'end'));
    // A worker that throws ends the test.
    await Promise.race([drained, failed]);
    await Promise.race([sleep(20), failed]);
  }
  new Latch(view, ENDS).release();
  const counts = await Promise.all(threads.map((thread) => thread.done));
  const sum = (/** @type {'rounds' | 'acquired'} */ what) =>
    counts.reduce((sum, count) => sum + count[what], 0);
  t.log(
    `${sum('acquired')} locks acquired in ${sum('rounds')} rounds, ${snapshots} heap snapshots`,
  );
  t.true(sum('rounds') > 64);
});
