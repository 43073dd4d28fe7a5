// @ts-check
'use strict';

// What Python's threading module, and asyncio for the promise forms, promise (Python 3.13, The Python Standard Library).

const { threadId } = require('node:worker_threads');
const { Barrier, Condition, Latch, Mutex } = require('../../index.js');
const stage = require('../helpers/conformance.js');

/** @typedef {import('../helpers/types.js').Body} Body */

const barrier = stage.documented('Python threading.Barrier');
const condition = stage.documented('Python threading.Condition');
const lock = stage.documented('Python threading.Lock');
const asyncLock = stage.documented('Python asyncio.Lock');
const asyncCondition = stage.documented('Python asyncio.Condition');
const asyncBarrier = stage.documented('Python asyncio.Barrier');

const { BROKEN, arrive } = stage;

barrier('wait() releases all at once when as many as parties have called it', async (t) => {
  const view = stage.cells();
  const started = await stage.inOrder(3, arrive, { view, total: 4 });
  await stage.asleep(...started);
  started.push(stage.party(arrive, { view, total: 4 }));
  for (const answer of await stage.answers(started)) t.is(typeof answer.returned, 'number');
});

barrier('wait() returns an integer from 0 to parties - 1, different for each thread', async (t) => {
  const view = stage.cells();
  const rounds = await stage.together(
    4,
    ({ view }, { Barrier }) => {
      const barrier = new Barrier(view, 0, 4);
      return Array.from({ length: 200 }, () => barrier.wait());
    },
    { view },
  );
  for (let round = 0; round < 200; round++) {
    t.deepEqual(rounds.map((indices) => indices[round]).sort(), [0, 1, 2, 3]);
  }
});

barrier('it may be used any number of times for the same number of threads', async (t) => {
  const view = stage.cells();
  const [a, b] = await stage.together(
    2,
    ({ view }, { Barrier }) => {
      const barrier = new Barrier(view, 0, 2);
      let sum = 0;
      for (let i = 0; i < 5_000; i++) sum += barrier.wait();
      return sum;
    },
    { view },
  );
  t.is(a + b, 5_000);
});

barrier('one of the threads will have called the action prior to being released', async (t) => {
  const view = stage.cells();
  /** @type {Body} */
  const act = ({ view }, { Barrier }) => {
    new Barrier(view, 0, 3, { action: () => view[1]++ }).wait();
    return view[1];
  };
  const started = await stage.inOrder(2, act, { view });
  t.is(view[1], 0);
  t.deepEqual(await stage.answers([...started, stage.party(act, { view })]), [1, 1, 1]);
});

barrier('should the action raise an error, the barrier is put into the broken state', async (t) => {
  const view = stage.cells();
  const started = await stage.inOrder(1, arrive, { view, total: 2 });
  const failing = stage.party(
    ({ view }, { Barrier, errorOf }) =>
      errorOf(() =>
        new Barrier(view, 0, 2, {
          action() {
            throw new Error('of the action');
          },
        }).wait(),
      ),
    { view },
  );
  const [other, error] = await stage.answers([...started, failing]);
  t.is(error.message, 'of the action');
  t.is(other, BROKEN);
  t.true(new Barrier(view, 0, 2).broken);
});

barrier('if the call times out, the barrier is put into the broken state', async (t) => {
  const view = stage.cells();
  const started = await stage.inOrder(1, arrive, { view, total: 3 });
  t.deepEqual(await stage.answers([...started, stage.party(arrive, { view, total: 3, ms: 20 })]), [
    BROKEN,
    'ERR_TIMEOUT',
  ]);
  t.true(new Barrier(view, 0, 3).broken);
});

barrier(
  'reset() returns it to the empty state, and threads waiting on it get the error',
  async (t) => {
    const view = stage.cells();
    const subject = new Barrier(view, 0, 3);
    const started = await stage.inOrder(2, arrive, { view, total: 3 });
    subject.reset();
    t.deepEqual(await stage.answers(started), [BROKEN, BROKEN]);
    t.deepEqual([subject.broken, subject.waiting, view[0]], [false, 0, 0]);
  },
);

