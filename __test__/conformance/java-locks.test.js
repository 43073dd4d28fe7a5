// @ts-check
'use strict';

// What java.util.concurrent (Java SE 21, API documentation) guarantees for its semaphore and its read-write locks.

const { threadId } = require('node:worker_threads');
const { RwLock, Semaphore } = require('../../index.js');
const stage = require('../helpers/conformance.js');

const { acquire, enter, enterUntilTold } = stage;
const semaphores = stage.documented('Java Semaphore');
const readWriteLocks = stage.documented('Java ReadWriteLock');
const fairLocks = stage.documented('Java ReentrantReadWriteLock, fair');
const stampedLocks = stage.documented('Java StampedLock');

const NOT_OWNER = { code: 'ERR_NOT_OWNER' };
/** The result of a worker of `acquire` or `enter` that was served after this many others. */
const turn = (/** @type {number} */ returned) => ({ returned });
const TIME_IS_UP = { returned: 'time is up' };

semaphores('acquire() blocks until a permit is available, and then takes it', async (t) => {
  const view = stage.cells();
  const semaphore = new Semaphore(view, 0, 1);
  semaphore.acquire();
  const [waiter] = await stage.inOrder(1, acquire, { view, permits: 1 });
  t.true(await stage.isPending(waiter.done));
  semaphore.release();
  t.deepEqual(await stage.answers([waiter]), [turn(0)]);
  t.is(semaphore.available, 0);
});

semaphores('release() adds a permit, potentially releasing a blocking acquirer', async (t) => {
  const view = stage.cells();
  const semaphore = new Semaphore(view, 0, 0, { max: 9 });
  const waiters = await stage.inOrder(2, acquire, { view, permits: 0, max: 9 });
  semaphore.release();
  t.deepEqual(await waiters[0].done, turn(0));
  t.true(await stage.isPending(waiters[1].done));
  semaphore.release();
  t.deepEqual(await stage.answers(waiters), [turn(0), turn(1)]);
  semaphore.release();
  t.is(semaphore.available, 1);
});

semaphores('a thread that releases a permit need not have acquired it', async (t) => {
  const view = stage.cells();
  const semaphore = new Semaphore(view, 0, 1);
  semaphore.acquire();
  await stage.answers([
    stage.party(({ view }, { Semaphore }) => new Semaphore(view, 0, 1).release(), { view }),
  ]);
  t.is(semaphore.available, 1);
});

semaphores('acquire(permits) blocks until all are available', async (t) => {
  const view = stage.cells();
  const semaphore = new Semaphore(view, 0, 3);
  semaphore.acquire(3);
  const [waiter] = await stage.inOrder(1, acquire, { view, permits: 3, n: 3 });
  semaphore.release(2);
  t.true(await stage.isPending(waiter.done));
  t.is(semaphore.available, 2, 'none is taken before all are');
  semaphore.release();
  t.deepEqual(await stage.answers([waiter]), [turn(0)]);
});

semaphores(
  'release(permits) assigns them to the waiting threads in turn, as long as they suffice',
  async (t) => {
    const view = stage.cells();
    const semaphore = new Semaphore(view, 0, 0, { max: 9 });
    const waiters = [];
    for (const n of [2, 1, 3, 1]) {
      waiters.push(...(await stage.inOrder(1, acquire, { view, permits: 0, max: 9, n })));
    }
    semaphore.release(4);
    await Promise.all([waiters[0].done, waiters[1].done]);
    t.true(await stage.isPending(Promise.race([waiters[2].done, waiters[3].done])));
    t.is(semaphore.available, 1, 'kept for the one that needs three');
    semaphore.release(2);
    await waiters[2].done;
    t.true(await stage.isPending(waiters[3].done));
    semaphore.release(1);
    await stage.answers(waiters);
    t.is(semaphore.available, 0);
  },
);

semaphores(
  'with fairness, permits are obtained in the order in which the threads asked for them',
  async (t) => {
    const view = stage.cells();
    const semaphore = new Semaphore(view, 0, 0, { max: 9 });
    const waiters = await stage.inOrder(4, acquire, { view, permits: 0, max: 9 });
    for (const waiter of waiters) {
      semaphore.release();
      await waiter.done;
    }
    t.deepEqual(await stage.answers(waiters), [0, 1, 2, 3].map(turn));
  },
);

