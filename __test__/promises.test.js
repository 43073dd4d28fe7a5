// @ts-check
'use strict';

const test = require('ava').default;
const { getEventListeners } = require('node:events');
const { threadId } = require('node:worker_threads');
const { Barrier, Condition, Latch, Mutex, RwLock } = require('../index.js');
const { syncError } = require('./helpers/errors.js');
const { cells } = require('./helpers/cells.js');
const { runChild } = require('./helpers/child.js');
const { startWorker, inWorkers, sleep } = require('./helpers/threads.js');

const ref = true;
/** A DOMException, which ava does not take for an error. */
const abort = { name: 'AbortError', any: /** @type {const} */ (true) };

/** How many times the mixed waiters lock in all. */
const ACQUISITIONS = Number(process.env.SHARED_SYNC_ACQUISITIONS ?? 20_000);

test('promises of one thread acquire the lock in the order in which they began', async (t) => {
  const mutex = new Mutex(cells());
  /** @type {number[]} */
  const order = [];
  await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      const guard = await mutex.lockAsync({ ref });
      order.push(i);
      if (i % 10 === 0) await sleep(1);
      guard.release();
    }),
  );
  t.deepEqual(order, Array.from(order.keys()));
});

/** The order in which three threads and three promises, which began to wait in turns, acquire a mutex. */
async function orderOfThreadsAndPromises() {
  const view = cells(16);
  const mutex = new Mutex(view, 0);
  const guard = await mutex.lockAsync();
  const allDone = new Latch(view, 1);
  const tasks = [];
  for (let i = 0; i < 6; i++) {
    if (i % 2 === 0) {
      const blocked = startWorker(
        ({ view, i }, { Mutex, Latch, ready }) => {
          ready();
          const mutex = new Mutex(view, 0);
          mutex.lock();
          view[3 + view[2]++] = i;
          mutex.unlock();
          new Latch(view, 1).await();
        },
        { view, i },
      );
      await blocked.blocked();
      tasks.push(blocked.done);
    } else {
      const task = async () => {
        const guard = await mutex.lockAsync({ ref });
        view[3 + view[2]++] = i;
        guard.release();
      };
      tasks.push(task());
    }
  }
  guard.release();
  while (Atomics.load(view, 2) < 6) await sleep(1);
  allDone.release();
  await Promise.all(tasks);
  return [...view.subarray(3, 9)];
}

test('threads and promises wait in one queue', async (t) => {
  const expected = [0, 1, 2, 3, 4, 5];
  let order = await orderOfThreadsAndPromises();
  // Where a blocked thread looks again at intervals, it may find the mutex free, and lock it, before the event loop of the
  // promise that was woken turns.
  for (let i = 0; i < 4 && process.platform !== 'linux' && `${order}` !== `${expected}`; i++) {
    order = await orderOfThreadsAndPromises();
  }
  t.deepEqual(order, expected);
});

test('the event loop turns while promises are pending', async (t) => {
  const view = cells();
  const ended = startWorker(
    ({ view }, { Mutex, ready, stall }) => {
      const mutex = new Mutex(view, 0).lock();
      ready();
      stall(300);
      mutex.unlock();
    },
    { view },
  );
  await ended.ready;
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  const guards = await Promise.all(
    Array.from({ length: 50 }, () =>
      new Mutex(view, 0).lockAsync({ ref }).then((guard) => guard.release()),
    ),
  );
  clearInterval(timer);
  t.is(guards.length, 50);
  t.true(ticks >= 10, `${ticks} ticks`);
  await ended.done;
});

test('a predicate is called with the mutex held, and its last answer is the result', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const condition = new Condition(view, 1);
  const guard = await mutex.lockAsync();
  const answers = [0, '', null, 'found'];
  /** @type {boolean[]} */
  const asked = [];
  const waiting = condition.waitAsync(
    guard,
    () => {
      asked.push(guard.held || mutex.locked);
      return answers[asked.length - 1];
    },
    { ref },
  );
  for (let i = 0; i < 3; i++) {
    t.false(guard.held, 'it waits with it');
    t.throws(() => guard.release(), { code: 'ERR_NOT_OWNER' });
    await mutex.runExclusiveAsync(() => {}, { ref });
    t.is(condition.notify(), 1);
    await sleep(5);
  }
  t.is(await waiting, 'found');
  t.true(guard.held);
  t.deepEqual(asked, [true, true, true, true]);
  t.is(await condition.waitAsync(guard, () => 0, { timeout: 5, ref }), 0);
  t.is(await condition.waitAsync(guard, () => 1, { timeout: 0 }), 1);
  t.true(guard.held);

  const error = new Error('mine');
  const fails = condition.waitAsync(guard, () => {
    throw error;
  });
  t.is(await t.throwsAsync(fails), error);
  t.true(guard.held);
  const asynchronous = /** @type {any} */ (async () => true);
  await t.throwsAsync(condition.waitAsync(guard, asynchronous), { code: 'ERR_INVALID_ARG_TYPE' });
  t.true(guard.held);
  await t.throwsAsync(
    condition.waitAsync(guard, () => false, { signal: AbortSignal.abort() }),
    abort,
  );
  t.true(guard.held, 'nothing has happened');
  guard.release();
});

