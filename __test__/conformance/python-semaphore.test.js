// @ts-check
'use strict';

// What Python's semaphores promise (Python 3.13, The Python Standard Library): those of threading, and those of asyncio for
// the promise forms.

const { Semaphore } = require('../../index.js');
const stage = require('../helpers/conformance.js');

const { acquire } = stage;
const semaphores = stage.documented('Python threading.Semaphore');
const bounded = stage.documented('Python threading.BoundedSemaphore');
const ofAsyncio = stage.documented('Python asyncio.Semaphore');

const turn = (/** @type {number} */ returned) => ({ returned });
const TOO_MANY = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };

semaphores(
  'the counter can never go below zero: acquire() blocks until another thread calls release()',
  async (t) => {
    const view = stage.cells();
    for (const least of await stage.together(
      4,
      ({ view }, { Semaphore }) => {
        const semaphore = new Semaphore(view, 0, 2);
        let least = Infinity;
        for (let i = 0; i < 3_000; i++) {
          semaphore.acquire();
          // How many are not inside.
          least = Math.min(least, 2 - (Atomics.add(view, 1, 1) + 1));
          Atomics.sub(view, 1, 1);
          semaphore.release();
        }
        return least;
      },
      { view },
    ))
      t.true(least >= 0);
    t.is(new Semaphore(view, 0, 2).available, 2);
  },
);

semaphores('a value less than 0 is an error', (t) => {
  t.throws(() => new Semaphore(stage.cells(), 0, -1), TOO_MANY);
});

semaphores('acquire() of a counter larger than zero decrements it and returns at once', (t) => {
  const semaphore = new Semaphore(stage.cells(), 0, 2);
  semaphore.acquire();
  semaphore.acquire();
  t.is(semaphore.available, 0);
});

semaphores('exactly one thread is awoken by each call to release()', async (t) => {
  const view = stage.cells();
  const semaphore = new Semaphore(view, 0, 0, { max: Infinity });
  const waiters = await stage.inOrder(3, acquire, { view, permits: 0, max: Infinity });
  for (const [i, waiter] of waiters.entries()) {
    semaphore.release();
    await waiter.done;
    const others = waiters.slice(i + 1).map(({ done }) => done);
    t.true(await stage.isPending(Promise.race(others)));
  }
  await stage.answers(waiters);
});

semaphores('release(n) wakes up n of those that wait', async (t) => {
  const view = stage.cells();
  const semaphore = new Semaphore(view, 0, 0, { max: Infinity });
  const waiters = await stage.inOrder(3, acquire, { view, permits: 0, max: Infinity });
  semaphore.release(2);
  await Promise.all([waiters[0].done, waiters[1].done]);
  t.true(await stage.isPending(waiters[2].done));
  semaphore.release();
  await stage.answers(waiters);
});

semaphores('with blocking=False it does not block: it returns whether it was acquired', (t) => {
  const semaphore = new Semaphore(stage.cells(), 0, 1);
  t.true(semaphore.tryAcquire());
  t.false(semaphore.tryAcquire());
});

semaphores('with a timeout it blocks for at most that long, and then returns False', async (t) => {
  const view = stage.cells();
  const semaphore = new Semaphore(view, 0, 0);
  const start = performance.now();
  t.false(semaphore.tryAcquire(1, 40));
  const took = performance.now() - start;
  t.true(took >= 40 && took < 2_000, `${took} ms`);
  const [waiter] = await stage.inOrder(1, acquire, { view, permits: 0, ms: 9_000 });
  semaphore.release();
  t.deepEqual(await stage.answers([waiter]), [turn(0)]);
});

semaphores('it may be released more often than it was acquired', (t) => {
  const semaphore = new Semaphore(stage.cells(), 0, 1, { max: Infinity });
  for (let i = 0; i < 100; i++) semaphore.release();
  t.is(semaphore.available, 101);
});

bounded('a release past the initial value is an error', async (t) => {
  const view = stage.cells();
  const semaphore = new Semaphore(view, 0, 2);
  t.throws(() => semaphore.release(), TOO_MANY);
  semaphore.acquire();
  t.throws(() => semaphore.release(2), TOO_MANY);
  t.is(semaphore.available, 1, 'nothing was released');
  semaphore.release();
  const told = await stage.answer(
    ({ view }, { Semaphore, codeOf }) => {
      return codeOf(() => new Semaphore(view, 0, 2).release());
    },
    { view },
  );
  t.is(told, 'ERR_OUT_OF_RANGE');
});

ofAsyncio('acquire() of a counter greater than zero decrements it at once', async (t) => {
  const semaphore = new Semaphore(stage.cells(), 0, 1);
  t.is(await semaphore.acquireAsync(), undefined);
  t.is(semaphore.available, 0);
});

ofAsyncio('acquire() of zero waits until release() is called, also by a thread', async (t) => {
  const view = stage.cells();
  const semaphore = new Semaphore(view, 0, 0);
  const promise = semaphore.acquireAsync();
  t.true(await stage.isPending(promise));
  await stage.answers([
    stage.party(({ view }, { Semaphore }) => new Semaphore(view, 0, 0).release(), { view }),
  ]);
  await promise;
  t.is(semaphore.available, 0);
});

ofAsyncio('release() wakes up a task that waits: the one that has waited longest', async (t) => {
  const semaphore = new Semaphore(stage.cells(), 0, 0);
  /** @type {number[]} */
  const order = [];
  const tasks = [0, 1, 2, 3].map(async (id) => {
    await semaphore.acquireAsync();
    order.push(id);
    semaphore.release();
  });
  semaphore.release();
  await Promise.all(tasks);
  t.deepEqual(order, [0, 1, 2, 3]);
});

ofAsyncio('a task whose wait is cancelled takes no permit', async (t) => {
  const semaphore = new Semaphore(stage.cells(), 0, 0);
  const controller = new AbortController();
  const cancelled = semaphore.acquireAsync(1, { signal: controller.signal });
  const next = semaphore.acquireAsync();
  const reason = new Error('cancelled');
  controller.abort(reason);
  t.is(await stage.endOf(cancelled), reason);
  semaphore.release();
  await next;
  t.is(semaphore.available, 0);
});
