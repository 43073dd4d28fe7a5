// @ts-check
'use strict';

const test = require('ava').default;
const { Mutex, Condition, Latch } = require('../index.js');
const { cells } = require('./helpers/cells.js');
const { startWorker, inWorkers, sleep } = require('./helpers/threads.js');

/**
 * Producers and consumers on a ring of 4 places. Returns how often each number was taken.
 *
 * Cells: 0 mutex, 1 condition "not full", 2 condition "not empty", 3 head, 4 tail, 5 taken, 6 to 9 the ring.
 *
 * @param {{ producers: number, consumers: number, each: number, wake: 'notify' | 'notifyAll', conditions: 1 | 2 }} plan
 */
async function ring({ producers, consumers, each, wake, conditions }) {
  const view = cells(10);
  const total = producers * each;
  const seen = new Int32Array(new SharedArrayBuffer(4 * total));
  await inWorkers(
    producers + consumers,
    ({ view, seen, id, producers, each, total, wake, conditions }, { Mutex, Condition }) => {
      const mutex = new Mutex(view, 0);
      const notFull = new Condition(view, 1);
      const notEmpty = new Condition(view, conditions === 2 ? 2 : 1);
      if (id < producers) {
        for (let i = 0; i < each; i++) {
          mutex.lock();
          notFull.wait(mutex, () => view[3] - view[4] < 4);
          view[6 + (view[3] % 4)] = id * each + i;
          view[3]++;
          if (wake === 'notify') notEmpty.notify();
          else notEmpty.notifyAll();
          mutex.unlock();
        }
        return;
      }
      for (;;) {
        mutex.lock();
        notEmpty.wait(mutex, () => view[3] !== view[4] || view[5] === total);
        if (view[5] === total) {
          mutex.unlock();
          return;
        }
        seen[view[6 + (view[4] % 4)]]++;
        view[4]++;
        view[5]++;
        if (view[5] === total) notEmpty.notifyAll();
        else if (wake === 'notify') notFull.notify();
        else notFull.notifyAll();
        mutex.unlock();
      }
    },
    { view, seen, producers, each, total, wake, conditions },
    { limit: 60_000 },
  );
  return { taken: view[5], seen };
}

for (const plan of /** @type {const} */ ([
  { producers: 1, consumers: 1, each: 20_000, wake: 'notify', conditions: 2 },
  { producers: 2, consumers: 2, each: 10_000, wake: 'notify', conditions: 2 },
  { producers: 1, consumers: 4, each: 10_000, wake: 'notify', conditions: 2 },
  { producers: 2, consumers: 2, each: 5_000, wake: 'notifyAll', conditions: 2 },
  { producers: 3, consumers: 3, each: 3_000, wake: 'notifyAll', conditions: 1 },
])) {
  const { producers, consumers, wake, conditions } = plan;
  test(`a ring passes each item exactly once: ${producers} to ${consumers}, ${wake}, ${conditions} condition(s)`, async (t) => {
    const { taken, seen } = await ring(plan);
    t.is(taken, seen.length);
    t.true(seen.every((times) => times === 1));
  });
}

/**
 * Workers that wait for one notification each, without a predicate, and record the order in which they continued.
 *
 * @param {Int32Array<SharedArrayBuffer>} view
 * @param {number} count
 */
async function sleepers(view, count) {
  const started = [];
  for (let id = 0; id < count; id++) {
    const sleeper = startWorker(
      ({ view, id }, { Mutex, Condition, ready }) => {
        const mutex = new Mutex(view, 0).lock();
        ready();
        new Condition(view, 1).wait(mutex);
        view[3 + view[2]++] = id;
        mutex.unlock();
      },
      { view, id },
    );
    await sleeper.blocked();
    started.push(sleeper);
  }
  return started;
}

