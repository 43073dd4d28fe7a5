// @ts-check
'use strict';

// What Rust's std::sync promises (Rust 1.90, library documentation).

const { threadId } = require('node:worker_threads');
const { Condition, Mutex } = require('../../index.js');
const stage = require('../helpers/conformance.js');

/** @typedef {import('../helpers/types.js').Body} Body */

const mutexes = stage.documented('Rust std::sync::Mutex');
const condvar = stage.documented('Rust std::sync::Condvar');
const barrier = stage.documented('Rust std::sync::Barrier');

mutexes('upon returning from lock(), the thread is the only one with the lock held', async (t) => {
  const view = stage.cells();
  const ended = await stage.together(
    3,
    ({ view }, { Mutex }) => {
      const mutex = new Mutex(view, 0);
      let alone = true;
      for (let i = 0; i < 10_000; i++) {
        mutex.lock();
        view[1]++; // plain
        alone &&= Atomics.add(view, 2, 1) === 0;
        Atomics.sub(view, 2, 1);
        mutex.unlock();
      }
      return alone;
    },
    { view },
  );
  t.deepEqual(ended, [true, true, true]);
  t.is(view[1], 30_000);
});

mutexes(
  'lock() of what this thread holds does not return: it throws, and the lock is kept',
  async (t) => {
    const view = stage.cells();
    const answer = await stage.answer(
      ({ view }, { Mutex, codeOf, threadId }) => {
        const mutex = new Mutex(view, 0).lock();
        const code = codeOf(() => mutex.lock());
        const kept = mutex.ownerThreadId === threadId;
        mutex.unlock();
        return { code, kept };
      },
      { view },
    );
    t.deepEqual(answer, { code: 'ERR_DEADLOCK', kept: true });
  },
);

mutexes('try_lock() does not block, and fails while another thread holds it', async (t) => {
  const view = stage.cells();
  const mutex = new Mutex(view, 0).lock();
  const attempt = () =>
    stage.party(
      ({ view }, { Mutex }) => {
        const mutex = new Mutex(view, 0);
        const locked = mutex.tryLock();
        if (locked) mutex.unlock();
        return locked;
      },
      { view },
    );
  t.deepEqual(await stage.answers([attempt()]), [false]);
  mutex.unlock();
  t.deepEqual(await stage.answers([attempt()]), [true]);
});

mutexes('the guard unlocks it when it is dropped, also on the way out of an error', async (t) => {
  const mutex = new Mutex(stage.cells());
  const guard = await mutex.lockAsync();
  t.true(mutex.locked);
  /** @type {any} */ (guard)[Symbol.dispose]();
  t.false(mutex.locked);
  // A second dispose does nothing, so that it hides no error.
  t.notThrows(() => /** @type {any} */ (guard)[Symbol.dispose]());
  await t.throwsAsync(
    mutex.runExclusiveAsync(() => {
      throw new Error('inside');
    }),
    { message: 'inside' },
  );
  t.false(mutex.locked);
});

mutexes('a guard is not Send: no other thread can unlock', async (t) => {
  const view = stage.cells();
  const mutex = new Mutex(view, 0);
  /** @type {Body} */
  const unlock = ({ view }, { Mutex, codeOf }) => codeOf(() => new Mutex(view, 0).unlock());
  mutex.lock();
  t.deepEqual(await stage.answer(unlock, { view }), 'ERR_NOT_OWNER');
  mutex.unlock();
  const guard = await mutex.lockAsync();
  t.deepEqual(await stage.answer(unlock, { view }), 'ERR_NOT_OWNER');
  // Nor can this thread, without the guard.
  t.throws(() => mutex.unlock(), { code: 'ERR_NOT_OWNER' });
  t.is(mutex.ownerThreadId, threadId);
  guard.release();
});

mutexes(
  'it is poisoned when a thread panics while it holds it: lock() and try_lock() say so',
  async (t) => {
    const view = stage.cells();
    const dead = await stage.poison(view, 'lock');
    /** @type {Body} */
    const ask = ({ view }, { Mutex, codeOf }) => [
      codeOf(() => new Mutex(view, 0).lock()),
      codeOf(() => new Mutex(view, 0).tryLock()),
      codeOf(() => new Mutex(view, 0).tryLock(1_000)),
    ];
    const told = ['ERR_ABANDONED', 'ERR_ABANDONED', 'ERR_ABANDONED'];
    t.deepEqual(await stage.answer(ask, { view }), told);
    const error = await t.throwsAsync(new Mutex(view, 0).lockAsync(), { code: 'ERR_ABANDONED' });
    t.is(/** @type {any} */ (error).ownerThreadId, dead);
  },
);

mutexes('it stays poisoned until clear_poison(), and works as before then', async (t) => {
  const view = stage.cells();
  const mutex = new Mutex(view, 0);
  await stage.poison(view, 'lock');
  for (let i = 0; i < 3; i++) t.throws(() => mutex.lock(), { code: 'ERR_ABANDONED' });
  t.true(mutex.recover());
  mutex.unlock();
  t.is(mutex.lock(), mutex);
  mutex.unlock();
  // Also by a promise.
  await stage.poison(view, 'lock');
  const guard = await mutex.recoverAsync();
  t.true(guard.recovered);
  guard.release();
  mutex.lock().unlock();
});