barrier('abort() makes active and future calls of wait() fail', async (t) => {
  const view = stage.cells();
  const started = await stage.inOrder(2, arrive, { view, total: 3 });
  new Barrier(view, 0, 3).abort();
  t.deepEqual(await stage.answers(started), [BROKEN, BROKEN]);
  t.deepEqual(await stage.answer(arrive, { view, total: 3 }), BROKEN);
});

barrier('parties, n_waiting and broken tell its state', async (t) => {
  const view = stage.cells();
  const subject = new Barrier(view, 0, 5);
  const started = await stage.inOrder(2, arrive, { view, total: 5 });
  t.deepEqual([subject.total, subject.waiting, subject.broken], [5, 2, false]);
  subject.abort();
  await stage.answers(started);
  t.deepEqual([subject.total, subject.waiting, subject.broken], [5, 0, true]);
});

/**
 * Waits once, and returns whether it was notified and which thread then owns the mutex.
 *
 * @type {Body}
 */
const waitOnce = ({ view, ms = 9_000 }, { Mutex, Condition, threadId }) => {
  const mutex = new Mutex(view, 0).lock();
  const notified = new Condition(view, 1).waitFor(mutex, undefined, ms);
  const owned = mutex.ownerThreadId === threadId;
  mutex.unlock();
  return { notified, owned };
};
const NOTIFIED = { notified: true, owned: true };

condition(
  'wait() releases the lock, blocks until it is awakened, and acquires the lock again',
  async (t) => {
    const view = stage.cells();
    const mutex = new Mutex(view, 0);
    const started = await stage.inOrder(1, waitOnce, { view });
    t.true(mutex.tryLock(), 'released');
    t.is(new Condition(view, 1).notify(), 1);
    mutex.unlock();
    t.deepEqual(await stage.answers(started), [NOTIFIED]);
  },
);

condition('wait() raises an error if the calling thread has not acquired the lock', async (t) => {
  const view = stage.cells();
  t.throws(() => new Condition(view, 1).wait(new Mutex(view, 0)), { code: 'ERR_NOT_OWNER' });
  const mutex = new Mutex(view, 0).lock();
  const other = await stage.answer(
    ({ view }, { Mutex, Condition, codeOf }) =>
      codeOf(() => new Condition(view, 1).waitFor(new Mutex(view, 0), () => true, 10)),
    { view },
  );
  t.is(other, 'ERR_NOT_OWNER');
  t.is(mutex.ownerThreadId, threadId);
  mutex.unlock();
});

condition(
  'wait() with a timeout is true unless the timeout expired, and has the lock in either case',
  async (t) => {
    const view = stage.cells();
    const late = await stage.answer(waitOnce, { view, ms: 20 });
    t.deepEqual(late, { notified: false, owned: true });
    const started = await stage.inOrder(1, waitOnce, { view });
    new Condition(view, 1).notify();
    t.deepEqual(await stage.answers(started), [NOTIFIED]);
  },
);

condition(
  'wait_for() waits until the predicate is true, ignoring awakenings before, and returns its last value',
  async (t) => {
    const view = stage.cells();
    const waiter = stage.party(
      ({ view }, { Mutex, Condition }) => {
        const mutex = new Mutex(view, 0).lock();
        try {
          return new Condition(view, 1).waitFor(mutex, () => view[2] === 2 && 'two', 9_000);
        } finally {
          mutex.unlock();
        }
      },
      { view },
    );
    const mutex = new Mutex(view, 0);
    for (let i = 1; i <= 2; i++) {
      await stage.asleep(waiter);
      mutex.lock();
      view[2] = i;
      new Condition(view, 1).notify();
      mutex.unlock();
    }
    t.deepEqual(await stage.answers([waiter]), ['two']);
  },
);

