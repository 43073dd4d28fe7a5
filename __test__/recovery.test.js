// @ts-check
'use strict';

const test = require('ava').default;
const { threadId } = require('node:worker_threads');
const { Barrier, Condition, Mutex, inspect } = require('../index.js');
const { syncError } = require('./helpers/errors.js');
const { cells } = require('./helpers/cells.js');
const { startWorker, inWorkers, sleep } = require('./helpers/threads.js');
const { native } = require('../lib/realm.js');
const { runChild } = require('./helpers/child.js');

// `SHARED_SYNC_KILLS=1000 npx ava __test__/recovery.test.js` for a long run.
const KILLS = Number(process.env.SHARED_SYNC_KILLS ?? 40);

const abandonedBy = (/** @type {number} */ dead) => ({
  ...syncError('ERR_ABANDONED'),
  message: new RegExp(`worker ${dead}\\b`),
});

/**
 * Starts a worker that holds mutexes until it is terminated.
 *
 * @param {Int32Array} view
 * @param {number[]} [indices] the cells of the mutexes
 */
async function startHolder(view, indices = [0]) {
  const holder = startWorker(
    ({ view, indices }, { Mutex, ready }) => {
      for (const index of indices) new Mutex(view, index).lock();
      ready();
      return new Promise(() => setInterval(() => {}, 1_000));
    },
    { view, indices },
    { limit: 60_000 },
  );
  await holder.ready;
  return { threadId: holder.worker.threadId, kill: () => holder.worker.terminate() };
}

/**
 * Waits until this many threads are blocked.
 *
 * @param {number} count
 */
async function untilBlocked(count) {
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(2)) {
    if (inspect().length === count) return;
  }
  throw new Error(`not ${count} blocked, but ${JSON.stringify(inspect())}`);
}

test('recover() of a mutex that is not abandoned locks it and returns false', (t) => {
  const mutex = new Mutex(cells());
  for (const recover of [
    () => mutex.recover(),
    () => mutex.tryRecover(),
    () => mutex.tryRecover(50),
  ]) {
    t.false(recover());
    t.is(mutex.ownerThreadId, threadId);
    mutex.unlock();
    t.false(mutex.locked);
  }
});

test('recover() in the thread that owns it is a deadlock, and it is still owned', (t) => {
  const mutex = new Mutex(cells()).lock();
  for (const recover of [() => mutex.recover(), () => mutex.tryRecover(60_000)]) {
    t.throws(recover, syncError('ERR_DEADLOCK'));
    t.is(mutex.ownerThreadId, threadId);
  }
  mutex.unlock();
});

test('tryRecover() of a mutex with a living owner times out, never early', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const holder = await startHolder(view);
  for (const ms of [0, 1, 30]) {
    const start = performance.now();
    t.is(mutex.tryRecover(ms), undefined);
    const elapsed = performance.now() - start;
    t.true(elapsed >= ms && elapsed < ms + 2_000, `asked for ${ms} ms, gave up after ${elapsed}`);
    t.is(mutex.ownerThreadId, holder.threadId);
  }
  await holder.kill();
});

test('recover() waits for a living owner, and acquires the lock when it unlocks', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0).lock();
  const recoverers = inWorkers(
    3,
    ({ view }, { Mutex, threadId }) => {
      const mutex = new Mutex(view, 0);
      const cleared = mutex.recover();
      const mine = mutex.ownerThreadId === threadId;
      mutex.unlock();
      return [cleared, mine];
    },
    { view },
  );
  await untilBlocked(3);
  mutex.unlock();
  t.deepEqual(await recoverers, Array(3).fill([false, true]));
});

