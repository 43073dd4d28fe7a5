// @ts-check
'use strict';

// What java.util.concurrent (Java SE 21, API documentation) promises.

const { Barrier, Latch } = require('../../index.js');
const stage = require('../helpers/conformance.js');

/** @typedef {import('../helpers/types.js').Body} Body */

const cyclicBarrier = stage.documented('Java CyclicBarrier');
const countDownLatch = stage.documented('Java CountDownLatch');

const { BROKEN, arrive } = stage;
/** The result of a call that returns nothing. */
const PASSED = { returned: undefined };

cyclicBarrier('await() waits until all parties have invoked await on this barrier', async (t) => {
  const view = stage.cells();
  const early = await stage.inOrder(2, arrive, { view, total: 3 });
  t.is(new Barrier(view, 0, 3).waiting, 2);
  const last = stage.party(arrive, { view, total: 3 });
  await stage.answers([...early, last]);
  t.is(new Barrier(view, 0, 3).waiting, 0);
});

cyclicBarrier(
  'await() returns the arrival index, getParties() - 1 for the first to arrive and zero for the last',
  async (t) => {
    const view = stage.cells();
    const early = await stage.inOrder(3, arrive, { view, total: 4 });
    const last = stage.party(arrive, { view, total: 4 });
    t.deepEqual(
      await stage.answers([...early, last]),
      [3, 2, 1, 0].map((returned) => ({ returned })),
    );
  },
);

cyclicBarrier('it can be re-used after the waiting threads are released', async (t) => {
  const view = stage.cells();
  const [a, b, c] = await stage.together(
    3,
    ({ view }, { Barrier }) => {
      const barrier = new Barrier(view, 0, 3);
      return Array.from({ length: 1_000 }, () => barrier.wait());
    },
    { view },
  );
  t.true(
    a.every(
      (/** @type {number} */ index, /** @type {number} */ round) =>
        index + b[round] + c[round] === 3,
    ),
  );
});

cyclicBarrier(
  'the action is run once per barrier point, by the last thread to arrive, before any are released',
  async (t) => {
    const view = stage.cells();
    for (const rounds of await stage.together(
      3,
      ({ view }, { Barrier }) => {
        let ran = false;
        const action = () => {
          ran = true;
          view[1]++;
        };
        const barrier = new Barrier(view, 0, 3, { action });
        const seen = new Barrier(view, 2, 3);
        return Array.from({ length: 300 }, (_, round) => {
          ran = false;
          const last = barrier.wait() === 0;
          const right = view[1] === round + 1 && ran === last;
          seen.wait();
          return right;
        });
      },
      { view },
    ))
      t.true(rounds.every(Boolean));
    t.is(view[1], 300);
  },
);

cyclicBarrier(
  'an exception of the action is propagated in that thread, and the barrier is placed in the broken state',
  async (t) => {
    const view = stage.cells();
    const early = await stage.inOrder(2, arrive, { view, total: 3 });
    const last = stage.party(
      ({ view }, { Barrier, errorOf }) => {
        const action = () => {
          throw new RangeError('of the action');
        };
        return errorOf(() => new Barrier(view, 0, 3, { action }).wait());
      },
      { view },
    );
    const [first, second, error] = await stage.answers([...early, last]);
    t.is(error.name, 'RangeError');
    t.is(error.message, 'of the action');
    t.deepEqual([first, second], [BROKEN, BROKEN]);
    t.true(new Barrier(view, 0, 3).broken);
  },
);

cyclicBarrier(
  'a time limit that passes throws, and breaks the barrier for all others',
  async (t) => {
    const view = stage.cells();
    const others = await stage.inOrder(2, arrive, { view, total: 4 });
    const impatient = stage.party(arrive, { view, total: 4, ms: 30 });
    t.deepEqual(await stage.answers([...others, impatient]), [BROKEN, BROKEN, 'ERR_TIMEOUT']);
    t.true(new Barrier(view, 0, 4).broken);
  },
);

cyclicBarrier('with a time limit of zero await() does not wait at all', async (t) => {
  const view = stage.cells();
  const [first] = await stage.inOrder(1, arrive, { view, total: 3 });
  const answer = await stage.answer(arrive, { view, total: 3, ms: 0 });
  t.is(answer, 'ERR_TIMEOUT');
  t.is(await first.done, BROKEN);
  t.is(new Barrier(stage.cells(), 0, 1).waitFor(0), 0);
});

cyclicBarrier(
  'a thread that is interrupted while it waits breaks the barrier for all',
  async (t) => {
    const view = stage.cells();
    const [victim, ...others] = await stage.inOrder(3, arrive, { view, total: 4 });
    await victim.worker.terminate();
    t.deepEqual(await stage.answers(others), [BROKEN, BROKEN]);
    t.true(new Barrier(view, 0, 4).broken);
  },
);

