// @ts-check
'use strict';

const test = require('ava').default;
const { Mutex, Latch } = require('../index.js');
const { startWorker, inWorkers } = require('./helpers/threads.js');
const { runChild } = require('./helpers/child.js');
const { SLOWNESS } = require('./helpers/slowness.js');

test('a mutex publishes plain writes of every kind to the next owner', async (t) => {
  const view = new Int32Array(new SharedArrayBuffer(4));
  const buffer = new SharedArrayBuffer(4096);
  await inWorkers(
    4,
    ({ view, buffer }, { Mutex }) => {
      const mutex = new Mutex(view, 0);
      const [bytes, floats, bigs] = [
        new Uint8Array(buffer, 0, 1024),
        new Float64Array(buffer, 1024, 128),
        new BigInt64Array(buffer, 2048, 256),
      ];
      for (let i = 0; i < 3_000; i++) {
        mutex.lock();
        const last = floats[0];
        for (const each of floats) if (each !== last) throw new Error(`${each}, not ${last}`);
        for (const each of bigs) if (Number(each) !== last) throw new Error(`${each}, not ${last}`);
        for (const each of bytes) if (each !== last % 256) throw new Error(`${each}, not ${last}`);
        floats.fill(last + 1);
        bigs.fill(BigInt(last + 1));
        bytes.fill((last + 1) % 256);
        mutex.unlock();
      }
    },
    { view, buffer },
    { limit: 60_000 },
  );
  t.is(new Float64Array(buffer)[128], 12_000);
});

test('a condition publishes plain writes to the threads that it wakes', async (t) => {
  const view = new Int32Array(new SharedArrayBuffer(16));
  const data = new Float64Array(new SharedArrayBuffer(8 * 64));
  await inWorkers(
    2,
    ({ view, data, id }, { Mutex, Condition }) => {
      const mutex = new Mutex(view, 0);
      const turn = new Condition(view, 1);
      for (let i = 0; i < 3_000; i++) {
        mutex.lock();
        turn.wait(mutex, () => view[2] === id);
        const last = data[0];
        if (data.some((/** @type {number} */ each) => each !== last))
          throw new Error(`${data} at ${i}`);
        data.fill(last + 1);
        view[2] = 1 - id;
        mutex.unlock();
        turn.notify(); // after the unlock, where the notification itself must not be lost
      }
    },
    { view, data },
    { limit: 60_000 },
  );
  t.is(data[63], 6_000);
});

test('a barrier publishes what each wrote before it to each after it', async (t) => {
  const count = 4;
  const view = new Int32Array(new SharedArrayBuffer(4));
  const data = new Float64Array(new SharedArrayBuffer(8 * 16 * count));
  await inWorkers(
    count,
    ({ view, data, id, count }, { Barrier }) => {
      const barrier = new Barrier(view, 0, count);
      for (let round = 1; round <= 2_000; round++) {
        data.fill(round, id * 16, id * 16 + 16);
        barrier.wait();
        if (data.some((/** @type {number} */ each) => each !== round))
          throw new Error(`round ${round}: ${data}`);
        barrier.wait();
      }
    },
    { view, data },
    { limit: 60_000 },
  );
  t.is(data[0], 2_000);
});

test('a latch publishes what was written before release, to waiters and latecomers', async (t) => {
  const count = 1_000;
  const view = new Int32Array(new SharedArrayBuffer(4 * count));
  const data = new Float64Array(new SharedArrayBuffer(8 * count));
  const wrong = await inWorkers(
    3,
    ({ view, data, id }, { Latch }) => {
      let wrong = 0;
      for (let i = 0; i < view.length; i++) {
        const latch = new Latch(view, i);
        if (id === 0) {
          data[i] = i + 0.5;
          latch.release();
        } else {
          if (id === 1) latch.await();
          else while (!latch.tryAwait(1));
          if (data[i] !== i + 0.5) wrong++;
        }
      }
      return wrong;
    },
    { view, data },
    { limit: 60_000 },
  );
  t.deepEqual(wrong, [0, 0, 0]);
});

/**
 * Three workers use a mutex and a barrier in some memory.
 *
 * @param {Int32Array<SharedArrayBuffer>} view
 * @param {number} index the first of three cells
 */
async function exercise(view, index) {
  view.fill(0, index, index + 3);
  await inWorkers(
    3,
    ({ view, index }, { Mutex, Barrier }) => {
      const mutex = new Mutex(view, index);
      const barrier = new Barrier(view, index + 1, 3);
      for (let i = 0; i < 500; i++) {
        mutex.lock();
        view[index + 2]++;
        mutex.unlock();
        barrier.wait();
      }
    },
    { view, index },
  );
  return view[index + 2];
}