test('the mutex stays abandoned for every later lock, in every thread, until recover() is called', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const holder = await startHolder(view);
  await holder.kill();
  for (let i = 0; i < 2; i++) {
    for (const lock of [
      () => mutex.lock(),
      () => mutex.tryLock(),
      () => mutex.tryLock(50),
      () => mutex.tryLock(Infinity),
    ]) {
      const error = t.throws(lock, abandonedBy(holder.threadId));
      t.is(/** @type {any} */ (error).ownerThreadId, holder.threadId);
      t.is(mutex.ownerThreadId, holder.threadId);
      t.true(mutex.locked);
    }
    const [code] = await inWorkers(
      1,
      ({ view }, { Mutex, codeOf }) => codeOf(() => new Mutex(view, 0).lock()),
      { view },
    );
    t.is(code, 'ERR_ABANDONED');
  }
  t.throws(() => mutex.unlock(), { code: 'ERR_NOT_OWNER' });
  t.throws(() => new Condition(view, 1).wait(mutex), { code: 'ERR_NOT_OWNER' });
  t.notThrows(() => mutex[Symbol.dispose]());

  t.true(mutex.recover());
  t.is(mutex.ownerThreadId, threadId);
  mutex.unlock();
  t.is(view[0], 0, 'it is as fresh as before');
  t.notThrows(() => mutex.lock().unlock());
  t.false(mutex.recover(), 'told once');
  mutex.unlock();
});

test('tryRecover() of an abandoned mutex needs no time', async (t) => {
  for (const ms of [0, 10, Infinity]) {
    const view = cells();
    await (await startHolder(view)).kill();
    const mutex = new Mutex(view, 0);
    t.true(mutex.tryRecover(ms));
    t.is(mutex.ownerThreadId, threadId);
    mutex.unlock();
  }
});

for (const [when, early] of /** @type {const} */ ([
  ['that wait when the owner dies', true],
  ['that come after its death', false],
])) {
  test(`of several recover() ${when} exactly one returns true, and they exclude each other`, async (t) => {
    for (let round = 0; round < 3; round++) {
      const view = cells();
      const holder = await startHolder(view);
      if (!early) await holder.kill();
      const recoverers = inWorkers(
        6,
        ({ view, id }, { Mutex, stall }) => {
          const mutex = new Mutex(view, 0);
          // One way to recover is as good as the other.
          const cleared = id % 2 ? mutex.recover() : mutex.tryRecover(20_000);
          const alone = Atomics.add(view, 1, 1) === 0;
          stall(2);
          Atomics.sub(view, 1, 1);
          mutex.unlock();
          return { cleared, alone };
        },
        { view },
      );
      if (early) {
        await untilBlocked(6);
        await holder.kill();
      }
      const answers = await recoverers;
      t.is(answers.filter(({ cleared }) => cleared === true).length, 1);
      t.is(answers.filter(({ cleared }) => cleared === false).length, 5);
      t.true(answers.every(({ alone }) => alone));
      t.false(new Mutex(view, 0).locked);
    }
  });
}

test('when the owner dies, each waiting lock() throws and each waiting recover() acquires the mutex in turn', async (t) => {
  const view = cells();
  const holder = await startHolder(view);
  const waiters = inWorkers(
    6,
    ({ view, id }, { Mutex, codeOf, stall }) => {
      const mutex = new Mutex(view, 0);
      if (id % 2) return codeOf(() => mutex.lock());
      const cleared = mutex.recover();
      stall(5);
      mutex.unlock();
      return cleared;
    },
    { view },
  );
  await untilBlocked(6);
  await holder.kill();
  const answers = await waiters;
  t.is(answers.filter((answer) => answer === 'ERR_ABANDONED').length, 3);
  t.is(answers.filter((answer) => answer === true).length, 1);
  t.is(answers.filter((answer) => answer === false).length, 2);
});