semaphores('tryAcquire() takes a permit only if one is available, and does not wait', async (t) => {
  const semaphore = new Semaphore(stage.cells(), 0, 2);
  t.true(semaphore.tryAcquire());
  t.false(semaphore.tryAcquire(2));
  t.true(semaphore.tryAcquire());
  t.false(semaphore.tryAcquire());
});

semaphores(
  'tryAcquire(timeout) takes a permit that becomes available in time, or returns false afterwards',
  async (t) => {
    const view = stage.cells();
    const semaphore = new Semaphore(view, 0, 0);
    const start = performance.now();
    t.false(semaphore.tryAcquire(1, 40));
    t.true(performance.now() - start >= 40);
    const [waiter] = await stage.inOrder(1, acquire, { view, permits: 0, ms: 9_000 });
    semaphore.release();
    t.deepEqual(await stage.answers([waiter]), [turn(0)]);
  },
);

semaphores(
  'permits that were to be assigned to a thread whose time is up go to others',
  async (t) => {
    const view = stage.cells();
    const semaphore = new Semaphore(view, 0, 1, { max: 3 });
    const [large] = await stage.inOrder(1, acquire, { view, permits: 1, max: 3, n: 3, ms: 3_000 });
    const [small] = await stage.inOrder(1, acquire, { view, permits: 1, max: 3 });
    t.is(semaphore.available, 1);
    t.deepEqual(await stage.answers([large, small]), [TIME_IS_UP, turn(0)]);
    t.is(semaphore.available, 0);
  },
);

semaphores(
  'permits that were to be assigned to a thread that is interrupted go to others',
  async (t) => {
    const view = stage.cells();
    const semaphore = new Semaphore(view, 0, 1, { max: 3 });
    const [large] = await stage.inOrder(1, acquire, { view, permits: 1, max: 3, n: 3 });
    const [small] = await stage.inOrder(1, acquire, { view, permits: 1, max: 3 });
    await large.worker.terminate();
    t.deepEqual(await stage.answers([small]), [turn(0)]);
    t.is(semaphore.available, 0);
  },
);

semaphores('availablePermits() is the current number of permits', (t) => {
  const semaphore = new Semaphore(stage.cells(), 0, 3, { max: 5 });
  t.is(semaphore.available, 3);
  semaphore.acquire(2);
  t.is(semaphore.available, 1);
  semaphore.release(4);
  t.is(semaphore.available, 5);
});

semaphores(
  'what a thread does before release() happens before what follows acquire() in another',
  async (t) => {
    const view = stage.cells();
    const plain = new Float64Array(new SharedArrayBuffer(8));
    const ended = await stage.together(
      2,
      ({ view, plain, id }, { Semaphore }) => {
        const mine = new Semaphore(view, id, 1 - id, { max: 1 });
        const others = new Semaphore(view, 1 - id, id, { max: 1 });
        let right = true;
        for (let i = 0; i < 2_000; i++) {
          mine.acquire();
          right &&= plain[0] === 2 * i + id;
          plain[0]++;
          others.release();
        }
        return right;
      },
      { view, plain },
    );
    t.deepEqual(ended, [true, true]);
  },
);

readWriteLocks('the read lock may be held by several threads at the same time', async (t) => {
  const view = stage.cells();
  // Each waits inside for the others.
  const ended = await stage.together(
    3,
    ({ view }, { RwLock, Barrier }) => {
      const guard = new RwLock(view, 0).read();
      const index = new Barrier(view, 1, 3).wait();
      guard.release();
      return index;
    },
    { view },
  );
  t.deepEqual(ended.sort(), [0, 1, 2]);
});

readWriteLocks('the write lock is exclusive', async (t) => {
  const view = stage.cells();
  const lock = new RwLock(view, 0);
  for (const [mine, theirs] of [
    ['write', 'write'],
    ['write', 'read'],
    ['read', 'write'],
  ]) {
    const guard = mine === 'write' ? lock.write() : lock.read();
    const [waiter] = await stage.inOrder(1, enter, { view, how: theirs });
    t.true(await stage.isPending(waiter.done), `${theirs} beside ${mine}`);
    guard.release();
    await stage.answers([waiter]);
  }
});

