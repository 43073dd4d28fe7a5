// @ts-check
'use strict';

// What inspect() and console.log show of pending and granted promises, and the warning about a lost guard.

const test = require('ava').default;
const util = require('node:util');
const { Barrier, Condition, Latch, Mutex, RwLock, Semaphore, inspect } = require('../index.js');
const { cells } = require('./helpers/cells.js');
const { runChild } = require('./helpers/child.js');
const { startWorker, sleep } = require('./helpers/threads.js');

const ref = true;
const timeout = 10_000;

/**
 * Keeps the event loop from turning until a cell is set.
 * @param {Int32Array} view
 * @param {number} index
 */
function computeUntil(view, index) {
  const began = performance.now();
  while (Atomics.load(view, index) === 0 && performance.now() < began + 20_000);
}

for (const kind of /** @type {const} */ (['Mutex', 'RwLock'])) {
  test(`no other thread could see why a free ${kind} stayed locked while its new owner computed`, async (t) => {
    // Cell 0: the lock, 1: whether the main thread computes, 2: whether the observer has looked.
    const view = cells();
    const observer = startWorker(
      ({ view, kind }, { Mutex, RwLock, ready, require: load, stall }) => {
        const { inspect } = load('../../index.js');
        const options = { name: 'jobs' };
        const lock = kind === 'Mutex' ? new Mutex(view, 0, options) : new RwLock(view, 0, options);
        const guard = kind === 'Mutex' ? undefined : /** @type {any} */ (lock).write();
        if (kind === 'Mutex') /** @type {any} */ (lock).lock();
        ready();
        Atomics.wait(view, 1, 0);
        if (guard === undefined) /** @type {any} */ (lock).unlock();
        else guard.release();
        stall(100);
        const seen = { rows: inspect(), shown: load('node:util').inspect(lock) };
        Atomics.store(view, 2, 1);
        return seen;
      },
      { view, kind },
    );
    await observer.ready;
    const options = { name: 'jobs' };
    const wait =
      kind === 'Mutex'
        ? new Mutex(view, 0, options).lockAsync({ timeout, ref })
        : new RwLock(view, 0, options).writeAsync({ timeout, ref });
    const blocked = startWorker(
      ({ view, kind }, { Mutex, RwLock, ready }) => {
        ready();
        if (kind === 'Mutex') new Mutex(view, 0, { name: 'jobs' }).lock().unlock();
        else new RwLock(view, 0, { name: 'jobs' }).write().release();
      },
      { view, kind },
    );
    // A worker that has ended has none.
    const { threadId } = blocked.worker;
    // Waits until the lock is handed off to the promise.
    await blocked.blocked();
    while (inspect(0).length < 1) await sleep(1);
    const began = performance.now();
    Atomics.store(view, 1, 1);
    Atomics.notify(view, 1);
    computeUntil(view, 2);
    const computed = performance.now() - began;
    const guard = await wait;
    guard.release();
    const { rows, shown } = await observer.done;
    await blocked.done;

    const told = /granted to a promise of the main thread, which has not run for (\d+) ms/;
    const [, shownMs] = told.exec(shown) ?? [];
    t.true(Number(shownMs) >= 50 && Number(shownMs) <= computed + 1, shown);
    t.regex(shown, /^\w+ "jobs" \{ (locked|written) by the main thread, 1 waiting, granted to /);

    const promise = rows.find((/** @type {any} */ row) => row.async);
    t.like(promise, { threadId: 0, kind, name: 'jobs', waitsFor: `${kind} "jobs"` });
    t.true(promise.grantedMs >= 50 && promise.grantedMs <= promise.waitedMs);
    const thread = rows.find((/** @type {any} */ row) => !row.async);
    t.like(thread, { threadId, kind, ownerThreadId: 0 });
    t.regex(thread.ownerState, told);
    t.is(thread.grantedMs, undefined);

    t.deepEqual([...inspect()], [], 'nothing waits any more');
  });
}

test('inspect() names the worker whose promise was granted while it computes', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const guard = await mutex.lockAsync();
  const { worker, ready, done } = startWorker(
    async ({ view }, { Mutex, ready, sleep, stall }) => {
      const wait = new Mutex(view, 0).lockAsync();
      await sleep(20);
      ready();
      stall(2_000);
      (await wait).release();
    },
    { view },
  );
  await ready;
  guard.release();
  await sleep(60);
  const [row] = inspect();
  const { threadId } = worker;
  t.like(row, { async: true, threadId, waitsFor: 'Mutex in cell 0' });
  t.true(Number(row.grantedMs) >= 20);
  t.regex(
    util.inspect(mutex),
    new RegExp(`granted to a promise of worker ${threadId}, which has not run for \\d+ ms`),
  );
  await done;
  t.false(mutex.locked);
});