test(`of ${KILLS} holders killed in a row, with 8 waiters each, every death throws in every waiter`, async (t) => {
  t.timeout(60_000 + KILLS * 1_000);
  const [ROUND, STARTED, TOLD, HOLDER] = [1, 2, 3, 4];
  const WAITERS = 8;
  const view = cells();
  const mutex = new Mutex(view, 0);
  const waiters = inWorkers(
    WAITERS,
    ({ view, ROUND, STARTED, TOLD, HOLDER, KILLS }, { Mutex, errorOf }) => {
      const mutex = new Mutex(view, 0);
      const wrong = [];
      for (let round = 0; round < KILLS; round++) {
        Atomics.wait(view, ROUND, round);
        Atomics.add(view, STARTED, 1);
        const error = errorOf(() => mutex.lock());
        if (
          error?.code !== 'ERR_ABANDONED' ||
          !error.message.includes(`worker ${Atomics.load(view, HOLDER)} `)
        ) {
          wrong.push({ round, error });
        }
        Atomics.add(view, TOLD, 1);
      }
      return wrong;
    },
    { view, ROUND, STARTED, TOLD, HOLDER, KILLS },
    { limit: 60_000 + KILLS * 1_000 },
  );
  waiters.catch(() => {});
  const reach = async (/** @type {number} */ cell) => {
    for (const end = Date.now() + 10_000; Date.now() < end; await sleep(0)) {
      if (Atomics.load(view, cell) === WAITERS) return;
    }
    throw new Error(`${view[cell]} of ${WAITERS} after 10 s: ${JSON.stringify(inspect())}`);
  };
  for (let round = 0; round < KILLS; round++) {
    const holder = await startHolder(view);
    Atomics.store(view, HOLDER, holder.threadId);
    Atomics.store(view, STARTED, 0);
    Atomics.store(view, TOLD, 0);
    Atomics.store(view, ROUND, round + 1);
    Atomics.notify(view, ROUND);
    // The owner dies while the waiters arrive, just after, or when all sleep.
    if (round % 4 > 0) await reach(STARTED);
    if (round % 4 > 1) await sleep(round % 7);
    if (round % 4 > 2) await untilBlocked(WAITERS);
    await holder.kill();
    await reach(TOLD);
    t.true(mutex.recover());
    mutex.unlock();
  }
  t.deepEqual((await waiters).flat(), []);
});

test('a thread that dies holding several mutexes abandons each of them', async (t) => {
  const view = cells();
  const indices = [0, 1, 2, 3, 7, 11];
  const holder = await startHolder(view, indices);
  const waiters = inWorkers(
    4,
    ({ view, id }, { Mutex, errorOf }) => errorOf(() => new Mutex(view, id).lock()),
    { view },
  );
  await untilBlocked(4);
  await holder.kill();
  for (const error of await waiters) t.is(error?.code, 'ERR_ABANDONED');
  for (const index of indices) {
    const mutex = new Mutex(view, index);
    t.throws(() => mutex.lock(), abandonedBy(holder.threadId));
    t.true(mutex.recover(), `the mutex in cell ${index}`);
    mutex.unlock();
  }
});

test('a recovered mutex can be abandoned again', async (t) => {
  const view = cells();
  for (let i = 0; i < 3; i++) {
    const before = await startHolder(view);
    await before.kill();
    const heir = startWorker(
      ({ view }, { Mutex, ready }) => {
        const cleared = new Mutex(view, 0).recover();
        ready();
        return new Promise((resolve) => setTimeout(resolve, 20, cleared));
      },
      { view },
    );
    await heir.ready;
    const dead = heir.worker.threadId;
    t.true(await heir.done);
    await heir.exited;
    t.throws(() => new Mutex(view, 0).lock(), abandonedBy(dead));
    t.true(new Mutex(view, 0).recover());
    new Mutex(view, 0).unlock();
  }
});

test('waiters of a condition whose mutex is abandoned do not own it after the error', async (t) => {
  const view = cells();
  const waiters = inWorkers(
    4,
    ({ view, id }, { Mutex, Condition, errorOf, codeOf, threadId }) => {
      const mutex = new Mutex(view, 0).lock();
      const condition = new Condition(view, 1);
      let asked = 0;
      const ask = () => ++asked > 1;
      const error = errorOf(
        [
          () => condition.wait(mutex),
          () => condition.wait(mutex, ask),
          () => condition.waitFor(mutex, undefined, 20_000),
          () => condition.waitFor(mutex, ask, 20_000),
        ][id],
      );
      const mine = mutex.ownerThreadId === threadId;
      return { error, asked, mine, unlocked: codeOf(() => mutex.unlock()) };
    },
    { view },
  );
  await untilBlocked(4);
  const killer = startWorker(
    ({ view }, { Mutex, Condition, ready }) => {
      new Mutex(view, 0).lock();
      new Condition(view, 1).notifyAll();
      ready();
      return new Promise(() => setInterval(() => {}, 1_000));
    },
    { view },
  );
  await killer.ready;
  const dead = killer.worker.threadId;
  await killer.worker.terminate();
  for (const { error, asked, mine, unlocked } of await waiters) {
    t.is(error?.code, 'ERR_ABANDONED');
    t.regex(error.message, new RegExp(`worker ${dead}\\b`));
    t.false(mine);
    t.true(asked < 2, 'the predicate is not asked without the lock');
    t.is(unlocked, 'ERR_NOT_OWNER');
  }
  t.true(new Mutex(view, 0).recover());
  t.is(view[1], 0, 'no thread waits at the condition any more');
});