readWriteLocks(
  'a thread that acquires the read lock sees all updates made before the write lock was released',
  async (t) => {
    const view = stage.cells();
    const plain = new Float64Array(new SharedArrayBuffer(16));
    const [, ...readers] = [0, 1, 2].map((id) =>
      stage.party(
        ({ view, plain, id }, { RwLock }) => {
          const lock = new RwLock(view, 0);
          let last = 0;
          let right = true;
          while (last < 3_000) {
            const guard = id === 0 ? lock.write() : lock.read();
            if (id === 0) {
              plain[0]++;
              plain[1]--;
            }
            right &&= plain[0] === -plain[1] && plain[0] >= last;
            last = plain[0];
            guard.release();
          }
          return right;
        },
        { view, plain, id },
      ),
    );
    t.deepEqual(await stage.answers(readers), [true, true]);
  },
);

readWriteLocks('tryLock() takes the lock only if it is free at the time', async (t) => {
  const view = stage.cells();
  const lock = new RwLock(view, 0);
  const attempt = (/** @type {string} */ how) =>
    stage.answers([stage.party(enter, { view, how, ms: 0 })]);
  lock.read();
  t.deepEqual(await attempt('write'), [TIME_IS_UP]);
  t.deepEqual(await attempt('read'), [turn(0)]);
  lock.unlockRead();
  lock.write();
  t.deepEqual(await attempt('write'), [TIME_IS_UP]);
  t.deepEqual(await attempt('read'), [TIME_IS_UP]);
  lock.unlockWrite();
  t.deepEqual(await attempt('write'), [turn(1)]);
});

readWriteLocks('tryLock(time) waits for so long, not less', async (t) => {
  const view = stage.cells();
  const lock = new RwLock(view, 0);
  lock.write();
  for (const how of ['read', 'write']) {
    const start = performance.now();
    t.deepEqual(await stage.answer(enter, { view, how, ms: 40 }), TIME_IS_UP);
    t.true(performance.now() - start >= 40);
  }
  const waiters = await stage.inOrder(2, enter, { view, how: 'read', ms: 9_000 });
  lock.unlockWrite();
  t.deepEqual((await stage.answers(waiters)).map(({ returned }) => returned).sort(), [0, 1]);
});

fairLocks(
  'on release the longest-waiting writer, or a group of readers that waits longer than all writers, is assigned the lock',
  async (t) => {
    const view = stage.cells();
    const lock = new RwLock(view, 0);
    lock.write();
    const waiters = /** @type {ReturnType<typeof stage.party>[]} */ ([]);
    for (const how of ['read', 'read', 'write', 'read', 'write']) {
      waiters.push(...(await stage.inOrder(1, enterUntilTold, { view, how })));
    }
    t.false(lock.tryRead(), 'this thread writes');
    lock.unlockWrite();
    for (const group of [[0, 1], [2], [3], [4]]) {
      const inside = group.map((id) => waiters[id]);
      await Promise.all(inside.map(({ ready }) => ready));
      const [writer] = lock.writerThreadId === null ? [] : inside;
      t.is(lock.writerThreadId, writer?.worker.threadId ?? null);
      t.is(lock.readers, writer ? 0 : group.length);
      for (const { worker } of inside) worker.postMessage('leave');
      await stage.answers(inside);
    }
  },
);

fairLocks('a reader waits while there is a writer that waits', async (t) => {
  const view = stage.cells();
  const lock = new RwLock(view, 0);
  lock.read();
  const waiters = [];
  for (const how of ['write', 'read']) {
    waiters.push(...(await stage.inOrder(1, enter, { view, how })));
  }
  t.true(await stage.isPending(waiters[1].done));
  lock.unlockRead();
  t.deepEqual(await stage.answers(waiters), [turn(0), turn(1)]);
});

fairLocks(
  'if a writer abandons its wait, the readers that wait longest then are assigned the lock',
  async (t) => {
    for (const end of ['its time is up', 'it is terminated']) {
      const view = stage.cells();
      const lock = new RwLock(view, 0);
      lock.read();
      const ms = end === 'its time is up' ? 3_000 : Infinity;
      const [writer] = await stage.inOrder(1, enter, { view, how: 'write', ms });
      const readers = await stage.inOrder(2, enter, { view, how: 'read' });
      if (end === 'it is terminated') await writer.worker.terminate();
      const turns = (await stage.answers(readers)).map(({ returned }) => returned);
      t.deepEqual(turns.sort(), [0, 1], end);
      t.is(lock.readers, 1);
    }
  },
);

