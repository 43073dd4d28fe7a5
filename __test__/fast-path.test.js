// @ts-check
'use strict';

// The JavaScript classes try one atomic instruction and call a native function when it fails. Both must mean the same
// by every word, and the native functions must be complete without the JavaScript classes.

const test = require('ava').default;
const { Barrier, Condition, Latch, Mutex, RwLock, Semaphore } = require('../index.js');
const { native, realm, THREAD } = require('../lib/realm.js');

const cell = () => new Int32Array(new SharedArrayBuffer(4));

/** What has the numbers that the functions take: they are good for as long as it is there. @type {{ handle: number }[]} */
const kept = [];
/** @param {{ handle: number }} object */
const keep = (object) => {
  kept.push(object);
  return object.handle;
};
/** @param {Int32Array} view */
const mutexOn = (view) => keep(new native.Mutex(realm, view));
/** @param {Int32Array} view */
const latchOn = (view) => keep(new native.Latch(realm, view, 1));

test('a mutex locked by an instruction and by a call is the same word, and each unlocks the other', (t) => {
  const [inline, called] = [cell(), cell()];
  new Mutex(inline).lock();
  native.mutexLock(mutexOn(called));
  t.is(inline[0], called[0]);
  t.is(inline[0], THREAD);
  t.is(inline[0] & native.MUTEX_WAITERS, 0);
  native.mutexUnlock(mutexOn(inline));
  new Mutex(called).unlock();
  t.is(inline[0], 0);
  t.is(called[0], 0);

  t.true(new Mutex(inline).tryLock());
  t.true(native.mutexTryLock(mutexOn(called), 0));
  t.is(inline[0], called[0]);
  t.is(native.mutexOwner(mutexOn(inline)), THREAD);
});

test('a latch opened by an instruction and by a call is the same word', (t) => {
  const [inline, called] = [cell(), cell()];
  new Latch(inline).release();
  native.latchCountDown(latchOn(called), 1);
  t.is(inline[0], called[0]);
  t.true(native.latchWait(latchOn(inline), 0));
  t.true(new Latch(called).released);
});

test('permits taken and given back by an instruction and by a call are the same word', async (t) => {
  const { startWorker } = require('./helpers/threads.js');
  const [inline, called] = [cell(), cell()];
  const semaphore = new Semaphore(inline, 0, 5, { max: 7 });
  const complete = new native.Semaphore(realm, called, 5, 7);
  semaphore.acquire(2);
  t.true(native.semaphoreAcquire(complete.handle, 2, 0));
  t.is(inline[0], called[0]);
  t.is(inline[0], 2 * native.SEMAPHORE_PERMIT);
  semaphore.release(4);
  t.true(native.semaphoreRelease(complete.handle, 4));
  t.is(inline[0], called[0]);
  t.is(inline[0], -2 * native.SEMAPHORE_PERMIT);
  t.true(semaphore.tryAcquire(7));
  t.true(native.semaphoreAcquire(complete.handle, 7, Infinity));
  t.is(inline[0], called[0]);
  t.is(inline[0] & native.SEMAPHORE_WAITERS, 0);
  t.is(native.semaphoreAvailable(complete.handle), 0);

  const waiter = startWorker(
    ({ view }, { Semaphore }) => new Semaphore(view, 0, 5, { max: 7 }).tryAcquire(1, 30),
    { view: inline },
  );
  t.false(await waiter.done);
  t.is(inline[0], called[0], 'the waiter took its mark away when it gave up');
});

test('reads and writes begun by an instruction and by a call are the same word, and each ends the other', (t) => {
  const [inline, called] = [cell(), cell()];
  const lock = new RwLock(inline);
  const complete = new native.RwLock(realm, called, new Int32Array(new SharedArrayBuffer(8)));
  for (const count of [1, 2]) {
    lock.read();
    t.true(native.rwlockRead(complete.handle, 0));
    t.is(inline[0], count);
    t.is(called[0], count);
  }
  const other = new native.RwLock(realm, inline, new Int32Array(new SharedArrayBuffer(8)));
  t.deepEqual([...other.counts], [2, 0], 'all objects on one cell count together');
  t.is(new RwLock(called).unlockRead(), undefined);
  native.rwlockUnlockRead(other.handle);
  lock.unlockRead();
  native.rwlockUnlockRead(complete.handle);
  t.is(inline[0], 0);
  t.is(called[0], 0);
  lock.write();
  t.true(native.rwlockWrite(complete.handle, Infinity));
  t.is(inline[0], called[0]);
  t.is(inline[0], native.RWLOCK_WRITER | THREAD);
  native.rwlockUnlockWrite(other.handle);
  new RwLock(called).unlockWrite();
  t.is(inline[0], 0);
  t.is(called[0], 0);
});

test('a condition that nobody waits for and a barrier between rounds are zero', (t) => {
  const view = new Int32Array(new SharedArrayBuffer(12));
  const mutex = new Mutex(view, 0).lock();
  const condition = new Condition(view, 1);
  condition.waitFor(mutex, undefined, 1);
  t.is(view[1], 0, 'one that gave up leaves nothing that makes notify a call');
  t.is(native.conditionNotify(new native.Condition(realm, view.subarray(1)).handle, Infinity), 0);
  mutex.unlock();
  new Barrier(view, 2, 1).wait();
  t.is(view[2], 0);
  t.is(new Barrier(view, 2, native.BARRIER_MAX_TOTAL).total, 2 ** 24 - 1);
});

test('a mutex that nobody waits for any more is unlocked without a call', async (t) => {
  const { startWorker } = require('./helpers/threads.js');
  const view = cell();
  const mutex = new Mutex(view, 0).lock();
  const waiter = startWorker(({ view }, { Mutex }) => new Mutex(view, 0).tryLock(30), { view });
  t.false(await waiter.done);
  t.is(view[0], THREAD, 'the waiter took its mark away when it gave up');
  mutex.unlock();
  t.is(view[0], 0);
});

test('a number that no object has is an error', (t) => {
  for (const call of [
    () => native.mutexLock(4_000_000),
    () => native.mutexTryLock(2 ** 32 - 1, 0),
    () => native.latchWait(4_000_000, 0),
    () => native.conditionWait(4_000_000, mutexOn(cell()), 0),
  ]) {
    t.throws(call, { code: 'InvalidArg', message: /number/ });
  }
});
