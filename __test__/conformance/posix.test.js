// @ts-check
'use strict';

// What POSIX.1-2024 guarantees for robust and error-checking mutexes, and for waiting on a condition with one.

const { Condition, Mutex } = require('../../index.js');
const stage = require('../helpers/conformance.js');

/** @typedef {import('../helpers/types.js').Body} Body */

const robust = stage.documented('POSIX robust mutex');
const checking = stage.documented('POSIX error-checking mutex');
const timed = stage.documented('POSIX pthread_mutex_timedlock');
const conditions = stage.documented('POSIX pthread_cond');

const DEAD = 'ERR_ABANDONED';

/**
 * A worker that holds the mutex until it is terminated.
 *
 * @param {Int32Array} view
 * @param {{ recovering?: boolean }} [how]
 */
async function holder(view, { recovering = false } = {}) {
  const { worker, ready, done } = stage.party(
    ({ view, recovering }, { Mutex, ready }) => {
      const mutex = new Mutex(view, 0);
      if (recovering) mutex.recover();
      else mutex.lock();
      ready();
      return new Promise((resolve) => setTimeout(resolve, 60_000));
    },
    { view, recovering },
  );
  await Promise.race([ready, done]);
  const { threadId } = worker;
  return { threadId, die: () => worker.terminate() };
}

/** @type {Body} */
const lock = ({ view, ms }, { Mutex, codeOf }) => {
  const mutex = new Mutex(view, 0);
  const answer = codeOf(() => (ms === undefined ? mutex.lock() && true : mutex.tryLock(ms)));
  if (answer.returned) mutex.unlock();
  return answer;
};
const LOCKED = { returned: true };

robust('when the owner terminates, each waiter is notified', async (t) => {
  const view = stage.cells();
  const owner = await holder(view);
  const waiting = await stage.inOrder(2, lock, { view });
  waiting.push(...(await stage.inOrder(1, lock, { view, ms: 9_000 })));
  const promise = stage.endOf(new Mutex(view, 0).lockAsync());
  await owner.die();
  t.deepEqual(await stage.answers(waiting), [DEAD, DEAD, DEAD]);
  t.is(await promise, DEAD);
});

robust('when the owner has terminated, the next that tries to lock is notified', async (t) => {
  const view = stage.cells();
  const owner = await holder(view);
  await owner.die();
  const mutex = new Mutex(view, 0);
  for (const attempt of [() => mutex.lock(), () => mutex.tryLock(), () => mutex.tryLock(50)]) {
    const error = t.throws(attempt, { code: DEAD });
    t.is(/** @type {any} */ (error).ownerThreadId, owner.threadId);
  }
  t.is(await stage.endOf(mutex.lockAsync()), DEAD);
});

robust('made consistent and unlocked, it can be used normally by other threads', async (t) => {
  const view = stage.cells();
  await (await holder(view)).die();
  const mutex = new Mutex(view, 0);
  t.true(mutex.recover());
  const waiting = await stage.inOrder(2, lock, { view });
  mutex.unlock();
  t.deepEqual(await stage.answers(waiting), [LOCKED, LOCKED]);
  t.deepEqual(await stage.answer(lock, { view }), LOCKED);
});

robust(
  'of several that try to make it consistent, one is told to, and all get the lock in turn',
  async (t) => {
    const view = stage.cells();
    await (await holder(view)).die();
    /** @type {Body} */
    const recover = ({ view }, { Mutex }) => {
      const mutex = new Mutex(view, 0);
      const cleared = mutex.recover();
      view[1]++;
      mutex.unlock();
      return cleared;
    };
    const cleared = await stage.answers([0, 1, 2].map(() => stage.party(recover, { view })));
    t.deepEqual(cleared.sort(), [false, false, true]);
    t.is(view[1], 3);
  },
);

robust(
  'if the one that was to make it consistent terminates too, the next is notified',
  async (t) => {
    const view = stage.cells();
    await (await holder(view)).die();
    const second = await holder(view, { recovering: true });
    const waiting = await stage.inOrder(1, lock, { view });
    await second.die();
    t.deepEqual(await stage.answers(waiting), [DEAD]);
    const error = t.throws(() => new Mutex(view, 0).lock(), { code: DEAD });
    t.is(/** @type {any} */ (error).ownerThreadId, second.threadId);
  },
);

robust('to make consistent what is not inconsistent is told', async (t) => {
  const mutex = new Mutex(stage.cells());
  t.false(mutex.recover());
  mutex.unlock();
  const guard = await mutex.recoverAsync();
  t.false(guard.recovered);
  guard.release();
});

robust('a thread that terminates without holding it leaves it as it was', async (t) => {
  const view = stage.cells();
  const mutex = new Mutex(view, 0).lock();
  const [victim, other] = await stage.inOrder(2, lock, { view });
  await victim.worker.terminate();
  mutex.unlock();
  t.deepEqual(await stage.answers([other]), [LOCKED]);
});

robust(
  'waiting on a condition, a thread is notified when the mutex cannot be re-acquired',
  async (t) => {
    const view = stage.cells();
    const waiting = await stage.inOrder(
      1,
      ({ view }, { Mutex, Condition, codeOf, threadId }) => {
        const mutex = new Mutex(view, 0).lock();
        const code = codeOf(() => new Condition(view, 1).wait(mutex));
        return { code, owned: mutex.ownerThreadId === threadId };
      },
      { view },
    );
    const owner = await holder(view);
    t.is(new Condition(view, 1).notify(), 1);
    await stage.asleep(...waiting);
    await owner.die();
    t.deepEqual(await stage.answers(waiting), [{ code: DEAD, owned: false }]);
  },
);

