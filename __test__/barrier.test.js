// @ts-check
'use strict';

const test = require('ava').default;
const { Barrier, SyncError } = require('../index.js');
const { runChild } = require('./helpers/child.js');
const { startWorker, inWorkers } = require('./helpers/threads.js');

const ROUNDS = 10_000;

for (const count of [2, 3, 4, 8, 16]) {
  test(`${count} workers stay in step for 10,000 rounds, with each arrival index once a round`, async (t) => {
    const view = new Int32Array(new SharedArrayBuffer(4));
    const phases = new Int32Array(new SharedArrayBuffer(4 * count));
    const arrivals = new Uint8Array(new SharedArrayBuffer(ROUNDS * count));
    await inWorkers(
      count,
      ({ view, phases, arrivals, id, count, ROUNDS }, { Barrier }) => {
        const barrier = new Barrier(view, 0, count);
        for (let round = 1; round <= ROUNDS; round++) {
          phases[id] = round;
          const index = barrier.wait();
          arrivals[(round - 1) * count + index]++;
          for (let other = 0; other < count; other++) {
            const phase = phases[other];
            // One that is quick may have begun the next round, but cannot have ended it.
            if (phase !== round && phase !== round + 1) {
              throw new Error(`round ${round}: worker ${other} is in phase ${phase}`);
            }
          }
        }
      },
      { view, phases, arrivals, ROUNDS },
      { limit: 120_000 },
    );
    t.true(arrivals.every((times) => times === 1));
    t.true(phases.every((phase) => phase === ROUNDS));
    // Another set of threads can go on with it, of another size too: nothing of the old rounds is left.
    t.is(new Barrier(view, 0, 1).wait(), 0);
  });
}

test('nobody passes before the last has arrived', async (t) => {
  const view = new Int32Array(new SharedArrayBuffer(8));
  const arrive = () =>
    startWorker(
      ({ view }, { Barrier, ready }) => {
        const barrier = new Barrier(view, 0, 4);
        ready();
        const index = barrier.wait();
        Atomics.add(view, 1, 1);
        return index;
      },
      { view },
    );
  const started = [];
  for (let i = 0; i < 3; i++) {
    started.push(arrive());
    await started[i].blocked();
    t.is(Atomics.load(view, 1), 0);
  }
  started.push(arrive());
  const indices = await Promise.all(started.map(({ done }) => done));
  t.deepEqual(indices, [3, 2, 1, 0]);
});

test('the main thread can be one of them', async (t) => {
  const ended = await runChild(async (_, { Barrier, startWorker }) => {
    const view = new Int32Array(new SharedArrayBuffer(8));
    const other = startWorker(
      ({ view }, { Barrier }) => {
        const barrier = new Barrier(view, 0, 2);
        for (let i = 0; i < 1_000; i++) {
          barrier.wait();
          if (view[1] !== i) throw new Error(`round ${i}: sees ${view[1]}`);
          barrier.wait();
        }
        return 'done';
      },
      { view },
    );
    const barrier = new Barrier(view, 0, 2);
    for (let i = 0; i < 1_000; i++) {
      view[1] = i;
      barrier.wait();
      barrier.wait();
    }
    return other.done;
  });
  t.is(ended.code, 0, ended.stderr);
  t.is(ended.value, 'done');
});

test('a barrier of one never waits, and total is what was given', (t) => {
  const barrier = new Barrier(new SharedArrayBuffer(4), 0, 1);
  for (let i = 0; i < 100; i++) t.is(barrier.wait(), 0);
  t.is(barrier.total, 1);
  t.is(new Barrier(new SharedArrayBuffer(4), 0, 2 ** 24 - 1).total, 2 ** 24 - 1);
});

test('two barriers in neighbouring cells keep apart', async (t) => {
  const view = new Int32Array(new SharedArrayBuffer(16));
  await inWorkers(
    4,
    ({ view, id }, { Barrier }) => {
      const barrier = new Barrier(view, id % 2, 2);
      for (let i = 0; i < 2_000; i++) {
        if (barrier.wait() === 0) view[2 + (id % 2)]++;
      }
    },
    { view },
  );
  t.deepEqual([...view.subarray(2)], [2_000, 2_000]);
});

test('a worker that dies in wait() breaks the barrier for those inside and those who come', async (t) => {
  const view = new Int32Array(new SharedArrayBuffer(4));
  const arrive = () =>
    startWorker(
      ({ view }, { Barrier, ready, codeOf }) => {
        const barrier = new Barrier(view, 0, 4);
        ready();
        return codeOf(() => barrier.wait());
      },
      { view },
      { limit: 10_000 },
    );
  const [victim, second, third] = [arrive(), arrive(), arrive()];
  for (const { blocked } of [victim, second, third]) await blocked();
  await victim.worker.terminate();
  t.deepEqual(await Promise.all([second.done, third.done]), [
    'ERR_BROKEN_BARRIER',
    'ERR_BROKEN_BARRIER',
  ]);
  t.is(await arrive().done, 'ERR_BROKEN_BARRIER');
  t.throws(() => new Barrier(view, 0, 4).wait(), {
    instanceOf: SyncError,
    code: 'ERR_BROKEN_BARRIER',
  });
});

test('a worker that ends after its wait() has returned breaks nothing', async (t) => {
  const view = new Int32Array(new SharedArrayBuffer(4));
  for (let round = 0; round < 20; round++) {
    const indices = await inWorkers(3, ({ view }, { Barrier }) => new Barrier(view, 0, 3).wait(), {
      view,
    });
    t.deepEqual(indices.sort(), [0, 1, 2]);
  }
});