test('an abort while the predicate runs is not missed', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const condition = new Condition(view, 1);
  const guard = await mutex.lockAsync();
  const controller = new AbortController();
  let asked = 0;
  const waiting = condition.waitAsync(
    guard,
    () => {
      if (++asked === 2) controller.abort();
      return false;
    },
    { signal: controller.signal, timeout: 20_000, ref },
  );
  condition.notify();
  await t.throwsAsync(waiting, abort);
  t.is(asked, 2);
  t.false(guard.held);
  t.false(mutex.locked);
});

test('a notification of an aborted promise passes to the next waiter', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const condition = new Condition(view, 1);
  for (let round = 0; round < 50; round++) {
    const controller = new AbortController();
    const first = await mutex.lockAsync();
    const aborted = condition.waitAsync(first, undefined, { signal: controller.signal, ref });
    const second = await mutex.lockAsync({ ref });
    const other = condition.waitAsync(second, undefined, { timeout: 10_000, ref });
    t.is(condition.notify(), 1);
    controller.abort();
    await t.throwsAsync(aborted, abort);
    t.true(await other);
    second.release();
  }
});

test('a lock handed off to an aborted promise passes to the next waiter', async (t) => {
  const mutex = new Mutex(cells());
  for (let round = 0; round < 200; round++) {
    const guard = await mutex.lockAsync({ ref });
    const controller = new AbortController();
    const aborted = mutex.lockAsync({ signal: controller.signal, ref });
    const other = mutex.lockAsync({ timeout: 10_000, ref });
    if (round % 20 === 0) await sleep(5); // long enough to be handed the lock directly
    guard.release();
    controller.abort();
    await t.throwsAsync(aborted, abort);
    (await other).release();
  }
  t.false(mutex.locked);
});

test('a mutex whose guard belonged to an ended worker is abandoned, and recoverAsync recovers it', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const holder = startWorker(
    async ({ view }, { Mutex, ready, sleep }) => {
      await new Mutex(view, 0).lockAsync();
      ready();
      await sleep(60_000);
    },
    { view },
  );
  await holder.ready;
  const dead = holder.worker.threadId;
  const told = [mutex.lockAsync({ ref }), mutex.lockAsync({ ref, timeout: 20_000 })];
  await sleep(5);
  await holder.worker.terminate();
  const abandoned = syncError('ERR_ABANDONED');
  for (const promise of told) {
    const error = /** @type {any} */ (await t.throwsAsync(promise, abandoned));
    t.is(error.ownerThreadId, dead);
  }
  await t.throwsAsync(mutex.lockAsync(), abandoned);
  t.throws(() => mutex.lock(), abandoned);
  const guard = await mutex.recoverAsync();
  t.true(guard.recovered);
  t.true(guard.held);
  guard.release();
  const again = await mutex.recoverAsync();
  t.false(again.recovered);
  again.release();
});

test('promises of a worker that ends pass on what they were granted', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  for (let round = 0; round < 10; round++) {
    const guard = await mutex.lockAsync({ ref });
    Atomics.store(view, 1, 0);
    const waiter = startWorker(
      ({ view }, { Mutex, ready }) => {
        for (let i = 0; i < 5; i++) new Mutex(view, 0).lockAsync();
        ready();
        // If the promise were granted the lock now, it could not use it: its event loop does not turn.
        for (;;) if (Number(Atomics.load(view, 1)) === 2) return;
      },
      { view },
    );
    await waiter.ready;
    const next = mutex.lockAsync({ ref, timeout: 20_000 });
    if (round % 2 === 0) await sleep(10);
    guard.release();
    await waiter.worker.terminate();
    // If the lock was handed off, the worker owned it when it ended, and its promises had to pass it on.
    (await next).release();
  }
  t.false(mutex.locked);
});

