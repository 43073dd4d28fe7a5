// @ts-check
'use strict';

const test = require('ava').default;
const { threadId } = require('node:worker_threads');
const { Barrier, Condition, Latch, Mutex, RwLock, Semaphore, inspect } = require('../index.js');
const { cells } = require('./helpers/cells.js');
const { startWorker, inWorkers, sleep } = require('./helpers/threads.js');

/**
 * Waits until this many threads are blocked, and returns what inspect() lists.
 *
 * @param {number} count
 */
async function whenBlocked(count) {
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(2)) {
    const blocked = inspect();
    if (blocked.length === count) return blocked;
  }
  throw new Error(`not ${count} blocked, but ${JSON.stringify(inspect())}`);
}

/**
 * Starts a worker that blocks in one call.
 *
 * @param {Int32Array} view
 * @param {Parameters<typeof startWorker>[0]} body
 */
async function startBlocked(view, body) {
  const started = startWorker(body, { view });
  await started.ready;
  return started;
}

test('nothing is listed while no thread is blocked', (t) => {
  t.deepEqual(inspect(), []);
});

test('each primitive is listed with its class, its name, its owner and since when', async (t) => {
  const view = cells();
  // A wait is listed by the name that the waiting thread gave, not by this one.
  const mutex = new Mutex(view, 0, { name: 'as the main thread calls it' }).lock();
  const latch = new Latch(view, 3);
  const before = Date.now();
  const workers = [
    await startBlocked(view, ({ view }, { Mutex, ready }) => {
      ready();
      new Mutex(view, 0, { name: 'jobs' }).lock().unlock();
    }),
    await startBlocked(view, ({ view }, { Mutex, Condition, ready }) => {
      const mutex = new Mutex(view, 4).lock();
      ready();
      new Condition(view, 1, { name: 'filled' }).wait(mutex);
      mutex.unlock();
    }),
    await startBlocked(view, ({ view }, { Barrier, ready }) => {
      ready();
      new Barrier(view, 2, 2, { name: 'phase' }).wait();
    }),
    await startBlocked(view, ({ view }, { Latch, ready }) => {
      ready();
      new Latch(view, 3, 1, { name: 'start' }).await();
    }),
  ];
  const blocked = await whenBlocked(4);
  const ids = workers.map(({ worker }) => worker.threadId);
  const [forMutex, forCondition, forBarrier, forLatch] = ids.map((id) => {
    const { since, waitedMs, ...rest } =
      blocked.find(({ threadId }) => threadId === id) ?? t.fail(`no ${id}`) ?? blocked[0];
    t.true(since instanceof Date);
    // The two clocks are read one after the other.
    t.true(since.getTime() >= before - 50 && since.getTime() <= Date.now(), String(since));
    t.true(waitedMs >= 0 && waitedMs <= Date.now() - before + 50, String(waitedMs));
    return rest;
  });
  t.deepEqual(forMutex, {
    threadId: ids[0],
    async: false,
    kind: 'Mutex',
    name: 'jobs',
    waitsFor: 'Mutex "jobs"',
    ownerThreadId: threadId,
  });
  t.deepEqual(forCondition, {
    threadId: ids[1],
    async: false,
    kind: 'Condition',
    name: 'filled',
    waitsFor: 'Condition "filled"',
  });
  t.deepEqual(forBarrier, {
    threadId: ids[2],
    async: false,
    kind: 'Barrier',
    name: 'phase',
    waitsFor: 'Barrier "phase"',
    arrivedThreadIds: [ids[2]],
  });
  t.deepEqual(forLatch, {
    threadId: ids[3],
    async: false,
    kind: 'Latch',
    name: 'start',
    waitsFor: 'Latch "start"',
  });

  await sleep(2_000);
  const later = inspect().find(({ threadId }) => threadId === ids[0]);
  t.true(later && later.waitedMs >= 2_000, 'the time goes on');
  const drift = Math.abs(
    Number(later?.since) - Number(blocked.find((each) => each.threadId === ids[0])?.since),
  );
  t.true(drift < 1_000, `the beginning does not, but for ${drift} ms`);

  mutex.unlock();
  new Condition(view, 1).notify();
  new Barrier(view, 2, 2).wait();
  latch.release();
  await Promise.all(workers.map(({ done }) => done));
  t.deepEqual(inspect(), []);
});

