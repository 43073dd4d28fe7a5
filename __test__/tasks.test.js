// @ts-check
'use strict';

// Tasks of one thread share its number in the word of a lock. What tells them apart is the guard.

const test = require('ava').default;
const { Barrier, Condition, Mutex, RwLock } = require('../index.js');
const { syncError } = require('./helpers/errors.js');
const { cells } = require('./helpers/cells.js');
const { isPending, sleep } = require('./helpers/waiting.js');

const ref = true;
const timeout = 10_000;
const notOwner = syncError('ERR_NOT_OWNER');
const timedOut = syncError('ERR_TIMEOUT');
const broken = syncError('ERR_BROKEN_BARRIER');

/** What a program writes into a cell that was written over. */
const FRESH = 0;

/**
 * An action that a test ends by hand, for as many rounds as it likes.
 */
function manualAction() {
  /** @type {Array<{ resolve: (value?: unknown) => void, reject: (error: Error) => void }>} */
  const runs = [];
  const action = () => new Promise((resolve, reject) => runs.push({ resolve, reject }));
  return { runs, action };
}

test('a task that owned nothing released the lock of another task by waiting with the mutex', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const condition = new Condition(view, 1);
  const guard = await mutex.lockAsync();
  const withMutex = /** @type {any} */ (mutex);
  const refused = { code: 'ERR_INVALID_ARG_TYPE', message: /guard must be the guard of a Mutex/ };
  await t.throwsAsync(condition.waitAsync(withMutex, undefined, { timeout, ref }), refused);
  await t.throwsAsync(
    condition.waitAsync(withMutex, () => true, { timeout, ref }),
    refused,
  );
  t.true(guard.held);
  await t.throwsAsync(mutex.lockAsync({ timeout: 20 }), timedOut, 'a second task is kept out');
  t.notThrows(() => guard.release());
  t.false(mutex.locked);
});

test('a released guard does not open the section of the task that locked next', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const condition = new Condition(view, 1);
  const released = await mutex.lockAsync();
  released.release();
  const owner = await mutex.lockAsync();
  await t.throwsAsync(condition.waitAsync(released, undefined, { timeout, ref }), notOwner);
  await t.throwsAsync(
    condition.waitAsync(released, () => true, { timeout, ref }),
    notOwner,
    'not even to ask the predicate, which would read what the owner changes',
  );
  t.throws(() => released.release(), notOwner);
  t.false(released.tryRelease());
  t.true(owner.held);
  t.true(owner.tryRelease());
  t.false(mutex.locked);
});

test('a guard does not wait while the thread itself owns its mutex', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const condition = new Condition(view, 1);
  const released = await mutex.lockAsync();
  released.release();
  mutex.lock();
  await t.throwsAsync(condition.waitAsync(released, undefined, { timeout, ref }), notOwner);
  t.false(released.held);
  t.false(released.tryRelease());
  t.true(mutex.locked);
  mutex.unlock();
});

for (const [how, predicate] of /** @type {Array<[string, (() => boolean) | undefined]>} */ ([
  ['without a predicate', undefined],
  ['with a predicate', () => false],
])) {
  test(`two waits at once with one guard left the mutex locked for ever, ${how}`, async (t) => {
    const view = cells();
    const mutex = new Mutex(view, 0);
    const condition = new Condition(view, 1);
    const guard = await mutex.lockAsync();
    const first = condition.waitAsync(guard, undefined, { timeout, ref });
    t.false(guard.held);
    await t.throwsAsync(condition.waitAsync(guard, predicate, { timeout, ref }), notOwner);
    t.false(mutex.locked, 'the second changed nothing');

    const other = await mutex.lockAsync({ timeout, ref });
    await t.throwsAsync(condition.waitAsync(guard, predicate, { timeout, ref }), notOwner);
    t.true(other.held, 'nor does a third while another task owns the mutex');
    t.is(condition.notify(), 1);
    other.release();
    t.is(await first, true);
    t.true(guard.held);
    guard.release();
    t.false(mutex.locked);
    (await mutex.lockAsync({ timeout })).release();
  });
}

test('runExclusiveAsync calls its function with the guard, which waits at a Condition', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const filled = new Condition(view, 1);
  const consumer = mutex.runExclusiveAsync(async (guard) => {
    t.true(guard.held);
    await filled.waitAsync(guard, () => view[2] > 0, { timeout, ref });
    t.true(guard.held);
    return view[2]--;
  });
  await mutex.runExclusiveAsync(
    () => {
      view[2] = 7;
    },
    { timeout },
  );
  filled.notify();
  t.is(await consumer, 7);
  t.false(mutex.locked);
});

test('runExclusiveAsync releases once, whatever its function did with the guard', async (t) => {
  const mutex = new Mutex(cells());
  t.is(
    await mutex.runExclusiveAsync((guard) => {
      guard.release();
      return 1;
    }),
    1,
  );
  /** @type {any} */
  let next;
  await mutex.runExclusiveAsync(async (guard) => {
    guard.release();
    next = await mutex.lockAsync();
  });
  t.true(next.held, 'what another task owns by then stays its own');
  next.release();
  const error = new Error('mine');
  const fails = mutex.runExclusiveAsync((guard) => {
    guard.release();
    throw error;
  });
  t.is(await t.throwsAsync(fails), error);
  t.false(mutex.locked);
});

