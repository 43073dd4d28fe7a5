// @ts-check
'use strict';

const test = require('ava').default;
const { threadId } = require('node:worker_threads');
const { Condition, Mutex, RwLock } = require('../index.js');
const { syncError } = require('./helpers/errors.js');
const { cells } = require('./helpers/cells.js');
const { sleep } = require('./helpers/threads.js');

const ref = true;
/** A DOMException, which ava does not take for an error. */
const abort = { name: 'AbortError', any: /** @type {const} */ (true) };

test('only the guard that owns a mutex can unlock it', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const guard = await mutex.lockAsync();
  t.true(guard.held);
  t.false(guard.recovered);
  t.is(mutex.ownerThreadId, threadId);
  const notOwner = syncError('ERR_NOT_OWNER');
  const deadlock = syncError('ERR_DEADLOCK');
  t.throws(() => mutex.unlock(), notOwner);
  t.notThrows(() => mutex[Symbol.dispose]());
  t.throws(() => new Condition(view, 1).wait(mutex), { ...notOwner, message: /Mutex/ });
  for (const blocking of [
    () => mutex.lock(),
    () => mutex.tryLock(60_000),
    () => mutex.recover(),
    () => mutex.runExclusive(() => {}),
  ]) {
    t.throws(blocking, deadlock);
  }
  t.false(mutex.tryLock());
  t.true(guard.held);

  const next = mutex.lockAsync();
  guard.release();
  const second = await next;
  t.false(guard.held);
  t.true(second.held);
  t.throws(() => guard.release(), notOwner);
  t.notThrows(() => guard[Symbol.dispose](), 'dispose is silent about what it does not own');
  t.true(second.held, 'a stale guard cannot release what another one holds');
  second[Symbol.dispose]();
  t.false(mutex.locked);
});

test('a promise is not granted what its own thread locked with lock()', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0).lock();
  await t.throwsAsync(new Condition(view, 1).waitAsync(/** @type {any} */ (mutex)), {
    instanceOf: TypeError,
    code: 'ERR_INVALID_ARG_TYPE',
    message: /lockAsync/,
  });
  t.is(mutex.ownerThreadId, threadId);
  await t.throwsAsync(mutex.lockAsync({ timeout: 5, ref }), { code: 'ERR_TIMEOUT' });
  const next = mutex.lockAsync({ ref });
  mutex.unlock();
  (await next).release();
  t.false(mutex.locked);
});

test('tryRelease() releases once and says whether it did, for each guard', async (t) => {
  const view = cells();
  const [mutex, lock] = [new Mutex(view, 0), new RwLock(view, 1)];
  for (const take of [
    () => mutex.lockAsync(),
    () => lock.read(),
    () => lock.write(),
    () => lock.readAsync(),
    () => lock.writeAsync(),
  ]) {
    const guard = await take();
    t.true(guard.held);
    t.true(guard.tryRelease());
    t.false(guard.held);
    t.false(guard.tryRelease());
    t.throws(() => guard.release(), syncError('ERR_NOT_OWNER'));
    t.is(view[0], 0);
    t.is(view[1], 0);
  }
  const first = await mutex.lockAsync();
  first.release();
  const second = await mutex.lockAsync();
  t.false(first.tryRelease(), 'a stale guard cannot release what another one holds');
  t.true(second.held);
  second.release();
});

test('a guard waits with its own mutex, while it is held, and in one wait at a time', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const condition = new Condition(view, 1);
  const notOwner = syncError('ERR_NOT_OWNER');
  const released = await mutex.lockAsync();
  released.release();
  await t.throwsAsync(condition.waitAsync(released), notOwner);
  const guard = await mutex.lockAsync();
  await t.throwsAsync(condition.waitAsync(released), notOwner, 'another guard owns the mutex');
  t.true(guard.held);
  const waiting = condition.waitAsync(guard, undefined, { ref });
  t.false(guard.held);
  t.false(guard.tryRelease(), 'it waits');
  await t.throwsAsync(condition.waitAsync(guard), notOwner);
  condition.notify();
  t.true(await waiting);
  t.true(guard.held);
  for (const wrong of /** @type {any[]} */ ([
    undefined,
    null,
    5,
    {},
    mutex,
    Promise.resolve(guard),
    await new RwLock(view, 2).writeAsync(),
  ])) {
    await t.throwsAsync(condition.waitAsync(wrong), {
      instanceOf: TypeError,
      code: 'ERR_INVALID_ARG_TYPE',
      message: /^guard must be/,
    });
  }
  guard.release();
});