checking(
  'pthread_mutex_lock() by the owner fails with EDEADLK, and the lock is kept',
  async (t) => {
    const view = stage.cells();
    const answer = await stage.answer(
      ({ view }, { Mutex, codeOf, threadId }) => {
        const mutex = new Mutex(view, 0).lock();
        const codes = [codeOf(() => mutex.lock()), codeOf(() => mutex.tryLock(1_000))];
        const kept = mutex.ownerThreadId === threadId;
        mutex.unlock();
        return { codes, kept };
      },
      { view },
    );
    t.deepEqual(answer, { codes: ['ERR_DEADLOCK', 'ERR_DEADLOCK'], kept: true });
  },
);

checking('pthread_mutex_lock() may detect a deadlock of several threads', async (t) => {
  const view = stage.cells();
  const told = await stage.together(
    2,
    ({ view, id }, { Mutex, Barrier, codeOf }) => {
      const mutexes = [new Mutex(view, 0), new Mutex(view, 1)];
      mutexes[id].lock();
      new Barrier(view, 2, 2).wait();
      const answer = codeOf(() => mutexes[1 - id].lock() && true);
      mutexes[id].unlock();
      if (answer.returned) mutexes[1 - id].unlock();
      return answer;
    },
    { view },
  );
  t.true(told.includes('ERR_DEADLOCK'));
  t.true(told.some((answer) => answer.returned));
});

checking('pthread_mutex_unlock() by a thread that does not own it fails with EPERM', async (t) => {
  const view = stage.cells();
  /** @type {Body} */
  const unlock = ({ view }, { Mutex, codeOf }) => codeOf(() => new Mutex(view, 0).unlock());
  t.deepEqual(await stage.answer(unlock, { view }), 'ERR_NOT_OWNER');
  const mutex = new Mutex(view, 0).lock();
  t.deepEqual(await stage.answer(unlock, { view }), 'ERR_NOT_OWNER');
  mutex.unlock();
});

checking(
  'pthread_mutex_trylock() fails with EBUSY while it is owned, by this thread too',
  async (t) => {
    const view = stage.cells();
    const mutex = new Mutex(view, 0).lock();
    t.false(mutex.tryLock());
    t.deepEqual(await stage.answer(lock, { view, ms: 0 }), { returned: false });
    mutex.unlock();
  },
);

timed('it fails when the time has passed, and not before', async (t) => {
  const view = stage.cells();
  const mutex = new Mutex(view, 0).lock();
  const { answer, waited } = await stage.answer(
    ({ view }, { Mutex }) => {
      const start = performance.now();
      const answer = new Mutex(view, 0).tryLock(40);
      return { answer, waited: performance.now() - start };
    },
    { view },
  );
  t.false(answer);
  t.true(waited >= 40, `${waited} ms`);
  mutex.unlock();
});

timed(
  'under no circumstance does it fail with a timeout if it can be locked at once',
  async (t) => {
    t.deepEqual(await stage.answer(lock, { view: stage.cells(), ms: 0 }), LOCKED);
    t.deepEqual(await stage.answer(lock, { view: stage.cells(), ms: Number.MIN_VALUE }), LOCKED);
  },
);

conditions('_wait() fails with EPERM if the thread does not own the mutex', async (t) => {
  const view = stage.cells();
  t.throws(() => new Condition(view, 1).wait(new Mutex(view, 0)), { code: 'ERR_NOT_OWNER' });
  const guard = await new Mutex(view, 0).lockAsync();
  guard.release();
  t.is(await stage.endOf(new Condition(view, 1).waitAsync(guard)), 'ERR_NOT_OWNER');
});

conditions('_timedwait() re-acquires the mutex also when the time has passed', async (t) => {
  const view = stage.cells();
  const answer = await stage.answer(
    ({ view }, { Mutex, Condition, threadId }) => {
      const mutex = new Mutex(view, 0).lock();
      const notified = new Condition(view, 1).waitFor(mutex, undefined, 20);
      const owned = mutex.ownerThreadId === threadId;
      mutex.unlock();
      return { notified, owned };
    },
    { view },
  );
  t.deepEqual(answer, { notified: false, owned: true });
});

conditions('_signal() and _broadcast() have no effect if no thread is blocked', (t) => {
  const view = stage.cells();
  t.is(new Condition(view, 1).notify(), 0);
  t.is(new Condition(view, 1).notifyAll(), 0);
  t.is(view[1], 0);
});

conditions('_signal() may be called by a thread whether or not it owns the mutex', async (t) => {
  const view = stage.cells();
  /** @type {Body} */
  const wait = ({ view }, { Mutex, Condition }) => {
    const mutex = new Mutex(view, 0).lock();
    const notified = new Condition(view, 1).waitFor(mutex, undefined, 9_000);
    mutex.unlock();
    return notified;
  };
  const [first, second] = await stage.inOrder(2, wait, { view });
  t.is(new Condition(view, 1).notify(), 1);
  t.true(await first.done);
  const mutex = new Mutex(view, 0).lock();
  t.is(new Condition(view, 1).notify(), 1);
  mutex.unlock();
  t.true(await second.done);
});