test('promises that wait were missing in inspect()', async (t) => {
  const view = cells(8);
  const mutex = new Mutex(view, 0, { name: 'the mutex' });
  const guard = await mutex.lockAsync();
  const condition = new Condition(view, 1, { name: 'the condition' });
  const lent = await new Mutex(view, 7).lockAsync();
  const barrier = new Barrier(view, 2, 2);
  const latch = new Latch(view, 3);
  const semaphore = new Semaphore(view, 4, 0);
  const lock = new RwLock(view, 5, { name: 'the lock' });
  const writing = await lock.writeAsync();
  const before = Date.now();
  const controller = new AbortController();
  const options = { signal: controller.signal, timeout, ref };
  const waits = [
    mutex.lockAsync(options),
    mutex.recoverAsync(options),
    condition.waitAsync(lent, undefined, options),
    barrier.waitAsync(options),
    latch.awaitAsync(options),
    semaphore.acquireAsync(1, options),
    lock.readAsync(options),
    lock.writeAsync(options),
  ];
  const ended = Promise.allSettled(waits);
  const rows = inspect();
  t.deepEqual(
    rows.map(({ kind, name, waitsFor, ownerThreadId }) => [kind, name, waitsFor, ownerThreadId]),
    [
      ['Mutex', 'the mutex', 'Mutex "the mutex"', 0],
      ['Mutex', 'the mutex', 'Mutex "the mutex"', 0],
      ['Condition', 'the condition', 'Condition "the condition"', undefined],
      ['Barrier', undefined, 'Barrier in cell 2', undefined],
      ['Latch', undefined, 'Latch in cell 3', undefined],
      ['Semaphore', undefined, 'Semaphore in cell 4', undefined],
      ['RwLock', 'the lock', 'RwLock "the lock"', 0],
      ['RwLock', 'the lock', 'RwLock "the lock"', 0],
    ],
  );
  for (const { async, threadId, since, waitedMs, grantedMs } of rows) {
    t.true(async);
    t.is(threadId, 0);
    t.true(since.getTime() >= before - 1_000 && since.getTime() <= Date.now());
    t.true(waitedMs >= 0);
    t.is(grantedMs, undefined);
  }
  t.is(rows.omitted, 0);
  t.false(Object.keys(rows).includes('omitted'), 'it is not printed with the rows');
  t.deepEqual(rows[3].arrivedThreadIds, [0]);

  t.is(inspect(3).length, 3);
  t.is(inspect(3).omitted, 5);
  t.is(inspect(0).length, 0);
  t.is(inspect(0).omitted, 8);
  for (const wrong of [-1, 1.5, NaN, 2 ** 32]) {
    t.throws(() => inspect(wrong), { code: 'ERR_OUT_OF_RANGE' });
  }
  t.throws(() => inspect(/** @type {any} */ ('3')), { code: 'ERR_INVALID_ARG_TYPE' });

  controller.abort();
  guard.release();
  writing.release();
  for (const { status } of await ended) t.is(status, 'rejected');
  t.deepEqual([...inspect()], []);
  lent.tryRelease();
});

test('the rows of blocked threads come before those of promises', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const guard = await mutex.lockAsync();
  const wait = mutex.lockAsync({ timeout, ref });
  const blocked = startWorker(
    ({ view }, { Mutex, ready }) => {
      ready();
      new Mutex(view, 0).lock().unlock();
    },
    { view },
  );
  await blocked.ready;
  while (inspect(0).length < 1) await sleep(1);
  t.deepEqual(
    inspect().map(({ async, threadId }) => [async, threadId]),
    [
      [false, blocked.worker.threadId],
      [true, 0],
    ],
  );
  guard.release();
  (await wait).release();
  await blocked.done;
});

test('100,000 pending promises are 1,000 rows, and the rest is counted', async (t) => {
  const ended = await runChild(
    async (_data, { Mutex, require: load, startWorker }) => {
      const { inspect } = load('../../index.js');
      const view = new Int32Array(new SharedArrayBuffer(8));
      const mutex = new Mutex(view, 0, { name: 'jobs' });
      await mutex.lockAsync();
      for (let i = 0; i < 100_000; i++) mutex.lockAsync();
      const own = inspect();
      const observer = startWorker(
        ({ view }, { Mutex, require: load }) => {
          const { inspect } = load('../../index.js');
          const rows = inspect();
          return {
            rows: rows.length,
            omitted: rows.omitted,
            few: inspect(2).length,
            shown: load('node:util').inspect(new Mutex(view, 0)),
          };
        },
        { view },
      );
      const other = await observer.done;
      return {
        rows: own.length,
        omitted: own.omitted,
        first: own[0].waitedMs >= own[999].waitedMs,
        other,
      };
    },
    {},
    { limit: 60_000 },
  );
  t.is(ended.code, 0, ended.stderr);
  t.deepEqual(ended.value, {
    rows: 1_000,
    omitted: 99_000,
    first: true,
    other: {
      rows: 1_000,
      omitted: 99_000,
      few: 2,
      shown: 'Mutex { locked by the main thread, 100000 waiting }',
    },
  });
});

/**
 * The warnings of a child process in which guards are lost.
 *
 * @param {import('./helpers/types.js').Body} lose drops guards
 */
