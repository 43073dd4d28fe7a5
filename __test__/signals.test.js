// @ts-check
'use strict';

// Any number of waits share one listener on a signal. How the time of an abort grows with the number of waits is measured
// by benchmark/signals.js: no test depends on it.

const test = require('ava').default;
const { getEventListeners } = require('node:events');
const { Barrier, Condition, Latch, Mutex, RwLock, Semaphore } = require('../index.js');
const { cells } = require('./helpers/cells.js');
const { runChild } = require('./helpers/child.js');
const { sleep } = require('./helpers/waiting.js');

const ref = true;
const timeout = 10_000;
/** A DOMException, which ava does not take for an error. */
const abort = { name: 'AbortError', any: /** @type {const} */ (true) };

/** @param {AbortSignal} signal */
const listenersOf = (signal) => getEventListeners(signal, 'abort').length;

/**
 * Eleven waits of all kinds, none of which ends by itself.
 * @param {import('../index.js').WaitOptions} options
 */
async function elevenWaits(options) {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const guard = await mutex.lockAsync();
  const lock = new RwLock(view, 1);
  const writing = await lock.writeAsync();
  const condition = new Condition(view, 2);
  const lent = await new Mutex(view, 3).lockAsync();
  const latch = new Latch(view, 4);
  const semaphore = new Semaphore(view, 5, 0);
  const waits = [
    mutex.lockAsync(options),
    mutex.recoverAsync(options),
    mutex.runExclusiveAsync(() => {}, options),
    lock.readAsync(options),
    lock.writeAsync(options),
    lock.recoverAsync(options),
    condition.waitAsync(lent, () => Atomics.load(view, 15) > 0, options),
    latch.awaitAsync(options),
    latch.awaitAsync(options),
    semaphore.acquireAsync(1, options),
    new Barrier(view, 6, 2).waitAsync(options),
  ];
  const grant = async () => {
    guard.release();
    writing.release();
    Atomics.store(view, 15, 1);
    condition.notify();
    latch.release();
    semaphore.release();
    await new Barrier(view, 6, 2).waitAsync();
  };
  const release = () => [guard, writing, lent].map((owner) => owner.tryRelease());
  return { waits, grant, release };
}

/** Ends a wait, and releases what it was given. @param {Promise<any>} wait */
const end = (wait) =>
  wait.then(
    (value) => (value?.tryRelease?.(), 'fulfilled'),
    (error) => error.code ?? error.name,
  );

test('eleven waits on one signal printed MaxListenersExceededWarning', async (t) => {
  const ended = await runChild(async (_data, { Mutex }) => {
    /** @type {string[]} */
    const warnings = [];
    process.on('warning', ({ name }) => warnings.push(name));
    const mutex = new Mutex(new SharedArrayBuffer(4));
    await mutex.lockAsync();
    const controller = new AbortController();
    const { signal } = controller;
    const waits = Array.from({ length: 50 }, () => mutex.lockAsync({ signal, ref: true }));
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    const ends = await Promise.allSettled(waits);
    return { warnings, rejected: ends.filter(({ status }) => status === 'rejected').length };
  });
  t.is(ended.code, 0, ended.stderr);
  t.deepEqual(ended.value, { warnings: [], rejected: 50 });
});

test('each wait on a signal had a listener of its own, and each is gone after an abort', async (t) => {
  const controller = new AbortController();
  const { signal } = controller;
  const { waits, release } = await elevenWaits({ signal, timeout, ref });
  t.is(listenersOf(signal), 1);
  controller.abort();
  for (const wait of waits) await t.throwsAsync(wait, abort);
  release();
  t.is(listenersOf(signal), 0);
});

test('no listener stays behind when waits are granted', async (t) => {
  const { signal } = new AbortController();
  const { waits, grant, release } = await elevenWaits({ signal, timeout, ref });
  t.is(listenersOf(signal), 1);
  const ends = waits.map(end);
  await grant();
  t.deepEqual(new Set(await Promise.all(ends)), new Set(['fulfilled']));
  release();
  t.is(listenersOf(signal), 0);
});

