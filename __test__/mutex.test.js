// @ts-check
'use strict';

const test = require('ava').default;
const { threadId } = require('node:worker_threads');
const { Latch, Mutex } = require('../index.js');
const { syncError } = require('./helpers/errors.js');
const { cells } = require('./helpers/cells.js');
const { startWorker, inWorkers, sleep } = require('./helpers/threads.js');

test('8 workers incrementing a plain cell 100,000 times each lose no increment', async (t) => {
  const view = cells();
  await inWorkers(
    8,
    ({ view }, { Mutex }) => {
      const mutex = new Mutex(view, 0);
      for (let i = 0; i < 100_000; i++) {
        mutex.lock();
        view[1]++;
        mutex.unlock();
      }
    },
    { view },
    { limit: 60_000 },
  );
  t.is(view[1], 800_000);
  t.false(new Mutex(view, 0).locked);
});

test('lock, tryLock with and without a limit, and the main thread exclude each other', async (t) => {
  const view = cells();
  const workers = inWorkers(
    3,
    ({ view, id }, { Mutex }) => {
      const mutex = new Mutex(view, 0);
      const take = [
        () => mutex.lock(),
        () => {
          while (!mutex.tryLock());
        },
        () => {
          while (!mutex.tryLock(1));
        },
      ][id];
      for (let i = 0; i < 20_000; i++) {
        take();
        const before = view[1];
        view[2] = id;
        view[1] = before + 1;
        if (view[2] !== id) throw new Error('another thread was inside');
        mutex.unlock();
      }
    },
    { view },
  );
  const mutex = new Mutex(view, 0);
  let mine = 0;
  for (let i = 0; i < 200; i++) {
    await sleep(0);
    if (!mutex.tryLock(10_000)) throw new Error('the main thread never got the lock');
    view[1]++;
    view[2] = -1;
    mine++;
    mutex.unlock();
  }
  await workers;
  t.is(view[1], 60_000 + mine);
});

test('several mutexes in neighbouring cells do not disturb each other', async (t) => {
  const view = cells(16);
  await inWorkers(
    4,
    ({ view, id }, { Mutex }) => {
      for (let i = 0; i < 20_000; i++) {
        const index = (id + i) % 8;
        const mutex = new Mutex(view, index);
        mutex.lock();
        view[8 + index]++;
        mutex.unlock();
      }
    },
    { view },
  );
  t.deepEqual([...view.subarray(0, 8)], Array(8).fill(0));
  t.deepEqual([...view.subarray(8)], Array(8).fill(10_000));
});

test('lock returns the mutex, and locked and ownerThreadId follow it', (t) => {
  const mutex = new Mutex(cells());
  t.false(mutex.locked);
  t.is(mutex.ownerThreadId, null);
  t.is(mutex.lock(), mutex);
  t.true(mutex.locked);
  t.is(mutex.ownerThreadId, threadId);
  t.is(mutex.unlock(), undefined);
  t.false(mutex.locked);
  t.is(mutex.ownerThreadId, null);
});

test('ownerThreadId is the owner seen from every thread, and tryLock is refused there', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const owner = startWorker(
    ({ view }, { Mutex, Latch, ready }) => {
      const mutex = new Mutex(view, 0).lock();
      ready();
      new Latch(view, 1).await();
      mutex.unlock();
    },
    { view },
  );
  await owner.ready;
  t.is(mutex.ownerThreadId, owner.worker.threadId);
  t.true(mutex.locked);
  t.false(mutex.tryLock());
  t.false(mutex.tryLock(0));
  t.false(mutex.tryLock(5));
  const [seen] = await inWorkers(
    1,
    ({ view }, { Mutex }) => {
      const mutex = new Mutex(view, 0);
      return [mutex.ownerThreadId, mutex.locked, mutex.tryLock()];
    },
    { view },
  );
  t.deepEqual(seen, [owner.worker.threadId, true, false]);
  new Latch(view, 1).release();
  await owner.done;
  t.is(mutex.ownerThreadId, null);
  t.true(mutex.tryLock());
  mutex.unlock();
});