cyclicBarrier('await() on a broken barrier throws at once, in every thread', async (t) => {
  const view = stage.cells();
  new Barrier(view, 0, 2).abort();
  t.deepEqual(await stage.answer(arrive, { view, total: 2 }), BROKEN);
  t.deepEqual(await stage.answer(arrive, { view, total: 2, ms: 5_000 }), BROKEN);
  t.is(await stage.endOf(new Barrier(view, 0, 2).waitAsync()), BROKEN);
});

cyclicBarrier('if it is reset() while threads wait, they are told that it broke', async (t) => {
  const view = stage.cells();
  const barrier = new Barrier(view, 0, 4);
  const started = await stage.inOrder(2, arrive, { view, total: 4 });
  const promise = barrier.waitAsync();
  barrier.reset();
  t.deepEqual(await stage.answers(started), [BROKEN, BROKEN]);
  t.is(await stage.endOf(promise), BROKEN);
  t.false(barrier.broken);
});

cyclicBarrier('reset() sets it to its initial state, also when it was broken', async (t) => {
  const view = stage.cells();
  const barrier = new Barrier(view, 0, 2);
  barrier.abort();
  t.true(barrier.broken);
  barrier.reset();
  t.false(barrier.broken);
  t.is(barrier.waiting, 0);
  const [first] = await stage.inOrder(1, arrive, { view, total: 2 });
  t.deepEqual(await stage.answers([first, stage.party(arrive, { view, total: 2 })]), [
    { returned: 1 },
    { returned: 0 },
  ]);
});

cyclicBarrier('getParties(), isBroken() and getNumberWaiting() tell its state', async (t) => {
  const view = stage.cells();
  const barrier = new Barrier(view, 0, 3);
  t.deepEqual([barrier.total, barrier.broken, barrier.waiting], [3, false, 0]);
  const started = await stage.inOrder(2, arrive, { view, total: 3 });
  t.deepEqual([barrier.total, barrier.broken, barrier.waiting], [3, false, 2]);
  barrier.abort();
  await stage.answers(started);
  t.deepEqual([barrier.total, barrier.broken, barrier.waiting], [3, true, 0]);
});

cyclicBarrier(
  'what is done before await() happens before the action, and that before what follows any await()',
  async (t) => {
    const view = stage.cells();
    const plain = new Float64Array(new SharedArrayBuffer(8 * 4));
    for (const rounds of await stage.together(
      3,
      ({ view, plain, id }, { Barrier }) => {
        const action = () => (plain[3] = plain[0] + plain[1] + plain[2]);
        const barrier = new Barrier(view, 0, 3, { action });
        const seen = new Barrier(view, 1, 3);
        return Array.from({ length: 500 }, (_, round) => {
          plain[id] = round * 10 ** id;
          barrier.wait();
          const right = plain[3] === round * 111;
          seen.wait();
          return right;
        });
      },
      { view, plain },
    ))
      t.true(rounds.every(Boolean));
  },
);

cyclicBarrier('fewer than one party is an illegal argument', (t) => {
  for (const total of [0, -1]) {
    t.throws(() => new Barrier(stage.cells(), 0, total), { code: 'ERR_OUT_OF_RANGE' });
  }
});

cyclicBarrier('all of this holds where promises are among the parties', async (t) => {
  const view = stage.cells();
  const barrier = new Barrier(view, 0, 3);
  for (let round = 0; round < 3; round++) {
    const [thread] = await stage.inOrder(1, arrive, { view, total: 3 });
    const promise = barrier.waitAsync();
    t.true(await stage.isPending(promise));
    t.is(barrier.waiting, 2);
    const last = stage.party(arrive, { view, total: 3 });
    t.deepEqual(await stage.answers([thread, last]), [{ returned: 2 }, { returned: 0 }]);
    t.is(await promise, 1);
  }
  // A party that gives up breaks the barrier for threads and promises.
  const [thread] = await stage.inOrder(1, arrive, { view, total: 4 });
  const four = new Barrier(view, 0, 4);
  const promise = four.waitAsync();
  t.is(await stage.endOf(four.waitAsync({ timeout: 30 })), 'ERR_TIMEOUT');
  t.is(await stage.endOf(promise), BROKEN);
  t.deepEqual(await stage.answers([thread]), [BROKEN]);
});

/** @type {Body} */
const pass = ({ view, count, ms }, { Latch, codeOf }) => {
  const latch = new Latch(view, 0, count);
  return codeOf(() => (ms === undefined ? latch.await() : latch.tryAwait(ms)));
};

countDownLatch(
  'await() waits until the count has reached zero, and then all are released',
  async (t) => {
    const view = stage.cells();
    const latch = new Latch(view, 0, 3);
    const started = await stage.inOrder(3, pass, { view, count: 3 });
    const promise = latch.awaitAsync();
    latch.countDown();
    latch.countDown();
    await stage.asleep(...started);
    t.true(await stage.isPending(promise));
    latch.countDown();
    t.deepEqual(await stage.answers(started), [PASSED, PASSED, PASSED]);
    t.is(await promise, undefined);
  },
);

