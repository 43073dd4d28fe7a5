// @ts-check
'use strict';

// What releases by itself: permits, and the functions that run with permits or under an RwLock.

const test = require('ava').default;
const { inspect: show } = require('node:util');
const { RwLock, Semaphore } = require('../index.js');
const { cells } = require('./helpers/cells.js');
const { run } = require('./helpers/child.js');
const { syncError } = require('./helpers/errors.js');
const { inWorkers, startWorker } = require('./helpers/threads.js');
const { root } = require('./helpers/installed.js');

const failed = new Error('failed');
const fail = () => {
  throw failed;
};
const notOwner = syncError('ERR_NOT_OWNER');
const invalidType = { code: 'ERR_INVALID_ARG_TYPE' };

test('a permit holds its permits until it is released, once', async (t) => {
  const semaphore = new Semaphore(cells(), 0, 3, { name: 'slots' });
  for (const acquire of [() => semaphore.permit(2), () => semaphore.permitAsync(2)]) {
    const permit = await acquire();
    t.is(semaphore.available, 1);
    t.true(permit.held);
    t.is(permit.count, 2);
    t.is(show(permit), 'Permit { Semaphore "slots", held }');
    permit.release();
    t.is(semaphore.available, 3);
    t.false(permit.held);
    t.throws(() => permit.release(), notOwner);
    t.false(permit.tryRelease());
    permit[Symbol.dispose]();
    t.is(semaphore.available, 3);
  }
  const disposed = semaphore.permit();
  t.is(semaphore.available, 2);
  disposed[Symbol.dispose]();
  t.is(semaphore.available, 3);
});

test('a permit that cannot be had gives none', async (t) => {
  const semaphore = new Semaphore(cells(), 0, 1);
  const first = semaphore.permit();
  t.throws(() => semaphore.permit(1, { timeout: 1 }), syncError('ERR_TIMEOUT'));
  await t.throwsAsync(semaphore.permitAsync(1, { timeout: 1 }), { code: 'ERR_TIMEOUT' });
  t.throws(() => semaphore.permit(2), { code: 'ERR_OUT_OF_RANGE' });
  first.release();
  t.is(semaphore.available, 1);
});

test('tryRelease returns false where a release would throw, and changes nothing', (t) => {
  const semaphore = new Semaphore(cells(), 0, 1);
  t.false(semaphore.tryRelease());
  t.is(semaphore.available, 1);
  semaphore.acquire();
  t.true(semaphore.tryRelease());
  t.false(semaphore.tryRelease());
  t.throws(() => semaphore.tryRelease(2), { code: 'ERR_OUT_OF_RANGE' });
  const permit = semaphore.permit();
  semaphore.release();
  t.false(permit.tryRelease(), 'its permit was released by other code');
  t.is(semaphore.available, 1);
});

test('run and runAsync release the permits, whatever the function does', async (t) => {
  const semaphore = new Semaphore(cells(), 0, 3);
  t.is(
    semaphore.run(() => semaphore.available, 2),
    1,
  );
  t.is(await semaphore.runAsync(async () => semaphore.available, 2), 1);
  t.is(semaphore.available, 3);
  t.is(
    t.throws(() => semaphore.run(fail)),
    failed,
  );
  await t.throwsAsync(semaphore.runAsync(fail), { is: failed });
  t.throws(() => semaphore.run(/** @type {any} */ (async () => {})), {
    ...invalidType,
    message: /runAsync/,
  });
  t.throws(() => semaphore.run(/** @type {any} */ (undefined)), invalidType);
  await t.throwsAsync(semaphore.runAsync(/** @type {any} */ (undefined)), invalidType);
  t.is(semaphore.available, 3);
});

test('run lets no more workers in than there are permits', async (t) => {
  const view = cells(3);
  await inWorkers(
    4,
    ({ view }, { Semaphore }) => {
      const semaphore = new Semaphore(view, 0, 2);
      for (let i = 0; i < 2_000; i++) {
        semaphore.run(() => {
          if (Atomics.add(view, 1, 1) >= 2) throw new Error('too many inside');
          Atomics.sub(view, 1, 1);
        });
      }
    },
    { view },
  );
  t.is(new Semaphore(view, 0, 2).available, 2);
});

