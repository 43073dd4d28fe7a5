// @ts-check
'use strict';

const test = require('ava').default;
const { Mutex, Once, inspect } = require('../index.js');
const { cells } = require('./helpers/cells.js');
const { syncError } = require('./helpers/errors.js');
const { inWorkers, sleep, startWorker } = require('./helpers/threads.js');

/** @param {import('./helpers/types.js').Started} started */
async function asleep({ worker }) {
  const { threadId } = worker;
  while (!inspect().some((wait) => wait.threadId === threadId)) await sleep(5);
}

/**
 * A worker that runs the function of the once in cell 0, and stays in it until cell 3 is not 0.
 * @param {Int32Array} view
 */
async function startRunner(view) {
  const runner = startWorker(
    ({ view }, { Once, ready }) =>
      new Once(view, 0).run(() => {
        ready();
        Atomics.wait(view, 3, 0);
        if (view[3] === 2) throw new Error('it failed');
      }),
    { view },
  );
  await runner.ready;
  return runner;
}

/** @param {Int32Array} view @param {number} how */
function endRun(view, how) {
  Atomics.store(view, 3, how);
  Atomics.notify(view, 3);
}

test('the function runs once, and all threads see what it wrote', async (t) => {
  const rounds = 300;
  const view = cells(2 * rounds);
  const ran = await inWorkers(
    4,
    ({ view, rounds }, { Once }) => {
      let ran = 0;
      for (let i = 0; i < rounds; i++) {
        const prepare = () => {
          view[rounds + i]++;
          ran++;
        };
        new Once(view, i).run(prepare);
        if (view[rounds + i] !== 1) throw new Error(`prepared ${view[rounds + i]} times`);
      }
      return ran;
    },
    { view, rounds },
  );
  t.is(
    ran.reduce((a, b) => a + b),
    rounds,
  );
});

test('run returns whether it ran the function, and the getters tell the state', async (t) => {
  const once = new Once(cells(), 0);
  t.false(once.done);
  t.is(once.runnerThreadId, null);
  t.false(once.tryWait());
  t.false(once.tryWait(5));
  t.throws(() => once.wait({ timeout: 1 }), {
    ...syncError('ERR_TIMEOUT'),
    message: /Once in cell 0/,
  });
  t.true(
    once.run(() => {
      t.is(once.runnerThreadId, 0);
      t.false(once.done);
    }),
  );
  t.true(once.done);
  t.is(once.runnerThreadId, null);
  t.false(once.run(() => t.fail()));
  t.false(once.run(() => t.fail(), { timeout: 0 }));
  t.false(await once.runAsync(() => t.fail()));
  t.is(once.wait(), undefined);
  t.is(once.wait({ timeout: 0 }), undefined);
  t.true(once.tryWait());
  await once.waitAsync();
});

test('after a failure the next thread runs its function', async (t) => {
  const once = new Once(cells(), 0);
  const thrown = new Error('mine');
  t.is(
    t.throws(() =>
      once.run(() => {
        throw thrown;
      }),
    ),
    thrown,
  );
  await t.throwsAsync(
    once.runAsync(async () => {
      throw thrown;
    }),
    { is: thrown },
  );
  t.throws(() => once.run(/** @type {any} */ (async () => {})), {
    code: 'ERR_INVALID_ARG_TYPE',
    message: /runAsync/,
  });
  const wrongType = { code: 'ERR_INVALID_ARG_TYPE' };
  t.throws(() => once.run(/** @type {any} */ (5)), wrongType);
  await t.throwsAsync(once.runAsync(/** @type {any} */ (5)), wrongType);
  t.false(once.done);
  t.true(once.run(() => {}));
  t.true(await new Once(cells(), 0).runAsync(() => {}));
});

for (const [what, end] of /** @type {const} */ ([
  ['fails', async (/** @type {any} */ view) => endRun(view, 2)],
  ['dies', async (/** @type {any} */ _, /** @type {any} */ runner) => runner.worker.terminate()],
])) {
  test(`if the runner ${what}, the thread that has waited longest runs, and the others go on waiting`, async (t) => {
    const view = cells(5);
    const runner = await startRunner(view);
    const start = async (/** @type {import('./helpers/types.js').Body} */ body) => {
      const started = startWorker(body, { view });
      await asleep(started);
      return started;
    };
    const watches = await start(({ view }, { Once }) => {
      new Once(view, 0).wait();
      return view[4];
    });
    const runs = await start(({ view }, { Once }) => new Once(view, 0).run(() => view[4]++));
    const runsLater = await start(({ view }, { Once }) => new Once(view, 0).run(() => view[4]++));
    await end(view, runner);
    t.true(await runs.done);
    t.false(await runsLater.done);
    t.is(await watches.done, 1);
    if (what === 'fails') await t.throwsAsync(runner.done, { message: 'it failed' });
  });
}