test('waiters of a condition throw when an owner of their mutex dies, even without a notification', async (t) => {
  const view = cells();
  const waiters = inWorkers(
    3,
    ({ view, id }, { Mutex, Condition, codeOf, threadId }) => {
      const mutex = new Mutex(view, 0).lock();
      const condition = new Condition(view, 1);
      const code = codeOf(() =>
        id === 0 ? condition.wait(mutex) : condition.waitFor(mutex, () => false, 20_000),
      );
      return { code, mine: mutex.ownerThreadId === threadId };
    },
    { view },
    { limit: 30_000 },
  );
  await untilBlocked(3);
  await (await startHolder(view)).kill();
  for (const { code, mine } of await waiters) {
    t.is(code, 'ERR_ABANDONED');
    t.false(mine);
  }
  t.is(view[1], 0);
});

test('a waitAsync whose mutex is abandoned rejects for the mutex, and its guard owns nothing', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const guard = await mutex.lockAsync();
  const waiting = new Condition(view, 1, { name: 'ready' }).waitAsync(guard, undefined, {
    ref: true,
  });
  const holder = await startHolder(view);
  await holder.kill();
  const error = await t.throwsAsync(waiting, abandonedBy(holder.threadId));
  t.regex(error?.message ?? '', /^The Mutex /);
  t.false(guard.held);
  (await mutex.recoverAsync()).release();
});

test('a waitFor that times out while its mutex was abandoned throws', async (t) => {
  const view = cells();
  const waiter = startWorker(
    ({ view }, { Mutex, Condition, errorOf, ready, threadId }) => {
      const mutex = new Mutex(view, 0).lock();
      ready();
      const error = errorOf(() => new Condition(view, 1).waitFor(mutex, () => false, 500));
      return { error, mine: mutex.ownerThreadId === threadId };
    },
    { view },
  );
  await waiter.ready;
  await (await startHolder(view)).kill();
  const { error, mine } = await waiter.done;
  t.is(error?.code, 'ERR_ABANDONED');
  t.regex(error.message, /^The Mutex /, 'it is not the condition that was abandoned');
  t.false(mine);
});

test('a notified waiter that dies before it acquires its mutex passes the notification on', async (t) => {
  const ended = await runChild(async (_, { Mutex, Condition, startWorker, codeOf }) => {
    const answers = [];
    for (let round = 0; round < 10; round++) {
      const view = new Int32Array(new SharedArrayBuffer(8));
      const start = () =>
        startWorker(
          ({ view }, { Mutex, Condition, ready }) => {
            const mutex = new Mutex(view, 0).lock();
            ready();
            new Condition(view, 1).wait(mutex);
            mutex.unlock();
            return 'notified';
          },
          { view },
          { limit: 30_000 },
        );
      const first = start();
      await first.blocked();
      const second = start();
      await second.blocked();
      const mutex = new Mutex(view, 0).lock();
      if (new Condition(view, 1).notify() !== 1) throw new Error('no thread waited');
      // The waiter waits for the mutex now. It is terminated meanwhile, or as it acquires the mutex.
      if (round % 2) await first.worker.terminate();
      else first.worker.terminate();
      mutex.unlock();
      await first.exited;
      // If it died as the owner, it had used its notification.
      const died = codeOf(() => mutex.tryRecover(1_000)).returned === true;
      mutex.unlock();
      answers.push(died ? 'used' : await second.done.catch((error) => error.message));
      second.worker.terminate();
    }
    return answers;
  });
  t.is(ended.code, 0, ended.stderr);
  for (const [round, answer] of ended.value.entries()) {
    t.true(answer === 'notified' || (round % 2 === 0 && answer === 'used'), `${round}: ${answer}`);
  }
});

