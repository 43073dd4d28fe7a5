// @ts-check
'use strict';

// A Cancel and many threads: all of them leave, in time, and nothing is lost or counted twice.

const test = require('ava').default;
const { inspect, Cancel, Condition, Latch, Mutex, RwLock, Semaphore } = require('../index.js');
const { cells } = require('./helpers/cells.js');
const { run } = require('./helpers/child.js');
const { asleep } = require('./helpers/conformance.js');
const { SLOWNESS } = require('./helpers/slowness.js');
const { inWorkers, startWorker } = require('./helpers/threads.js');
const { sleep } = require('./helpers/waiting.js');

const THREADS = 16;
/** The time in which all threads have to leave, in milliseconds: in the best of some rounds, since other programs run, too. */
const AT_ONCE = 20 * SLOWNESS;

test.serial(`${THREADS} threads that are blocked in a primitive are out at once`, async (t) => {
  const kinds = [
    'Mutex',
    'Condition',
    'Barrier',
    'Latch',
    'Semaphore',
    'RwLock to read',
    'RwLock to write',
  ];
  const rounds = 5;
  // A Cancel for each round and kind, from cell 16.
  const view = cells(16 + rounds * kinds.length);
  new Mutex(view, 0).lock();
  new RwLock(view, 5).write();
  const workers = Array.from({ length: THREADS }, () =>
    startWorker(
      (
        { view, kinds, rounds },
        { Barrier, Cancel, Condition, Latch, Mutex, RwLock, Semaphore },
      ) => {
        /** @type {Record<string, (options: object) => unknown>} */
        const waits = {
          Mutex: (options) => new Mutex(view, 0).lock(options),
          Condition: (options) => {
            const mutex = new Mutex(view, 6).lock();
            try {
              new Condition(view, 1).wait(mutex, () => false, options);
            } finally {
              mutex.unlock();
            }
          },
          Barrier: (options) => new Barrier(view, 2, 100).wait(options),
          Latch: (options) => new Latch(view, 3).await(options),
          Semaphore: (options) => new Semaphore(view, 4, 0).acquire(1, options),
          'RwLock to read': (options) => new RwLock(view, 5).read(options),
          'RwLock to write': (options) => new RwLock(view, 5).write(options),
        };
        // The first look at the clock loads it, which takes a millisecond.
        const now = () => performance.timeOrigin + performance.now();
        now();
        const ends = [];
        for (let round = 0; round < rounds; round++) {
          for (const [index, kind] of kinds.entries()) {
            const cancel = new Cancel(view, 16 + round * kinds.length + index);
            let code = 'returned';
            try {
              waits[kind]({ cancel });
            } catch (error) {
              code = /** @type {any} */ (error).code;
            }
            ends.push({ code, at: now() });
          }
        }
        return ends;
      },
      { view, kinds, rounds },
    ),
  );
  const ids = new Set(workers.map(({ worker }) => worker.threadId));
  /** @type {number[]} */
  const aborts = [];
  for (let round = 0; round < rounds; round++) {
    for (const [index, kind] of kinds.entries()) {
      const [name] = kind.split(' ');
      const blocked = () =>
        inspect().filter((wait) => wait.kind === name && ids.has(wait.threadId)).length;
      // A party is cancelled too late for those that the barrier told it is broken: it is whole again for each round.
      while (blocked() < THREADS) await sleep(2);
      aborts.push(performance.timeOrigin + performance.now());
      new Cancel(view, 16 + round * kinds.length + index).abort();
      if (kind === 'Barrier') {
        while (blocked() > 0) await sleep(1);
        Atomics.store(view, 2, 0);
      }
    }
  }
  const ends = await Promise.all(workers.map(({ done }) => done));
  for (const [index, kind] of kinds.entries()) {
    const latest = [];
    for (let round = 0; round < rounds; round++) {
      const step = round * kinds.length + index;
      latest.push(Math.max(...ends.map((worker) => worker[step].at - aborts[step])));
      const codes = new Set(ends.map((worker) => worker[step].code));
      // Of the parties at a barrier, those that see it broken first say so.
      if (kind === 'Barrier') codes.delete('ERR_BROKEN_BARRIER');
      t.deepEqual([...codes], ['ERR_CANCELLED'], kind);
    }
    t.log(
      `${kind}: the last of ${THREADS} after ${latest.map((ms) => ms.toFixed(1)).join(', ')} ms`,
    );
    t.true(Math.min(...latest) < AT_ONCE, kind);
  }
});

