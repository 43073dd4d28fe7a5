// @ts-check
'use strict';

// The JavaScript classes try one atomic instruction and call a native function when it fails. Both must leave the same word
// in every case, and the native functions must be complete without the JavaScript classes.

const test = require('ava').default;
const { Barrier, Condition, Latch, Mutex, RwLock, Semaphore } = require('../index.js');
const { slotOf } = require('../lib/read-counts.js');
const { native, newNumber, realm, THREAD } = require('../lib/realm.js');

const cell = () => new Int32Array(new SharedArrayBuffer(4));
const { number } = realm;
const { RWLOCK_READ: READ, RWLOCK_WRITE: WRITE } = native;
const name = undefined;

test('the fast path and the native call lock a mutex with the same word, and each unlocks the other', (t) => {
  const [inline, called] = [cell(), cell()];
  new Mutex(inline).lock();
  t.is(native.mutexLock(number, called, name, Infinity), native.ACQUIRED);
  t.is(inline[0], called[0]);
  t.is(inline[0], THREAD);
  t.is(inline[0] & native.MUTEX_WAITERS, 0);
  native.mutexUnlock(number, inline, name);
  new Mutex(called).unlock();
  t.is(inline[0], native.MUTEX_FREE);
  t.is(called[0], native.MUTEX_FREE);
  t.is(native.MUTEX_FREE, 0);

  t.true(new Mutex(inline).tryLock());
  t.is(native.mutexLock(number, called, name, 0), native.ACQUIRED);
  t.is(inline[0], called[0]);
  t.is(native.mutexOwner(number, inline, name), THREAD);
});

test('the fast path does not take the word of a guard for that of the thread', async (t) => {
  const [inline, called] = [cell(), cell()];
  const guard = await new Mutex(inline).lockAsync();
  const promise = newNumber();
  t.true(native.mutexTryLockGuard(number, called, name, promise));
  t.is(inline[0], called[0]);
  t.not(inline[0] & ~native.MUTEX_WAITERS, THREAD);
  t.not(inline[0], native.MUTEX_FREE);
  t.throws(() => new Mutex(called).unlock(), { code: 'ERR_NOT_OWNER' });
  t.true(native.mutexIsGuarded(number, called, promise));
  t.false(native.mutexIsGuarded(number, called, newNumber()), 'another promise of the thread');
  t.false(native.mutexReleaseGuard(number, called, name, newNumber()));
  t.true(native.mutexReleaseGuard(number, called, name, promise));
  t.false(native.mutexReleaseGuard(number, called, name, promise), 'it is released once');
  guard.release();
  t.is(inline[0], native.MUTEX_FREE);
  t.is(called[0], native.MUTEX_FREE);
});

test('the fast path and the native call open a latch with the same word', (t) => {
  const [inline, called] = [cell(), cell()];
  new Latch(inline).release();
  native.latchCountDown(number, called, name, 1, 1);
  t.is(inline[0], called[0]);
  t.is(native.latchWait(number, inline, name, 1, 0), native.ACQUIRED);
  t.true(new Latch(called).released);
});

test('the fast path and the native call count a latch down with the same word', (t) => {
  const [inline, called] = [cell(), cell()];
  const latch = new Latch(inline, 0, 5);
  for (const [n, remaining] of [
    [2, 3],
    [1, 2],
    [9, 0],
  ]) {
    latch.countDown(n);
    native.latchCountDown(number, called, name, 5, n);
    t.is(inline[0], called[0]);
    t.is(latch.remaining, remaining);
    t.is(native.latchRemaining(number, inline, name, 5), remaining);
    t.is(native.latchWait(number, inline, name, 5, 0) === native.ACQUIRED, latch.released);
  }
});