test('a worker that was woken for a free mutex died before it took it: the next one waited for ever', async (t) => {
  for (let round = 0; round < 20; round++) {
    const view = cells(2);
    // Waits as Condition.wait() does, and ends instead of taking its turn.
    const dies = startWorker(
      ({ view }, tools) => {
        const { native, realm } = tools.require('../../lib/realm.js');
        const [mutex, condition] = [view.subarray(0, 1), view.subarray(1, 2)];
        new tools.Mutex(view, 0).lock();
        tools.ready();
        return native.conditionWait(realm.number, condition, undefined, mutex, undefined, Infinity);
      },
      { view },
    );
    await dies.blocked();
    const mutex = new Mutex(view, 0).lock();
    new Condition(view, 1).notifyAll();
    const next = mutex.lockAsync();
    mutex.unlock();
    const [status, locked] = await Promise.allSettled([dies.done, next]);
    // After a while the mutex is handed off, and then the worker dies as its owner.
    const { value } = /** @type {PromiseFulfilledResult<unknown>} */ (status);
    if (value !== native.TURN_OF_MANY) continue;
    t.is(locked.status, 'fulfilled');
    return;
  }
  t.fail('the mutex was handed off in each round');
});

test('a worker that was woken for a free mutex did not take it and lived on: a promise waited for ever', async (t) => {
  for (let round = 0; round < 20; round++) {
    const view = cells(4);
    // Waits as Condition.wait() does. Then it does not take its turn, as if a time limit of `vm` had ended the script.
    const lives = startWorker(
      ({ view }, tools) => {
        const { native, realm } = tools.require('../../lib/realm.js');
        const [mutex, condition] = [view.subarray(0, 1), view.subarray(1, 2)];
        new tools.Mutex(view, 0).lock();
        tools.ready();
        view[2] = native.conditionWait(
          realm.number,
          condition,
          undefined,
          mutex,
          undefined,
          Infinity,
        );
        Atomics.wait(view, 3, 0);
      },
      { view },
    );
    await lives.blocked();
    const mutex = new Mutex(view, 0).lock();
    new Condition(view, 1).notifyAll();
    const next = mutex.lockAsync({ timeout: 5_000 });
    mutex.unlock();
    const locked = await next.then(
      (guard) => guard.release(),
      (error) => error.code,
    );
    Atomics.store(view, 3, 1);
    Atomics.notify(view, 3);
    await lives.done;
    // After a while the mutex is handed off.
    if (view[2] !== native.TURN_OF_MANY) continue;
    t.is(locked, undefined);
    return;
  }
  t.fail('the mutex was handed off in each round');
});

test('a thread that finds the mutex locked when it has the turn waits before all others', async (t) => {
  const view = cells(2);
  const mutex = new Mutex(view, 0).lock();
  const turn = startWorker(
    ({ view }, tools) => {
      const { native, realm } = tools.require('../../lib/realm.js');
      tools.ready();
      native.mutexTakeTurn(realm.number, view.subarray(0, 1), undefined, false);
      return view[1]++;
    },
    { view },
  );
  const others = startWorker(
    ({ view }, { Mutex, ready }) => {
      ready();
      const mutex = new Mutex(view, 0).lock();
      const place = view[1]++;
      mutex.unlock();
      return place;
    },
    { view },
  );
  await others.blocked();
  await turn.blocked();
  mutex.unlock();
  t.is(await turn.done, 0);
  await t.throwsAsync(others.done, { code: 'ERR_ABANDONED' });
});

/**
 * The ways in which a worker can end by itself.
 *
 * @type {Record<string, Parameters<typeof startWorker>[0]>}
 */