const growable = () =>
  /** @type {SharedArrayBuffer & { grow(length: number): void }} */ (
    // @ts-ignore newer than the `lib` of some who type-check this
    new SharedArrayBuffer(16, { maxByteLength: 2 ** 20 })
  );

test('growable memory works before and after it has grown, in old objects and new', async (t) => {
  const buffer = growable();
  const tracking = new Int32Array(buffer);
  t.is(await exercise(tracking, 0), 1_500);
  t.throws(() => new Mutex(tracking, 4), { code: 'ERR_OUT_OF_RANGE' });

  const before = new Mutex(tracking, 3).lock();
  const latch = new Latch(buffer, 0);
  tracking.fill(0, 0, 3);
  const waiter = startWorker(
    ({ view }, { Latch, ready }) => {
      const latch = new Latch(view, 0);
      ready();
      latch.await();
      return view.length;
    },
    { view: tracking },
  );
  await waiter.blocked();
  buffer.grow(2 ** 20);
  t.is(tracking.length, 2 ** 18);
  latch.release();
  t.is(await waiter.done, 2 ** 18);
  t.true(new Mutex(tracking, 3).locked, 'the cell is where it was');
  before.unlock();
  t.false(new Mutex(buffer, 3).locked);
  t.is(await exercise(tracking, 2 ** 18 - 3), 1_500);
  t.throws(() => new Mutex(tracking, 2 ** 18), { code: 'ERR_OUT_OF_RANGE' });
});

/** @param {WebAssembly.Memory} memory whose type does not say that it is shared */
const cellsOf = (memory) => new Int32Array(/** @type {any} */ (memory.buffer));

test('shared WebAssembly memory works before and after it has grown', async (t) => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true });
  const old = cellsOf(memory);
  t.is(await exercise(old, 1_000), 1_500);
  const latch = new Latch(old, 5);
  const waiter = startWorker(
    ({ memory }, { Latch, ready }) => {
      const latch = new Latch(new Int32Array(memory.buffer), 5);
      ready();
      latch.await();
      return true;
    },
    { memory },
  );
  await waiter.blocked();
  const mutex = new Mutex(old, 7).lock();
  memory.grow(2);
  const grown = cellsOf(memory);
  t.is(grown.length, (3 * 65_536) / 4);
  t.true(new Mutex(grown, 7).locked);
  mutex.unlock();
  t.false(new Mutex(grown, 7).locked);
  new Latch(grown, 5).release();
  t.true(await waiter.done);
  t.true(latch.released);
  t.is(await exercise(grown, grown.length - 3), 1_500);
  t.throws(() => new Mutex(old, old.length), { code: 'ERR_OUT_OF_RANGE' });
});

test('a view at an offset counts its cells from its own start', async (t) => {
  const buffer = new SharedArrayBuffer(64);
  const view = new Int32Array(buffer, 12, 5);
  t.is(await exercise(view, 2), 1_500);
  t.is(new Int32Array(buffer)[3 + 2 + 2], 1_500);
});

test('a primitive keeps its memory alive when the view is collected', async (t) => {
  const ended = await runChild(
    async (_, { Mutex, Barrier, Latch, startWorker, sleep }) => {
      const gc = /** @type {any} */ (globalThis).gc;
      const collected = async (/** @type {WeakRef<object>} */ ref) => {
        for (let i = 0; i < 50; i++) {
          await sleep(1); // what deref() returned is kept until the end of its turn
          gc();
          if (ref.deref() === undefined) return true;
        }
        return false;
      };
      // In functions of their own, so that no register or stack slot keeps the views.
      const make = () => {
        const view = new Int32Array(new SharedArrayBuffer(2 ** 16));
        return {
          ref: new WeakRef(view),
          mutex: new Mutex(view, 100),
          barrier: new Barrier(view, 101, 1),
          latch: new Latch(view, 102),
        };
      };
      const made = make();
      const gone = await collected(made.ref);
      // If the old memory were gone, new memory full of ones would be seen here.
      const filler = [];
      for (let i = 0; i < 200; i++) {
        filler.push(new Int32Array(new SharedArrayBuffer(2 ** 16)).fill(-1));
      }
      const states = [made.mutex.locked, made.latch.released, made.barrier.wait()];
      made.mutex.lock();
      states.push(made.mutex.locked);
      made.mutex.unlock();
      made.latch.release();
      states.push(made.latch.released, made.latch.tryAwait(1));

      // A worker blocked on memory to which no object of its thread holds a view any more.
      const block = () => {
        const view = new Int32Array(new SharedArrayBuffer(2 ** 16));
        const waiter = startWorker(
          ({ view }, { Latch, ready }) => {
            const latch = new Latch(view, 7);
            // eslint-disable-next-line no-useless-assignment -- lets the view be collected
            view = null;
            globalThis.gc?.();
            ready();
            latch.await();
            globalThis.gc?.();
            return latch.released;
          },
          { view },
        );
        return { waiter, latch: new Latch(view, 7), ref: new WeakRef(view) };
      };
      const { waiter, latch } = block();
      await waiter.blocked();
      for (let i = 0; i < 5; i++) gc();
      latch.release();
      return { gone, states, released: await waiter.done, filler: filler.length };
    },
    {},
    { execArgv: ['--expose-gc'] },
  );
  t.is(ended.code, 0, ended.stderr);
  t.deepEqual(ended.value, {
    gone: true,
    states: [false, false, 0, true, true, true],
    released: true,
    filler: 200,
  });
});