test('runReading and runWriting hold the lock for the function, whatever it does', async (t) => {
  const lock = new RwLock(cells(), 0);
  t.is(
    lock.runReading(() => lock.readers),
    1,
  );
  t.is(
    lock.runWriting(() => lock.writerThreadId),
    0,
  );
  t.is(await lock.runReadingAsync(async (guard) => (t.true(guard.held), lock.readers)), 1);
  t.is(await lock.runWritingAsync(async (guard) => (t.true(guard.held), lock.writerThreadId)), 0);
  for (const method of /** @type {const} */ (['runReading', 'runWriting'])) {
    t.is(
      t.throws(() => lock[method](fail)),
      failed,
    );
    t.throws(() => lock[method](/** @type {any} */ (async () => {})), {
      ...invalidType,
      message: new RegExp(`${method}Async`),
    });
    t.throws(() => lock[method](/** @type {any} */ (undefined)), invalidType);
    await t.throwsAsync(lock[`${method}Async`](fail), { is: failed });
    await t.throwsAsync(lock[`${method}Async`](/** @type {any} */ (undefined)), invalidType);
    t.is(`${lock.readers}, ${lock.writerThreadId}`, '0, null');
  }
});

test('a function that released the guard, or made the write a read, leaves that as it is', async (t) => {
  const lock = new RwLock(cells(), 0);
  await lock.runReadingAsync((guard) => guard.release());
  t.is(lock.readers, 0);
  const reading = await lock.runWritingAsync((guard) => guard.downgrade());
  t.is(lock.readers, 1);
  reading.release();
  t.throws(() => lock.runReading(() => lock.unlockRead()), notOwner);
});

test('the waits of the functions can be limited', async (t) => {
  const view = cells();
  const lock = new RwLock(view, 0);
  const writer = startWorker(
    ({ view }, { RwLock, ready, stall }) => {
      new RwLock(view, 0).write();
      ready();
      stall(Infinity);
    },
    { view },
  );
  await writer.ready;
  const timeout = { timeout: 1 };
  const late = syncError('ERR_TIMEOUT');
  t.throws(() => lock.runReading(() => t.fail(), timeout), late);
  t.throws(() => lock.runWriting(() => t.fail(), timeout), late);
  await t.throwsAsync(
    lock.runReadingAsync(() => t.fail(), timeout),
    late,
  );
  await t.throwsAsync(
    lock.runWritingAsync(() => t.fail(), timeout),
    late,
  );
  await writer.worker.terminate();
  const semaphore = new Semaphore(cells(), 0, 0);
  t.throws(() => semaphore.run(() => t.fail(), 1, timeout), late);
  await t.throwsAsync(
    semaphore.runAsync(() => t.fail(), 1, timeout),
    late,
  );
});

test('a permit of a promise that is collected while it holds its permits is warned about', async (t) => {
  const program = `
    const { Semaphore } = require('./index.js');
    const semaphore = new Semaphore(new SharedArrayBuffer(4), 0, 3, { name: 'slots' });
    (async () => {
      await semaphore.permitAsync();
      (await semaphore.permitAsync()).release();
      for (let i = 0; i < 20; i++) {
        gc();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();`;
  const { stderr } = await run(process.execPath, ['--expose-gc', '-e', program], { cwd: root });
  t.is(stderr.match(/LostGuardWarning/g)?.length, 1, stderr);
  t.regex(
    stderr,
    /A Permit of the Semaphore "slots" was .* its permit is never free again\. .* runAsync\(\)/,
  );
});

test('a permit whose release failed is held still', (t) => {
  const semaphore = new Semaphore(cells(), 0, 2);
  const permit = semaphore.permit();
  semaphore.release(); // one too many, by other code
  t.throws(() => permit.release(), { code: 'ERR_OUT_OF_RANGE' });
  t.false(permit.tryRelease());
  t.true(permit.held);
  semaphore.acquire();
  permit.release();
  t.false(permit.held);
  t.is(semaphore.available, 2);
});

test('each lock whose guard was lost is warned about, also if none of them has a name', async (t) => {
  const program = `
    const { Mutex, RwLock } = require('./index.js');
    const cell = () => new SharedArrayBuffer(4);
    (async () => {
      await new Mutex(cell()).lockAsync();
      await new Mutex(cell()).lockAsync();
      await new RwLock(cell()).readAsync();
      for (let i = 0; i < 20; i++) {
        gc();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();`;
  const { stderr } = await run(process.execPath, ['--expose-gc', '-e', program], { cwd: root });
  t.is(stderr.match(/guard of the Mutex .* runExclusiveAsync\(\)/g)?.length, 2, stderr);
  t.is(
    stderr.match(/guard of the RwLock .* runReadingAsync\(\), runWritingAsync\(\)/g)?.length,
    1,
    stderr,
  );
});
