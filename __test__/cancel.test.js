// @ts-check
'use strict';

// The Cancel itself. Which wait it ends, and who wins, is in cancelled-waits.test.js; many threads are in
// cancel-many.test.js.

const test = require('ava').default;
const { getEventListeners } = require('node:events');
const { inspect } = require('node:util');
const sync = require('../index.js');
const { syncError } = require('./helpers/errors.js');
const { cells } = require('./helpers/cells.js');
const { runChild } = require('./helpers/child.js');
const { startWorker } = require('./helpers/threads.js');
const { endOf, sleep } = require('./helpers/waiting.js');

const { Cancel, Latch, Mutex, Semaphore, layout } = sync;
const untyped = /** @type {any} */ (sync);
const cancelled = syncError('ERR_CANCELLED');

test('a zeroed cell is not aborted, and abort() is for ever and for every Cancel on the cell', (t) => {
  const view = cells();
  const [one, other] = [new Cancel(view, 1), new Cancel(view.buffer, 1)];
  t.false(one.aborted);
  t.notThrows(() => one.throwIfAborted());
  one.abort();
  one.abort();
  t.true(other.aborted);
  t.throws(() => other.throwIfAborted(), cancelled);
  t.false(new Cancel(view, 0).aborted);
});

test('throwIfAborted() names the Cancel', (t) => {
  const stop = new Cancel(cells(), 0, { name: 'stop' });
  stop.abort();
  t.regex(t.throws(() => stop.throwIfAborted())?.message ?? '', /^The Cancel "stop" was aborted/);
});

test('abortAfter() aborts at its time, and never early', async (t) => {
  const stop = new Cancel(cells());
  const began = performance.now();
  stop.abortAfter(30);
  t.false(stop.aborted);
  t.notThrows(() => stop.throwIfAborted());
  while (!stop.aborted) await sleep(1);
  t.true(performance.now() - began >= 30);
  t.throws(() => stop.throwIfAborted(), cancelled);
});

test('abortAfter(0) aborts within a millisecond', async (t) => {
  const stop = new Cancel(cells());
  stop.abortAfter(0);
  await sleep(3);
  t.true(stop.aborted);
});

test('the earliest time of several abortAfter() counts, and abort() comes before all', async (t) => {
  const [first, last, now] = [new Cancel(cells()), new Cancel(cells()), new Cancel(cells())];
  first.abortAfter(20);
  first.abortAfter(60_000);
  last.abortAfter(60_000);
  last.abortAfter(20);
  now.abortAfter(60_000);
  now.abort();
  t.true(now.aborted);
  await sleep(40);
  t.true(first.aborted);
  t.true(last.aborted);
});

test('abortAfter(Infinity) does nothing', (t) => {
  const view = cells();
  new Cancel(view).abortAfter(Infinity);
  t.is(view[0], 0);
});