test('primitives that are dropped free their memory', async (t) => {
  const ended = await runChild(
    async (_, { Mutex, Condition, Barrier, Latch, sleep }) => {
      const gc = /** @type {any} */ (globalThis).gc;
      const makeAndDrop = async (/** @type {number} */ rounds) => {
        for (let i = 0; i < rounds; i++) {
          const view = new Int32Array(new SharedArrayBuffer(2 ** 22));
          view.fill(0); // so that the pages are really there
          new Mutex(view, 0).lock().unlock();
          const mutex = new Mutex(view, 4);
          mutex.lock();
          new Condition(view, 1).waitFor(mutex, () => true, 1);
          mutex.unlock();
          new Barrier(view, 2, 1).wait();
          new Latch(view, 3).tryAwait(0);
          if (i % 20 === 0) {
            gc();
            await sleep(1);
          }
        }
        gc();
        await sleep(10);
        gc();
        return process.memoryUsage().rss;
      };
      const before = await makeAndDrop(40);
      return ((await makeAndDrop(400)) - before) / 2 ** 20;
    },
    {},
    { execArgv: ['--expose-gc'] },
  );
  t.is(ended.code, 0, ended.stderr);
  // 400 buffers of 4 MiB are 1600 MiB.
  t.true(ended.value < 300, `grew by ${ended.value} MiB`);
});

// A finalizer of a native object runs from the event loop: a thread whose loop did not turn grew by 2 KB a primitive.
test('primitives that are dropped free their memory where the event loop does not turn', async (t) => {
  const ended = await runChild(
    async (_, { Mutex, Condition, Barrier, Latch, Semaphore, RwLock }) => {
      const gc = /** @type {any} */ (globalThis).gc;
      const view = new Int32Array(new SharedArrayBuffer(64));
      const makeAndDrop = (/** @type {number} */ rounds) => {
        for (let i = 0; i < rounds; i++) {
          const mutex = new Mutex(view, 0, { name: `mutex ${i}` }).lock();
          // Each operation calls native code: one that is a single instruction would prove nothing.
          if (mutex.ownerThreadId === null) throw new Error('it is locked');
          if (mutex.tryLock()) throw new Error('locked twice');
          new Condition(view, 1).waitFor(mutex, undefined, 0);
          mutex.unlock();
          new Barrier(view, 2, 1).wait();
          new Latch(view, 3).tryAwait(Number.MIN_VALUE);
          if (new Semaphore(view, 4, 1).available !== 1) throw new Error('it was not taken');
          const lock = new RwLock(view, 5);
          lock.write();
          lock.downgrade().release();
        }
        gc();
        return process.memoryUsage().rss;
      };
      const before = makeAndDrop(3_000);
      return (makeAndDrop(15_000) - before) / 2 ** 20;
    },
    {},
    { execArgv: ['--expose-gc'] },
  );
  t.is(ended.code, 0, ended.stderr);
  // 90,000 primitives at 2 KB are 180 MiB.
  t.true(ended.value < 30, `grew by ${ended.value} MiB`);
});