countDownLatch('await() returns at once if the count is zero', async (t) => {
  const view = stage.cells();
  const latch = new Latch(view, 0, 2);
  latch.countDown();
  latch.countDown();
  t.deepEqual(await stage.answer(pass, { view, count: 2 }), PASSED);
  latch.await();
  await latch.awaitAsync();
  t.true(latch.released);
});

countDownLatch('countDown() at zero does nothing', (t) => {
  const view = stage.cells();
  const latch = new Latch(view, 0, 2);
  for (let i = 0; i < 10; i++) latch.countDown();
  t.is(latch.remaining, 0);
  t.true(latch.tryAwait());
  t.is(view[1], 0);
});

countDownLatch('getCount() is what remains', (t) => {
  const latch = new Latch(stage.cells(), 0, 3);
  const seen = [latch.remaining];
  for (let i = 0; i < 4; i++) {
    latch.countDown();
    seen.push(latch.remaining);
  }
  t.deepEqual(seen, [3, 2, 1, 0, 0]);
});

countDownLatch('the count cannot be reset: once open, it stays open for all', async (t) => {
  const view = stage.cells();
  new Latch(view, 0, 2).release();
  for (let i = 0; i < 3; i++) {
    t.deepEqual(await stage.answer(pass, { view, count: 2 }), PASSED);
    t.is(new Latch(view, 0, 2).remaining, 0);
  }
});

countDownLatch(
  'await() with a limit is false if the time elapsed, and never before it has',
  async (t) => {
    const view = stage.cells();
    const waited = await stage.answer(
      ({ view }, { Latch }) => {
        const start = performance.now();
        const opened = new Latch(view, 0, 1).tryAwait(40);
        return { opened, ms: performance.now() - start };
      },
      { view },
    );
    t.false(waited.opened);
    t.true(waited.ms >= 40, `${waited.ms} ms`);
    t.is(await stage.endOf(new Latch(view, 0, 1).awaitAsync({ timeout: 20 })), 'ERR_TIMEOUT');
  },
);

countDownLatch('await() with a limit is true if the count reached zero in time', async (t) => {
  const view = stage.cells();
  const started = await stage.inOrder(2, pass, { view, count: 1, ms: 9_000 });
  const promise = new Latch(view, 0).awaitAsync({ timeout: 9_000 });
  new Latch(view, 0).countDown();
  t.deepEqual(await stage.answers(started), [{ returned: true }, { returned: true }]);
  await promise;
});

countDownLatch('with a limit of zero await() does not wait at all', (t) => {
  const latch = new Latch(stage.cells(), 0, 1);
  t.false(latch.tryAwait(0));
  latch.countDown();
  t.true(latch.tryAwait(0));
});

countDownLatch('those who count down do not wait, whatever remains', async (t) => {
  const view = stage.cells();
  /** @type {Body} */
  const countDown = ({ view }, { Latch }) => {
    new Latch(view, 0, 3).countDown();
    return 'went on';
  };
  t.deepEqual(
    await stage.answers([stage.party(countDown, { view }), stage.party(countDown, { view })]),
    ['went on', 'went on'],
  );
  t.is(new Latch(view, 0, 3).remaining, 1);
});

countDownLatch(
  'what is done before countDown() happens before what follows the await() that it lets return',
  async (t) => {
    const ROUNDS = 200;
    const view = stage.cells(2 * ROUNDS);
    const plain = new Float64Array(new SharedArrayBuffer(8 * 2 * ROUNDS));
    const counters = [0, 1].map((id) =>
      stage.party(
        ({ view, plain, id, ROUNDS }, { Latch }) => {
          for (let round = 0; round < ROUNDS; round++) {
            plain[2 * round + id] = round + 0.5;
            new Latch(view, round, 2).countDown();
          }
        },
        { view, plain, id, ROUNDS },
      ),
    );
    const waiters = [0, 1].map(() =>
      stage.party(
        ({ view, plain, ROUNDS }, { Latch }) =>
          Array.from({ length: ROUNDS }, (_, round) => {
            new Latch(view, round, 2).await();
            return plain[2 * round] + plain[2 * round + 1] === 2 * round + 1;
          }),
        { view, plain, ROUNDS },
      ),
    );
    await stage.answers(counters);
    for (const rounds of await stage.answers(waiters)) t.true(rounds.every(Boolean));
  },
);

countDownLatch(
  'a thread that is interrupted while it waits leaves the others to be released',
  async (t) => {
    const view = stage.cells();
    const [victim, ...others] = await stage.inOrder(3, pass, { view, count: 1 });
    await victim.worker.terminate();
    new Latch(view, 0).countDown();
    t.deepEqual(await stage.answers(others), [PASSED, PASSED]);
  },
);

countDownLatch('a negative count is an illegal argument', (t) => {
  t.throws(() => new Latch(stage.cells(), 0, -1), { code: 'ERR_OUT_OF_RANGE' });
});