test('abortAfter() takes no other times', (t) => {
  const view = cells();
  for (const ms of [-1, NaN, -Infinity, 2 ** 30, 2 ** 31, 1e300]) {
    t.throws(() => new Cancel(view).abortAfter(ms), { code: 'ERR_OUT_OF_RANGE' }, String(ms));
  }
  for (const ms of [undefined, null, '5', 5n, {}]) {
    t.throws(() => new untyped.Cancel(view).abortAfter(ms), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  t.is(view[0], 0);
  new Cancel(view).abortAfter(2 ** 30 - 1);
  t.false(new Cancel(view).aborted);
  t.regex(inspect(new Cancel(view)), /^Cancel \{ aborts in 10737\d\d\.\d s \}$/);
});

test('options.cancel has to be a Cancel, or a list of them', (t) => {
  const mutex = new untyped.Mutex(cells());
  const signal = new AbortController().signal;
  const stop = new Cancel(cells());
  for (const cancel of [
    null,
    5,
    'stop',
    {},
    mutex,
    Object.create(stop),
    [stop, 5],
    [[stop]],
    Array(1),
  ]) {
    t.throws(() => mutex.lock({ cancel }), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  t.throws(() => mutex.lock({ cancel: signal }), {
    code: 'ERR_INVALID_ARG_TYPE',
    message: /Cancel\.from\(signal/,
  });
  t.throws(() => mutex.lock({ cancel: stop, signal }), { code: 'ERR_INVALID_ARG_VALUE' });
  t.throws(() => mutex.lock(5), { code: 'ERR_INVALID_ARG_TYPE' });
  t.throws(() => mutex.lock({ timeout: -1 }), { code: 'ERR_OUT_OF_RANGE' });
  t.throws(() => mutex.tryLock(5, { timeout: 5 }), { code: 'ERR_INVALID_ARG_VALUE' });
  t.throws(() => mutex.tryLock('5', { cancel: stop }), { code: 'ERR_INVALID_ARG_TYPE' });
  t.false(mutex.locked);
  for (const cancel of [undefined, [], stop, [stop, stop]]) mutex.lock({ cancel }).unlock();
});

test('the signal aborts when another thread aborts the Cancel', async (t) => {
  const view = cells();
  const { signal } = new Cancel(view, 0, { name: 'stop' });
  t.false(signal.aborted);
  const aborts = new Promise((resolve) => signal.addEventListener('abort', resolve));
  const worker = startWorker(({ view }, { Cancel }) => new Cancel(view).abort(), { view });
  await Promise.all([aborts, worker.done]);
  t.true(signal.aborted);
  t.true(signal.reason instanceof sync.SyncError);
  t.is(signal.reason.code, 'ERR_CANCELLED');
  t.regex(signal.reason.message, /Cancel "stop"/);
});

test('the signal aborts at a time that is set before or after it was made', async (t) => {
  for (const before of [true, false]) {
    const stop = new Cancel(cells());
    let began = performance.now();
    if (before) stop.abortAfter(100);
    const { signal } = stop;
    if (!before) {
      // Making the signal may have taken milliseconds.
      began = performance.now();
      stop.abortAfter(100);
    }
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve);
      const keepAlive = setTimeout(() => {}, 5_000);
      signal.addEventListener('abort', () => clearTimeout(keepAlive));
    });
    // The clocks differ by less than a millisecond.
    t.true(performance.now() - began > 99);
  }
});

test('the signal is always the same, and has aborted if the Cancel has', (t) => {
  const stop = new Cancel(cells());
  t.is(stop.signal, stop.signal);
  const over = new Cancel(cells());
  over.abort();
  t.true(over.signal.aborted);
  t.is(over.signal.reason.code, 'ERR_CANCELLED');
});

test('a signal is no wait that inspect() lists', (t) => {
  const stop = new Cancel(cells(), 0, { name: 'a signal of the test' });
  t.false(stop.signal.aborted);
  t.false(sync.inspect().some(({ name }) => name === 'a signal of the test'));
});

test('a signal does not keep its thread alive', async (t) => {
  const ended = await runChild((_data, { Cancel }) => {
    const stop = new Cancel(new SharedArrayBuffer(4));
    stop.abortAfter(60_000);
    return stop.signal.aborted;
  });
  t.is(ended.code, 0, ended.stderr);
  t.false(ended.value);
  t.true(ended.ms < 20_000);
});

test('Cancel.from() aborts with its signal, in the cell that it is given', (t) => {
  const controller = new AbortController();
  const view = cells();
  const stop = Cancel.from(controller.signal, view, 3, { name: 'request' });
  const own = Cancel.from(controller.signal);
  t.false(stop.aborted || own.aborted);
  controller.abort();
  t.true(stop.aborted && own.aborted && new Cancel(view, 3).aborted);
  t.true(Cancel.from(AbortSignal.abort()).aborted);
  t.regex(inspect(stop), /^Cancel "request" \{ aborted \}$/);
  for (const signal of [undefined, null, {}, stop]) {
    t.throws(() => untyped.Cancel.from(signal), { code: 'ERR_INVALID_ARG_TYPE' });
  }
});

test('Cancel.from() of a signal ends a blocking wait of another thread', async (t) => {
  const view = cells();
  const controller = new AbortController();
  Cancel.from(controller.signal, view, 0);
  const worker = startWorker(
    ({ view }, { Cancel, Latch, codeOf, ready }) => {
      ready();
      return codeOf(() => new Latch(view, 1).await({ cancel: new Cancel(view, 0) }));
    },
    { view },
  );
  await worker.blocked();
  controller.abort();
  t.is(await worker.done, 'ERR_CANCELLED');
});

test('console.log shows whether it is aborted', async (t) => {
  const stop = new Cancel(cells(), 0, { name: 'stop' });
  t.is(inspect(stop), 'Cancel "stop" { not aborted }');
  stop.abortAfter(500);
  t.regex(inspect(stop), /^Cancel "stop" \{ aborts in \d+ ms \}$/);
  stop.abort();
  t.is(inspect(stop), 'Cancel "stop" { aborted }');
  t.is(String(stop), '[object Cancel]');
});

test('a layout has Cancels, which travel in share()', async (t) => {
  const app = layout({ jobs: [Semaphore, 0], stop: Cancel });
  const worker = startWorker(
    ({ shared }, { layout, codeOf, ready }) => {
      const { jobs, stop } = layout.from(shared);
      ready();
      return codeOf(() => jobs.acquire(1, { cancel: stop }));
    },
    { shared: app.share() },
  );
  await worker.blocked();
  app.stop.abort();
  t.is(await worker.done, 'ERR_CANCELLED');
  t.is(inspect(app.stop), 'Cancel "stop" { aborted }');
});

test('whatever was written over the cell, a Cancel is aborted or not', async (t) => {
  const view = cells();
  const random = Int32Array.from({ length: 20 }, () => Math.random() * 2 ** 32);
  const words = [1, -1, 0x7fffffff, -0x80000000, 0x40000000, ...random];
  for (const word of words) {
    Atomics.store(view, 0, word);
    const stop = new Cancel(view);
    t.is(typeof stop.aborted, 'boolean');
    t.true(new Mutex(view, 1).tryLock(0) && (new Mutex(view, 1).unlock(), true));
    const latch = new Latch(view, 2);
    const end = await endOf(latch.awaitAsync({ cancel: stop, timeout: 1 }));
    t.true(end === 'ERR_CANCELLED' || end === 'ERR_TIMEOUT', String(end));
    stop.abort();
    t.true(stop.aborted);
  }
});

test('the main thread lives until a promise whose Cancel has a deadline is rejected', async (t) => {
  const ended = await runChild(async (_data, { Cancel, Latch }) => {
    const stop = new Cancel(new SharedArrayBuffer(4));
    stop.abortAfter(50);
    const latch = new Latch(new SharedArrayBuffer(4));
    return latch.awaitAsync({ cancel: stop }).catch((/** @type {any} */ error) => error.code);
  });
  t.is(ended.value, 'ERR_CANCELLED', ended.stderr);
});

test('Cancels that follow one signal share a listener, which goes with the last of them', (t) => {
  const { signal } = new AbortController();
  const all = Array.from({ length: 20 }, () => Cancel.from(signal));
  t.is(getEventListeners(signal, 'abort').length, 1);
  for (const stop of all) stop.abort();
  t.is(getEventListeners(signal, 'abort').length, 0);
  const controller = new AbortController();
  const [first, second] = [Cancel.from(controller.signal), Cancel.from(controller.signal)];
  first.abort();
  t.false(second.aborted);
  controller.abort();
  t.true(second.aborted);
});
