// @ts-check
'use strict';

const test = require('ava').default;
const { Latch, Semaphore } = require('../index.js');
const { cells } = require('./helpers/cells.js');
const { runChild } = require('./helpers/child.js');
const { startWorker, inWorkers } = require('./helpers/threads.js');

test('8 workers that acquire 1 to 4 of 4 permits never hold more together, and lose none', async (t) => {
  const view = cells();
  const most = await inWorkers(
    8,
    ({ view, id }, { Semaphore }) => {
      const semaphore = new Semaphore(view, 0, 4);
      let most = 0;
      for (let i = 0; i < 10_000; i++) {
        const n = 1 + ((id + i) % 4);
        semaphore.acquire(n);
        most = Math.max(most, Atomics.add(view, 1, n) + n);
        Atomics.sub(view, 1, n);
        semaphore.release(n);
      }
      return most;
    },
    { view },
    { limit: 120_000 },
  );
  for (const each of most) t.true(each <= 4, `${each} of 4 permits`);
  t.is(view[0], 0);
  t.is(new Semaphore(view, 0, 4).available, 4);
});

test('acquire, tryAcquire with and without a limit and promises share the permits exactly', async (t) => {
  const view = cells();
  await inWorkers(
    4,
    async ({ view, id }, { Semaphore }) => {
      const semaphore = new Semaphore(view, 0, 1);
      const take = [
        () => semaphore.acquire(),
        () => {
          while (!semaphore.tryAcquire());
        },
        () => {
          while (!semaphore.tryAcquire(1, 1));
        },
        () => semaphore.acquireAsync(),
      ][id];
      for (let i = 0; i < 2_000; i++) {
        await take();
        view[1]++; // plain: the only permit is this thread's
        semaphore.release();
      }
    },
    { view },
    { limit: 120_000 },
  );
  t.is(view[1], 8_000);
  t.is(view[0], 0);
});

test('with no permits at first it counts what producers made ready for consumers', async (t) => {
  const view = cells();
  const taken = await inWorkers(
    4,
    ({ view, id }, { Semaphore }) => {
      const ready = new Semaphore(view, 0, 0, { max: Infinity });
      for (let i = 0; i < 5_000; i++) {
        if (id < 2) {
          Atomics.add(view, 1, 1);
          ready.release();
        } else {
          ready.acquire();
          if (Atomics.sub(view, 1, 1) < 1) throw new Error('it was let through early');
        }
      }
      return true;
    },
    { view },
    { limit: 60_000 },
  );
  t.is(taken.length, 4);
  t.is(view[1], 0);
  t.is(view[0], 0);
});

test('more permits may be released than were acquired, up to the maximum', (t) => {
  const semaphore = new Semaphore(cells(), 0, 1, { max: 3 });
  semaphore.release(2);
  t.is(semaphore.available, 3);
  const outOfRange = { instanceOf: RangeError, code: 'ERR_OUT_OF_RANGE', message: /\b3\b/ };
  t.throws(() => semaphore.release(), outOfRange);
  t.is(semaphore.available, 3, 'nothing has changed');
  t.true(semaphore.tryAcquire(3));
  t.false(semaphore.tryAcquire());
  semaphore.release(3);

  const bounded = new Semaphore(cells(), 0, 2);
  t.throws(() => bounded.release(), { ...outOfRange, message: /\b2\b/ });
  bounded.acquire();
  t.throws(() => bounded.release(2), { ...outOfRange, message: /\b2\b/ });
  bounded.release();
  t.is(bounded.available, 2);
});

test('the largest numbers of permits are counted without overflow', (t) => {
  const most = 2 ** 30 - 1;
  const full = new Semaphore(cells(), 0, most);
  full.acquire(most);
  t.false(full.tryAcquire());
  t.is(full.available, 0);
  full.release(most);
  t.throws(() => full.release(), { code: 'ERR_OUT_OF_RANGE' });
  const none = new Semaphore(cells(), 0, 0, { max: Infinity });
  none.release(most);
  t.is(none.available, most);
  t.throws(() => none.release(), { code: 'ERR_OUT_OF_RANGE' });
  none.acquire(most);
  t.is(none.available, 0);
});

test('a release past the maximum is refused though others wait for more than there is', async (t) => {
  const view = cells();
  const semaphore = new Semaphore(view, 0, 2);
  semaphore.acquire();
  const waiter = startWorker(
    ({ view }, { Semaphore, ready }) => {
      ready();
      new Semaphore(view, 0, 2).acquire(2);
      return true;
    },
    { view },
  );
  await waiter.blocked();
  t.throws(() => semaphore.release(2), { code: 'ERR_OUT_OF_RANGE' });
  t.is(semaphore.available, 1);
  semaphore.release();
  t.true(await waiter.done);
  t.is(semaphore.available, 0);
});