test('promises of a thread that is blocked are passed over', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const guard = await mutex.lockAsync();
  const blocked = startWorker(
    async ({ view }, { Mutex, Latch, ready }) => {
      const mine = new Mutex(view, 0).lockAsync();
      ready();
      new Latch(view, 1).await();
      (await mine).release();
      return 'its turn';
    },
    { view },
  );
  await blocked.blocked();
  const mine = mutex.lockAsync({ ref, timeout: 10_000 });
  guard.release();
  (await mine).release();
  new Latch(view, 1).release();
  t.is(await blocked.done, 'its turn');
});

// What a promise was granted just before its thread blocked still has to be passed on.
test('a promise that was woken just before its thread blocks leaves no other waiter asleep', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const guard = await mutex.lockAsync();
  const blocked = startWorker(
    async ({ view }, { Mutex, Latch, ready }) => {
      const mine = new Mutex(view, 0).lockAsync();
      ready();
      while (!Atomics.load(view, 2));
      new Latch(view, 1).await();
      (await mine).release();
    },
    { view },
  );
  await blocked.ready;
  const mine = mutex.lockAsync({ ref });
  guard.release();
  Atomics.store(view, 2, 1);
  const got = await Promise.race([mine, sleep(2_000)]);
  new Latch(view, 1).release();
  (await mine).release();
  await blocked.done;
  t.truthy(got);
});

test('a lock handed off to a promise that has not run yet does not make its thread throw ERR_DEADLOCK', async (t) => {
  const lock = new RwLock(new SharedArrayBuffer(4));
  for (const form of /** @type {const} */ (['write', 'read', 'recover'])) {
    lock.write();
    const promised = lock.writeAsync({ ref });
    lock.unlockWrite(); // hands it to the promise, whose turn has not come
    lock[form]();
    if (form === 'read') lock.unlockRead();
    else lock.unlockWrite();
    const guard = await promised;
    t.true(guard.held);
    t.throws(() => lock.write(), { code: 'ERR_DEADLOCK' });
    guard.release();
  }
});

test('an abort after the round is complete is too late: the barrier is passed, not broken', async (t) => {
  const barrier = new Barrier(cells(), 0, 2);
  const controller = new AbortController();
  const passed = barrier.waitAsync({ signal: controller.signal, ref });
  t.is(barrier.wait(), 0);
  controller.abort();
  t.is(await passed, 1);
  t.false(barrier.broken);
  t.is(getEventListeners(controller.signal, 'abort').length, 0);
});

test('a time limit that passes while a notified promise acquires the mutex again has no effect', async (t) => {
  const view = cells();
  const [mutex, condition] = [new Mutex(view, 0), new Condition(view, 1)];
  const guard = await mutex.lockAsync({ ref });
  const notified = condition.waitAsync(guard, undefined, { timeout: 50, ref });
  mutex.lock();
  condition.notify();
  mutex.unlock(); // wakes the promise, which comes too late
  mutex.lock();
  t.is(await Promise.race([notified, sleep(150)]), undefined, 'the thread itself owns the mutex');
  t.false(guard.held);
  mutex.unlock();
  t.true(await notified);
  t.is(mutex.ownerThreadId, threadId);
  guard.release();
  t.false(mutex.locked);
});

test('a promise that its own thread grants runs before the main thread ends', async (t) => {
  const ended = await runChild(async (_, { Mutex, Condition, Barrier, Latch }) => {
    const view = new Int32Array(new SharedArrayBuffer(16));
    const told = (/** @type {string} */ what) => () => process.stdout.write(`${what} `);
    const mutex = new Mutex(view, 0);
    const guard = await mutex.lockAsync();
    mutex.runExclusiveAsync(told('mutex')).then(() => {
      const latch = new Latch(view, 3);
      latch
        .awaitAsync()
        .then(told('latch'))
        .then(() => {
          const barrier = new Barrier(view, 2, 2);
          barrier
            .waitAsync()
            .then(told('barrier'))
            .then(async () => {
              const guard = await mutex.lockAsync();
              const condition = new Condition(view, 1);
              condition
                .waitAsync(guard)
                .then(told('condition'))
                .then(() => guard.release());
              condition.notify();
            });
          setTimeout(() => barrier.wait(), 5);
        });
      setTimeout(() => latch.release(), 5);
    });
    setTimeout(() => guard.release(), 5);
  });
  t.is(ended.code, 0, ended.stderr);
  t.is(ended.stdout, 'mutex latch barrier condition ');
});

