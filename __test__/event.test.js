// @ts-check
'use strict';

const test = require('ava').default;
const { Event, inspect } = require('../index.js');
const { cells } = require('./helpers/cells.js');
const { syncError } = require('./helpers/errors.js');
const { inWorkers, sleep, startWorker } = require('./helpers/threads.js');

const autoReset = true;

/**
 * A worker that waits for the event in cell 0.
 *
 * @param {Int32Array} view
 * @param {object} [options]
 */
async function startWaiting(view, options) {
  const started = startWorker(
    ({ view, options }, { Event, ready }) => {
      const event = new Event(view, 0, options);
      ready();
      event.wait();
      return event.isSet;
    },
    { view, options },
  );
  const { threadId } = started.worker;
  while (!inspect().some((wait) => wait.threadId === threadId)) await sleep(5);
  return started;
}

test('set lets all waiters and later callers pass, until reset', async (t) => {
  const view = cells();
  const event = new Event(view, 0);
  t.false(event.isSet);
  t.false(event.autoReset);
  const waiting = [await startWaiting(view), await startWaiting(view)];
  const promise = event.waitAsync();
  t.is(event.set(), undefined);
  for (const { done } of waiting) t.true(await done);
  t.is(await promise, undefined);
  t.true(event.isSet);
  t.is(event.wait(), undefined);
  t.is(event.wait({ timeout: 0 }), undefined);
  t.true(event.tryWait());
  t.true(event.tryWait(60_000));
  t.is(event.reset(), undefined);
  t.false(event.isSet);
  t.false(event.tryWait());
  event.reset();
  t.false(event.isSet, 'resetting again changes nothing');
});

test('waiters pass even if the event is reset at once', async (t) => {
  const view = cells();
  const event = new Event(view, 0);
  for (let i = 0; i < 5; i++) {
    const waiting = await startWaiting(view);
    const promises = [event.waitAsync(), event.waitAsync()];
    event.set();
    event.reset();
    await Promise.all([waiting.done, ...promises]);
    t.false(event.isSet);
  }
});

test('with autoReset each set lets one waiter pass, in the order of arrival', async (t) => {
  const view = cells();
  const event = new Event(view, 0, { autoReset });
  t.true(event.autoReset);
  const first = await startWaiting(view, { autoReset });
  /** @type {string[]} */
  const passed = [];
  const second = event.waitAsync({ ref: true }).then(() => passed.push('second'));
  const third = await startWaiting(view, { autoReset });
  first.done.then(() => passed.push('first'));
  third.done.then(() => passed.push('third'));
  for (const done of [first.done, second, third.done]) {
    event.set();
    await done;
    await sleep(20);
    t.false(event.isSet);
  }
  t.deepEqual(passed, ['first', 'second', 'third']);
});

test('with autoReset an event that no thread waits for stays set for one wait', (t) => {
  const event = new Event(cells(), 0, { autoReset });
  event.set();
  event.set();
  t.true(event.isSet);
  t.true(event.tryWait());
  t.false(event.tryWait(), 'two calls of set() are not more than one');
  event.set();
  event.reset();
  t.false(event.tryWait());
});

test('with autoReset workers pass one at a time, as often as the event is set', async (t) => {
  const view = cells(4);
  const rounds = 3_000;
  const event = new Event(view, 0, { autoReset });
  event.set();
  await inWorkers(
    4,
    ({ view, rounds }, { Event }) => {
      const event = new Event(view, 0, { autoReset: true });
      for (let i = 0; i < rounds; i++) {
        event.wait();
        view[1]++; // not atomic: the event lets one thread in
        event.set();
      }
    },
    { view, rounds },
    { limit: 60_000 },
  );
  t.is(view[1], 4 * rounds);
  t.true(event.isSet);
});