test('the fast path and the native call acquire and release permits with the same word', async (t) => {
  const { startWorker } = require('./helpers/threads.js');
  const [inline, called] = [cell(), cell()];
  const semaphore = new Semaphore(inline, 0, 5, { max: 7 });
  semaphore.acquire(2);
  t.is(native.semaphoreAcquire(number, called, name, 5, 7, 2, 0), native.ACQUIRED);
  t.is(inline[0], called[0]);
  t.is(inline[0], 2 * native.SEMAPHORE_PERMIT);
  semaphore.release(4);
  t.true(native.semaphoreRelease(number, called, name, 5, 7, 4));
  t.is(inline[0], called[0]);
  t.is(inline[0], -2 * native.SEMAPHORE_PERMIT);
  t.throws(() => semaphore.release(1), { code: 'ERR_OUT_OF_RANGE' });
  t.false(native.semaphoreRelease(number, called, name, 5, 7, 1));
  t.true(semaphore.tryAcquire(7));
  t.is(native.semaphoreAcquire(number, called, name, 5, 7, 7, Infinity), native.ACQUIRED);
  t.is(inline[0], called[0]);
  t.is(inline[0] & native.SEMAPHORE_WAITERS, 0);
  t.is(native.semaphoreAvailable(number, called, name, 5, 7), 0);
  t.is(semaphore.available, 0);

  const waiter = startWorker(
    ({ view }, { Semaphore }) => new Semaphore(view, 0, 5, { max: 7 }).tryAcquire(1, 30),
    { view: inline },
  );
  t.false(await waiter.done);
  t.is(inline[0], called[0], 'the waiter cleared the waiters bit when it gave up');
});

/** @param {Int32Array} view */
function countsOf(view) {
  const { counts, own } = slotOf(view);
  const start = own - native.READ_OWN;
  return [counts[start + native.READ_OWN], counts[start + native.READ_BY_GUARDS]];
}

test('the fast path and the native call read and write with the same word, and each unlocks the other', async (t) => {
  const [inline, called] = [cell(), cell()];
  const lock = new RwLock(inline);
  for (const count of [1, 2]) {
    lock.read();
    t.is(native.rwlockEnter(number, called, name, READ, 0), native.ACQUIRED);
    t.is(inline[0], count);
    t.is(called[0], count);
    t.deepEqual(countsOf(inline), [count, 0]);
    t.deepEqual(countsOf(called), [count, 0], 'the thread counts both alike');
  }
  const other = new Int32Array(inline.buffer);
  t.deepEqual(countsOf(other), [2, 0], 'all objects on one cell count together');
  t.is(new RwLock(called).unlockRead(), undefined);
  native.rwlockUnlock(number, other, name, READ);
  t.deepEqual(countsOf(inline), [1, 0]);
  t.deepEqual(countsOf(called), [1, 0]);
  lock.unlockRead();
  native.rwlockUnlock(number, called, name, READ);
  t.is(inline[0], native.RWLOCK_FREE);
  t.is(called[0], native.RWLOCK_FREE);
  t.is(native.RWLOCK_FREE, 0);
  for (const view of [inline, called]) t.deepEqual(countsOf(view), [0, 0]);

  const guard = await lock.readAsync();
  const promise = newNumber();
  t.true(native.rwlockTryEnterGuard(number, called, name, READ, promise));
  t.is(inline[0], called[0]);
  for (const view of [inline, called]) t.deepEqual(countsOf(view), [0, 1]);
  t.true(native.rwlockIsGuarded(number, called, READ, promise));
  guard.release();
  t.true(native.rwlockReleaseGuard(number, called, name, READ, promise));
  t.false(native.rwlockReleaseGuard(number, called, name, READ, promise), 'it is released once');
  for (const view of [inline, called]) {
    t.is(view[0], 0);
    t.deepEqual(countsOf(view), [0, 0]);
  }

  lock.write();
  t.is(native.rwlockEnter(number, called, name, WRITE, Infinity), native.ACQUIRED);
  t.is(inline[0], called[0]);
  t.is(inline[0], native.RWLOCK_WRITER | THREAD);
  native.rwlockUnlock(number, other, name, WRITE);
  new RwLock(called).unlockWrite();
  t.is(inline[0], 0);
  t.is(called[0], 0);

  const writing = await lock.writeAsync();
  t.true(native.rwlockTryEnterGuard(number, called, name, WRITE, promise));
  t.is(inline[0], called[0]);
  t.is(inline[0], native.RWLOCK_GUARD | THREAD);
  writing.release();
  t.true(native.rwlockReleaseGuard(number, called, name, WRITE, promise));
  t.is(inline[0], 0);
  t.is(called[0], 0);
});