test('locks on cells of many buffers, read where the event loop does not turn, free their memory', async (t) => {
  const ended = await runChild(
    async (_, { RwLock }) => {
      const gc = /** @type {any} */ (globalThis).gc;
      const makeAndDrop = (/** @type {number} */ rounds) => {
        for (let i = 0; i < rounds; i++) {
          const view = new Int32Array(new SharedArrayBuffer(2 ** 14)).fill(0);
          const lock = new RwLock(view, 0);
          // By an instruction, and by a call.
          lock.read();
          lock.tryRead();
          lock.unlockRead();
          lock.unlockRead();
          lock.write();
          lock.downgrade().release();
          if (view[0] !== 0) throw new Error(`the word is ${view[0]}`);
          if (i % 500 === 0) gc();
        }
        gc();
        return process.memoryUsage().rss;
      };
      const before = makeAndDrop(5_000);
      return (makeAndDrop(30_000) - before) / 2 ** 20;
    },
    {},
    { execArgv: ['--expose-gc'] },
  );
  t.is(ended.code, 0, ended.stderr);
  // 30,000 buffers of 16 KiB are 469 MiB.
  t.true(ended.value < 60, `grew by ${ended.value} MiB`);
});

test('guards that are released free their memory, and a pending promise keeps that of its cells', async (t) => {
  const ended = await runChild(
    async (_, { Mutex, Condition, Latch, RwLock, sleep }) => {
      const gc = /** @type {any} */ (globalThis).gc;
      const view = new Int32Array(new SharedArrayBuffer(64));
      const makeAndDrop = async (/** @type {number} */ rounds) => {
        for (let i = 0; i < rounds; i++) {
          const guard = await new Mutex(view, 0).lockAsync();
          const next = new Mutex(view, 0).lockAsync().then((other) => other.release());
          await new Condition(view, 1).waitAsync(guard, undefined, { timeout: 0 });
          guard.release();
          await next;
          (await new RwLock(view, 5).readAsync()).release();
          const controller = new AbortController();
          const aborted = new Latch(view, 6).awaitAsync({ signal: controller.signal });
          controller.abort();
          await aborted.catch(() => {});
          if (i % 500 === 0) await sleep(1);
        }
        gc();
        await sleep(10);
        gc();
        return process.memoryUsage().rss;
      };
      const before = await makeAndDrop(4_000);
      const grown = ((await makeAndDrop(20_000)) - before) / 2 ** 20;

      // In functions of their own, so that no register or stack slot keeps the views.
      const begin = () => {
        const view = new Int32Array(new SharedArrayBuffer(2 ** 16));
        return {
          buffer: new WeakRef(view.buffer),
          promise: new Latch(view, 0).awaitAsync({ timeout: 300 }).catch((error) => error.code),
        };
      };
      const { buffer, promise } = begin();
      for (let i = 0; i < 10; i++) {
        await sleep(1);
        gc();
      }
      const kept = buffer.deref() !== undefined;
      const end = await promise;
      let gone = false;
      for (let i = 0; i < 50 && !gone; i++) {
        await sleep(1);
        gc();
        gone = buffer.deref() === undefined;
      }
      return { grown, kept, end, gone };
    },
    {},
    // V8 lets its young generation grow to 50 MiB and more from Node 24 on.
    { execArgv: ['--expose-gc', '--max-semi-space-size=1'] },
  );
  t.is(ended.code, 0, ended.stderr);
  const { grown, kept, end, gone } = ended.value;
  t.true(grown < 30, `grew by ${grown} MiB`);
  t.deepEqual({ kept, end, gone }, { kept: true, end: 'ERR_TIMEOUT', gone: true });
});

test('a worker that had ended left its tables of promises and reads behind', async (t) => {
  const limit = 80_000 * SLOWNESS;
  t.timeout(limit + 1_000);
  const ended = await runChild(
    async (_, { inWorkers }) => {
      const grownBy = async (/** @type {number} */ workers) => {
        const before = process.memoryUsage().rss;
        for (let i = 0; i < workers; i++) {
          await inWorkers(
            1,
            async (_, { Mutex, RwLock }) => {
              for (let i = 0; i < 900; i++) {
                const lock = new RwLock(new SharedArrayBuffer(4));
                lock.read();
                lock.unlockRead();
              }
              const mutex = new Mutex(new SharedArrayBuffer(4));
              const guard = await mutex.lockAsync();
              const pass = async () => (await mutex.lockAsync()).release();
              const passes = Array.from({ length: 2_000 }, pass);
              guard.release();
              await Promise.all(passes);
            },
            {},
          );
        }
        return (process.memoryUsage().rss - before) / workers / 1024;
      };
      // On musl the process itself grows for its first hundred workers, without a lock, too.
      await grownBy(30);
      const rounds = [await grownBy(60), await grownBy(60), await grownBy(60)];
      return rounds.sort((a, b) => a - b)[1];
    },
    {},
    { limit },
  );
  t.is(ended.code, 0, ended.stderr);
  t.true(ended.value < 80, `grew by ${ended.value} KiB a worker`);
});
