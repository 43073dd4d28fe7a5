// @ts-check
'use strict';

const test = require('ava').default;
const fs = require('node:fs');
const path = require('node:path');
const { getEventListeners } = require('node:events');
const { isMainThread } = require('node:worker_threads');
const sync = require('../index.js');
const { syncError } = require('./helpers/errors.js');
const { run } = require('./helpers/child.js');
const { cells } = require('./helpers/cells.js');
const { userFolder } = require('./helpers/installed.js');
const { startWorker, sleep } = require('./helpers/threads.js');

const { Barrier } = sync;

/**
 * Every form that waits by promise, on a view of 6 cells on which it waits, and how to let it through. What {@link hold}
 * locks is held at first.
 *
 * @typedef {{
 *   wait: (view: Int32Array, options: any, sync: any) => Promise<any>,
 *   open: (view: Int32Array, held: { release(): void }, sync: any) => unknown,
 * }} Form
 * @type {Record<string, Form>}
 */
const forms = {
  'Mutex#lockAsync': {
    wait: (view, options, { Mutex }) => new Mutex(view, 0).lockAsync(options),
    open: (_view, held) => held.release(),
  },
  'Mutex#recoverAsync': {
    wait: (view, options, { Mutex }) => new Mutex(view, 0).recoverAsync(options),
    open: (_view, held) => held.release(),
  },
  'Mutex#runExclusiveAsync': {
    wait: (view, options, { Mutex }) => new Mutex(view, 0).runExclusiveAsync(() => true, options),
    open: (_view, held) => held.release(),
  },
  'Condition#waitAsync': {
    wait: async (view, options, { Mutex, Condition }) => {
      const mutex = new Mutex(new SharedArrayBuffer(4));
      const guard = await mutex.lockAsync();
      return new Condition(view, 1).waitAsync(guard, undefined, options);
    },
    open: (view, _held, { Condition }) => new Condition(view, 1).notifyAll(),
  },
  'Barrier#waitAsync': {
    wait: (view, options, { Barrier }) => new Barrier(view, 2, 2).waitAsync(options),
    open: (view, _held, { Barrier }) => new Barrier(view, 2, 2).wait(),
  },
  'Latch#awaitAsync': {
    wait: (view, options, { Latch }) => new Latch(view, 3).awaitAsync(options),
    open: (view, _held, { Latch }) => new Latch(view, 3).release(),
  },
  'Semaphore#acquireAsync': {
    wait: (view, options, { Semaphore }) =>
      new Semaphore(view, 4, 0, { max: 1 }).acquireAsync(1, options),
    open: (view, _held, { Semaphore }) => new Semaphore(view, 4, 0, { max: 1 }).release(),
  },
  'RwLock#readAsync': {
    wait: (view, options, { RwLock }) => new RwLock(view, 5).readAsync(options),
    open: (_view, held) => held.release(),
  },
  'RwLock#writeAsync': {
    wait: (view, options, { RwLock }) => new RwLock(view, 5).writeAsync(options),
    open: (_view, held) => held.release(),
  },
  'RwLock#runReadingAsync': {
    wait: (view, options, { RwLock }) => new RwLock(view, 5).runReadingAsync(() => true, options),
    open: (_view, held) => held.release(),
  },
  'RwLock#runWritingAsync': {
    wait: (view, options, { RwLock }) => new RwLock(view, 5).runWritingAsync(() => true, options),
    open: (_view, held) => held.release(),
  },
  'Semaphore#permitAsync': {
    wait: (view, options, { Semaphore }) =>
      new Semaphore(view, 4, 0, { max: 1 }).permitAsync(1, options),
    open: (view, _held, { Semaphore }) => new Semaphore(view, 4, 0, { max: 1 }).release(),
  },
  'Semaphore#runAsync': {
    wait: (view, options, { Semaphore }) =>
      new Semaphore(view, 4, 0, { max: 1 }).runAsync(() => true, 1, options),
    open: (view, _held, { Semaphore }) => new Semaphore(view, 4, 0, { max: 1 }).release(),
  },
  'Event#waitAsync': {
    wait: (view, options, { Event }) => new Event(view, 3).waitAsync(options),
    open: (view, _held, { Event }) => new Event(view, 3).set(),
  },
  'Event#waitAsync with autoReset': {
    wait: (view, options, { Event }) => new Event(view, 3, { autoReset: true }).waitAsync(options),
    open: (view, _held, { Event }) => new Event(view, 3, { autoReset: true }).set(),
  },
  'Once#waitAsync': {
    wait: (view, options, { Once }) => new Once(view, 3).waitAsync(options),
    open: (view, _held, { Once }) => new Once(view, 3).run(() => {}),
  },
  'RwLock#recoverAsync': {
    wait: (view, options, { RwLock }) => new RwLock(view, 5).recoverAsync(options),
    open: (_view, held) => held.release(),
  },
};