test('waits for permits, to read and to write are listed, with the writer', async (t) => {
  const view = cells();
  const semaphore = new Semaphore(view, 0, 0);
  const lock = new RwLock(view, 1);
  lock.write();
  const workers = [
    await startBlocked(view, ({ view }, { Semaphore, ready }) => {
      ready();
      new Semaphore(view, 0, 0, { name: 'slots' }).acquire();
    }),
    await startBlocked(view, ({ view }, { RwLock, ready }) => {
      ready();
      new RwLock(view, 1, { name: 'table' }).read().release();
    }),
    await startBlocked(view, ({ view }, { RwLock, ready }) => {
      ready();
      new RwLock(view, 1, { name: 'table' }).write().release();
    }),
  ];
  const listed = () =>
    workers.map(({ worker }) => {
      const wait = inspect().find((each) => each.threadId === worker.threadId);
      return [wait?.kind, wait?.name, wait?.waitsFor, wait?.ownerThreadId];
    });
  await whenBlocked(3);
  t.deepEqual(listed(), [
    ['Semaphore', 'slots', 'Semaphore "slots"', undefined],
    ['RwLock', 'table', 'RwLock "table"', threadId],
    ['RwLock', 'table', 'RwLock "table"', threadId],
  ]);
  const reading = lock.downgrade();
  await workers[1].done;
  t.deepEqual(listed()[2], ['RwLock', 'table', 'RwLock "table"', undefined], 'no thread writes');
  reading.release();
  semaphore.release();
  await Promise.all(workers.map(({ done }) => done));
});

test('a primitive without a name is called by its class and its cell in the buffer', async (t) => {
  const buffer = new SharedArrayBuffer(64);
  const view = new Int32Array(buffer, 16, 8);
  const mutex = new Mutex(view, 1).lock();
  const worker = await startBlocked(view, ({ view }, { Mutex, ready }) => {
    ready();
    new Mutex(view.buffer, 5).lock().unlock();
  });
  const [blocked] = await whenBlocked(1);
  t.is(blocked.waitsFor, 'Mutex in cell 5');
  t.false('name' in blocked && blocked.name !== undefined);
  mutex.unlock();
  await worker.done;
});

test('each wait is listed under the name of the object that waits, whatever the names of others', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0, { name: 'of the owner' }).lock();
  const workers = [
    await startBlocked(view, ({ view }, { Mutex, ready }) => {
      const waiting = new Mutex(view, 0, { name: 'first' });
      // Made later, on the same cell in the same thread.
      if (new Mutex(view, 0, { name: 'another' }).tryLock()) throw new Error('it is locked');
      ready();
      waiting.lock().unlock();
    }),
    await startBlocked(view, ({ view }, { Mutex, ready }) => {
      ready();
      new Mutex(view, 0, { name: 'second' }).lock().unlock();
    }),
    await startBlocked(view, ({ view }, { Mutex, ready }) => {
      ready();
      new Mutex(view, 0).lock().unlock();
    }),
  ];
  const listed = () =>
    workers.map(({ worker }) => {
      const wait = inspect().find((each) => each.threadId === worker.threadId);
      return [wait?.name, wait?.waitsFor];
    });
  const expected = [
    ['first', 'Mutex "first"'],
    ['second', 'Mutex "second"'],
    [undefined, 'Mutex in cell 0'],
  ];
  await whenBlocked(3);
  t.deepEqual(listed(), expected);
  new Mutex(view, 0, { name: 'made during the wait' });
  new Latch(view, 0, 1, { name: 'another kind in the same cell' });
  t.deepEqual(listed(), expected);
  mutex.unlock();
  await Promise.all(workers.map(({ done }) => done));
});