condition(
  'wait_for() whose time is up returns the last value of the predicate, which is false',
  async (t) => {
    const view = stage.cells();
    const answer = await stage.answer(
      ({ view }, { Mutex, Condition }) => {
        const mutex = new Mutex(view, 0).lock();
        const value = new Condition(view, 1).waitFor(mutex, () => 0, 20);
        mutex.unlock();
        return value;
      },
      { view },
    );
    t.is(answer, 0);
  },
);

condition('the predicate is evaluated with the lock held', async (t) => {
  const view = stage.cells();
  const waiter = stage.party(
    ({ view }, { Mutex, Condition, threadId }) => {
      const mutex = new Mutex(view, 0).lock();
      const owners = new Set();
      new Condition(view, 1).waitFor(
        mutex,
        () => {
          owners.add(mutex.ownerThreadId === threadId);
          return view[2] === 1;
        },
        9_000,
      );
      mutex.unlock();
      return [...owners];
    },
    { view },
  );
  await stage.asleep(waiter);
  const mutex = new Mutex(view, 0).lock();
  view[2] = 1;
  new Condition(view, 1).notifyAll();
  mutex.unlock();
  t.deepEqual(await stage.answers([waiter]), [[true]]);
});

condition('notify(n) wakes at most n of those waiting, and is a no-op if none are', async (t) => {
  const view = stage.cells();
  const subject = new Condition(view, 1);
  t.is(subject.notify(), 0);
  t.is(subject.notify(5), 0);
  const started = await stage.inOrder(4, waitOnce, { view });
  t.is(subject.notify(3), 3);
  t.deepEqual(await stage.answers(started.slice(0, 3)), [NOTIFIED, NOTIFIED, NOTIFIED]);
  await stage.asleep(started[3]);
  t.is(subject.notify(3), 1);
  t.deepEqual(await stage.answers(started.slice(3)), [NOTIFIED]);
});

condition('an awakened thread does not return until it can acquire the lock again', async (t) => {
  const view = stage.cells();
  const mutex = new Mutex(view, 0);
  const started = await stage.inOrder(1, waitOnce, { view });
  mutex.lock();
  new Condition(view, 1).notify();
  t.true(await stage.isPending(started[0].done));
  mutex.unlock();
  t.deepEqual(await stage.answers(started), [NOTIFIED]);
});

condition('notify_all() wakes all threads that wait', async (t) => {
  const view = stage.cells();
  const started = await stage.inOrder(4, waitOnce, { view });
  t.is(new Condition(view, 1).notifyAll(), 4);
  t.deepEqual(await stage.answers(started), [NOTIFIED, NOTIFIED, NOTIFIED, NOTIFIED]);
});

condition('several condition variables can share one lock', async (t) => {
  const view = stage.cells();
  /** @type {Body} */
  const body = ({ view, id }, { Mutex, Condition }) => {
    const mutex = new Mutex(view, 0).lock();
    const notified = new Condition(view, 1 + id).waitFor(mutex, undefined, 9_000);
    mutex.unlock();
    return notified;
  };
  const [first, second] = await stage.inOrder(2, body, { view });
  t.is(new Condition(view, 2).notifyAll(), 1);
  t.true(await second.done);
  await stage.asleep(first);
  t.is(new Condition(view, 1).notifyAll(), 1);
  t.true(await first.done);
});

/** @type {Body} */
const lockFor = ({ view, ms }, { Mutex, codeOf }) => {
  const mutex = new Mutex(view, 0);
  const start = performance.now();
  const answer = codeOf(() => mutex.tryLock(ms));
  const waited = performance.now() - start;
  if (answer.returned) mutex.unlock();
  return { answer, waited };
};

