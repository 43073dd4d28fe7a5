// @ts-check
'use strict';

// What the Web Locks API (W3C Working Draft) promises of a lock that is requested by promise.

const { Latch, Mutex } = require('../../index.js');
const stage = require('../helpers/conformance.js');

const webLocks = stage.documented('Web Locks');

/** A worker that holds the mutex in cell 0 until the latch in cell 1 opens. */
const hold = (
  /** @type {any} */ { view },
  /** @type {import('../helpers/types.js').Tools} */ { Mutex, Latch },
) => {
  const mutex = new Mutex(view, 0).lock();
  new Latch(view, 1).await();
  mutex.unlock();
};

webLocks('the lock is held until the promise of the callback settles, whichever way', async (t) => {
  const mutex = new Mutex(stage.cells());
  let resolve = (/** @type {string} */ _) => {};
  const first = mutex.runExclusiveAsync(() => new Promise((fulfil) => (resolve = fulfil)));
  t.true(await stage.isPending(first));
  t.true(mutex.locked);
  resolve('answer');
  t.is(await first, 'answer');
  t.false(mutex.locked);
  const second = mutex.runExclusiveAsync(() => Promise.reject(new Error('inside')));
  await t.throwsAsync(second, { message: 'inside' });
  t.false(mutex.locked);
});

webLocks(
  'a signal that is aborted rejects the request with its reason, and the next is granted',
  async (t) => {
    const view = stage.cells();
    const held = await stage.inOrder(1, hold, { view });
    const mutex = new Mutex(view, 0);
    const controller = new AbortController();
    const aborted = mutex.lockAsync({ signal: controller.signal });
    const next = mutex.lockAsync();
    t.true(await stage.isPending(aborted));
    const reason = new Error('enough');
    controller.abort(reason);
    t.is(await stage.endOf(aborted), reason);
    new Latch(view, 1).release();
    const guard = await next;
    t.true(guard.held);
    guard.release();
    await stage.answers(held);
  },
);

webLocks('a signal that was aborted before rejects at once, and requests nothing', async (t) => {
  const view = stage.cells();
  const mutex = new Mutex(view, 0);
  const signal = AbortSignal.abort();
  t.is(await mutex.lockAsync({ signal }).catch((reason) => reason), signal.reason);
  t.false(mutex.locked);
});

webLocks('a signal that is aborted when the lock was granted changes nothing', async (t) => {
  const mutex = new Mutex(stage.cells());
  const controller = new AbortController();
  const guard = await mutex.lockAsync({ signal: controller.signal });
  controller.abort();
  t.true(guard.held);
  guard.release();
});

webLocks('requests are granted in their order', async (t) => {
  const view = stage.cells();
  const held = await stage.inOrder(1, hold, { view });
  const mutex = new Mutex(view, 0);
  /** @type {number[]} */
  const order = [];
  const requests = Array.from({ length: 5 }, (_, i) =>
    mutex.runExclusiveAsync(async () => {
      order.push(i);
    }),
  );
  t.deepEqual(order, []);
  new Latch(view, 1).release();
  await Promise.all([...requests, stage.answers(held)]);
  t.deepEqual(order, [0, 1, 2, 3, 4]);
});