test('a pending promise is listed with its thread, its owner and for how long it was granted without running', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0).lock();
  const worker = await startBlocked(view, async ({ view }, { Mutex, ready }) => {
    const waiting = new Mutex(view, 0, { name: 'jobs' }).lockAsync();
    ready();
    // The thread computes, so its promise does not resume.
    while (!Atomics.load(view, 1));
    (await waiting).release();
  });
  const own = new Mutex(view, 0).lockAsync({ ref: true });
  const pending = inspect();
  t.is(pending.omitted, 0);
  t.deepEqual(
    [...pending]
      .sort((a, b) => b.threadId - a.threadId)
      .map(({ threadId, async, kind, waitsFor, ownerThreadId, grantedMs }) => [
        threadId,
        async,
        kind,
        waitsFor,
        ownerThreadId,
        grantedMs,
      ]),
    [
      [worker.worker.threadId, true, 'Mutex', 'Mutex "jobs"', threadId, undefined],
      [threadId, true, 'Mutex', 'Mutex in cell 0', threadId, undefined],
    ],
  );
  t.deepEqual([...inspect(0)], []);
  t.is(inspect(0).omitted, 2);
  t.is(inspect(1).length, 1);
  t.is(inspect(1).omitted, 1);
  t.deepEqual(Object.keys(pending), ['0', '1'], 'omitted is not printed with the waits');

  await sleep(20); // long enough to be handed the lock directly
  mutex.unlock();
  await sleep(50);
  const granted = inspect().find(({ async, threadId }) => async && threadId !== 0);
  t.true(Number(granted?.grantedMs) >= 40, String(granted?.grantedMs));
  t.is(granted?.ownerThreadId, undefined, 'it waits for its own thread alone');
  const waits = inspect().find(({ async, threadId }) => async && threadId === 0);
  t.is(waits?.ownerThreadId, worker.worker.threadId);
  const blocked = await startBlocked(view, ({ view }, { Mutex, ready }) => {
    ready();
    new Mutex(view, 0).lock().unlock();
  });
  await whenBlocked(3);
  const [behind] = inspect();
  t.is(behind.threadId, blocked.worker.threadId);
  t.false(behind.async);
  t.regex(
    String(behind.ownerState),
    new RegExp(
      `^granted to a promise of worker ${worker.worker.threadId}, which has not run for \\d+ ms$`,
    ),
  );
  Atomics.store(view, 1, 1);
  (await own).release();
  await Promise.all([worker.done, blocked.done]);
  t.deepEqual([...inspect()], []);
});

test('the number of promises that inspect() lists is checked', (t) => {
  for (const wrong of /** @type {any[]} */ ([null, '5', {}, true, 5n])) {
    t.throws(() => inspect(wrong), { instanceOf: TypeError, code: 'ERR_INVALID_ARG_TYPE' });
  }
  for (const wrong of [-1, 1.5, NaN, Infinity, 2 ** 32]) {
    t.throws(() => inspect(wrong), { instanceOf: RangeError, code: 'ERR_OUT_OF_RANGE' });
  }
});

test('the messages of errors call a primitive by its name, or by its class and cell', (t) => {
  const view = cells();
  t.throws(() => new Mutex(view, 0, { name: 'jobs' }).unlock(), { message: /Mutex "jobs"/ });
  t.throws(() => new Mutex(view, 6).unlock(), { message: /Mutex in cell 6/ });
  view[7] = -5;
  t.throws(() => new Latch(view, 7, 1, { name: 'gate' }).await(), { message: /Latch "gate"/ });
  t.throws(() => new Barrier(view, 7, 2).wait(), { message: /Barrier in cell 7/ });
  const mutex = new Mutex(view, 0).lock();
  t.throws(() => new Condition(view, 7, { name: 'full "quoted" ü' }).wait(mutex), {
    message: /Condition "full "quoted" ü"/,
  });
  if (mutex.locked) mutex.unlock();
});

test('names are checked', (t) => {
  const expected = { instanceOf: TypeError, code: 'ERR_INVALID_ARG_TYPE' };
  for (const options of /** @type {any[]} */ ([null, 'jobs', 5, { name: 5 }, { name: null }])) {
    t.throws(() => new Mutex(cells(), 0, options), expected);
    t.throws(() => new Condition(cells(), 0, options), expected);
    t.throws(() => new Barrier(cells(), 0, 2, options), expected);
    t.throws(() => new Latch(cells(), 0, 1, options), expected);
  }
  t.notThrows(() => new Mutex(cells(), 0, { name: undefined }));
});

test('a barrier lists the threads that have arrived, in order', async (t) => {
  const view = cells();
  const arrived = [];
  const workers = [];
  for (let i = 0; i < 3; i++) {
    const worker = await startBlocked(view, ({ view }, { Barrier, ready }) => {
      ready();
      return new Barrier(view, 0, 4).wait();
    });
    workers.push(worker);
    arrived.push(worker.worker.threadId);
    const blocked = await whenBlocked(i + 1);
    for (const { kind, arrivedThreadIds } of blocked) {
      t.is(kind, 'Barrier');
      t.deepEqual(arrivedThreadIds, arrived);
    }
  }
  t.is(new Barrier(view, 0, 4).wait(), 0);
  t.deepEqual(await Promise.all(workers.map(({ done }) => done)), [3, 2, 1]);
});