test('permits are granted in the order of the requests', async (t) => {
  const view = cells(16);
  const semaphore = new Semaphore(view, 0, 3);
  semaphore.acquire(3);
  const waiters = [];
  for (const [id, n] of [2, 3, 1, 2, 1].entries()) {
    const waiter = startWorker(
      ({ view, id, n }, { Semaphore, ready }) => {
        const semaphore = new Semaphore(view, 0, 3);
        ready();
        semaphore.acquire(n);
        view[2 + Atomics.add(view, 1, 1)] = id;
        semaphore.release(n);
      },
      { view, id, n },
    );
    await waiter.blocked();
    waiters.push(waiter);
  }
  t.false(semaphore.tryAcquire());
  semaphore.release(1);
  t.false(semaphore.tryAcquire(), 'what is free belongs to the one at the front');
  t.false(semaphore.tryAcquire(1, 20));
  t.is(semaphore.available, 1);
  semaphore.release(2);
  await Promise.all(waiters.map(({ done }) => done));
  // The last three wait for one permit or two, and may be granted them at the same time.
  t.deepEqual([...view.subarray(2, 4)], [0, 1]);
  t.deepEqual([...view.subarray(4, 7)].sort(), [2, 3, 4]);
  t.is(semaphore.available, 3);
});

test('threads that take one permit in a tight loop do not starve a request for all', async (t) => {
  const view = cells();
  const greedy = [0, 1, 2].map(() =>
    startWorker(
      ({ view }, { Semaphore }) => {
        const semaphore = new Semaphore(view, 0, 3);
        while (!Atomics.load(view, 1)) {
          semaphore.acquire();
          for (let i = 0; i < 200; i++) Atomics.add(view, 2, 1);
          semaphore.release();
        }
      },
      { view },
      { limit: 60_000 },
    ),
  );
  const [waits] = await inWorkers(
    1,
    ({ view }, { Semaphore, stall }) => {
      const semaphore = new Semaphore(view, 0, 3);
      const waits = [];
      for (let i = 0; i < 40; i++) {
        stall(5);
        const start = performance.now();
        semaphore.acquire(3);
        waits.push(performance.now() - start);
        semaphore.release(3);
      }
      return waits;
    },
    { view },
    { limit: 40_000 },
  );
  Atomics.store(view, 1, 1);
  await Promise.all(greedy.map(({ done }) => done));
  t.true(Math.max(...waits) < 2_000, `longest wait ${Math.max(...waits)} ms`);
});

for (const how of ['time is up', 'is terminated', 'is aborted']) {
  test(`small requests behind a large one go on when that one's wait ends because it ${how}`, async (t) => {
    const view = cells();
    const semaphore = new Semaphore(view, 0, 3);
    semaphore.acquire();
    const large = startWorker(
      async ({ view, how }, { Semaphore, ready }) => {
        const semaphore = new Semaphore(view, 0, 3);
        ready();
        if (how === 'time is up') return semaphore.tryAcquire(3, 400);
        if (how === 'is terminated') return semaphore.acquire(3);
        const signal = AbortSignal.timeout(400);
        return semaphore.acquireAsync(3, { signal }).catch((/** @type {any} */ { name }) => name);
      },
      { view, how },
    );
    await (how === 'is aborted' ? large.pending() : large.blocked());
    const small = [1, 2].map(() =>
      startWorker(
        ({ view }, { Semaphore, ready }) => {
          ready();
          new Semaphore(view, 0, 3).acquire();
          return true;
        },
        { view },
        { limit: 30_000 },
      ),
    );
    if (how === 'is terminated') {
      for (const { blocked } of small) await blocked();
      t.is(semaphore.available, 2);
      await large.worker.terminate();
    } else {
      t.is(await large.done, how === 'time is up' ? false : 'TimeoutError');
    }
    for (const { done } of small) t.true(await done);
    t.is(semaphore.available, 0);
  });
}

test('a waiter that is terminated while it is given a permit passes it on', async (t) => {
  const view = cells();
  const semaphore = new Semaphore(view, 0, 1);
  for (let round = 0; round < 10; round++) {
    t.true(semaphore.tryAcquire(1, 5_000));
    const waits = (/** @type {boolean} */ keeps) =>
      startWorker(
        ({ view, keeps }, { Semaphore, ready, stall }) => {
          const semaphore = new Semaphore(view, 0, 1);
          ready();
          semaphore.acquire();
          if (keeps) {
            view[1] = 1; // no call, which termination could forestall
            stall(60_000);
          }
          semaphore.release();
          return true;
        },
        { view, keeps },
        { limit: 30_000 },
      );
    const first = waits(true);
    await first.blocked();
    const second = waits(false);
    await second.blocked();
    const end = first.worker.terminate();
    semaphore.release();
    await end;
    // The worker was faster and died with the permit. This thread knows that, and releases the permit.
    if (Atomics.exchange(view, 1, 0) === 1) semaphore.release();
    t.true(await second.done);
  }
  t.is(semaphore.available, 1);
});

