// @ts-check
'use strict';

const test = require('ava').default;
const { threadId } = require('node:worker_threads');
const { Latch, RwLock } = require('../index.js');
const { syncError } = require('./helpers/errors.js');
const { cells } = require('./helpers/cells.js');
const { runChild } = require('./helpers/child.js');
const { SLOWNESS } = require('./helpers/slowness.js');
const { startWorker, inWorkers } = require('./helpers/threads.js');

test('readers never see a half-done write, and no write is lost', async (t) => {
  const view = cells();
  await inWorkers(
    8,
    ({ view, id }, { RwLock }) => {
      const lock = new RwLock(view, 0);
      for (let i = 0; i < 10_000; i++) {
        if ((id + i) % 4 === 0) {
          lock.write();
          view[1]++;
          view[2]++;
          lock.unlockWrite();
        } else {
          lock.read();
          if (view[1] !== view[2]) throw new Error('half written');
          lock.unlockRead();
        }
      }
    },
    { view },
    { limit: 120_000 },
  );
  t.deepEqual([...view.subarray(0, 3)], [0, 20_000, 20_000]);
});

test('every way to read and to write excludes each other, with downgrades between', async (t) => {
  const view = cells();
  const writes = await inWorkers(
    4,
    ({ view, id }, { RwLock }) => {
      const lock = new RwLock(view, 0);
      let writes = 0;
      const write = () => {
        const before = view[1];
        view[2] = id;
        view[1] = before + 1;
        if (view[2] !== id) throw new Error('another thread was inside');
        writes++;
      };
      for (let i = 0; i < 5_000; i++) {
        switch ((i + id) % 5) {
          case 0: {
            const guard = lock.write();
            write();
            guard.release();
            break;
          }
          case 1:
            if (lock.tryWrite(i % 3)) {
              write();
              lock.unlockWrite();
            }
            break;
          case 2: {
            const guard = lock.write();
            write();
            const after = view[1];
            const read = guard.downgrade();
            if (view[1] !== after) throw new Error('another thread wrote in between');
            read.release();
            break;
          }
          case 3: {
            const guard = lock.read();
            const before = view[1];
            if (lock.tryRead()) lock.unlockRead();
            if (view[1] !== before) throw new Error('a thread wrote');
            guard[Symbol.dispose]();
            break;
          }
          default:
            while (!lock.tryRead(1));
            lock.unlockRead();
        }
      }
      return writes;
    },
    { view },
    { limit: 120_000 },
  );
  t.is(
    view[1],
    writes.reduce((a, b) => a + b),
  );
  t.is(view[0], 0);
});

test('readers are inside together, a writer alone', async (t) => {
  const view = cells();
  const lock = new RwLock(view, 0);
  t.is(lock.readers, 0);
  t.is(lock.writerThreadId, null);
  const readers = await inWorkers(
    3,
    ({ view }, { RwLock, Barrier }) => {
      const lock = new RwLock(view, 0);
      const barrier = new Barrier(view, 1, 3);
      lock.read();
      barrier.wait();
      const { readers } = lock;
      const refused = !lock.tryWrite();
      barrier.wait();
      lock.unlockRead();
      return { readers, refused };
    },
    { view },
  );
  for (const each of readers) t.deepEqual(each, { readers: 3, refused: true });
  lock.write();
  t.is(lock.writerThreadId, threadId);
  const [seen] = await inWorkers(
    1,
    ({ view }, { RwLock }) => {
      const lock = new RwLock(view, 0);
      return [lock.tryRead(), lock.tryRead(5), lock.tryWrite(), lock.tryWrite(5)];
    },
    { view },
  );
  t.deepEqual(seen, [false, false, false, false]);
  lock.unlockWrite();
  t.is(lock.writerThreadId, null);
});