test('no listener stays behind when time limits pass', async (t) => {
  const { signal } = new AbortController();
  const { waits, release } = await elevenWaits({ signal, timeout: 10, ref });
  t.is(listenersOf(signal), 1);
  // A Condition's wait is fulfilled with the last answer.
  t.deepEqual(new Set(await Promise.all(waits.map(end))), new Set(['ERR_TIMEOUT', 'fulfilled']));
  release();
  t.is(listenersOf(signal), 0);
});

test('no listener stays behind if the call does not wait, or an argument is wrong', async (t) => {
  const view = cells();
  const { signal } = new AbortController();
  const mutex = new Mutex(view, 0);
  (await mutex.lockAsync({ signal })).release();
  (await new RwLock(view, 1).readAsync({ signal })).release();
  await new Semaphore(view, 2, 1).acquireAsync(1, { signal });
  const latch = new Latch(view, 3);
  latch.release();
  await latch.awaitAsync({ signal });
  t.is(await new Barrier(view, 4, 1).waitAsync({ signal }), 0);
  await t.throwsAsync(mutex.lockAsync({ signal, timeout: -1 }), { code: 'ERR_OUT_OF_RANGE' });
  mutex.lock();
  await t.throwsAsync(mutex.lockAsync({ signal, timeout: 0 }), { code: 'ERR_TIMEOUT' });
  mutex.unlock();
  t.is(listenersOf(signal), 0);
});

test('the listener stays for as long as one wait needs it', async (t) => {
  const view = cells();
  const { signal } = new AbortController();
  const [first, second] = [new Mutex(view, 0).lock(), new Mutex(view, 1).lock()];
  const waits = [
    first.lockAsync({ signal, timeout, ref }),
    second.lockAsync({ signal, timeout, ref }),
  ];
  first.unlock();
  (await waits[0]).release();
  t.is(listenersOf(signal), 1);
  second.unlock();
  (await waits[1]).release();
  t.is(listenersOf(signal), 0);
  // Later waits share a new listener.
  second.lock();
  const third = second.lockAsync({ signal, timeout, ref });
  t.is(listenersOf(signal), 1);
  second.unlock();
  (await third).release();
  t.is(listenersOf(signal), 0);
});

test('an abort rejects every wait on its signal, and no other', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const guard = await mutex.lockAsync();
  const [one, two] = [new AbortController(), new AbortController()];
  const waits = Array.from({ length: 30 }, (_, i) =>
    mutex.lockAsync({ signal: [one.signal, two.signal, undefined][i % 3], timeout, ref }),
  );
  const ends = Promise.all(waits.map(end));
  one.abort();
  await sleep(1);
  guard.release();
  const expected = Array.from(waits, (_, i) => (i % 3 === 0 ? 20 : 'fulfilled'));
  t.deepEqual(await ends, expected);
  t.is(listenersOf(two.signal), 0);
  t.false(mutex.locked);
});

test('thousands of waits on one signal end with its abort, in any order of their beginning', async (t) => {
  const mutex = new Mutex(cells(), 0);
  const guard = await mutex.lockAsync();
  const controllers = Array.from({ length: 3_000 }, () => new AbortController());
  const common = new AbortController();
  const waits = controllers.flatMap(({ signal }) => [
    mutex.lockAsync({ signal, ref }),
    mutex.lockAsync({ signal: common.signal, ref }),
  ]);
  const ends = Promise.allSettled(waits);
  // Out of order: every seventh first.
  for (let i = 0; i < controllers.length; i++) {
    controllers[(i * 7) % controllers.length].abort();
  }
  common.abort();
  const statuses = new Set((await ends).map(({ status }) => status));
  t.deepEqual(statuses, new Set(['rejected']));
  t.is(listenersOf(common.signal), 0);
  guard.release();
  (await mutex.lockAsync({ timeout })).release();
  t.false(mutex.locked);
});