test('a wait that is cancelled passes the event on', async (t) => {
  const event = new Event(cells(), 0, { autoReset });
  for (let i = 0; i < 100; i++) {
    const controller = new AbortController();
    const cancelled = event.waitAsync({ signal: controller.signal, ref: true });
    const last = event.waitAsync({ ref: true });
    event.set();
    controller.abort();
    await t.throwsAsync(cancelled, { any: true, name: 'AbortError' });
    await last;
    t.false(event.isSet);
  }
});

test('a worker that is terminated while the event is set strands no waiter', async (t) => {
  const view = cells();
  const event = new Event(view, 0, { autoReset });
  for (let i = 0; i < 20; i++) {
    const dying = await startWaiting(view, { autoReset });
    let passed = false;
    const last = event.waitAsync({ ref: true }).then(() => (passed = true));
    const ended = dying.worker.terminate();
    event.set();
    await ended;
    await sleep(5);
    // If the worker passed before it ended, it took the event.
    if (!passed) event.set();
    t.true(await last);
    event.reset();
  }
  t.is(inspect().length, 0);
});

test('tryWait returns false when it times out, and wait throws', (t) => {
  for (const options of [undefined, { autoReset }]) {
    const event = new Event(cells(), 0, options);
    for (const ms of [0.2, 1, 5, 20]) {
      const start = performance.now();
      t.false(event.tryWait(ms));
      t.true(performance.now() - start >= ms);
    }
    t.throws(() => event.wait({ timeout: 2 }), {
      ...syncError('ERR_TIMEOUT'),
      message: /Event in cell 0/,
    });
    event.set();
    t.true(event.tryWait(), 'the calls that gave up left nothing behind');
  }
});

test('options are checked', (t) => {
  const view = cells();
  for (const wrong of [1, 'yes', null, {}]) {
    t.throws(() => new Event(view, 0, /** @type {any} */ ({ autoReset: wrong })), {
      code: 'ERR_INVALID_ARG_TYPE',
      message: /options\.autoReset must be a boolean/,
    });
  }
  const event = new Event(view, 0);
  t.throws(() => event.wait(/** @type {any} */ ({ timeOut: 1 })), {
    code: 'ERR_INVALID_ARG_VALUE',
  });
  t.throws(() => event.tryWait(-1), { code: 'ERR_OUT_OF_RANGE' });
  t.throws(() => event.tryWait(/** @type {any} */ ('1')), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('threads that construct it with and without autoReset throw ERR_CORRUPT_CELL, and no waiter is stranded', async (t) => {
  const view = cells();
  new Event(view, 0, { autoReset }).set();
  for (const use of [
    (/** @type {Event} */ event) => event.isSet,
    (/** @type {Event} */ event) => event.wait(),
    (/** @type {Event} */ event) => event.set(),
    (/** @type {Event} */ event) => event.reset(),
  ]) {
    t.throws(() => use(new Event(view, 0)), {
      ...syncError('ERR_CORRUPT_CELL'),
      message: /with or without autoReset/,
    });
  }
  const other = cells();
  const waiting = await startWaiting(other);
  t.throws(() => new Event(other, 0, { autoReset }).set(), syncError('ERR_CORRUPT_CELL'));
  await t.throwsAsync(waiting.done, { message: /Event in cell 0/ });
});

test('a wait sees what the thread that set the event wrote before', async (t) => {
  const view = cells(4);
  const rounds = 2_000;
  await inWorkers(
    2,
    ({ view, id, rounds }, { Event }) => {
      const [ping, pong] = [0, 1].map((index) => new Event(view, index, { autoReset: true }));
      for (let i = 1; i <= rounds; i++) {
        if (id === 0) {
          view[2] = i;
          ping.set();
          pong.wait();
          if (view[3] !== i) throw new Error(`round ${i} shows ${view[3]}`);
        } else {
          ping.wait();
          if (view[2] !== i) throw new Error(`round ${i} shows ${view[2]}`);
          view[3] = i;
          pong.set();
        }
      }
    },
    { view, rounds },
    { limit: 60_000 },
  );
  t.is(view[3], rounds);
});
