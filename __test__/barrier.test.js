// @ts-check
'use strict';

const test = require('ava').default;
const { Barrier, Cancel } = require('../index.js');
const { syncError } = require('./helpers/errors.js');
const { runChild } = require('./helpers/child.js');
const { startWorker, inWorkers, sleep } = require('./helpers/threads.js');

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
            // A quick thread may have begun the next round, but cannot have ended it.
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
    // Another set of threads, even of another size, can use the cell: nothing of the old rounds is left.
    t.is(new Barrier(view, 0, 1).wait(), 0);
  });
}

test('no party passes before the last has arrived', async (t) => {
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

test('a worker that dies in wait() breaks the barrier for present and later parties', async (t) => {
  const view = new Int32Array(new SharedArrayBuffer(4));
  const arrive = () =>
    startWorker(
      ({ view }, { Barrier, ready, codeOf }) => {
        const barrier = new Barrier(view, 0, 4);
        ready();
        return codeOf(() => barrier.wait());
      },
      { view },
      { limit: 30_000 },
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
    ...syncError('ERR_BROKEN_BARRIER'),
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

const broken = syncError('ERR_BROKEN_BARRIER');

/**
 * A worker that arrives: its arrival index, or the code of its error.
 *
 * @param {Int32Array} view
 * @param {number} total
 * @param {number} [ms]
 */
const arrives = (view, total, ms = Infinity) =>
  startWorker(
    ({ view, total, ms }, { Barrier, ready, codeOf }) => {
      const barrier = new Barrier(view, 0, total);
      ready();
      const result = codeOf(() => barrier.waitFor(ms));
      return result.returned ?? result;
    },
    { view, total, ms },
    { limit: 20_000 },
  );

test('Java, Python: a party that times out breaks the barrier for present and later parties', async (t) => {
  const view = new Int32Array(new SharedArrayBuffer(4));
  const barrier = new Barrier(view, 0, 3);
  const inside = arrives(view, 3);
  await inside.blocked();
  t.is(barrier.waiting, 1);
  const start = performance.now();
  t.throws(() => barrier.waitFor(30), syncError('ERR_TIMEOUT'));
  t.true(performance.now() - start >= 30);
  t.is(await inside.done, 'ERR_BROKEN_BARRIER');
  t.true(barrier.broken);
  t.is(barrier.waiting, 0);
  t.throws(() => barrier.wait(), broken);
  t.throws(() => barrier.waitFor(10), broken);
  await t.throwsAsync(barrier.waitAsync(), broken);
  t.true(barrier.broken, 'it stays so');
  barrier.reset();
  t.false(barrier.broken);
  t.is(view[0], 0);
});

test('waitFor within its limit is wait', async (t) => {
  const view = new Int32Array(new SharedArrayBuffer(4));
  for (const ms of [10_000, Infinity, Number.MAX_VALUE]) {
    const first = arrives(view, 2, ms);
    await first.blocked();
    t.is(new Barrier(view, 0, 2).waitFor(10_000), 0);
    t.is(await first.done, 1);
  }
});

test('Java, Python: abort breaks the barrier at once for all, even if called by a thread that is not a party', async (t) => {
  const view = new Int32Array(new SharedArrayBuffer(4));
  const barrier = new Barrier(view, 0, 4);
  const inside = [arrives(view, 4), arrives(view, 4, 20_000)];
  for (const { blocked } of inside) await blocked();
  const promise = barrier.waitAsync({ ref: true });
  t.is(barrier.waiting, 3);
  barrier.abort();
  for (const { done } of inside) t.is(await done, 'ERR_BROKEN_BARRIER');
  await t.throwsAsync(promise, broken);
  t.is(await arrives(view, 4).done, 'ERR_BROKEN_BARRIER');
  barrier.abort();
  t.true(barrier.broken);
});

test('Java, Python: reset throws in the waiting parties, and the next round is complete', async (t) => {
  const view = new Int32Array(new SharedArrayBuffer(4));
  const barrier = new Barrier(view, 0, 3);
  const inside = [arrives(view, 3), arrives(view, 3)];
  for (const { blocked } of inside) await blocked();
  barrier.reset();
  for (const { done } of inside) t.is(await done, 'ERR_BROKEN_BARRIER');
  t.false(barrier.broken);
  const anew = [arrives(view, 3), arrives(view, 3)];
  for (const { blocked } of anew) await blocked();
  t.is(barrier.wait(), 0);
  t.deepEqual((await Promise.all(anew.map(({ done }) => done))).sort(), [1, 2]);
  barrier.reset();
  t.false(barrier.broken, 'without a waiting party it does nothing');
});

test('the last to arrive runs the action before any party continues, once a round', async (t) => {
  const view = new Int32Array(new SharedArrayBuffer(64));
  const [sums] = await inWorkers(
    4,
    ({ view, id }, { Barrier }) => {
      const barrier = new Barrier(view, 0, 4, {
        action: () => {
          view[8] += view[4] + view[5] + view[6] + view[7];
          view[9]++;
        },
      });
      for (let round = 1; round <= 2_000; round++) {
        view[4 + id] = round;
        if (round % 2 === 0) barrier.waitFor(60_000);
        else barrier.wait();
        if (view[9] !== round) throw new Error(`round ${round}: the action ran ${view[9]} times`);
      }
      return view[8];
    },
    { view },
    { limit: 60_000 },
  );
  t.is(sums, (4 * 2_000 * 2_001) / 2);
});

test('Java, Python: an action that throws breaks the barrier, and its error passes in the thread that ran it', async (t) => {
  const view = new Int32Array(new SharedArrayBuffer(4));
  const error = new Error('mine');
  const barrier = new Barrier(view, 0, 2, {
    action: () => {
      throw error;
    },
  });
  for (const act of [() => barrier.wait(), () => barrier.waitFor(1_000)]) {
    const first = arrives(view, 2);
    await first.blocked();
    t.is(t.throws(act), error);
    t.is(await first.done, 'ERR_BROKEN_BARRIER');
    t.true(barrier.broken);
    barrier.reset();
  }
  const first = barrier.waitAsync({ ref: true });
  t.is(await t.throwsAsync(barrier.waitAsync({ ref: true })), error);
  await t.throwsAsync(first, broken);
});

test('an action may be asynchronous where parties wait by promise, and only there', async (t) => {
  const view = new Int32Array(new SharedArrayBuffer(4));
  /** @type {string[]} */
  const events = [];
  const barrier = new Barrier(view, 0, 3, {
    action: async () => {
      events.push('begins');
      await sleep(30);
      events.push('ends');
    },
  });
  const worker = arrives(view, 3);
  await worker.blocked();
  const party = () => barrier.waitAsync({ ref: true }).then((index) => events.push(`${index}`));
  await Promise.all([party(), party()]);
  t.is(await worker.done, 2);
  t.deepEqual(events.slice(0, 2), ['begins', 'ends']);
  t.deepEqual(events.slice(2).sort(), ['0', '1']);

  const error = new Error('mine');
  const failing = new Barrier(view, 0, 2, { action: () => Promise.reject(error) });
  const first = failing.waitAsync({ ref: true });
  t.is(await t.throwsAsync(failing.waitAsync({ ref: true })), error);
  await t.throwsAsync(first, broken);
  failing.reset();

  const alone = new Barrier(view, 0, 1, { action: async () => {} });
  t.throws(() => alone.wait(), { code: 'ERR_INVALID_ARG_TYPE', message: /waitAsync/ });
  t.true(alone.broken);
});

test('a party that arrives while the action runs belongs to the next round', async (t) => {
  const view = new Int32Array(new SharedArrayBuffer(4));
  let end = () => {};
  let actions = 0;
  const barrier = new Barrier(view, 0, 2, {
    action: () => {
      actions++;
      return new Promise((resolve) => (end = () => resolve(undefined)));
    },
  });
  const round = [barrier.waitAsync({ ref: true }), barrier.waitAsync({ ref: true })];
  await sleep(5);
  const early = [arrives(view, 2), arrives(view, 2)];
  for (const { blocked } of early) await blocked();
  await t.throwsAsync(barrier.waitAsync({ timeout: 10, ref: true }), { code: 'ERR_TIMEOUT' });
  t.false(barrier.broken, 'it had not arrived');
  t.is(await Promise.race([...round, ...early.map(({ done }) => done), sleep(30)]), undefined);
  end();
  t.deepEqual(await Promise.all(round), [1, 0]);
  t.deepEqual((await Promise.all(early.map(({ done }) => done))).sort(), [0, 1]);
  t.is(actions, 1, 'the parties that came early gave none');
});

test('an abort or a reset while the action runs throws in all parties, also in the one that runs it', async (t) => {
  const view = new Int32Array(new SharedArrayBuffer(4));
  for (const method of /** @type {const} */ (['abort', 'reset'])) {
    const barrier = new Barrier(view, 0, 2, { action: () => sleep(20) });
    const round = [barrier.waitAsync({ ref: true }), barrier.waitAsync({ ref: true })];
    await sleep(5);
    barrier[method]();
    for (const party of round) await t.throwsAsync(party, broken);
    t.is(barrier.broken, method === 'abort');
    barrier.reset();
  }
});

test('a thread that blocks at the barrier whose action it runs throws, and does not hang', async (t) => {
  const view = new Int32Array(new SharedArrayBuffer(4));
  const deadlock = syncError('ERR_DEADLOCK');
  /** @type {Barrier} */
  const inside = new Barrier(view, 0, 1, { action: () => inside.waitFor(20_000) });
  t.throws(() => inside.wait(), deadlock);
  t.true(inside.broken);
  inside.reset();

  const beside = new Barrier(view, 0, 1, { action: () => sleep(20) });
  const round = beside.waitAsync({ ref: true });
  await sleep(5);
  t.throws(() => beside.waitFor(20_000), deadlock);
  t.is(await round, 0);
});

test('a worker that dies while it runs the action breaks the barrier', async (t) => {
  const view = new Int32Array(new SharedArrayBuffer(4));
  const inside = arrives(view, 2);
  await inside.blocked();
  const actor = startWorker(
    ({ view }, { Barrier, ready, stall }) => {
      const action = () => {
        ready();
        for (;;) stall(10);
      };
      new Barrier(view, 0, 2, { action }).wait();
    },
    { view },
  );
  await actor.ready;
  const early = arrives(view, 2);
  await early.blocked();
  await actor.worker.terminate();
  t.is(await inside.done, 'ERR_BROKEN_BARRIER');
  t.is(await early.done, 'ERR_BROKEN_BARRIER');
  t.true(new Barrier(view, 0, 2).broken);
});

test('a worker that dies with a promise at the barrier breaks it', async (t) => {
  const view = new Int32Array(new SharedArrayBuffer(4));
  const barrier = new Barrier(view, 0, 3);
  const dies = startWorker(
    ({ view }, { Barrier, ready }) => {
      new Barrier(view, 0, 3).waitAsync();
      ready();
    },
    { view },
  );
  await dies.ready;
  const other = barrier.waitAsync({ ref: true });
  t.is(barrier.waiting, 2);
  await dies.worker.terminate();
  await t.throwsAsync(other, broken);
});

test('a Cancel ends the wait of a party that came while the action ran, and breaks the barrier: it stayed whole', async (t) => {
  const view = new Int32Array(new SharedArrayBuffer(16));
  const inside = arrives(view, 2);
  await inside.blocked();
  const actor = startWorker(
    ({ view }, { Barrier, codeOf, ready }) => {
      const action = () => {
        ready();
        Atomics.wait(view, 2, 0);
      };
      return codeOf(() => new Barrier(view, 0, 2, { action }).wait());
    },
    { view },
  );
  await actor.ready;
  const early = startWorker(
    ({ view }, { Barrier, Cancel, codeOf, ready }) => {
      ready();
      return codeOf(() => new Barrier(view, 0, 2).wait({ cancel: new Cancel(view, 1) }));
    },
    { view },
  );
  await early.blocked();
  new Cancel(view, 1).abort();
  t.is(await early.done, 'ERR_CANCELLED');
  t.true(new Barrier(view, 0, 2).broken);
  t.is(await inside.done, 'ERR_BROKEN_BARRIER');
  Atomics.store(view, 2, 1);
  Atomics.notify(view, 2);
  t.is(await actor.done, 'ERR_BROKEN_BARRIER');
});