for (const [method, others] of [
  ['write', 'read'],
  ['read', 'write'],
]) {
  test(`threads that ${others} in a tight loop do not starve a thread that calls ${method} now and then`, async (t) => {
    const view = cells();
    const loops = [0, 1].map(() =>
      startWorker(
        ({ view, others }, { RwLock }) => {
          /** @type {any} */
          const lock = new RwLock(view, 0);
          while (!Atomics.load(view, 1)) {
            const guard = lock[others]();
            for (let i = 0; i < 200; i++) Atomics.add(view, 2, 1);
            guard.release();
          }
        },
        { view, others },
        { limit: 60_000 },
      ),
    );
    const [waits] = await inWorkers(
      1,
      ({ view, method }, { RwLock, stall }) => {
        /** @type {any} */
        const lock = new RwLock(view, 0);
        const waits = [];
        for (let i = 0; i < 40; i++) {
          stall(5);
          const start = performance.now();
          const guard = lock[method]();
          waits.push(performance.now() - start);
          guard.release();
        }
        return waits;
      },
      { view, method },
      { limit: 40_000 },
    );
    Atomics.store(view, 1, 1);
    await Promise.all(loops.map(({ done }) => done));
    t.true(Math.max(...waits) < 2_000, `longest wait ${Math.max(...waits)} ms`);
  });
}

test('a thread that would wait for itself throws at once, and keeps what it holds', async (t) => {
  const view = cells();
  const lock = new RwLock(view, 0);
  const deadlock = syncError('ERR_DEADLOCK');
  lock.write();
  for (const again of [
    () => lock.read(),
    () => lock.write(),
    () => lock.tryRead(60_000),
    () => lock.tryWrite(Infinity),
    () => lock.recover(),
  ]) {
    const start = performance.now();
    t.throws(again, deadlock);
    t.true(performance.now() - start < 1_000);
    t.is(lock.writerThreadId, threadId);
  }
  t.false(lock.tryRead(), 'without waiting there is nothing to hang');
  t.false(lock.tryWrite());
  lock.unlockWrite();

  const outer = lock.read();
  const inner = lock.read();
  t.is(lock.readers, 2, 'reading twice is allowed while no writer is queued');
  t.throws(() => lock.write(), deadlock);
  t.false(lock.tryWrite());
  const writer = startWorker(
    ({ view }, { RwLock, ready }) => {
      ready();
      new RwLock(view, 0).write().release();
      return true;
    },
    { view },
  );
  await writer.blocked();
  t.throws(() => lock.read(), deadlock, 'past a writer that waits');
  t.throws(() => lock.tryRead(60_000), deadlock);
  t.false(lock.tryRead());
  t.is(lock.readers, 2);
  inner.release();
  outer.release();
  t.true(await writer.done);
  t.is(view[0], 0);
});

test('of two threads that write in opposite order one throws, with the cycle', async (t) => {
  const view = cells();
  const results = await inWorkers(
    2,
    ({ view, id }, { RwLock, Barrier }) => {
      const [first, second] = [new RwLock(view, id), new RwLock(view, 1 - id)];
      first.write();
      new Barrier(view, 2, 2).wait();
      try {
        second.write();
        second.unlockWrite();
        return 'locked';
      } catch (error) {
        const { code, cycle } = /** @type {any} */ (error);
        return { code, length: cycle.length, holds: cycle[0].holds };
      } finally {
        first.unlockWrite();
      }
    },
    { view },
    { limit: 20_000 },
  );
  const told = results.filter((result) => result !== 'locked');
  t.is(told.length, 1);
  t.is(told[0].code, 'ERR_DEADLOCK');
  t.is(told[0].length, 2);
  t.regex(told[0].holds, /^RwLock in cell [01]$/);
});

test('unlocking what this thread does not hold throws and changes nothing', async (t) => {
  const view = cells();
  const lock = new RwLock(view, 0);
  const notOwner = syncError('ERR_NOT_OWNER');
  for (const end of [() => lock.unlockRead(), () => lock.unlockWrite(), () => lock.downgrade()]) {
    t.throws(end, notOwner);
  }
  lock.read();
  t.throws(() => lock.unlockWrite(), notOwner);
  t.throws(() => lock.downgrade(), notOwner);
  const elsewhere = () =>
    inWorkers(
      1,
      ({ view }, { RwLock, codeOf }) => [
        codeOf(() => new RwLock(view, 0).unlockRead()),
        codeOf(() => new RwLock(view, 0).unlockWrite()),
      ],
      { view },
    );
  t.deepEqual(await elsewhere(), [['ERR_NOT_OWNER', 'ERR_NOT_OWNER']]);
  t.is(lock.readers, 1);
  lock.unlockRead();
  lock.write();
  t.throws(() => lock.unlockRead(), notOwner);
  t.deepEqual(await elsewhere(), [['ERR_NOT_OWNER', 'ERR_NOT_OWNER']]);
  t.is(lock.writerThreadId, threadId);
  lock.unlockWrite();
});

