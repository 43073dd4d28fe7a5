// @ts-check
'use strict';

const test = require('ava').default;
const { Latch } = require('../index.js');
const { cells } = require('./helpers/cells.js');
const { runChild } = require('./helpers/child.js');
const { startWorker, inWorkers } = require('./helpers/threads.js');

test('all wait before release, release wakes all, and later calls do not wait', async (t) => {
  const view = cells();
  const started = Array.from({ length: 5 }, () =>
    startWorker(
      ({ view }, { Latch, ready }) => {
        const latch = new Latch(view, 0);
        ready();
        const result = latch.await();
        Atomics.add(view, 1, 1);
        return { result, released: latch.released };
      },
      { view },
    ),
  );
  for (const { blocked } of started) await blocked();
  t.is(view[1], 0);
  const latch = new Latch(view, 0);
  t.false(latch.released);
  t.is(latch.release(), undefined);
  for (const { done } of started) t.deepEqual(await done, { result: undefined, released: true });
  t.true(latch.released);
  t.is(latch.await(), undefined);
  t.true(latch.tryAwait());
  t.true(latch.tryAwait(60_000));
  const [later] = await inWorkers(1, ({ view }, { Latch }) => new Latch(view, 0).tryAwait(), {
    view,
  });
  t.true(later);
});

test('releasing again changes nothing', (t) => {
  const latch = new Latch(cells());
  for (let i = 0; i < 1_000; i++) latch.release();
  t.true(latch.released);
  t.true(latch.tryAwait());
});

test('workers that release and await at the same moment all go on', async (t) => {
  const count = 2_000;
  const view = cells(count);
  await inWorkers(
    4,
    ({ view, id, count }, { Latch }) => {
      for (let i = 0; i < view.length; i++) {
        const latch = new Latch(view, i);
        if (i % count === id) latch.release();
        else latch.await();
      }
    },
    { view },
    { limit: 60_000 },
  );
  for (let i = 0; i < count; i++) if (!new Latch(view, i).released) t.fail(`latch ${i} is closed`);
  t.pass();
});

test('tryAwait on a closed latch returns false, never early', async (t) => {
  const view = cells();
  const latch = new Latch(view, 0);
  t.false(latch.tryAwait());
  t.false(latch.tryAwait(0));
  for (const ms of [0.2, 1, 1.3, 5, 20, 80]) {
    const start = process.hrtime.bigint();
    t.false(latch.tryAwait(ms));
    const elapsed = Number(process.hrtime.bigint() - start) / 1e6;
    t.true(elapsed >= ms, `asked for ${ms} ms, gave up after ${elapsed} ms`);
    t.true(elapsed < ms + 1_000, `asked for ${ms} ms, gave up after ${elapsed} ms`);
  }
  latch.release();
  t.true(latch.tryAwait(), 'the calls that gave up left nothing behind');
});

test('tryAwait returns true as soon as the latch opens', async (t) => {
  for (const limit of [20_000, Infinity, Number.MAX_VALUE]) {
    const view = cells();
    const waiter = startWorker(
      ({ view, limit }, { Latch, ready }) => {
        const latch = new Latch(view, 0);
        ready();
        return latch.tryAwait(limit);
      },
      { view, limit },
      { limit: 30_000 },
    );
    await waiter.blocked();
    new Latch(view, 0).release();
    t.true(await waiter.done, `tryAwait(${limit})`);
  }
});

test('the main thread can wait, and a worker release', async (t) => {
  const ended = await runChild(async (_, { Latch, startWorker }) => {
    const view = new Int32Array(new SharedArrayBuffer(8));
    startWorker(
      ({ view }, { Latch, stall }) => {
        stall(50);
        view[1] = 7;
        new Latch(view, 0).release();
      },
      { view },
    );
    new Latch(view, 0).await();
    return view[1];
  });
  t.is(ended.code, 0, ended.stderr);
  t.is(ended.value, 7);
});