test('a worker that is terminated while it waits does not go on as if it had what it waited for', async (t) => {
  const view = cells();
  const semaphore = new Semaphore(view, 0, 1);
  semaphore.acquire();
  for (let round = 0; round < 10; round++) {
    const waiter = startWorker(
      ({ view }, { Semaphore, ready }) => {
        const semaphore = new Semaphore(view, 0, 1);
        ready();
        semaphore.acquire();
        view[1] = 1;
      },
      { view },
    );
    await waiter.blocked();
    await waiter.worker.terminate();
    t.is(view[1], 0);
  }
});

test('any thread may release the permits of a thread that has ended', async (t) => {
  const view = cells();
  const holder = startWorker(
    async ({ view }, { Semaphore, ready, sleep }) => {
      new Semaphore(view, 0, 2).acquire(2);
      ready();
      await sleep(60_000);
    },
    { view },
  );
  await holder.ready;
  await holder.worker.terminate();
  const semaphore = new Semaphore(view, 0, 2);
  t.false(semaphore.tryAcquire(1, 20));
  semaphore.release(2);
  t.true(semaphore.tryAcquire(2));
});

test('tryAcquire waits for its time limit and never less', (t) => {
  const semaphore = new Semaphore(cells(), 0, 2);
  semaphore.acquire();
  for (const ms of [0.2, 1, 1.5, 5, 20, 80]) {
    const start = process.hrtime.bigint();
    t.false(semaphore.tryAcquire(2, ms));
    const elapsed = Number(process.hrtime.bigint() - start) / 1e6;
    t.true(elapsed >= ms, `asked for ${ms} ms, gave up after ${elapsed} ms`);
    t.true(elapsed < ms + 1_000, `asked for ${ms} ms, gave up after ${elapsed} ms`);
  }
  t.true(semaphore.tryAcquire(), 'the calls that gave up left nothing behind');
});

test('a promise waits without blocking the thread, and leaves what it cannot use', async (t) => {
  const semaphore = new Semaphore(cells(), 0, 1);
  await semaphore.acquireAsync();
  t.is(semaphore.available, 0);
  const timeout = { name: 'SyncError', code: 'ERR_TIMEOUT' };
  await t.throwsAsync(semaphore.acquireAsync(1, { timeout: 10, ref: true }), timeout);
  const controller = new AbortController();
  const aborted = semaphore.acquireAsync(1, { signal: controller.signal });
  const second = semaphore.acquireAsync(1, { ref: true });
  // The permit is granted to the first promise, which gives up before it resumes.
  semaphore.release();
  controller.abort(new Error('enough'));
  await t.throwsAsync(aborted, { message: 'enough' });
  await second;
  t.is(semaphore.available, 0);
  semaphore.release();
  t.is(semaphore.available, 1);
});

test('two kinds of primitive on one cell by mistake end in errors, not in a hang', async (t) => {
  const ended = await runChild((_, { Latch, Semaphore, codeOf }) => {
    const view = new Int32Array(new SharedArrayBuffer(4));
    new Latch(view, 0, 1_000).countDown(77);
    const semaphore = new Semaphore(view, 0, 3);
    return [() => semaphore.acquire(), () => semaphore.release(), () => semaphore.available].map(
      codeOf,
    );
  });
  t.is(ended.code, 0, ended.stderr);
  t.deepEqual(ended.value, Array(3).fill('ERR_CORRUPT_CELL'));
});

test('threads that disagree about the permits throw', async (t) => {
  const view = cells();
  new Semaphore(view, 0, 5).acquire(4);
  t.throws(() => new Semaphore(view, 0, 2).acquire(), {
    code: 'ERR_CORRUPT_CELL',
    message: /Semaphore in cell 0 .* another thread constructed it with other permits/,
  });
});

test('a promise behind a larger request of a thread that blocks then is not left waiting', async (t) => {
  const view = cells();
  const semaphore = new Semaphore(view, 0, 2);
  semaphore.acquire();
  const large = semaphore.acquireAsync(2);
  const behind = startWorker(
    async ({ view }, { Semaphore, Latch, ready }) => {
      const promise = new Semaphore(view, 0, 2).acquireAsync();
      ready();
      await promise;
      new Latch(view, 1).release();
    },
    { view },
  );
  await behind.pending();
  // This thread blocks, and cannot use what is kept for its promise.
  t.true(new Latch(view, 1).tryAwait(10_000));
  await behind.done;
  semaphore.release(2);
  await large;
  t.is(semaphore.available, 0);
});