test('environments end with hundreds of promises pending, one after the other', async (t) => {
  const ended = await runChild(
    async (_, { Mutex, Barrier, startWorker, sleep }) => {
      const view = new Int32Array(new SharedArrayBuffer(64));
      const mutex = new Mutex(view, 0);
      for (let round = 0; round < 50; round++) {
        const guard = await mutex.lockAsync();
        new Barrier(view, 3, 1000).reset(); // the end of the last environment broke it
        const { worker, ready } = startWorker(
          async ({ view, round }, { Mutex, Condition, Barrier, Latch, ready }) => {
            const own = new Mutex(new SharedArrayBuffer(4));
            for (let i = 0; i < 100; i++) {
              new Mutex(view, 0).lockAsync();
              new Latch(view, 2).awaitAsync({ timeout: 60_000 });
              new Barrier(view, 3, 1000).waitAsync({ signal: new AbortController().signal });
            }
            const guard = await own.lockAsync();
            new Condition(view, 1).waitAsync(guard);
            ready();
            if (round % 3 === 0) process.exit();
            if (round % 3 === 1) {
              setImmediate(() => {
                throw new Error('planned');
              });
            }
          },
          { view, round },
        );
        if (round % 3 === 2) await ready;
        if (round % 6 === 2) guard.release();
        await (round % 3 === 2
          ? worker.terminate()
          : new Promise((resolve) => worker.once('exit', resolve)));
        if (round % 6 !== 2) guard.release();
        // A worker whose event loop turned may have been granted the lock and have ended with the guard.
        (await mutex.recoverAsync({ ref: true })).release();
        await sleep(0);
      }
      return mutex.locked;
    },
    {},
    { limit: 90_000 },
  );
  t.is(ended.code, 0, `${ended.signal} ${ended.stderr}`);
  t.is(ended.value, false);
});

test(`mixed waiters: threads and promises lock ${ACQUISITIONS} times, with aborts and time limits`, async (t) => {
  // Cell 0 the mutex, 1 the count under it, 2 how many acquisitions are left to take.
  const view = cells(16);
  Atomics.store(view, 2, ACQUISITIONS);
  const limit = 60_000 + ACQUISITIONS * 3;
  const tasks = async (
    /** @type {{ view: Int32Array, promises: number }} */ { view, promises },
    /** @type {any} */ { Mutex },
  ) => {
    const mutex = new Mutex(view, 0);
    let acquired = 0;
    const task = async () => {
      while (Atomics.load(view, 2) > 0) {
        const dice = Math.random();
        const controller = new AbortController();
        if (dice < 0.1) setTimeout(() => controller.abort(), Math.random() * 3);
        const timeout = dice > 0.8 ? Math.random() * 3 : Infinity;
        let guard;
        try {
          guard = await mutex.lockAsync({ timeout, signal: controller.signal, ref: true });
        } catch (error) {
          const { name, code } = /** @type {any} */ (error);
          if (code !== 'ERR_TIMEOUT' && name !== 'AbortError') throw error;
          continue;
        }
        view[1]++;
        if (dice > 0.4 && dice < 0.42) await new Promise((resolve) => setImmediate(resolve));
        guard.release();
        acquired++;
        Atomics.sub(view, 2, 1);
      }
    };
    await Promise.all(Array.from({ length: promises }, task));
    return acquired;
  };
  const counts = await Promise.all([
    inWorkers(
      4,
      ({ view }, { Mutex }) => {
        const mutex = new Mutex(view, 0);
        let acquired = 0;
        while (Atomics.load(view, 2) > 0) {
          if (Math.random() < 0.2) {
            if (!mutex.tryLock(Math.random() * 3)) continue;
          } else {
            mutex.lock();
          }
          view[1]++;
          mutex.unlock();
          acquired++;
          Atomics.sub(view, 2, 1);
          if (Math.random() < 0.05) Atomics.wait(view, 15, 0, Math.random() * 2);
        }
        return acquired;
      },
      { view },
      { limit },
    ),
    inWorkers(2, tasks, { view, promises: 33 }, { limit }),
    tasks({ view, promises: 34 }, { Mutex }),
  ]);
  const [blocked, inOthers, here] = counts;
  const sum = [...blocked, ...inOthers, here].reduce((a, b) => a + b, 0);
  t.is(view[1], sum);
  t.is(sum, ACQUISITIONS - view[2]);
  t.false(new Mutex(view, 0).locked);
  // Workers that start late on a busy machine may find nothing left.
  t.true(here > 0);
});