test('the fast path does not read when the count of reads is full', (t) => {
  const view = cell();
  view[0] = native.RWLOCK_MOST_READS;
  const lock = new RwLock(view);
  t.false(lock.tryRead());
  t.is(native.rwlockEnter(number, view, name, READ, 0), native.TIMED_OUT);
  t.is(view[0], native.RWLOCK_MOST_READS);
  t.deepEqual(countsOf(view), [0, 0]);
  view[0]--;
  t.true(lock.tryRead());
  t.is(view[0], native.RWLOCK_MOST_READS);
  t.deepEqual(countsOf(view), [1, 0]);
  lock.unlockRead();
  t.is(view[0], native.RWLOCK_MOST_READS - 1);
  t.deepEqual(countsOf(view), [0, 0]);
});

test('a condition without waiters and a barrier between rounds are zero', (t) => {
  const view = new Int32Array(new SharedArrayBuffer(12));
  const mutex = new Mutex(view, 0).lock();
  const condition = new Condition(view, 1);
  condition.waitFor(mutex, undefined, 1);
  t.is(view[1], native.CONDITION_EMPTY, 'one that gave up leaves nothing that makes notify a call');
  t.is(native.CONDITION_EMPTY, 0);
  t.is(native.conditionNotify(number, view.subarray(1), name, Infinity), 0);
  mutex.unlock();
  new Barrier(view, 2, 1).wait();
  t.is(view[2], 0);
  t.is(native.barrierWait(number, view.subarray(2), name, 1, 0, Infinity), 0);
  t.is(view[2], 0);
  t.is(new Barrier(view, 2, native.BARRIER_MAX_TOTAL).total, 2 ** 24 - 1);
});

test('a mutex without waiters is unlocked without a native call', async (t) => {
  const { startWorker } = require('./helpers/threads.js');
  const view = cell();
  const mutex = new Mutex(view, 0).lock();
  const waiter = startWorker(({ view }, { Mutex }) => new Mutex(view, 0).tryLock(30), { view });
  t.false(await waiter.done);
  t.is(view[0], THREAD, 'the waiter cleared the waiters bit when it gave up');
  mutex.unlock();
  t.is(view[0], 0);
});

test('a native call with an unknown realm or without a cell throws', (t) => {
  const view = cell();
  for (const call of [
    () => native.mutexLock(4_000_000, view, name, 0),
    () => native.mutexLock(2 ** 32 - 1, view, name, 0),
    () => native.latchWait(4_000_000, view, name, 1, 0),
    () => native.conditionWait(4_000_000, view, name, cell(), name, 0),
    () => native.mutexIsGuarded(4_000_000, view, 1),
    () => native.threadTag(4_000_000),
  ]) {
    t.throws(call, { code: 'InvalidArg', message: /realm/ });
  }
  for (const wrong of /** @type {any[]} */ ([
    undefined,
    null,
    {},
    view.buffer,
    new Int32Array(0),
    new Uint32Array(new SharedArrayBuffer(4)),
    new Float64Array(new SharedArrayBuffer(8)),
    new DataView(new SharedArrayBuffer(4)),
  ])) {
    t.throws(() => native.mutexLock(number, wrong, name, 0), {
      code: 'InvalidArg',
      message: /Int32Array/,
    });
    t.throws(() => native.conditionWait(number, view, name, wrong, name, 0), {
      code: 'InvalidArg',
      message: /Int32Array/,
    });
    t.throws(() => native.mutexDescribe(wrong), { code: 'InvalidArg', message: /Int32Array/ });
  }
  t.is(view[0], 0);
});
