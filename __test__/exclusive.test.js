// @ts-check
'use strict';

const test = require('ava').default;
const { Condition, Mutex: Typed } = require('../index.js');
const { cells } = require('./helpers/cells.js');
const { inWorkers, startWorker } = require('./helpers/threads.js');

// Without types: what they forbid also throws at run time.
const Mutex = /** @type {any} */ (Typed);

test('runExclusive calls the function with the lock, and returns what it returns', (t) => {
  const mutex = new Mutex(cells());
  for (const value of [undefined, null, 0, 'x', { then: 'no function' }]) {
    const got = mutex.runExclusive((/** @type {unknown[]} */ ...args) => {
      t.true(mutex.locked);
      t.deepEqual(args, []);
      return value;
    });
    t.is(got, value);
    t.false(mutex.locked);
  }
});

test('runExclusive unlocks when the function throws, whatever it throws', (t) => {
  const mutex = new Mutex(cells());
  for (const thrown of [new Error('mine'), 'text', undefined]) {
    try {
      mutex.runExclusive(() => {
        throw thrown;
      });
      t.fail();
    } catch (error) {
      t.is(error, thrown);
    }
    t.false(mutex.locked);
  }
});

test('runExclusive refuses a promise, says what to do, and unlocks', (t) => {
  const mutex = new Mutex(cells());
  let called = 0;
  for (const promise of [
    Promise.resolve(1),
    { then() {} },
    Object.assign(() => {}, { then() {} }),
  ]) {
    const error = t.throws(
      () =>
        mutex.runExclusive(() => {
          called++;
          return promise;
        }),
      { instanceOf: TypeError, code: 'ERR_INVALID_ARG_TYPE' },
    );
    t.regex(error?.message ?? '', /promise.*runExclusiveAsync/);
    t.false(mutex.locked);
  }
  t.is(called, 3);
});

test('runExclusive refuses an argument that is not a function, without locking', (t) => {
  const mutex = new Mutex(cells());
  for (const fn of [undefined, null, 5, 'fn', {}]) {
    const error = t.throws(() => mutex.runExclusive(fn), { code: 'ERR_INVALID_ARG_TYPE' });
    t.regex(error?.message ?? '', /\bfn\b/);
    t.false(mutex.locked);
  }
});

test('runExclusive within itself is a deadlock, and the outer one still unlocks', (t) => {
  const mutex = new Mutex(cells());
  t.throws(() => mutex.runExclusive(() => mutex.runExclusive(() => t.fail())), {
    code: 'ERR_DEADLOCK',
  });
  t.false(mutex.locked);
});

test('runExclusive throws if the function unlocked and returned; an error of the function passes through', (t) => {
  const mutex = new Mutex(cells());
  t.throws(() => mutex.runExclusive(() => mutex.unlock()), { code: 'ERR_NOT_OWNER' });
  t.throws(
    () =>
      mutex.runExclusive(() => {
        mutex.unlock();
        throw new Error('mine');
      }),
    { message: 'mine' },
  );
});

test('the error of a wait in the function that loses the lock passes through', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const changed = new Condition(view, 1);
  // The worker notifies while it owns the mutex, and dies as its owner.
  const heir = startWorker(
    ({ view }, { Mutex, Condition, stall }) => {
      while (!Atomics.load(view, 2)) stall(5);
      new Mutex(view, 0).lock();
      new Condition(view, 1).notify();
      process.exit();
    },
    { view },
  );
  t.throws(
    () =>
      mutex.runExclusive(() => {
        Atomics.store(view, 2, 1);
        changed.wait(mutex);
      }),
    { code: 'ERR_ABANDONED' },
  );
  await heir.exited;
});

test('runExclusive excludes: no increment of four workers is lost', async (t) => {
  const view = cells();
  await inWorkers(
    4,
    ({ view }, { Mutex }) => {
      const mutex = new Mutex(view, 0);
      for (let i = 0; i < 10_000; i++) mutex.runExclusive(() => void view[1]++);
    },
    { view },
  );
  t.is(view[1], 40_000);
});