test('every object on the same cell is the same mutex, whatever view it was made from', (t) => {
  const buffer = new SharedArrayBuffer(16);
  const same = [
    new Mutex(buffer, 2),
    new Mutex(new Int32Array(buffer), 2),
    new Mutex(new Int32Array(buffer, 8), 0),
    new Mutex(new Int32Array(buffer, 4, 2), 1),
  ];
  const other = new Mutex(buffer, 1);
  same[0].lock();
  for (const mutex of same) t.is(mutex.ownerThreadId, threadId);
  t.false(other.locked);
  same[3].unlock();
  for (const mutex of same) t.false(mutex.locked);
});

test('locking twice in one thread throws at once, and the thread keeps the lock', (t) => {
  const mutex = new Mutex(cells()).lock();
  for (const again of [
    () => mutex.lock(),
    () => mutex.tryLock(60_000),
    () => mutex.tryLock(Infinity),
  ]) {
    const start = performance.now();
    t.throws(again, { ...syncError('ERR_DEADLOCK'), name: 'SyncError' });
    t.true(performance.now() - start < 1_000);
    t.is(mutex.ownerThreadId, threadId);
  }
  t.false(mutex.tryLock(), 'without waiting there is nothing to hang');
  mutex.unlock();
  t.false(mutex.locked);
});

test('unlocking what is free or belongs to another thread is an error that changes nothing', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const notOwner = { ...syncError('ERR_NOT_OWNER'), name: 'SyncError' };
  t.throws(() => mutex.unlock(), notOwner);
  t.false(mutex.locked);
  mutex.lock();
  const [code] = await inWorkers(
    1,
    ({ view }, { Mutex, codeOf }) => codeOf(() => new Mutex(view, 0).unlock()),
    { view },
  );
  t.is(code, 'ERR_NOT_OWNER');
  t.is(mutex.ownerThreadId, threadId);
  mutex.unlock();
  t.throws(() => mutex.unlock(), notOwner);
});

test('tryLock waits for its time limit and never less', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0).lock();
  const [waited] = await inWorkers(
    1,
    ({ view }, { Mutex }) => {
      const mutex = new Mutex(view, 0);
      return [0.2, 1, 1.5, 2, 5, 10, 33, 100].map((ms) => {
        const start = process.hrtime.bigint();
        const got = mutex.tryLock(ms);
        return { ms, got, elapsed: Number(process.hrtime.bigint() - start) / 1e6 };
      });
    },
    { view },
  );
  for (const { ms, got, elapsed } of waited) {
    t.false(got);
    t.true(elapsed >= ms, `asked for ${ms} ms, gave up after ${elapsed} ms`);
    t.true(elapsed < ms + 1_000, `asked for ${ms} ms, gave up after ${elapsed} ms`);
  }
  mutex.unlock();
});

test('tryLock acquires a mutex that is unlocked long before its time limit', async (t) => {
  for (const limit of [10_000, Infinity, Number.MAX_VALUE, 2 ** 32, 2 ** 53]) {
    const view = cells();
    const mutex = new Mutex(view, 0).lock();
    const waiter = startWorker(
      ({ view, limit }, { Mutex, ready, threadId }) => {
        const mutex = new Mutex(view, 0);
        ready();
        const got = mutex.tryLock(limit);
        const mine = mutex.ownerThreadId === threadId;
        mutex.unlock();
        return { got, mine };
      },
      { view, limit },
      { limit: 30_000 },
    );
    await waiter.blocked();
    mutex.unlock();
    t.deepEqual(await waiter.done, { got: true, mine: true }, `tryLock(${limit})`);
  }
});