lock('acquire() blocks until the lock is unlocked, then locks it', async (t) => {
  const view = stage.cells();
  const mutex = new Mutex(view, 0).lock();
  const started = await stage.inOrder(
    1,
    ({ view }, { Mutex, threadId }) => {
      const mutex = new Mutex(view, 0).lock();
      const owned = mutex.ownerThreadId === threadId;
      mutex.unlock();
      return owned;
    },
    { view },
  );
  t.is(mutex.ownerThreadId, threadId);
  mutex.unlock();
  t.deepEqual(await stage.answers(started), [true]);
});

lock(
  'acquire(blocking=False) does not block: true if it locked, false if it could not',
  async (t) => {
    const view = stage.cells();
    const mutex = new Mutex(view, 0);
    t.true(mutex.tryLock());
    const refused = await stage.answer(lockFor, { view, ms: 0 });
    t.deepEqual(refused.answer, { returned: false });
    t.true(refused.waited < 1_000, `${refused.waited} ms`);
    mutex.unlock();
  },
);

lock('acquire(timeout=t) is false if the time has elapsed, not before', async (t) => {
  const view = stage.cells();
  const mutex = new Mutex(view, 0).lock();
  const late = await stage.answer(lockFor, { view, ms: 40 });
  t.deepEqual(late.answer, { returned: false });
  t.true(late.waited >= 40, `${late.waited} ms`);
  mutex.unlock();
  const intime = await stage.answer(lockFor, { view, ms: 9_000 });
  t.deepEqual(intime.answer, { returned: true });
});

lock('a negative timeout is an error', (t) => {
  t.throws(() => new Mutex(stage.cells()).tryLock(-2), { code: 'ERR_OUT_OF_RANGE' });
});

lock('release() of an unlocked lock raises an error', (t) => {
  const mutex = new Mutex(stage.cells());
  t.throws(() => mutex.unlock(), { code: 'ERR_NOT_OWNER' });
  mutex.lock();
  mutex.unlock();
  t.throws(() => mutex.unlock(), { code: 'ERR_NOT_OWNER' });
});

lock('release() lets exactly one of those who wait proceed', async (t) => {
  const view = stage.cells();
  const mutex = new Mutex(view, 0).lock();
  /** @type {Body} */
  const body = ({ view }, { Mutex, Latch }) => {
    const mutex = new Mutex(view, 0).lock();
    view[2]++;
    new Latch(view, 3).await();
    mutex.unlock();
  };
  const started = await stage.inOrder(3, body, { view });
  mutex.unlock();
  while (Atomics.load(view, 2) === 0) await stage.sleep(5);
  // The owner sleeps at the latch, the others wait for the lock.
  await stage.asleep(...started);
  t.is(view[2], 1);
  new Latch(view, 3).release();
  await stage.answers(started);
  t.is(view[2], 3);
});

lock('locked() is whether it is acquired', (t) => {
  const mutex = new Mutex(stage.cells());
  const seen = [mutex.locked];
  mutex.lock();
  seen.push(mutex.locked);
  mutex.unlock();
  seen.push(mutex.locked);
  t.deepEqual(seen, [false, true, false]);
});

lock(
  'as a context manager it is released on leaving the block, also by an exception',
  async (t) => {
    const mutex = new Mutex(stage.cells());
    mutex.lock()[Symbol.dispose]();
    t.false(mutex.locked);
    const fail = () => {
      throw new Error('inside');
    };
    await t.throwsAsync(mutex.runExclusiveAsync(fail), { message: 'inside' });
    t.false(mutex.locked);
  },
);

asyncLock(
  'acquire() waits until the lock is unlocked, then locks it; a thread is one like any other',
  async (t) => {
    const view = stage.cells();
    const holder = stage.party(
      ({ view }, { Mutex, Latch }) => {
        const mutex = new Mutex(view, 0).lock();
        new Latch(view, 1).await();
        mutex.unlock();
      },
      { view },
    );
    await stage.asleep(holder);
    const mutex = new Mutex(view, 0);
    const promise = mutex.lockAsync();
    t.true(await stage.isPending(promise));
    new Latch(view, 1).release();
    const guard = await promise;
    t.true(guard.held);
    t.is(mutex.ownerThreadId, threadId);
    guard.release();
    t.false(mutex.locked);
  },
);