test('a guard releases once, and its dispose does nothing afterwards', (t) => {
  const lock = new RwLock(cells());
  const notOwner = syncError('ERR_NOT_OWNER');
  const [first, second] = [lock.read(), lock.read()];
  first.release();
  t.throws(() => first.release(), notOwner);
  first[Symbol.dispose]();
  t.is(lock.readers, 1, 'the other read goes on');
  second[Symbol.dispose]();
  t.is(lock.readers, 0);

  const write = lock.write();
  const read = write.downgrade();
  t.throws(() => write.release(), notOwner);
  t.throws(() => write.downgrade(), notOwner);
  write[Symbol.dispose]();
  t.is(lock.readers, 1);
  lock.unlockRead();
  read[Symbol.dispose]();
  t.is(lock.readers, 0);

  const unlocked = lock.write();
  lock.unlockWrite();
  unlocked[Symbol.dispose]();
  lock.write()[Symbol.dispose]();
  t.is(lock.writerThreadId, null);
});

test('all objects of a thread on one cell are the same lock', (t) => {
  const view = cells();
  const same = [new RwLock(view, 2), new RwLock(view.buffer, 2), new RwLock(view.subarray(1), 1)];
  same[0].read();
  same[1].read();
  same[2].unlockRead();
  t.is(same[2].readers, 1);
  t.throws(() => same[1].write(), { code: 'ERR_DEADLOCK' });
  same[2].unlockRead();
  t.throws(() => same[0].unlockRead(), { code: 'ERR_NOT_OWNER' });
  same[0].write();
  same[1].unlockWrite();
  t.is(view[2], 0);
});

for (const how of ['read', 'write']) {
  test(`ERR_ABANDONED is thrown to present and later waiters after a worker ends holding a ${how}`, async (t) => {
    const view = cells();
    const holder = startWorker(
      async ({ view, how }, { RwLock, ready, sleep }) => {
        const lock = /** @type {any} */ (new RwLock(view, 0));
        lock[how]();
        ready();
        await sleep(60_000);
      },
      { view, how },
    );
    await holder.ready;
    const dead = holder.worker.threadId;
    const waiters = [];
    for (const request of ['write', 'read']) {
      const waiter = startWorker(
        ({ view, request }, { RwLock, ready, errorOf }) => {
          /** @type {any} */
          const lock = new RwLock(view, 0);
          ready();
          return errorOf(() => lock[request]());
        },
        { view, request },
        { limit: 30_000 },
      );
      await waiter.blocked();
      waiters.push(waiter);
    }
    await holder.worker.terminate();
    for (const { done } of waiters) {
      const error = await done;
      t.is(error?.code, 'ERR_ABANDONED');
      t.regex(error.message, new RegExp(`\\b${dead}\\b`), 'it names the worker');
    }
    const lock = new RwLock(view, 0);
    for (const later of [
      () => lock.read(),
      () => lock.write(),
      () => lock.tryRead(),
      () => lock.tryWrite(),
      () => lock.tryRead(20),
      () => lock.tryWrite(20),
    ]) {
      t.throws(later, { ...syncError('ERR_ABANDONED'), message: /recover\(\)/ });
    }
    t.true(lock.recover());
    t.is(lock.writerThreadId, threadId);
    lock.unlockWrite();
    t.is(view[0], 0);
    t.false(lock.tryRecover());
    lock.unlockWrite();
    lock.read().release();
  });
}