test('a notified waiter of a condition waits for its mutex, with an owner', async (t) => {
  const view = cells();
  const worker = await startBlocked(view, ({ view }, { Mutex, Condition, ready }) => {
    const mutex = new Mutex(view, 0, { name: 'guard' }).lock();
    ready();
    new Condition(view, 1, { name: 'filled' }).wait(mutex);
    mutex.unlock();
  });
  const [waits] = await whenBlocked(1);
  t.is(waits.waitsFor, 'Condition "filled"');
  t.is(waits.ownerThreadId, undefined);
  const mutex = new Mutex(view, 0).lock();
  new Condition(view, 1).notify();
  await sleep(50);
  const [locks] = inspect();
  t.is(locks.kind, 'Mutex');
  t.is(locks.waitsFor, 'Mutex "guard"');
  t.is(locks.ownerThreadId, threadId);
  mutex.unlock();
  await worker.done;
});

test('a worker sees what blocks the main thread and every other worker', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0, { name: 'jobs' });
  const holder = startWorker(
    async ({ view }, { require: load, Mutex, Latch, ready, sleep }) => {
      const { inspect } = load('../../index.js');
      const mutex = new Mutex(view, 0).lock();
      ready();
      let seen = [];
      for (const end = Date.now() + 10_000; Date.now() < end && seen.length < 2; await sleep(1)) {
        seen = inspect();
      }
      mutex.unlock();
      new Latch(view, 1).release();
      return seen.map((/** @type {any} */ { threadId, waitsFor, ownerThreadId }) => ({
        threadId,
        waitsFor,
        ownerThreadId,
      }));
    },
    { view },
  );
  await holder.ready;
  const holderId = holder.worker.threadId;
  const other = await startBlocked(view, ({ view }, { Latch, ready }) => {
    ready();
    new Latch(view, 1).await();
  });
  const otherId = other.worker.threadId;
  mutex.lock();
  mutex.unlock();
  t.deepEqual(await holder.done, [
    { threadId: 0, waitsFor: 'Mutex "jobs"', ownerThreadId: holderId },
    { threadId: otherId, waitsFor: 'Latch in cell 1', ownerThreadId: undefined },
  ]);
  await other.done;
});

test('waits with a limit are listed while they last, and go when they end, however they end', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0).lock();
  const limited = await startBlocked(view, ({ view }, { Mutex, ready }) => {
    ready();
    return new Mutex(view, 0).tryLock(700);
  });
  await whenBlocked(1);
  t.false(await limited.done);
  t.deepEqual(inspect(), []);

  const killed = await startBlocked(view, ({ view }, { Mutex, ready }) => {
    ready();
    new Mutex(view, 0).lock();
  });
  await whenBlocked(1);
  await killed.worker.terminate();
  t.deepEqual(inspect(), []);
  mutex.unlock();
});

test('a dead owner is not listed as an owner: the waiter throws instead', async (t) => {
  const view = cells();
  const [threadId] = await inWorkers(
    1,
    ({ view }, { Mutex, threadId }) => {
      new Mutex(view, 0).lock();
      return threadId;
    },
    { view },
  );
  t.throws(() => new Mutex(view, 0).lock(), { code: 'ERR_ABANDONED' });
  t.is(new Mutex(view, 0).ownerThreadId, threadId);
  t.deepEqual(inspect(), []);
});

test('inspect() works in several threads while waits begin and end, and their memory is freed', async (t) => {
  const end = Date.now() + 2_000;
  const workers = inWorkers(
    4,
    ({ id, end }, { require: load, Mutex }) => {
      const { inspect } = load('../../index.js');
      let calls = 0;
      while (Date.now() < end) {
        if (id < 2) {
          for (const { kind } of inspect()) if (kind !== 'Mutex') throw new Error(kind);
        } else {
          // This is the only reference to the memory, so it may be unmapped as soon as the wait is over.
          const view = new Int32Array(new SharedArrayBuffer(2 ** 20));
          view[0] = 1; // the main thread's number: it lives, and does not unlock
          new Mutex(view, 0).tryLock(6);
        }
        calls++;
      }
      return calls;
    },
    { end },
  );
  while (Date.now() < end) {
    inspect();
    await sleep(0);
  }
  for (const calls of await workers) t.true(calls > 10);
  t.deepEqual(inspect(), []);
});