test('runExclusiveAsync calls its function with the guard, which the function may release', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  /** @type {any} */
  let given;
  const value = await mutex.runExclusiveAsync((guard) => {
    given = guard;
    t.true(guard.held);
    return 'done';
  });
  t.is(value, 'done');
  t.false(given.held);
  t.is(await mutex.runExclusiveAsync((guard) => guard.release()), undefined);
  t.false(mutex.locked);
});

test('await using releases, as using does', async (t) => {
  if (Number(process.versions.node.split('.')[0]) < 24) return t.pass('it does not parse here');
  const mutex = new Mutex(cells());
  const source = `async (mutex) => {
    { using guard = await mutex.lockAsync(); if (!guard.held) throw new Error('not held'); }
    { await using guard = await mutex.lockAsync(); if (!guard.held) throw new Error('not held'); }
  }`;
  await require('node:vm').runInThisContext(source)(mutex);
  t.false(mutex.locked);
});

test('runExclusive and runExclusiveAsync unlock, whatever the function does', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  t.is(
    mutex.runExclusive(() => mutex.ownerThreadId),
    threadId,
  );
  t.false(mutex.locked);
  const error = new Error('mine');
  const fail = () => {
    throw error;
  };
  t.is(
    t.throws(() => mutex.runExclusive(fail)),
    error,
  );
  t.false(mutex.locked);
  const asynchronous = /** @type {any} */ (async () => {});
  t.throws(() => mutex.runExclusive(asynchronous), { code: 'ERR_INVALID_ARG_TYPE' });
  t.false(mutex.locked);
  t.throws(() => mutex.runExclusive(() => mutex.unlock()), { code: 'ERR_NOT_OWNER' });

  t.is(await mutex.runExclusiveAsync(() => mutex.locked), true);
  t.is(await mutex.runExclusiveAsync(() => sleep(5).then(() => 7)), 7);
  t.false(mutex.locked);
  t.is(await t.throwsAsync(mutex.runExclusiveAsync(fail)), error);
  t.is(await t.throwsAsync(mutex.runExclusiveAsync(async () => fail())), error);
  t.false(mutex.locked);

  const controller = new AbortController();
  const lost = mutex.runExclusiveAsync((guard) =>
    new Condition(view, 1).waitAsync(guard, () => false, { signal: controller.signal, ref }),
  );
  await sleep(5);
  controller.abort();
  await t.throwsAsync(lost, abort, 'not hidden by a second unlock');
  t.false(mutex.locked);
});

test('only its guard releases a read or a write that a promise acquired', async (t) => {
  const notOwner = syncError('ERR_NOT_OWNER');
  const deadlock = syncError('ERR_DEADLOCK');
  const lock = new RwLock(cells());
  const reading = await lock.readAsync();
  t.true(reading.held);
  t.is(lock.readers, 1);
  t.throws(() => lock.unlockRead(), notOwner);
  t.throws(() => lock.write(), deadlock);
  t.true(lock.tryRead(), 'the thread reads beside its guard');
  lock.unlockRead();
  t.true(reading.held);

  const next = lock.writeAsync({ ref });
  const behind = lock.readAsync({ ref });
  reading.release();
  t.false(reading.held);
  t.throws(() => reading.release(), notOwner);
  t.notThrows(() => reading[Symbol.dispose]());
  const writing = await next;
  t.true(writing.held);
  t.false(writing.recovered);
  t.is(lock.writerThreadId, threadId);
  t.throws(() => lock.unlockWrite(), notOwner);
  t.throws(() => lock.read(), deadlock);
  t.false(lock.tryRead());
  t.false(lock.tryWrite());

  const downgraded = writing.downgrade();
  t.false(writing.held);
  t.throws(() => writing.release(), notOwner);
  t.throws(() => writing.downgrade(), notOwner);
  t.notThrows(() => writing[Symbol.dispose]());
  const beside = await behind;
  t.is(lock.readers, 2);
  t.throws(() => lock.unlockRead(), notOwner, 'both reads are the guards of promises');
  beside.release();
  downgraded[Symbol.dispose]();
  t.is(lock.readers, 0);
  t.true(lock.tryWrite());
  lock.unlockWrite();
});

test('no guard releases and no promise acquires what the thread holds of an RwLock', async (t) => {
  const lock = new RwLock(cells());
  const own = lock.write();
  await t.throwsAsync(lock.readAsync({ timeout: 5, ref }), { code: 'ERR_TIMEOUT' });
  await t.throwsAsync(lock.writeAsync({ timeout: 5, ref }), { code: 'ERR_TIMEOUT' });
  const next = lock.readAsync({ ref });
  own.release();
  const guard = await next;
  lock.read();
  guard.release();
  t.is(lock.readers, 1);
  t.throws(() => guard.release(), { code: 'ERR_NOT_OWNER' });
  lock.unlockRead();
  t.is(lock.readers, 0);
});
