// @ts-check
'use strict';

const test = require('ava').default;
const { threadId } = require('node:worker_threads');
const { Mutex, Condition } = require('../index.js');
const { syncError } = require('./helpers/errors.js');
const { cells } = require('./helpers/cells.js');
const { startWorker, inWorkers, sleep } = require('./helpers/threads.js');

test('the mutex is free while a thread waits, and its own again afterwards', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const condition = new Condition(view, 1);
  const waiter = startWorker(
    ({ view }, { Mutex, Condition, ready, threadId }) => {
      const mutex = new Mutex(view, 0).lock();
      ready();
      new Condition(view, 1).wait(mutex);
      const owned = mutex.ownerThreadId === threadId;
      mutex.unlock();
      return owned;
    },
    { view },
  );
  await waiter.blocked();
  t.is(mutex.ownerThreadId, null);
  mutex.lock();
  condition.notify();
  await sleep(50);
  t.is(mutex.ownerThreadId, threadId, 'a notified thread waits for the mutex');
  mutex.unlock();
  t.true(await waiter.done);
});

test('a predicate that is true already is called once, and wait does not sleep', (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0).lock();
  const condition = new Condition(view, 1);
  let asked = 0;
  condition.wait(mutex, () => ++asked);
  t.is(asked, 1);
  t.is(
    condition.waitFor(mutex, () => ++asked, 60_000),
    2,
  );
  t.is(asked, 2);
  t.is(mutex.ownerThreadId, threadId);
  mutex.unlock();
});

test('the predicate is called with the mutex held, in this thread, until it is truthy', async (t) => {
  const view = cells();
  const waiter = startWorker(
    ({ view }, { Mutex, Condition, ready, threadId }) => {
      const mutex = new Mutex(view, 0).lock();
      const owners = new Set();
      let asked = 0;
      ready();
      new Condition(view, 1).wait(mutex, () => {
        asked++;
        owners.add(mutex.ownerThreadId);
        return view[2] === 3;
      });
      mutex.unlock();
      return { asked, owners: [...owners], threadId };
    },
    { view },
  );
  await waiter.blocked();
  const mutex = new Mutex(view, 0);
  const condition = new Condition(view, 1);
  for (let i = 0; i < 3; i++) {
    mutex.lock();
    view[2]++;
    condition.notify();
    mutex.unlock();
    await sleep(30);
  }
  const { asked, owners, threadId } = await waiter.done;
  t.is(asked, 4);
  t.deepEqual(owners, [threadId]);
});

test('what a predicate throws passes through, with the mutex still held', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0).lock();
  const condition = new Condition(view, 1);
  const mine = new Error('mine');
  const fail = () => {
    throw mine;
  };
  t.is(
    t.throws(() => condition.wait(mutex, fail)),
    mine,
  );
  t.is(mutex.ownerThreadId, threadId);
  t.is(
    t.throws(() => condition.waitFor(mutex, fail, 10)),
    mine,
  );
  t.is(mutex.ownerThreadId, threadId);
  mutex.unlock();

  // The predicate may also throw only after a sleep.
  const waiter = startWorker(
    ({ view }, { Mutex, Condition, ready, errorOf, threadId }) => {
      const mutex = new Mutex(view, 0).lock();
      ready();
      const error = errorOf(() =>
        new Condition(view, 1).wait(mutex, () => {
          if (view[2] === 1) throw new RangeError('late');
          return false;
        }),
      );
      const owned = mutex.ownerThreadId === threadId;
      mutex.unlock();
      return { error, owned };
    },
    { view },
  );
  await waiter.blocked();
  mutex.lock();
  view[2] = 1;
  condition.notifyAll();
  mutex.unlock();
  const { error, owned } = await waiter.done;
  t.is(error.message, 'late');
  t.is(error.name, 'RangeError');
  t.true(owned);
});

test('a predicate that returns a promise is an error, with the mutex still held', (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0).lock();
  const condition = new Condition(view, 1);
  const expected = { instanceOf: TypeError, code: 'ERR_INVALID_ARG_TYPE', message: /promise/i };
  // The types forbid these calls, so the test makes them without types.
  const asynchronous = /** @type {() => any} */ (async () => false);
  t.throws(() => condition.wait(mutex, asynchronous), expected);
  t.is(mutex.ownerThreadId, threadId);
  t.throws(() => condition.waitFor(mutex, asynchronous, 10), expected);
  t.is(mutex.ownerThreadId, threadId);
  mutex.unlock();
});

test('a promise of another realm is recognized too', (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0).lock();
  const foreign = require('node:vm').runInNewContext('async () => true');
  t.throws(() => new Condition(view, 1).wait(mutex, foreign), {
    instanceOf: TypeError,
    code: 'ERR_INVALID_ARG_TYPE',
  });
  t.is(mutex.ownerThreadId, threadId);
  mutex.unlock();
});