test.serial(
  '16 blocked threads leave at the time that a thread set which was terminated',
  async (t) => {
    const view = cells();
    const waits = Array.from({ length: THREADS }, () =>
      startWorker(
        ({ view }, { Cancel, Semaphore, codeOf }) => {
          const code = codeOf(() =>
            new Semaphore(view, 1, 0).acquire(1, { cancel: new Cancel(view, 0) }),
          );
          return { code, at: performance.timeOrigin + performance.now() };
        },
        { view },
      ),
    );
    await asleep(...waits);
    const asks = startWorker(
      ({ view }, { Cancel, ready, stall }) => {
        const at = new BigInt64Array(view.buffer, 8, 1);
        at[0] = BigInt(Math.round(1e3 * (performance.timeOrigin + performance.now())));
        new Cancel(view, 0).abortAfter(200);
        ready();
        stall(60_000);
      },
      { view },
    );
    await asks.ready;
    await asks.worker.terminate();
    const ends = await Promise.all(waits.map(({ done }) => done));
    const began = Number(new BigInt64Array(view.buffer, 8, 1)[0]) / 1e3;
    const after = ends.map(({ at }) => at - began).sort((a, b) => a - b);
    t.deepEqual(new Set(ends.map(({ code }) => code)), new Set(['ERR_CANCELLED']));
    t.log(`from ${after[0].toFixed(1)} to ${after[THREADS - 1].toFixed(1)} ms`);
    // The clocks of two threads differ by less than a millisecond. Other programs may delay the last thread.
    t.true(after[0] > 199 && after[THREADS - 1] < 2_000);
  },
);

/** How many waits are cancelled at a random moment. */
const CANCELLATIONS = 100_000;

test.serial('counts are exact after 100,000 cancellations at random moments', async (t) => {
  t.timeout(120_000);
  const threads = 4;
  const each = 150_000;
  // Cell 0: mutex, 1: semaphore, 2: lock, 3: condition, 4: its mutex, 5: threads that are done.
  const view = cells(64);
  /** What the mutex, and the lock, guard: plain numbers. */
  const guarded = cells(64);
  /** How many waits each thread has begun, 16 cells apart. */
  const begun = cells(16 * threads);
  const cancels = cells(threads * each);
  const aborter = startWorker(
    ({ begun, cancels, threads, each }, { Cancel }) => {
      const last = Array(threads).fill(0);
      for (let over = 0; over < threads;) {
        over = 0;
        for (let id = 0; id < threads; id++) {
          const now = Number(Atomics.load(begun, 16 * id));
          if (now === -1) over++;
          else if (now !== last[id]) {
            last[id] = now;
            for (let spin = Math.random() * 300; spin > 0; spin--);
            new Cancel(cancels, id * each + now - 1).abort();
          }
        }
      }
    },
    { begun, cancels, threads, each },
    { limit: 110_000 },
  );
  const counts = await inWorkers(
    threads,
    (
      { id, view, guarded, begun, cancels, each, enough },
      { Cancel, Condition, Mutex, RwLock, Semaphore },
    ) => {
      const [mutex, lock, semaphore] = [
        new Mutex(view, 0),
        new RwLock(view, 2),
        new Semaphore(view, 1, 3),
      ];
      const [condition, own] = [new Condition(view, 3), new Mutex(view, 4)];
      const count = { cancelled: 0, mutex: 0, lock: 0, wrong: 0 };
      const work = () => {
        for (let spin = Math.random() * 400; spin > 0; spin--);
      };
      const operations = [
        (/** @type {object} */ options) => {
          mutex.lock(options);
          guarded[0]++;
          work();
          count.mutex++;
          mutex.unlock();
        },
        (/** @type {object} */ options) => {
          const permits = 1 + Math.floor(Math.random() * 3);
          semaphore.acquire(permits, options);
          if (Number(Atomics.add(guarded, 16, permits)) + permits > 3) count.wrong++;
          work();
          Atomics.sub(guarded, 16, permits);
          semaphore.release(permits);
        },
        (/** @type {object} */ options) => {
          const guard = lock.write(options);
          guarded[32]++;
          work();
          count.lock++;
          guard.release();
        },
        (/** @type {object} */ options) => {
          const guard = lock.read(options);
          const before = guarded[32];
          work();
          if (guarded[32] !== before) count.wrong++;
          guard.release();
        },
        (/** @type {object} */ options) => {
          own.lock();
          try {
            condition.wait(own, undefined, options);
          } finally {
            // Throws unless this thread owns it again.
            own.unlock();
          }
        },
      ];
      // Most waits are such as nothing else ends.
      operations.push(operations[4], operations[4]);
      for (let i = 0; i < each && count.cancelled < enough; i++) {
        const cancel = new Cancel(cancels, id * each + i);
        Atomics.store(begun, 16 * id, i + 1);
        try {
          operations[Math.floor(Math.random() * operations.length)]({ cancel });
        } catch (error) {
          if (/** @type {any} */ (error).code !== 'ERR_CANCELLED') throw error;
          count.cancelled++;
        }
        if (i % 64 === 0) condition.notify();
      }
      Atomics.store(begun, 16 * id, -1);
      return count;
    },
    { view, guarded, begun, cancels, each, enough: CANCELLATIONS / threads },
    { limit: 110_000 },
  );
  await aborter.done;
  const sum = (/** @type {string} */ name) =>
    counts.reduce((total, count) => total + count[name], 0);
  t.log(`${sum('cancelled')} waits were cancelled`);
  t.true(sum('cancelled') >= CANCELLATIONS);
  t.is(sum('wrong'), 0);
  t.is(guarded[0], sum('mutex'));
  t.is(guarded[32], sum('lock'));
  t.is(guarded[16], 0);
  t.is(new Semaphore(view, 1, 3).available, 3);
  t.deepEqual([view[0], view[2], view[3], view[4]], [0, 0, 0, 0]);
});