condvar(
  'notifications that follow the unlock of wait() wake it: the unlock and the wait are atomic',
  async (t) => {
    const view = stage.cells();
    const ended = await stage.together(
      2,
      ({ view, id }, { Mutex, Condition }) => {
        const mutex = new Mutex(view, 0);
        const turn = new Condition(view, 1);
        for (let i = 0; i < 1_000; i++) {
          mutex.lock();
          while (view[2] !== id) turn.wait(mutex);
          view[2] = 1 - id;
          turn.notify();
          mutex.unlock();
        }
        return true;
      },
      { view },
    );
    t.deepEqual(ended, [true, true]);
  },
);

/** @type {Body} */
const waitOnce = ({ view, ms = Infinity }, { Mutex, Condition, threadId }) => {
  const mutex = new Mutex(view, 0).lock();
  const start = performance.now();
  const notified = new Condition(view, 1).waitFor(mutex, undefined, ms);
  const waited = performance.now() - start;
  const owned = mutex.ownerThreadId === threadId;
  mutex.unlock();
  return { notified, owned, waited };
};

condvar('when wait() returns, the lock will have been re-acquired', async (t) => {
  const view = stage.cells();
  const started = await stage.inOrder(3, waitOnce, { view });
  new Condition(view, 1).notifyAll();
  for (const { notified, owned } of await stage.answers(started)) t.true(notified && owned);
});

condvar(
  'wait_while() waits as long as the condition says so, and not at all if it does not',
  async (t) => {
    const view = stage.cells();
    /** @type {Body} */
    const body = ({ view }, { Mutex, Condition }) => {
      const mutex = new Mutex(view, 0).lock();
      let asked = 0;
      new Condition(view, 1).wait(mutex, () => ++asked && view[2] === 1);
      mutex.unlock();
      return asked;
    };
    const [waiter] = await stage.inOrder(1, body, { view });
    const mutex = new Mutex(view, 0).lock();
    view[2] = 1;
    new Condition(view, 1).notify();
    mutex.unlock();
    t.deepEqual(await stage.answers([waiter]), [2]);
    t.deepEqual(await stage.answer(body, { view }), 1);
  },
);

condvar(
  'wait_timeout() tells that the time passed, not before, and re-acquires the lock regardless',
  async (t) => {
    const view = stage.cells();
    const { notified, owned, waited } = await stage.answer(waitOnce, { view, ms: 40 });
    t.false(notified);
    t.true(owned);
    t.true(waited >= 40, `${waited} ms`);
  },
);

condvar('wait_timeout_while() ends with the condition or the time, and says which', async (t) => {
  const view = stage.cells();
  /** @type {Body} */
  const body = ({ view, ms }, { Mutex, Condition }) => {
    const mutex = new Mutex(view, 0).lock();
    const answer = new Condition(view, 1).waitFor(mutex, () => view[2] === 1, ms);
    mutex.unlock();
    return answer;
  };
  t.deepEqual(await stage.answer(body, { view, ms: 20 }), false);
  const [waiter] = await stage.inOrder(1, body, { view, ms: 9_000 });
  const mutex = new Mutex(view, 0).lock();
  view[2] = 1;
  new Condition(view, 1).notify();
  mutex.unlock();
  t.deepEqual(await stage.answers([waiter]), [true]);
});

condvar('notify_one() wakes one of those blocked; they are not buffered', async (t) => {
  const view = stage.cells();
  const condition = new Condition(view, 1);
  // A notification before any wait is lost.
  condition.notify();
  const started = await stage.inOrder(2, waitOnce, { view });
  t.true(await stage.isPending(started[0].done));
  condition.notify();
  t.true((await started[0].done).notified);
  t.true(await stage.isPending(started[1].done));
  condition.notify();
  t.true((await started[1].done).notified);
});

condvar('notify_all() wakes all those blocked now, and is not buffered', async (t) => {
  const view = stage.cells();
  const condition = new Condition(view, 1);
  condition.notifyAll();
  const started = await stage.inOrder(3, waitOnce, { view });
  await stage.asleep(...started);
  t.is(condition.notifyAll(), 3);
  await stage.answers(started);
  const late = await stage.answer(waitOnce, { view, ms: 20 });
  t.false(late.notified);
});

/** @type {Body} */
const arrive = ({ view, total, rounds = 1 }, { Barrier }) => {
  const barrier = new Barrier(view, 0, total);
  let led = 0;
  for (let i = 0; i < rounds; i++) led += barrier.wait() === 0 ? 1 : 0;
  return led;
};

barrier('it blocks n - 1 threads, and wakes all of them when the nth calls wait()', async (t) => {
  const view = stage.cells();
  const started = await stage.inOrder(3, arrive, { view, total: 4 });
  t.true(await stage.isPending(Promise.race(started.map(({ done }) => done))));
  await stage.answers([...started, stage.party(arrive, { view, total: 4 })]);
});

barrier(
  'it is re-usable, and can be used continuously, with a single leader each time',
  async (t) => {
    const view = stage.cells();
    const led = await stage.answers(
      [0, 1, 2, 3].map(() => stage.party(arrive, { view, total: 4, rounds: 2_000 })),
    );
    t.is(
      led.reduce((a, b) => a + b),
      2_000,
    );
  },
);

barrier('one of a single thread does not block, and that thread leads', async (t) => {
  t.deepEqual(await stage.answer(arrive, { view: stage.cells(), total: 1, rounds: 10 }), 10);
});