test('a reader whose objects were collected before it ended abandons the lock all the same', async (t) => {
  const view = cells();
  const holder = startWorker(
    async ({ view }, { require, ready, sleep, ...tools }) => {
      require('node:v8').setFlagsFromString('--expose-gc');
      const gc = require('node:vm').runInNewContext('gc');
      const { RwLock } = tools;
      for (let i = 0; i < 3; i++) new RwLock(view, i).read();
      new RwLock(view, 3).read().release();
      for (let i = 0; i < 5; i++) {
        gc();
        await sleep(5);
      }
      // A later object on the cell continues the count.
      new RwLock(view, 2).unlockRead();
      ready();
      await sleep(60_000);
    },
    { view },
  );
  await holder.ready;
  await holder.worker.terminate();
  t.throws(() => new RwLock(view, 0).write(), { code: 'ERR_ABANDONED' });
  t.throws(() => new RwLock(view, 1).read(), { code: 'ERR_ABANDONED' });
  new RwLock(view, 2).write().release();
  new RwLock(view, 3).write().release();
  t.deepEqual([...view.subarray(2, 4)], [0, 0]);
});

test('recover waits for the living readers, and returns true once', async (t) => {
  const view = cells();
  const lock = new RwLock(view, 0);
  const reads = lock.read();
  const dies = startWorker(
    async ({ view }, { RwLock, ready, sleep }) => {
      const lock = new RwLock(view, 0);
      lock.read();
      lock.read();
      ready();
      await sleep(60_000);
    },
    { view },
  );
  await dies.ready;
  t.is(lock.readers, 3);
  await dies.worker.terminate();
  t.is(lock.readers, 1, 'those of the dead are no more');
  t.throws(() => lock.tryRead(), { code: 'ERR_ABANDONED' });
  const recovering = [0, 1].map(() =>
    startWorker(
      ({ view }, { RwLock, ready }) => {
        const lock = new RwLock(view, 0);
        const late = lock.tryRecover(30);
        ready();
        const cleared = lock.recover();
        view[1]++;
        lock.unlockWrite();
        return { late, cleared };
      },
      { view },
    ),
  );
  for (const { blocked } of recovering) await blocked();
  t.is(view[1], 0, 'a thread still reads');
  reads.release();
  const answers = await Promise.all(recovering.map(({ done }) => done));
  t.deepEqual(answers.map(({ cleared }) => cleared).sort(), [false, true]);
  for (const { late } of answers) t.is(late, undefined);
  t.is(view[1], 2);
  t.is(view[0], 0);
});

test('readers behind a writer whose wait ends may enter', async (t) => {
  for (const how of ['time is up', 'is terminated']) {
    const view = cells();
    const lock = new RwLock(view, 0);
    lock.read();
    const writer = startWorker(
      ({ view, ms }, { RwLock, ready }) => {
        const lock = new RwLock(view, 0);
        ready();
        return lock.tryWrite(ms);
      },
      { view, ms: how === 'time is up' ? 300 * SLOWNESS : Infinity },
    );
    await writer.blocked();
    const reader = startWorker(
      ({ view }, { RwLock, ready }) => {
        ready();
        new RwLock(view, 0).read().release();
        return true;
      },
      { view },
      { limit: 30_000 },
    );
    await reader.blocked();
    if (how === 'is terminated') await writer.worker.terminate();
    else t.false(await writer.done);
    t.true(await reader.done);
    lock.unlockRead();
    t.is(view[0], 0);
  }
});

test('a worker that is terminated while it waits does not go on as if it were inside', async (t) => {
  const view = cells();
  /** @type {any} */
  const lock = new RwLock(view, 0);
  lock.write();
  for (const how of ['read', 'write', 'tryRead', 'tryWrite', 'recover', 'tryRecover']) {
    const waiter = startWorker(
      ({ view, how }, { RwLock, ready }) => {
        /** @type {any} */
        const lock = new RwLock(view, 0);
        ready();
        lock[how](how.startsWith('try') ? 60_000 : undefined);
        view[1] = 1;
      },
      { view, how },
    );
    await waiter.blocked();
    await waiter.worker.terminate();
    t.is(view[1], 0, how);
  }
});