test('if the runner dies and no thread waits, the next thread runs', async (t) => {
  const view = cells(5);
  const runner = await startRunner(view);
  await runner.worker.terminate();
  const once = new Once(view, 0);
  t.is(once.runnerThreadId, null);
  t.true(once.run(() => {}));
});

test('a thread that is terminated while it is handed the run passes it on', async (t) => {
  for (let i = 0; i < 30; i++) {
    const view = cells(5);
    const runner = await startRunner(view);
    const dies = startWorker(({ view }, { Once }) => new Once(view, 0).run(() => {}), { view });
    await asleep(dies);
    const ended = dies.worker.terminate();
    endRun(view, 2);
    const once = new Once(view, 0);
    await once.runAsync(() => {}, { timeout: 5_000 });
    t.true(once.done);
    await ended;
    await runner.worker.terminate();
  }
});

test('runAsync waits in one queue with threads, and one task runs', async (t) => {
  const view = cells(5);
  const once = new Once(view, 0);
  let running = 0;
  const prepare = async () => {
    t.is(++running, 1);
    t.is(once.runnerThreadId, 0);
    await sleep(20);
    running--;
    view[4]++;
  };
  const tasks = [once.runAsync(prepare), once.runAsync(prepare), once.waitAsync()];
  const worker = startWorker(({ view }, { Once }) => new Once(view, 0).run(() => view[4]++), {
    view,
  });
  t.deepEqual(await Promise.all(tasks), [true, false, undefined]);
  t.false(await worker.done);
  t.is(view[4], 1);
});

test('a promise that is cancelled while it is handed the run passes it on', async (t) => {
  const once = new Once(cells(), 0);
  let fail = () => {};
  const first = once.runAsync(
    () => new Promise((_, reject) => (fail = () => reject(new Error('failed')))),
  );
  const controller = new AbortController();
  const second = once.runAsync(() => t.fail(), { signal: controller.signal, ref: true });
  const third = once.runAsync(() => {}, { ref: true });
  fail();
  await t.throwsAsync(first, { message: 'failed' });
  controller.abort();
  const outcome = await second.catch((error) => error.name);
  t.is(outcome, 'AbortError');
  t.true(await third);
});

test('a thread that would wait for itself throws ERR_DEADLOCK at once', async (t) => {
  const once = new Once(cells(), 0, { name: 'tables' });
  const own = {
    ...syncError('ERR_DEADLOCK'),
    message: /runs the function of the Once "tables" already/,
  };
  t.true(
    once.run(() => {
      t.throws(() => once.run(() => {}), own);
      t.throws(() => once.wait(), own);
      t.false(once.done);
    }),
  );
  const byTask = new Once(cells(), 0, { name: 'tables' });
  await byTask.runAsync(() => t.throws(() => byTask.run(() => {}), own));
  t.true(byTask.done);
});

test('a cycle of a Once and a Mutex throws ERR_DEADLOCK', async (t) => {
  const view = cells(5);
  const mutex = new Mutex(view, 1, { name: 'jobs' });
  mutex.lock();
  const runner = startWorker(
    ({ view }, { Once, Mutex }) =>
      new Once(view, 0, { name: 'tables' }).run(() => new Mutex(view, 1).lock().unlock()),
    { view },
  );
  await asleep(runner);
  const error = t.throws(() => new Once(view, 0, { name: 'tables' }).wait(), {
    code: 'ERR_DEADLOCK',
  });
  t.regex(error?.message ?? '', /holds the Once in cell 0|holds the Once "tables"/);
  mutex.unlock();
  t.true(await runner.done);
});

test('a waiter throws ERR_CORRUPT_CELL if its cell was written over', async (t) => {
  const view = cells(5);
  const runner = await startRunner(view);
  const watches = startWorker(
    ({ view }, { Once, codeOf }) => codeOf(() => new Once(view, 0).wait()),
    { view },
  );
  await asleep(watches);
  view[0] = -5;
  endRun(view, 1);
  t.is(await watches.done, 'ERR_CORRUPT_CELL');
  await t.throwsAsync(runner.done, { code: 'ERR_CORRUPT_CELL' });
});