asyncLock('it is fair: the first that started waiting is the first to proceed', async (t) => {
  const mutex = new Mutex(stage.cells());
  const guard = await mutex.lockAsync();
  /** @type {number[]} */
  const order = [];
  const waiting = Array.from({ length: 10 }, async (_, i) => {
    const mine = await mutex.lockAsync({ timeout: 9_000 });
    order.push(i);
    mine.release();
  });
  guard.release();
  await Promise.all(waiting);
  t.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

asyncLock('release() of what is not held raises an error', async (t) => {
  const mutex = new Mutex(stage.cells());
  const guard = await mutex.lockAsync();
  guard.release();
  t.throws(() => guard.release(), { code: 'ERR_NOT_OWNER' });
});

asyncLock('async with releases the lock when the task is done or raises', async (t) => {
  const mutex = new Mutex(stage.cells());
  t.is(await mutex.runExclusiveAsync(async () => mutex.ownerThreadId), threadId);
  await t.throwsAsync(
    mutex.runExclusiveAsync(async () => {
      throw new Error('inside');
    }),
    { message: 'inside' },
  );
  t.false(mutex.locked);
});

asyncCondition(
  'wait() releases the lock, waits to be notified, and acquires the lock again',
  async (t) => {
    const view = stage.cells();
    const mutex = new Mutex(view, 0);
    const subject = new Condition(view, 1);
    const guard = await mutex.lockAsync();
    const promise = subject.waitAsync(guard);
    t.true(await stage.isPending(promise));
    t.false(mutex.locked);
    t.false(guard.held);
    // The notification comes from another thread.
    const notified = await stage.answer(
      ({ view }, { Condition }) => new Condition(view, 1).notify(),
      { view },
    );
    t.is(notified, 1);
    t.true(await promise);
    t.true(guard.held);
    guard.release();
  },
);

asyncCondition('wait() raises an error if the lock is not acquired', async (t) => {
  const view = stage.cells();
  const guard = await new Mutex(view, 0).lockAsync();
  guard.release();
  await t.throwsAsync(new Condition(view, 1).waitAsync(guard), { code: 'ERR_NOT_OWNER' });
});

asyncCondition('wait_for() waits until the predicate is true, and returns its value', async (t) => {
  const view = stage.cells();
  const mutex = new Mutex(view, 0);
  const guard = await mutex.lockAsync();
  const promise = new Condition(view, 1).waitAsync(guard, () => view[2], { timeout: 9_000 });
  const notifier = stage.party(
    ({ view }, { Mutex, Condition }) => {
      for (const value of [0, 7]) {
        const mutex = new Mutex(view, 0).lock();
        view[2] = value;
        new Condition(view, 1).notifyAll();
        mutex.unlock();
      }
    },
    { view },
  );
  t.is(await promise, 7);
  await stage.answers([notifier]);
  guard.release();
});

asyncBarrier(
  'wait() blocks the task until all parties have called it, and returns a different index each',
  async (t) => {
    const subject = new Barrier(stage.cells(), 0, 3);
    const early = [subject.waitAsync(), subject.waitAsync()];
    t.true(await stage.isPending(Promise.race(early)));
    t.is(subject.waiting, 2);
    t.deepEqual(await Promise.all([...early, subject.waitAsync()]), [2, 1, 0]);
  },
);

asyncBarrier('reset() and abort() raise the error in the tasks that wait', async (t) => {
  const subject = new Barrier(stage.cells(), 0, 2);
  const first = subject.waitAsync();
  subject.reset();
  t.is(await stage.endOf(first), BROKEN);
  const second = subject.waitAsync();
  subject.abort();
  t.is(await stage.endOf(second), BROKEN);
  t.is(await stage.endOf(subject.waitAsync()), BROKEN);
});