fairLocks('the write lock can be downgraded to the read lock', async (t) => {
  const view = stage.cells();
  const lock = new RwLock(view, 0);
  lock.write();
  const [reader] = await stage.inOrder(1, enter, { view, how: 'read' });
  const [writer] = await stage.inOrder(1, enter, { view, how: 'write' });
  const reading = lock.downgrade();
  t.deepEqual(await reader.done, turn(0));
  t.true(await stage.isPending(writer.done));
  reading.release();
  t.deepEqual(await stage.answers([reader, writer]), [turn(0), turn(1)]);
});

fairLocks('upgrading from the read lock to the write lock is not possible', (t) => {
  const lock = new RwLock(stage.cells());
  lock.read();
  t.throws(() => lock.write(), { code: 'ERR_DEADLOCK' });
  t.false(lock.tryWrite());
  t.is(lock.readers, 1);
});

fairLocks('unlock() by a thread that does not hold the lock is an error', async (t) => {
  const view = stage.cells();
  const lock = new RwLock(view, 0);
  const unlock = () =>
    stage.answers([
      stage.party(
        ({ view }, { RwLock, codeOf }) => [
          codeOf(() => new RwLock(view, 0).unlockRead()),
          codeOf(() => new RwLock(view, 0).unlockWrite()),
        ],
        { view },
      ),
    ]);
  const told = [['ERR_NOT_OWNER', 'ERR_NOT_OWNER']];
  t.deepEqual(await unlock(), told);
  lock.read();
  t.deepEqual(await unlock(), told);
  t.is(lock.readers, 1);
  lock.unlockRead();
  lock.write();
  t.deepEqual(await unlock(), told);
  t.is(lock.writerThreadId, threadId);
});

fairLocks('getReadLockCount() and isWriteLocked() tell its state', (t) => {
  const lock = new RwLock(stage.cells());
  const state = () => [lock.readers, lock.writerThreadId];
  t.deepEqual(state(), [0, null]);
  const reads = [lock.read(), lock.read()];
  t.deepEqual(state(), [2, null]);
  for (const read of reads) read.release();
  const write = lock.write();
  t.deepEqual(state(), [0, threadId]);
  write.release();
  t.deepEqual(state(), [0, null]);
});

stampedLocks('while it is held in write mode no read lock can be obtained', async (t) => {
  const view = stage.cells();
  const guard = await new RwLock(view, 0).writeAsync();
  const answer = await stage.answer(enter, { view, how: 'read', ms: 30 });
  t.deepEqual(answer, TIME_IS_UP);
  guard.release();
});

stampedLocks('a stamp ends a hold once, and another use of it is an error', async (t) => {
  const lock = new RwLock(stage.cells());
  for (const read of [lock.read(), await lock.readAsync()]) {
    read.release();
    t.throws(() => read.release(), NOT_OWNER);
  }
  const write = await lock.writeAsync();
  write.release();
  t.throws(() => write.release(), NOT_OWNER);
  t.throws(() => write.downgrade(), NOT_OWNER);
  t.is(lock.readers, 0);
});

stampedLocks(
  'a write stamp can be converted to a read stamp, with no other writer in between',
  async (t) => {
    const view = stage.cells();
    const lock = new RwLock(view, 0);
    const write = await lock.writeAsync();
    const [writer] = await stage.inOrder(1, enter, { view, how: 'write' });
    const read = write.downgrade();
    t.false(write.held);
    t.true(read.held);
    t.is(lock.readers, 1);
    t.true(await stage.isPending(writer.done));
    read.release();
    t.deepEqual(await stage.answers([writer]), [turn(0)]);
  },
);

stampedLocks('it is not reentrant', (t) => {
  const lock = new RwLock(stage.cells());
  const write = lock.write();
  t.throws(() => lock.write(), { code: 'ERR_DEADLOCK' });
  t.throws(() => lock.read(), { code: 'ERR_DEADLOCK' });
  t.true(write.held);
  write.release();
});