test('a predicate may use the condition and other mutexes', (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0).lock();
  const other = new Mutex(view, 2);
  const condition = new Condition(view, 1);
  const answer = condition.waitFor(
    mutex,
    () => {
      condition.notifyAll();
      other.lock();
      other.unlock();
      return condition.waitFor(mutex, () => 'inner', 5);
    },
    5,
  );
  t.is(answer, 'inner');
  mutex.unlock();
});

test('waiting with a mutex that is free or of another thread is an error', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const condition = new Condition(view, 1);
  const notOwner = syncError('ERR_NOT_OWNER');
  let asked = 0;
  const ask = () => ++asked;
  for (const call of [
    () => condition.wait(mutex),
    () => condition.wait(mutex, ask),
    () => condition.waitFor(mutex, undefined, 10),
    () => condition.waitFor(mutex, ask, 10),
  ]) {
    t.throws(call, notOwner);
  }
  t.false(mutex.locked);
  mutex.lock();
  const [code] = await inWorkers(
    1,
    ({ view }, { Mutex, Condition, codeOf }) =>
      codeOf(() => new Condition(view, 1).wait(new Mutex(view, 0), () => true)),
    { view },
  );
  t.is(code, 'ERR_NOT_OWNER');
  t.is(mutex.ownerThreadId, threadId);
  mutex.unlock();
  t.is(asked, 0, 'the predicate is not asked without the lock');
});

test('waitFor returns the last answer of the predicate', (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0).lock();
  const condition = new Condition(view, 1);
  const object = {};
  for (const answer of [true, 1, 'x', object, 5n]) {
    t.is(
      condition.waitFor(mutex, () => answer, 1),
      answer,
    );
    t.is(
      condition.waitFor(mutex, () => answer, 0),
      answer,
    );
  }
  for (const answer of [false, 0, '', null, undefined, NaN, 0n]) {
    t.is(
      condition.waitFor(mutex, () => answer, 1),
      answer,
    );
    t.is(
      condition.waitFor(mutex, () => answer, 0),
      answer,
    );
  }
  mutex.unlock();
});

test('waitFor calls the predicate a last time when it times out without a notification', async (t) => {
  const view = cells();
  const waiter = startWorker(
    ({ view }, { Mutex, Condition, ready }) => {
      const mutex = new Mutex(view, 0).lock();
      ready();
      const answer = new Condition(view, 1).waitFor(mutex, () => view[2], 300);
      mutex.unlock();
      return answer;
    },
    { view },
  );
  await waiter.ready;
  await sleep(50);
  const mutex = new Mutex(view, 0).lock();
  view[2] = 9;
  mutex.unlock();
  t.is(await waiter.done, 9);
});

test('waitFor without a predicate says whether it was notified', async (t) => {
  const view = cells();
  const start = () =>
    startWorker(
      ({ view }, { Mutex, Condition, ready }) => {
        const mutex = new Mutex(view, 0).lock();
        const condition = new Condition(view, 1);
        const alone = condition.waitFor(mutex, undefined, 5);
        ready();
        const notified = condition.waitFor(mutex, undefined, 20_000);
        mutex.unlock();
        return [alone, notified];
      },
      { view },
    );
  const waiter = start();
  await waiter.blocked();
  new Condition(view, 1).notify();
  t.deepEqual(await waiter.done, [false, true]);
});

test('waitFor is never early, with the mutex held afterwards', async (t) => {
  const [waited] = await inWorkers(
    1,
    ({ view }, { Mutex, Condition, threadId }) => {
      const mutex = new Mutex(view, 0).lock();
      const condition = new Condition(view, 1);
      const waited = [];
      for (const ms of [0, 0.3, 1, 1.7, 5, 20, 80]) {
        for (const predicate of [undefined, () => false]) {
          const start = process.hrtime.bigint();
          const answer = condition.waitFor(mutex, predicate, ms);
          const elapsed = Number(process.hrtime.bigint() - start) / 1e6;
          waited.push({ ms, answer, elapsed, owned: mutex.ownerThreadId === threadId });
        }
      }
      return waited;
    },
    { view: cells() },
  );
  for (const { ms, answer, elapsed, owned } of waited) {
    t.false(answer);
    t.true(owned);
    t.true(elapsed >= ms, `asked for ${ms} ms, gave up after ${elapsed} ms`);
    t.true(elapsed < ms + 1_000, `asked for ${ms} ms, gave up after ${elapsed} ms`);
  }
});

test('notifications without a change do not stretch the time limit of waitFor', async (t) => {
  const view = cells();
  const waiter = startWorker(
    ({ view }, { Mutex, Condition, ready }) => {
      const mutex = new Mutex(view, 0).lock();
      ready();
      const start = performance.now();
      const answer = new Condition(view, 1).waitFor(mutex, () => false, 300);
      mutex.unlock();
      return { answer, elapsed: performance.now() - start };
    },
    { view },
    { limit: 30_000 },
  );
  const condition = new Condition(view, 1);
  const timer = setInterval(() => condition.notifyAll(), 20);
  const { answer, elapsed } = await waiter.done;
  clearInterval(timer);
  t.false(answer);
  t.true(elapsed >= 300 && elapsed < 2_000, `${elapsed} ms`);
});