const ends = {
  'by returning': ({ view }, { Mutex, ready, sleep }) => {
    new Mutex(view, 0).lock();
    ready();
    return sleep(100);
  },
  'by process.exit()': async ({ view }, { Mutex, ready, sleep }) => {
    new Mutex(view, 0).lock();
    ready();
    await sleep(100);
    process.exit(3);
  },
  'by process.exit() in the handler of its own end': async ({ view }, { Mutex, ready, sleep }) => {
    process.once('exit', () => {
      new Mutex(view, 0).lock();
      process.exit(4);
    });
    ready();
    await sleep(100);
  },
  'by an uncaught error': ({ view }, { Mutex, ready, sleep }) => {
    new Mutex(view, 0).lock();
    ready();
    return sleep(100).then(() =>
      setImmediate(() => {
        throw new Error('on purpose');
      }),
    );
  },
  'by running out of memory': async ({ view }, { Mutex, ready, sleep }) => {
    new Mutex(view, 0).lock();
    ready();
    await sleep(100);
    const heap = [];
    for (;;) heap.push(new Array(10_000).fill(heap.length));
  },
};

for (const [how, body] of Object.entries(ends)) {
  test(`a worker that ends ${how} while it holds the mutex throws ERR_ABANDONED in all threads, also the main thread`, async (t) => {
    const ended = await runChild(
      async ({ source }, { Mutex, startWorker, inWorkers, errorOf, sleep }) => {
        const view = new Int32Array(new SharedArrayBuffer(4));
        const waiting = inWorkers(
          3,
          ({ view }, { Mutex, errorOf }) => {
            while (view[0] === 0) Atomics.wait(view, 0, 0, 1);
            return errorOf(() => new Mutex(view, 0).lock());
          },
          { view },
        );
        const resourceLimits = { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 };
        const body = /** @type {any} */ ({ toString: () => source });
        const holder = startWorker(body, { view }, { resourceLimits });
        const dead = holder.worker.threadId;
        await holder.ready;
        while (view[0] === 0) await sleep(1);
        // The main thread blocks here: the worker has to end, and its death has to be reported, without it.
        const mine = errorOf(() => new Mutex(view, 0).lock());
        const theirs = await waiting;
        await holder.exited;
        const cleared = new Mutex(view, 0).recover();
        return { dead, errors: [mine, ...theirs], cleared };
      },
      { source: body.toString() },
    );
    t.is(ended.code, 0, ended.stderr);
    const { dead, errors, cleared } = ended.value;
    t.is(errors.length, 4);
    for (const error of errors) {
      t.is(error?.code, 'ERR_ABANDONED', JSON.stringify(error));
      t.regex(error.message, new RegExp(`worker ${dead}\\b`));
    }
    t.true(cleared);
  });
}

test('threads that die in wait(), at any moment, break the barrier for all others', async (t) => {
  const view = cells();
  for (let round = 0; round < 12; round++) {
    view.fill(0);
    const start = () =>
      startWorker(
        ({ view }, { Barrier, codeOf, ready }) => {
          const barrier = new Barrier(view, 0, 5);
          ready();
          return codeOf(() => barrier.wait());
        },
        { view },
      );
    const [victim, ...others] = Array.from({ length: 4 }, start);
    await Promise.all([victim, ...others].map(({ ready }) => ready));
    // The party may have died before it arrived: then the last party is missing, and no party died inside.
    await (round % 3 === 0 ? untilBlocked(4) : sleep(round % 3));
    await victim.worker.terminate();
    if (round % 3 === 0) {
      for (const { done } of others) t.is(await done, 'ERR_BROKEN_BARRIER');
      t.throws(() => new Barrier(view, 0, 5).wait(), { code: 'ERR_BROKEN_BARRIER' });
    } else {
      const broken = await Promise.race([others[0].done, sleep(300)]);
      t.true(broken === undefined || broken === 'ERR_BROKEN_BARRIER');
      await Promise.all(others.map(({ worker }) => worker.terminate()));
    }
  }
});