test('notify(n) wakes exactly the n longest waiters, and returns how many', async (t) => {
  const view = cells(16);
  const started = await sleepers(view, 6);
  const condition = new Condition(view, 1);
  t.is(condition.notify(), 1);
  await sleep(150);
  t.deepEqual([...view.subarray(2, 4)], [1, 0]);
  t.is(condition.notify(2), 2);
  await sleep(150);
  t.is(view[2], 3);
  t.deepEqual([...view.subarray(3, 6)].sort(), [0, 1, 2]);
  t.is(condition.notify(0), 0);
  t.is(condition.notify(100), 3);
  await Promise.all(started.map(({ done }) => done));
  t.is(view[2], 6);
});

test('notifyAll wakes all and returns how many, and each acquires the mutex in turn', async (t) => {
  const view = cells(16);
  const started = await sleepers(view, 6);
  const mutex = new Mutex(view, 0).lock();
  t.is(new Condition(view, 1).notifyAll(), 6);
  await sleep(100);
  t.is(view[2], 0, 'no thread continues before the mutex is free');
  mutex.unlock();
  await Promise.all(started.map(({ done }) => done));
  t.is(view[2], 6);
  t.false(mutex.locked);
});

test('a notification without waiters is not kept', async (t) => {
  const view = cells();
  const condition = new Condition(view, 1);
  t.is(condition.notify(), 0);
  t.is(condition.notify(5), 0);
  t.is(condition.notifyAll(), 0);
  const mutex = new Mutex(view, 0).lock();
  t.false(condition.waitFor(mutex, undefined, 20));
  mutex.unlock();
});

test('two threads that hand a turn back and forth lose no notification', async (t) => {
  const view = cells();
  await inWorkers(
    2,
    ({ view, id }, { Mutex, Condition }) => {
      const mutex = new Mutex(view, 0);
      const condition = new Condition(view, 1);
      for (let i = 0; i < 10_000; i++) {
        mutex.lock();
        condition.wait(mutex, () => view[2] % 2 === id);
        view[2]++;
        condition.notify();
        mutex.unlock();
      }
    },
    { view },
    { limit: 60_000 },
  );
  t.is(view[2], 20_000);
});

test('one condition serves several mutexes', async (t) => {
  const view = cells();
  const started = [2, 3].map((index) =>
    startWorker(
      ({ view, index }, { Mutex, Condition, ready }) => {
        const mutex = new Mutex(view, index).lock();
        ready();
        new Condition(view, 1).wait(mutex);
        mutex.unlock();
        return true;
      },
      { view, index },
    ),
  );
  for (const { blocked } of started) await blocked();
  new Condition(view, 1).notifyAll();
  t.deepEqual(await Promise.all(started.map(({ done }) => done)), [true, true]);
});

test('a promise of a blocked thread took the one notification, and the thread that it waited for slept on', async (t) => {
  const view = new Int32Array(new SharedArrayBuffer(16));
  const [mutex, condition, latch] = [
    new Mutex(view, 0),
    new Condition(view, 1),
    new Latch(view, 2, 1),
  ];
  const guard = await mutex.lockAsync();
  const notified = condition.waitAsync(guard).then(() => guard.release());
  const waiter = startWorker(
    ({ view }, { Condition, Latch, Mutex, ready }) => {
      const mutex = new Mutex(view, 0);
      ready();
      mutex.lock();
      new Condition(view, 1).wait(mutex);
      mutex.unlock();
      new Latch(view, 2, 1).release();
    },
    { view },
  );
  await waiter.blocked();
  const notifier = startWorker(
    ({ view }, { Condition, Mutex, require: load }) => {
      const { inspect } = load('../../index.js');
      // Until the main thread is blocked.
      while (!inspect().some((/** @type {any} */ { threadId, async }) => threadId === 0 && !async));
      return new Mutex(view, 0).runExclusive(() => new Condition(view, 1).notify());
    },
    { view },
  );
  t.true(latch.tryAwait(20_000));
  t.is(await notifier.done, 1);
  await waiter.done;
  condition.notify();
  await notified;
});