/**
 * Locks the mutex in cell 0, and writes under the lock in cell 5, by guards.
 *
 * @param {Int32Array} view
 * @param {any} sync
 */
async function hold(view, { Mutex, RwLock }) {
  const guards = [await new Mutex(view, 0).lockAsync(), await new RwLock(view, 5).writeAsync()];
  return {
    release() {
      for (const guard of guards) guard.release();
    },
  };
}

const ref = true;
/** A DOMException, which ava does not take for an error. */
const abort = { name: 'AbortError', any: /** @type {const} */ (true) };

test('these tests run in the main thread', (t) => t.true(isMainThread));

for (const [name, { wait, open }] of Object.entries(forms)) {
  test(`${name}: the main thread waits until the promise is granted`, async (t) => {
    const view = cells();
    const held = await hold(view, sync);
    let over = false;
    const waiting = wait(view, { ref }, sync).then(() => (over = true));
    await sleep(20);
    t.false(over);
    open(view, held, sync);
    t.true(await waiting);
  });

  test(`${name}: a worker waits until the promise is granted`, async (t) => {
    const view = cells();
    const held = await hold(view, sync);
    const waiter = startWorker(
      async ({ view, wait }, tools) => {
        const waiting = eval(`(${wait})`)(view, {}, tools);
        await new Promise((resolve) => setImmediate(resolve));
        tools.ready();
        await waiting;
        return 'done';
      },
      { view, wait: String(wait) },
    );
    await waiter.pending();
    open(view, held, sync);
    t.is(await waiter.done, 'done');
  });

  test(`${name}: a time limit ends the wait, and not early`, async (t) => {
    const view = cells();
    await hold(view, sync);
    for (const timeout of [0, 0.5, 1, 7.5, 30]) {
      new Barrier(view, 2, 2).reset();
      const start = process.hrtime.bigint();
      const waiting = wait(view, { timeout, ref }, sync);
      if (name === 'Condition#waitAsync') t.is(await waiting, false);
      else await t.throwsAsync(waiting, syncError('ERR_TIMEOUT'));
      const elapsed = Number(process.hrtime.bigint() - start) / 1e6;
      t.true(elapsed >= timeout, `asked for ${timeout} ms, gave up after ${elapsed} ms`);
      t.true(elapsed < timeout + 1_000, `asked for ${timeout} ms, gave up after ${elapsed} ms`);
    }
  });

  test(`${name}: a long time limit does not wrap to a short one`, async (t) => {
    const view = cells();
    const held = await hold(view, sync);
    for (const timeout of [2 ** 31, 2 ** 32 + 1, Number.MAX_VALUE]) {
      const controller = new AbortController();
      const waiting = wait(view, { timeout, signal: controller.signal, ref }, sync);
      t.is(await Promise.race([waiting.catch(() => 'over'), sleep(10)]), undefined);
      controller.abort();
      await t.throwsAsync(waiting, abort);
      new Barrier(view, 2, 2).reset();
    }
    held.release();
  });

  test(`${name}: an abort before, during or after the wait`, async (t) => {
    const view = cells();
    const held = await hold(view, sync);
    const reason = new Error('not wanted any more');
    const before = await t.throwsAsync(
      wait(view, { signal: AbortSignal.abort(reason), ref }, sync),
    );
    t.is(before, reason);
    t.false(new Barrier(view, 2, 2).broken, 'it never arrived');

    const controller = new AbortController();
    const waiting = wait(view, { signal: controller.signal, ref }, sync);
    await sleep(5);
    controller.abort(reason);
    t.is(await t.throwsAsync(waiting), reason);
    t.is(getEventListeners(controller.signal, 'abort').length, 0);
    t.is(new Barrier(view, 2, 2).broken, name === 'Barrier#waitAsync');

    new Barrier(view, 2, 2).reset();
    const late = new AbortController();
    const through = wait(view, { signal: late.signal, timeout: 60_000, ref }, sync);
    await sleep(5);
    open(view, held, sync);
    await through;
    t.is(getEventListeners(late.signal, 'abort').length, 0, 'nothing is left of it');
    late.abort();
    await sleep(0);
    t.pass();
  });

  test(`${name}: a main thread that waits without a limit ends by itself, one with a limit sees its end`, async (t) => {
    const cwd = userFolder(t);
    const setUp = `
      import sync from '@x/shared-sync';
      const view = new Int32Array(new SharedArrayBuffer(24));
      ${hold}
      globalThis.held = await hold(view, sync);
      const wait = ${wait};
    `;
    const programs = {
      'awaited.mjs': `${setUp} await wait(view, {}, sync);`,
      'pending.mjs': `${setUp} wait(view, {}, sync);`,
      'limited.mjs': `${setUp} console.log(await wait(view, { timeout: 300 }, sync).catch((error) => error.code));`,
      'unref.mjs': `${setUp} await wait(view, { timeout: 60_000, ref: false }, sync);`,
      'ref.mjs': `${setUp} setTimeout(() => open(view, held, sync), 300).unref();
        const open = ${open};
        await wait(view, { ref: true }, sync);
        console.log('over');`,
    };
    for (const [file, source] of Object.entries(programs)) {
      fs.writeFileSync(path.join(cwd, file), source);
    }
    const [awaited, pending, limited, unref, kept] = await Promise.all(
      Object.keys(programs).map((file) => run(process.execPath, [file], { cwd, limit: 20_000 })),
    );
    t.is(awaited.code, 13, awaited.stderr);
    t.is(pending.code, 0, pending.stderr);
    t.is(limited.code, 0, limited.stderr);
    const end = name === 'Condition#waitAsync' ? 'false' : 'ERR_TIMEOUT';
    t.is(limited.stdout, `${end}\n`, 'a finite time limit keeps it alive');
    t.is(unref.code, 13, unref.stderr);
    t.is(kept.code, 0, kept.stderr);
    t.is(kept.stdout, 'over\n', '{ ref: true } keeps it alive');
  });

  test(`${name}: a worker with nothing else to do stays alive, unless ref is false`, async (t) => {
    const view = cells();
    const held = await hold(view, sync);
    const start = (/** @type {any} */ options) =>
      startWorker(
        async ({ view, wait, options }, tools) => {
          const waiting = eval(`(${wait})`)(view, options, tools);
          tools.ready();
          await waiting;
          return 'its turn';
        },
        { view, wait: String(wait), options },
      );
    const leaves = start({ ref: false });
    await t.throwsAsync(leaves.done, { message: /ended with code/ });
    new Barrier(view, 2, 2).reset();
    const stays = start({});
    await stays.pending();
    t.is(await Promise.race([stays.done, sleep(50)]), undefined);
    open(view, held, sync);
    t.is(await stays.done, 'its turn');
    t.is(await stays.exited, 0, 'and then it ends by itself');
  });
}
