// @ts-check
'use strict';

const test = require('ava').default;
const { threadId } = require('node:worker_threads');
const { Condition, Latch, Mutex, inspect } = require('../index.js');
const { syncError } = require('./helpers/errors.js');
const { cells } = require('./helpers/cells.js');
const { startWorker, inWorkers, sleep } = require('./helpers/threads.js');
const { runChild } = require('./helpers/child.js');

// `SHARED_SYNC_CYCLES=200 npx ava __test__/deadlock.test.js` for a long run.
const CYCLES = Number(process.env.SHARED_SYNC_CYCLES ?? 20);

// Longer than a report takes (100 ms at most, see benchmark/interruption.js), on a busy machine too.
const LIMIT = 5_000;

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

for (const size of [2, 3]) {
  test(`${CYCLES} cycles of ${size} mutexes throw, each in one thread, with the whole cycle`, async (t) => {
    t.timeout(60_000 + CYCLES * LIMIT);
    const view = cells(64);
    const workers = await inWorkers(
      size,
      ({ view, id, count, CYCLES }, { Mutex, Barrier, stall, threadId }) => {
        const next = (id + 1) % count;
        const mine = new Mutex(view, id, { name: `fork ${id}` });
        // A message names a primitive as the thread that waits for it names it.
        const other = new Mutex(view, next, { name: `fork ${next}` });
        const gate = new Barrier(view, 32, count);
        const told = [];
        let got = 0;
        for (let round = 0; round < CYCLES; round++) {
          mine.lock();
          gate.wait();
          // All at once, or one after another in changing order.
          if (round % 2) stall(((id + round) % count) * (round % 3) * 5);
          const start = performance.now();
          try {
            other.lock();
            got++;
            other.unlock();
          } catch (/** @type {any} */ error) {
            const { name, code, message, cycle } = error;
            const ms = performance.now() - start;
            const holds = mine.ownerThreadId === threadId && other.ownerThreadId !== threadId;
            told.push({ round, id, threadId, name, code, message, cycle, ms, holds });
          }
          mine.unlock();
          gate.wait();
        }
        return { told, got, threadId };
      },
      { view, CYCLES },
      { limit: 60_000 + CYCLES * LIMIT },
    );
    const all = workers.flatMap(({ told }) => told);
    for (let round = 0; round < CYCLES; round++) {
      const told = all.filter((each) => each.round === round);
      t.is(told.length, 1, `round ${round}: ${JSON.stringify(told)}`);
    }
    t.is(
      workers.reduce((sum, { got }) => sum + got, 0),
      CYCLES * (size - 1),
    );
    for (const { id, threadId: teller, name, code, message, cycle, ms, holds } of all) {
      t.is(name, 'SyncError');
      t.is(code, 'ERR_DEADLOCK', message);
      t.true(holds, 'it still owns what it owned, and not what it waited for');
      t.true(ms < LIMIT, `told after ${ms} ms`);
      t.is(cycle[0].threadId, teller, 'the cycle begins with the thread that throws');
      const expected = Array.from({ length: size }, (_, i) => ({
        threadId: workers[(id + i) % size].threadId,
        holds: `Mutex "fork ${(id + i) % size}"`,
        waitsFor: `Mutex "fork ${(id + i + 1) % size}"`,
      }));
      t.deepEqual(cycle, expected);
      const words = expected.map(
        ({ threadId, holds, waitsFor }) =>
          `worker ${threadId} holds the ${holds} and waits for the ${waitsFor}`,
      );
      t.true(message.includes(words.join(', ')), message);
    }
  });
}

test('threads that close the cycle in the same instant do not all throw', async (t) => {
  const view = cells(64);
  const rounds = 10 * CYCLES;
  const told = await inWorkers(
    2,
    ({ view, id, rounds }, { Mutex, Barrier, codeOf }) => {
      const [mine, other] = [new Mutex(view, id), new Mutex(view, 1 - id)];
      const gate = new Barrier(view, 32, 2);
      const told = [];
      for (let round = 0; round < rounds; round++) {
        mine.lock();
        gate.wait();
        // The threads start closer together than a barrier releases them.
        Atomics.add(view, 40, 1);
        while (Atomics.load(view, 40) < 2 * (round + 1));
        const code = codeOf(() => other.lock().unlock());
        told.push(code === 'ERR_DEADLOCK');
        mine.unlock();
        gate.wait();
      }
      return told;
    },
    { view, rounds },
    { limit: 60_000 },
  );
  const twice = told[0].filter((/** @type {boolean} */ one, /** @type {number} */ round) => {
    t.true(one || told[1][round]);
    return one && told[1][round];
  });
  t.is(twice.length, 0, `of ${rounds} cycles, so many threw in both`);
});