async function warningsOf(lose) {
  const ended = await runChild(
    async ({ lose }, tools) => {
      /** @type {Array<{ code: string, name: string, message: string }>} */
      const warnings = [];
      process.on('warning', (/** @type {any} */ { code, name, message }) =>
        warnings.push({ code, name, message }),
      );
      const fn = new (tools.require('node:vm').Script)(`(${lose})`).runInThisContext();
      await fn({}, tools);
      for (let i = 0; i < 10; i++) {
        await tools.sleep(5);
        /** @type {any} */ (globalThis).gc();
      }
      return warnings;
    },
    { lose: lose.toString() },
    { execArgv: ['--expose-gc', '--no-warnings'] },
  );
  if (ended.code !== 0) throw new Error(ended.stderr);
  return /** @type {Array<{ code: string, name: string, message: string }>} */ (ended.value);
}

test('a guard that was collected while it owned a lock was lost without a warning', async (t) => {
  const warnings = await warningsOf(async (_data, { Mutex, RwLock }) => {
    const view = new Int32Array(new SharedArrayBuffer(64));
    await new Mutex(view, 0, { name: 'jobs' }).lockAsync();
    await new Mutex(view, 1, { name: 'recovered' }).recoverAsync();
    await new RwLock(view, 2, { name: 'read' }).readAsync();
    await new RwLock(view, 3, { name: 'written' }).writeAsync();
    (await new RwLock(view, 4, { name: 'downgraded' }).writeAsync()).downgrade();
    await new Mutex(view, 5).lockAsync();
  });
  t.deepEqual(new Set(warnings.map(({ code }) => code)), new Set(['SHARED_SYNC_LOST_GUARD']));
  t.deepEqual(new Set(warnings.map(({ name }) => name)), new Set(['LostGuardWarning']));
  const labels = warnings.map(({ message }) => /guard of the (.*?) was/.exec(message)?.[1]);
  t.deepEqual(labels.sort(), [
    'Mutex "jobs"',
    'Mutex "recovered"',
    'Mutex in cell 5',
    'RwLock "downgraded"',
    'RwLock "read"',
    'RwLock "written"',
  ]);
  for (const { message } of warnings) t.regex(message, /finally.*run\w+Async\(\).*using/);
});

test('the lost guards of one lock cause one warning', async (t) => {
  const warnings = await warningsOf(async (_data, { RwLock }) => {
    const lock = new RwLock(new SharedArrayBuffer(4), 0, { name: 'config' });
    for (let i = 0; i < 20; i++) await lock.readAsync();
  });
  t.is(warnings.length, 1);
});

test('a guard that owns nothing when it is collected causes no warning', async (t) => {
  const warnings = await warningsOf(async (_data, { Condition, Mutex, RwLock }) => {
    const view = new Int32Array(new SharedArrayBuffer(64));
    (await new Mutex(view, 0, { name: 'released' }).lockAsync()).release();
    (await new Mutex(view, 1, { name: 'disposed' }).lockAsync())[Symbol.dispose]();
    await new Mutex(view, 2, { name: 'exclusive' }).runExclusiveAsync(() => {});
    (await new RwLock(view, 3, { name: 'read' }).readAsync()).release();
    (await new RwLock(view, 4, { name: 'written' }).writeAsync()).tryRelease();
    (await new RwLock(view, 5, { name: 'downgraded' }).writeAsync()).downgrade().release();

    // The lock that the thread owns itself, which its methods release, too.
    new RwLock(view, 6, { name: 'own read' }).read();
    new RwLock(view, 7, { name: 'own write' }).write();

    // A guard that was never granted the lock, that lost it in a failed wait, or whose lock was taken away.
    const held = new Mutex(view, 8, { name: 'held' }).lock();
    await held.lockAsync({ timeout: 1 }).catch(() => {});
    const mutex = new Mutex(view, 9, { name: 'lent' });
    const controller = new AbortController();
    const { signal } = controller;
    const wait = new Condition(view, 10).waitAsync(await mutex.lockAsync(), undefined, { signal });
    controller.abort();
    await wait.catch(() => {});
    await new Mutex(view, 11, { name: 'repaired' }).lockAsync();
    Atomics.store(view, 11, 0);
  });
  t.deepEqual(warnings, []);
});

test('a guard that waits at a Condition is kept, and is lost only once it owns the mutex again', async (t) => {
  const warnings = await warningsOf(async (_data, { Condition, Mutex, cells, sleep }) => {
    const view = cells();
    const mutex = new Mutex(view, 0, { name: 'jobs' });
    const condition = new Condition(view, 1);
    const wait = condition.waitAsync(await mutex.lockAsync(), undefined, { timeout: 5_000 });
    for (let i = 0; i < 5; i++) {
      /** @type {any} */ (globalThis).gc();
      await sleep(2);
    }
    const isFree = !mutex.locked;
    condition.notify();
    if (!(await wait) || !isFree) throw new Error('not notified');
  });
  t.is(warnings.length, 1);
  t.regex(warnings[0].message, /Mutex "jobs"/);
});