test.serial(
  'promises that are cancelled at random moments lose no lock and no permit',
  async (t) => {
    const view = cells();
    const [mutex, semaphore] = [new Mutex(view, 0), new Semaphore(view, 1, 2)];
    const cancels = cells(4_000);
    const other = startWorker(
      ({ view }, { Mutex, Semaphore }) => {
        const [mutex, semaphore] = [new Mutex(view, 0), new Semaphore(view, 1, 2)];
        while (!Atomics.load(view, 3)) {
          mutex.lock();
          Atomics.wait(view, 4, 0, 0.05);
          mutex.unlock();
          semaphore.acquire(2);
          semaphore.release(2);
        }
      },
      { view },
    );
    let [locked, cancelled] = [0, 0];
    await Promise.all(
      Array.from({ length: cancels.length }, async (_, index) => {
        const cancel = new Cancel(cancels, index);
        setTimeout(() => cancel.abort(), Math.random() * 200);
        await sleep(Math.random() * 200);
        try {
          if (index % 2 === 0) {
            const guard = await mutex.lockAsync({ cancel });
            view[5]++;
            locked++;
            guard.release();
          } else {
            await semaphore.acquireAsync(1, { cancel });
            semaphore.release();
          }
        } catch (error) {
          if (/** @type {any} */ (error).code !== 'ERR_CANCELLED') throw error;
          cancelled++;
        }
      }),
    );
    Atomics.store(view, 3, 1);
    await other.done;
    t.log(`${cancelled} of ${cancels.length} were cancelled`);
    t.true(cancelled > 0);
    t.is(view[5], locked);
    t.false(mutex.locked);
    t.is(semaphore.available, 2);
  },
);

test.serial('100,000 Cancels with a time that were dropped change no memory', async (t) => {
  const program = `
    const { Cancel, Latch, Mutex } = require(${JSON.stringify(require.resolve('../index.js'))});
    const kept = [];
    for (let i = 0; i < 100_000; i++) {
      const stop = new Cancel(new SharedArrayBuffer(4));
      stop.abortAfter(1);
      // Some were waited with, by a call that has ended, and by a promise that has.
      if (i % 100 === 0) {
        try { new Latch(new SharedArrayBuffer(4)).await({ cancel: stop, timeout: 0 }); } catch {}
        new Latch(new SharedArrayBuffer(4)).awaitAsync({ cancel: stop, timeout: 0 }).catch(() => {});
      }
      if (i % 10_000 === 0) gc();
      const view = new Int32Array(new SharedArrayBuffer(4));
      if (i % 2 === 0) new Mutex(view).lock();
      kept.push(view);
    }
    gc();
    const words = kept.map((view) => view[0]);
    setTimeout(() => {
      gc();
      const changed = kept.filter((view, i) => view[0] !== words[i] || view[0] !== (i % 2 === 0 ? 1 : 0));
      console.log(changed.length);
    }, 50);
  `;
  const ended = await run(process.execPath, ['--expose-gc', '-e', program], { limit: 90_000 });
  t.is(ended.code, 0, ended.stderr);
  t.is(ended.stdout, '0\n');
});

test('a wait leaves no registration: a later abort finds nothing, and memory does not grow', async (t) => {
  const view = cells();
  const [latch, cancel] = [new Latch(view, 1), new Cancel(view, 0)];
  const condition = new Condition(view, 2);
  const mutex = new Mutex(view, 3).lock();
  for (let i = 0; i < 200; i++) {
    t.false(latch.tryAwait(0.01, { cancel }));
    condition.waitFor(mutex, undefined, 0.01, { cancel });
    await t.throwsAsync(latch.awaitAsync({ cancel, timeout: 0 }), { code: 'ERR_TIMEOUT' });
  }
  t.is(inspect().length, 0);
  cancel.abort();
  t.is(new Semaphore(view, 4, 1).available, 1);
});