test('a cycle with the main thread in it throws, and names the main thread', async (t) => {
  const view = cells();
  const other = startWorker(
    ({ view }, { Mutex, codeOf, ready }) => {
      new Mutex(view, 1).lock();
      ready();
      const code = codeOf(() => void new Mutex(view, 0).lock());
      if (code !== 'ERR_DEADLOCK') new Mutex(view, 0).unlock();
      new Mutex(view, 1).unlock();
      return code;
    },
    { view },
  );
  const mine = new Mutex(view, 0).lock();
  await other.blocked();
  const error = t.throws(() => new Mutex(view, 1).lock(), {
    ...syncError('ERR_DEADLOCK'),
    message: /the main thread holds the Mutex in cell 0 and waits for the Mutex in cell 1/,
  });
  const worker = other.worker.threadId;
  t.deepEqual(/** @type {any} */ (error).cycle, [
    { threadId, holds: 'Mutex in cell 0', waitsFor: 'Mutex in cell 1' },
    { threadId: worker, holds: 'Mutex in cell 1', waitsFor: 'Mutex in cell 0' },
  ]);
  mine.unlock();
  t.deepEqual(await other.done, { returned: undefined });
});

test('locking twice is a cycle of one thread', (t) => {
  const named = new Mutex(cells(), 3, { name: 'jobs' }).lock();
  const unnamed = new Mutex(cells(), 5).lock();
  for (const [mutex, label] of /** @type {const} */ ([
    [named, 'Mutex "jobs"'],
    [unnamed, 'Mutex in cell 5'],
  ])) {
    const error = t.throws(() => mutex.lock(), syncError('ERR_DEADLOCK'));
    t.deepEqual(/** @type {any} */ (error).cycle, [{ threadId, holds: label, waitsFor: label }]);
    t.true(error?.message.includes(label), error?.message);
    mutex.unlock();
  }
});

/**
 * A cycle through the mutex of a condition. The waiter holds another mutex, in cell 2.
 *
 * @type {Parameters<typeof startWorker>[0]}
 */
const waiterThatHolds = ({ view, ms }, { Mutex, Condition, ready, threadId, worker_threads }) => {
  const held = new Mutex(view, 2, { name: 'held' }).lock();
  const mutex = new Mutex(view, 0, { name: 'guard' }).lock();
  const condition = new Condition(view, 1);
  ready();
  let error;
  try {
    condition.waitFor(mutex, undefined, ms);
  } catch (/** @type {any} */ thrown) {
    const { code, cycle } = thrown;
    error = { code, cycle };
  }
  const mine = mutex.ownerThreadId === threadId;
  if (mine) mutex.unlock();
  held.unlock();
  worker_threads.parentPort?.unref();
  return { error, mine };
};

for (const [name, ms] of /** @type {const} */ ([
  ['wait()', Infinity],
  ['waitFor(), whose limit is over when it is notified,', 30_000],
])) {
  test(`a cycle through the mutex that ${name} acquires again throws in the thread that closes it`, async (t) => {
    const view = cells();
    const waiter = startWorker(waiterThatHolds, { view, ms });
    await waiter.blocked();
    const mutex = new Mutex(view, 0).lock();
    t.is(new Condition(view, 1).notify(), 1);
    await sleep(20);
    // Each mutex is named as the thread that waits for it names it.
    const held = new Mutex(view, 2, { name: 'held, as main calls it' });
    const error = t.throws(() => held.lock(), { code: 'ERR_DEADLOCK' });
    t.deepEqual(/** @type {any} */ (error).cycle, [
      { threadId, holds: 'Mutex "guard"', waitsFor: 'Mutex "held, as main calls it"' },
      {
        threadId: waiter.worker.threadId,
        holds: 'Mutex "held, as main calls it"',
        waitsFor: 'Mutex "guard"',
      },
    ]);
    mutex.unlock();
    t.deepEqual(await waiter.done, { error: undefined, mine: true });
  });
}

test('a cycle that the notification of a third thread closes throws, too', async (t) => {
  const view = cells();
  const waiter = startWorker(waiterThatHolds, { view, ms: Infinity });
  await waiter.blocked();
  const other = startWorker(
    ({ view }, { Mutex, codeOf, ready }) => {
      const mutex = new Mutex(view, 0).lock();
      ready();
      const code = codeOf(() => new Mutex(view, 2).lock().unlock());
      mutex.unlock();
      return code;
    },
    { view },
  );
  await other.blocked();
  await sleep(100);
  // From here on the waiter waits for its mutex, whose owner waits for what it holds.
  t.is(new Condition(view, 1).notify(), 1);
  const start = performance.now();
  const { error, mine } = await waiter.done;
  const code = await other.done;
  t.log(`told after ${(performance.now() - start).toFixed(0)} ms`);
  t.true(performance.now() - start < LIMIT);
  const codes = [error?.code, code];
  t.is(codes.filter((code) => code === 'ERR_DEADLOCK').length, 1, JSON.stringify(codes));
  t.is(mine, error === undefined, 'after the error of a wait the mutex is not owned');
  if (error) t.is(error.cycle.length, 2);
});