test('workers that are terminated at any moment leave the lock usable or abandoned', async (t) => {
  const ended = await runChild(
    async (_, { RwLock, startWorker, sleep }) => {
      const view = new Int32Array(new SharedArrayBuffer(16));
      const lock = new RwLock(view, 0);
      let recovered = 0;
      for (let round = 0; round < 25; round++) {
        const workers = [0, 1, 2].map((id) =>
          startWorker(
            ({ view, id }, { RwLock, ready }) => {
              const lock = new RwLock(view, 0);
              ready();
              for (let i = id; ; i++) {
                try {
                  const guard = i % 3 === 0 ? lock.write() : lock.read();
                  for (let spin = 0; spin < 50; spin++) Atomics.add(view, 1, 1);
                  guard.release();
                } catch (error) {
                  if (/** @type {any} */ (error).code === 'ERR_ABANDONED') return true;
                  throw error;
                }
              }
            },
            { view, id },
          ),
        );
        for (const { ready } of workers) await ready;
        await sleep(round % 5);
        await Promise.all(workers.map(({ worker }) => worker.terminate()));
        if (lock.tryRecover(5_000)) recovered++;
        if (lock.writerThreadId !== 0) throw new Error('the main thread did not acquire the lock');
        lock.unlockWrite();
        if (view[0] !== 0) throw new Error(`${view[0]} is left in the cell`);
      }
      return recovered;
    },
    {},
    { limit: 120_000 },
  );
  t.is(ended.code, 0, ended.stderr);
  t.true(ended.value >= 0);
});

test('tryRead and tryWrite wait for their time limit and never less', async (t) => {
  const view = cells();
  /** @type {any} */
  const lock = new RwLock(view, 0);
  lock.write();
  const [waited] = await inWorkers(
    1,
    ({ view }, { RwLock }) => {
      /** @type {any} */
      const lock = new RwLock(view, 0);
      return [0.2, 1, 1.5, 5, 20, 80].flatMap((ms) =>
        ['tryRead', 'tryWrite'].map((how) => {
          const start = process.hrtime.bigint();
          const got = lock[how](ms);
          return { ms, got, elapsed: Number(process.hrtime.bigint() - start) / 1e6 };
        }),
      );
    },
    { view },
  );
  for (const { ms, got, elapsed } of waited) {
    t.false(got);
    t.true(elapsed >= ms, `asked for ${ms} ms, gave up after ${elapsed} ms`);
    t.true(elapsed < ms + 1_000, `asked for ${ms} ms, gave up after ${elapsed} ms`);
  }
  lock.unlockWrite();
  t.is(view[0], 0, 'the calls that gave up left nothing behind');
});

test('the messages about an RwLock name the thread inside, and what to do next', async (t) => {
  const view = cells();
  const lock = new RwLock(view, 0, { name: 'table' });
  const guard = lock.write();
  const [told] = await inWorkers(
    1,
    ({ view }, { RwLock, errorOf }) =>
      errorOf(() => new RwLock(view, 0, { name: 'table' }).unlockWrite()),
    { view },
  );
  t.is(
    told.message,
    'The RwLock "table" is written by the main thread, not by this thread. Call unlockRead() or unlockWrite() only in the ' +
      'thread that called read() or write().',
  );
  const reading = guard.downgrade();
  t.throws(() => guard.release(), {
    message: /^This guard does not hold the lock: it was released or downgraded before/,
  });
  reading.release();
  t.throws(() => reading.release(), {
    message: /^This guard does not hold the lock: it was released/,
  });
  const promised = await lock.writeAsync();
  t.throws(() => lock.read(), { message: /by a guard, await readAsync\(\) or writeAsync\(\)/ });
  promised.release();
});

test('a promise to read behind a writer of a thread that blocks then is not left waiting', async (t) => {
  const view = cells();
  const lock = new RwLock(view, 0);
  const outer = await lock.readAsync();
  const writing = lock.writeAsync();
  const behind = startWorker(
    async ({ view }, { RwLock, Latch, ready }) => {
      const promise = new RwLock(view, 0).readAsync();
      ready();
      const guard = await promise;
      new Latch(view, 1).release();
      guard.release();
    },
    { view },
  );
  await behind.pending();
  // This thread blocks, and its promise cannot write.
  t.true(new Latch(view, 1).tryAwait(10_000));
  await behind.done;
  outer.release();
  (await writing).release();
  t.is(view[0], 0);
});