test('sleeping threads acquire the lock in the order in which they arrived', async (t) => {
  const view = cells(16);
  const mutex = new Mutex(view, 0).lock();
  const waiters = [];
  for (let id = 0; id < 5; id++) {
    const waiter = startWorker(
      ({ view, id }, { Mutex, Latch, ready }) => {
        const mutex = new Mutex(view, 0);
        const allDone = new Latch(view, 8);
        ready();
        mutex.lock();
        view[2 + view[1]++] = id;
        if (view[1] === 5) allDone.release();
        mutex.unlock();
        allDone.await(); // a thread that ends makes sleepers look, and one of them might be quicker
      },
      { view, id },
    );
    await waiter.blocked();
    waiters.push(waiter);
  }
  t.is(view[1], 0);
  mutex.unlock();
  await Promise.all(waiters.map(({ done }) => done));
  t.deepEqual([...view.subarray(2, 7)], [0, 1, 2, 3, 4]);
});

test('threads that lock in a tight loop do not starve a thread that locks now and then', async (t) => {
  const view = cells();
  const greedy = [0, 1].map(() =>
    startWorker(
      ({ view }, { Mutex }) => {
        const mutex = new Mutex(view, 0);
        let rounds = 0;
        while (!Atomics.load(view, 1)) {
          mutex.lock();
          for (let i = 0; i < 200; i++) view[2]++;
          mutex.unlock();
          rounds++;
        }
        return rounds;
      },
      { view },
      { limit: 60_000 },
    ),
  );
  const [waits] = await inWorkers(
    1,
    ({ view }, { Mutex, stall }) => {
      const mutex = new Mutex(view, 0);
      const waits = [];
      for (let i = 0; i < 40; i++) {
        stall(5);
        const start = performance.now();
        mutex.lock();
        waits.push(performance.now() - start);
        mutex.unlock();
      }
      return waits;
    },
    { view },
    { limit: 40_000 },
  );
  Atomics.store(view, 1, 1);
  const rounds = await Promise.all(greedy.map(({ done }) => done));
  t.true(Math.max(...waits) < 2_000, `longest wait ${Math.max(...waits)} ms`);
  for (const each of rounds) t.true(each > 0);
});

test('dispose unlocks what this thread owns, and otherwise does nothing', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  mutex.lock()[Symbol.dispose]();
  t.false(mutex.locked);
  t.notThrows(() => mutex[Symbol.dispose]());
  mutex.lock();
  await inWorkers(1, ({ view }, { Mutex }) => new Mutex(view, 0)[Symbol.dispose](), { view });
  t.is(mutex.ownerThreadId, threadId);
  mutex.unlock();
});

test('ERR_ABANDONED is thrown to present and later waiters after a worker ends holding the mutex', async (t) => {
  const view = cells();
  const holder = startWorker(
    async ({ view }, { Mutex, ready, sleep }) => {
      new Mutex(view, 0).lock();
      ready();
      await sleep(60_000);
    },
    { view },
  );
  await holder.ready;
  const dead = holder.worker.threadId;
  const waiter = startWorker(
    ({ view }, { Mutex, ready, errorOf, threadId }) => {
      const mutex = new Mutex(view, 0);
      ready();
      const error = errorOf(() => mutex.lock());
      return { error, mine: mutex.ownerThreadId === threadId };
    },
    { view },
    { limit: 30_000 },
  );
  await waiter.blocked();
  await holder.worker.terminate();
  const { error, mine } = await waiter.done;
  t.is(error?.code, 'ERR_ABANDONED');
  t.regex(error.message, new RegExp(`\\b${dead}\\b`), 'it names the worker');
  t.false(mine);
  const mutex = new Mutex(view, 0);
  t.is(mutex.ownerThreadId, dead);
  t.true(mutex.locked);
  for (const later of [() => mutex.lock(), () => mutex.tryLock(), () => mutex.tryLock(20)]) {
    t.throws(later, syncError('ERR_ABANDONED'));
  }
});