test('a thread that waits for a thread of a cycle without being in it does not throw', async (t) => {
  const view = cells();
  const body = (/** @type {any} */ { view, own, next }, /** @type {any} */ tools) => {
    const { Mutex, Latch, codeOf, ready } = tools;
    const mine = new Mutex(view, own).lock();
    ready();
    new Latch(view, 8 + own).await();
    const code = codeOf(() => void new Mutex(view, next).lock().unlock());
    mine.unlock();
    return code;
  };
  const start = async (/** @type {number} */ own, /** @type {number} */ next) => {
    const started = startWorker(body, { view, own, next });
    await started.ready;
    return started;
  };
  const outside = await start(0, 1);
  const first = await start(1, 2);
  const second = await start(2, 1);
  // In this order: the thread outside the cycle waits first, and the last thread closes the cycle.
  for (const latch of [8, 9, 10]) {
    new Latch(view, latch).release();
    await sleep(50);
  }
  const codes = await Promise.all([first.done, second.done]);
  t.is(codes.filter((code) => code === 'ERR_DEADLOCK').length, 1, JSON.stringify(codes));
  t.deepEqual(await outside.done, { returned: undefined });
});

test('a wait with a limit is never part of a cycle: it ends by itself', async (t) => {
  const view = cells();
  for (const [ours, theirs] of [
    [400, 1_200],
    [400, null],
  ]) {
    const answers = await inWorkers(
      2,
      ({ view, id, limits }, { Mutex, Barrier, codeOf }) => {
        const [mine, other] = [new Mutex(view, id), new Mutex(view, 1 - id)];
        mine.lock();
        new Barrier(view, 8, 2).wait();
        const limit = limits[id];
        const answer = codeOf(() =>
          limit === null ? other.lock().ownerThreadId !== null : other.tryLock(limit),
        );
        if (answer.returned) other.unlock();
        mine.unlock();
        return answer;
      },
      { view, limits: [ours, theirs] },
    );
    t.deepEqual(answers, [{ returned: false }, { returned: true }]);
  }
});

test('long waits without a cycle do not throw', async (t) => {
  const view = cells();
  // Each thread holds its own mutex and waits for that of the next. The last holds its mutex for long.
  const chain = inWorkers(
    4,
    ({ view, id, count }, { Mutex, Barrier, codeOf, stall }) => {
      const mine = new Mutex(view, id).lock();
      new Barrier(view, 8, count).wait();
      const code = codeOf(() =>
        id === count - 1 ? void stall(1_500) : void new Mutex(view, id + 1).lock().unlock(),
      );
      mine.unlock();
      return code;
    },
    { view },
  );
  t.deepEqual(await chain, Array(4).fill({ returned: undefined }));

  // Two threads hold a mutex and wait for one that no thread owns; a third waits for what they hold.
  const others = inWorkers(
    3,
    ({ view, id }, { Mutex, Barrier, Latch, Condition, codeOf }) => {
      const mutex = new Mutex(view, id % 2);
      if (id < 2) mutex.lock();
      new Barrier(view, 11, 3).wait();
      if (id === 2) mutex.lock();
      const code = codeOf(() => {
        if (id === 0) new Latch(view, 9).await();
        else if (id === 1) new Condition(view, 10).wait(mutex);
      });
      mutex.unlock();
      return code;
    },
    { view },
  );
  await untilBlocked(3);
  await sleep(1_200);
  new Latch(view, 9).release();
  while (new Condition(view, 10).notifyAll() === 0) await sleep(1);
  t.deepEqual(await others, Array(3).fill({ returned: undefined }));
});

test('a cycle that throws again and again leaves no trace', async (t) => {
  const ended = await runChild(async (_, { require: load, Mutex, startWorker, errorOf, sleep }) => {
    const { inspect } = load('../../index.js');
    const view = new Int32Array(new SharedArrayBuffer(8));
    const mine = new Mutex(view, 0).lock();
    const other = startWorker(
      ({ view }, { Mutex, ready }) => {
        new Mutex(view, 1).lock();
        ready();
        new Mutex(view, 0).lock();
        return 'locked';
      },
      { view },
    );
    await other.blocked();
    const codes = [];
    for (let i = 0; i < 20; i++) codes.push(errorOf(() => new Mutex(view, 1).lock())?.code);
    const listed = inspect().length;
    const owner = new Mutex(view, 1).ownerThreadId === other.worker.threadId;
    mine.unlock();
    const answer = await other.done;
    await sleep(10);
    return { codes, listed, owner, answer, after: inspect().length };
  });
  t.is(ended.code, 0, ended.stderr);
  const { codes, listed, owner, answer, after } = ended.value;
  t.deepEqual(codes, Array(20).fill('ERR_DEADLOCK'));
  t.is(listed, 1);
  t.true(owner);
  t.is(answer, 'locked');
  t.is(after, 0);
});