test('a guard of a read ended the read of another task after a release found the cell written over', async (t) => {
  const view = cells();
  const lock = new RwLock(view);
  const [first, stale] = [await lock.readAsync(), await lock.readAsync()];
  Atomics.store(view, 0, FRESH);
  t.throws(() => first.release(), { code: 'ERR_CORRUPT_CELL' });
  await endsNothing(t, lock, stale);
});

test('a guard of a read ended the read of another task after the cell was repaired', async (t) => {
  const view = cells();
  const lock = new RwLock(view);
  const stale = await lock.readAsync();
  Atomics.store(view, 0, FRESH);
  t.false(stale.held);
  await endsNothing(t, lock, stale);
});

/**
 * Another task reads, and the stale guard does not end that.
 *
 * @param {import('ava').ExecutionContext} t
 * @param {import('../index.js').RwLock} lock
 * @param {import('../index.js').ReadGuard} stale
 */
async function endsNothing(t, lock, stale) {
  const reading = await lock.readAsync({ timeout });
  t.throws(() => stale.release(), notOwner);
  t.false(stale.held);
  t.false(stale.tryRelease());
  t.true(reading.held);
  t.is(lock.readers, 1);
  t.false(lock.tryWrite(), 'the read goes on');
  reading.release();
  t.is(lock.readers, 0);
  t.true(lock.tryWrite());
  lock.unlockWrite();
}

test('a guard of a write released the write of another task after the cell was repaired', async (t) => {
  const view = cells();
  const lock = new RwLock(view);
  const stale = await lock.writeAsync();
  Atomics.store(view, 0, FRESH);
  t.false(stale.held);
  const writing = await lock.writeAsync({ timeout });
  t.false(stale.held);
  t.throws(() => stale.downgrade(), notOwner);
  t.throws(() => stale.release(), notOwner);
  t.false(stale.tryRelease());
  t.true(writing.held);
  t.false(lock.tryRead(), 'the write goes on');
  writing.release();
  t.is(lock.writerThreadId, null);
  t.is(lock.readers, 0);
});

test('a guard of a write did not end what the thread itself writes after the cell was repaired', async (t) => {
  const view = cells();
  const lock = new RwLock(view);
  const stale = await lock.writeAsync();
  Atomics.store(view, 0, FRESH);
  const own = lock.write();
  t.false(stale.held);
  t.throws(() => stale.release(), notOwner);
  t.true(own.held);
  own.release();
  t.is(lock.writerThreadId, null);
});

test('a guard of a mutex that was repaired said that it holds the mutex', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const condition = new Condition(view, 1);
  const stale = await mutex.lockAsync();
  Atomics.store(view, 0, FRESH);
  t.false(stale.held);
  const owner = await mutex.lockAsync({ timeout });
  t.false(stale.held);
  t.false(stale.tryRelease());
  t.throws(() => stale.release(), notOwner);
  await t.throwsAsync(condition.waitAsync(stale, undefined, { timeout, ref }), notOwner);
  t.notThrows(() => stale[Symbol.dispose]());
  t.true(owner.held);
  owner.release();

  mutex.lock();
  t.throws(() => stale.release(), notOwner);
  t.true(mutex.locked);
  mutex.unlock();
});

test('a guard that a wait lent does not own the mutex after the cell was repaired for another task', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const condition = new Condition(view, 1);
  const lent = await mutex.lockAsync();
  const waiting = condition.waitAsync(lent, undefined, { timeout, ref });
  const owner = await mutex.lockAsync({ timeout });
  t.false(lent.held);
  t.throws(() => lent.release(), notOwner);
  condition.notify();
  t.true(await isPending(waiting));
  t.true(owner.held);
  owner.release();
  t.true(await waiting);
  t.true(lent.held);
  t.throws(() => owner.release(), notOwner);
  lent.release();
  t.false(mutex.locked);
});

for (const [how, end] of /** @type {const} */ ([
  ['ended', 'resolve'],
  ['failed', 'reject'],
])) {
  test(`the action of a round that was reset decided the next round when it ${how}`, async (t) => {
    const { runs, action } = manualAction();
    const barrier = new Barrier(cells(), 0, 2, { action });
    const first = [barrier.waitAsync({ ref }), barrier.waitAsync({ ref })];
    while (runs.length < 1) await sleep(1);
    barrier.reset();
    await t.throwsAsync(first[0], broken);
    const second = [barrier.waitAsync({ ref }), barrier.waitAsync({ ref })];
    while (runs.length < 2) await sleep(1);
    const failure = new Error('planted');
    runs[0][end](failure);
    const told = /** @type {any} */ (await t.throwsAsync(first[1]));
    t.is(told.code, end === 'resolve' ? 'ERR_BROKEN_BARRIER' : undefined);
    t.true(await isPending(second[0]), 'the second action runs still');
    t.false(barrier.broken);
    runs[1].resolve();
    t.deepEqual(await Promise.all(second), [1, 0]);
    t.false(barrier.broken);
    t.is(barrier.waiting, 0);
  });
}
