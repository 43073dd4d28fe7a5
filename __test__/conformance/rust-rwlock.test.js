// @ts-check
'use strict';

// What Rust's std::sync::RwLock promises (Rust 1.90, library documentation).

const { threadId } = require('node:worker_threads');
const { RwLock } = require('../../index.js');
const stage = require('../helpers/conformance.js');

/** @typedef {import('../helpers/types.js').Body} Body */

const { enter } = stage;
const rwlocks = stage.documented('Rust std::sync::RwLock');

rwlocks('it allows a number of readers or at most one writer at any point in time', async (t) => {
  const view = stage.cells();
  const ended = await stage.together(
    4,
    ({ view, id }, { RwLock }) => {
      const lock = new RwLock(view, 0);
      let right = true;
      for (let i = 0; i < 3_000; i++) {
        if (id < 2) {
          lock.write();
          view[1]++; // plain
          right &&= Atomics.add(view, 2, 1_000) === 0;
          Atomics.sub(view, 2, 1_000);
          lock.unlockWrite();
        } else {
          lock.read();
          right &&= Atomics.add(view, 2, 1) < 1_000;
          Atomics.sub(view, 2, 1);
          lock.unlockRead();
        }
      }
      return right;
    },
    { view },
  );
  t.deepEqual(ended, [true, true, true, true]);
  t.is(view[1], 6_000);
});

rwlocks(
  'read() does not block while others read: they may be inside when it returns',
  async (t) => {
    const view = stage.cells();
    const lock = new RwLock(view, 0);
    lock.read();
    const answer = await stage.answer(enter, { view, how: 'read' });
    t.deepEqual(answer, { returned: 0 });
    t.is(lock.readers, 1);
  },
);

rwlocks('read() blocks until there is no writer that holds the lock', async (t) => {
  const view = stage.cells();
  const lock = new RwLock(view, 0);
  lock.write();
  const readers = await stage.inOrder(2, enter, { view, how: 'read' });
  t.true(await stage.isPending(Promise.race(readers.map(({ done }) => done))));
  lock.unlockWrite();
  await stage.answers(readers);
  t.is(Atomics.load(view, 1), 2);
});

rwlocks('write() does not return while others read or write', async (t) => {
  const view = stage.cells();
  const lock = new RwLock(view, 0);
  const [one, two] = [lock.read(), await lock.readAsync()];
  const [writer] = await stage.inOrder(1, enter, { view, how: 'write' });
  one.release();
  t.true(await stage.isPending(writer.done), 'one reader is left');
  two.release();
  await stage.answers([writer]);
  lock.write();
  const [next] = await stage.inOrder(1, enter, { view, how: 'write' });
  t.true(await stage.isPending(next.done));
  lock.unlockWrite();
  await stage.answers([next]);
});

rwlocks('the guard of read() or write() drops the access, also on the way out', async (t) => {
  const lock = new RwLock(stage.cells());
  for (const enter of [
    () => lock.read(),
    () => lock.write(),
    () => lock.readAsync(),
    () => lock.writeAsync(),
  ]) {
    /** @type {any} */
    const guard = await enter();
    t.true(guard.held);
    guard[Symbol.dispose]();
    t.false(guard.held);
    // A second dispose does nothing, so that it hides no error.
    t.notThrows(() => guard[Symbol.dispose]());
  }
  t.is(lock.readers, 0);
  t.is(lock.writerThreadId, null);
});

rwlocks('read() and write() do not return if the current thread writes: they throw', async (t) => {
  const lock = new RwLock(stage.cells());
  lock.write();
  for (const again of [() => lock.read(), () => lock.write()]) {
    t.throws(again, { code: 'ERR_DEADLOCK' });
    t.is(lock.writerThreadId, threadId);
  }
  lock.unlockWrite();
});

rwlocks('try_read() and try_write() do not block, and fail where it is not granted', async (t) => {
  const view = stage.cells();
  const lock = new RwLock(view, 0);
  const attempts = async () => {
    const answer = await stage.answer(
      ({ view }, { RwLock }) => {
        const lock = new RwLock(view, 0);
        const reads = lock.tryRead();
        if (reads) lock.unlockRead();
        const writes = lock.tryWrite();
        if (writes) lock.unlockWrite();
        return { reads, writes };
      },
      { view },
    );
    return answer;
  };
  lock.write();
  t.deepEqual(await attempts(), { reads: false, writes: false });
  lock.downgrade();
  t.deepEqual(await attempts(), { reads: true, writes: false });
  lock.unlockRead();
  t.deepEqual(await attempts(), { reads: true, writes: true });
});

rwlocks('it is poisoned when a thread panics while it writes: all calls say so', async (t) => {
  const view = stage.cells();
  const lock = new RwLock(view, 0);
  const dead = await stage.poison(view, 'write');
  /** @type {Body} */
  const ask = ({ view }, { RwLock, codeOf }) => {
    const lock = new RwLock(view, 0);
    return [
      codeOf(() => lock.read()),
      codeOf(() => lock.tryRead()),
      codeOf(() => lock.tryRead(1_000)),
      codeOf(() => lock.write()),
      codeOf(() => lock.tryWrite()),
      codeOf(() => lock.tryWrite(1_000)),
    ];
  };
  const told = await stage.answer(ask, { view });
  t.deepEqual(told, new Array(6).fill('ERR_ABANDONED'));
  for (const promise of [lock.readAsync(), lock.writeAsync()]) {
    const error = await t.throwsAsync(promise, { code: 'ERR_ABANDONED' });
    t.is(/** @type {any} */ (error).ownerThreadId, dead);
  }
});

rwlocks('it stays poisoned until clear_poison(), and works as before then', async (t) => {
  const view = stage.cells();
  const lock = new RwLock(view, 0);
  await stage.poison(view, 'write');
  for (let i = 0; i < 3; i++) t.throws(() => lock.read(), { code: 'ERR_ABANDONED' });
  t.true(lock.recover());
  lock.unlockWrite();
  lock.read().release();
  // Also by a promise.
  await stage.poison(view, 'write');
  const guard = await lock.recoverAsync();
  t.true(guard.recovered);
  guard.release();
  lock.write().release();
  t.false(lock.recover(), 'there is nothing to clear');
  lock.unlockWrite();
});

rwlocks(
  'downgrade() lets other readers in and no writer, and cannot fail in the thread that writes',
  async (t) => {
    const view = stage.cells();
    const lock = new RwLock(view, 0);
    const writing = lock.write();
    view[3] = 7;
    const waiters = [];
    for (const how of ['read', 'write']) {
      waiters.push(...(await stage.inOrder(1, enter, { view, how })));
    }
    const reading = writing.downgrade();
    t.deepEqual(await waiters[0].done, { returned: 0 });
    t.true(await stage.isPending(waiters[1].done));
    t.is(view[3], 7);
    reading.release();
    t.deepEqual((await stage.answers(waiters))[1], { returned: 1 });
  },
);
