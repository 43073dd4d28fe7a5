// @ts-check
'use strict';

const test = require('ava').default;
const { runChild } = require('./helpers/child.js');

// A cell may hold anything: other code wrote over it, or the memory was never zeroed. Each case puts a value into
// the cells and calls an operation in a worker of a process of its own, so that a crash or a hang is seen as such.

/**
 * In a child process: random values against each of these operations.
 *
 * @param {{ operations: string[], runs: number }} data
 * @param {import('./helpers/types.js').Tools} tools
 */
async function fuzz({ operations, runs }, { startWorker, require }) {
  const fc = require('fast-check');
  const LIMIT = 20_000;
  // 0: the cell under test; 1: a mutex in good order
  const view = new Int32Array(new SharedArrayBuffer(8));

  const start = () => {
    const { worker, done } = startWorker(
      ({ view }, tools) => {
        const { Mutex, Condition, Barrier, Latch, RwLock, Semaphore, Event, Once } = tools;
        const { codeOf, threadId } = tools;
        const good = new Mutex(view, 1);
        const withGood = (/** @type {() => unknown} */ fn) => {
          good.lock();
          try {
            return fn();
          } finally {
            good.unlock();
          }
        };
        const on = (/** @type {any} */ Class, /** @type {any[]} */ ...args) =>
          new Class(view, 0, ...args);
        /** @type {Record<string, () => unknown>} */
        const operations = {
          // Without a limit, unless the owner is a thread that may yet unlock: then waiting is right.
          'Mutex#lock': () => {
            const owner = on(Mutex).ownerThreadId;
            if (owner === null || owner > 100) on(Mutex).lock();
          },
          'Mutex#tryLock()': () => on(Mutex).tryLock(),
          'Mutex#tryLock(ms)': () => on(Mutex).tryLock(3),
          'Mutex#unlock': () => on(Mutex).unlock(),
          'Mutex#locked': () => on(Mutex).locked,
          'Mutex#ownerThreadId': () => on(Mutex).ownerThreadId,
          'Mutex#lock and unlock': () => {
            if (on(Mutex).tryLock(3)) on(Mutex).unlock();
          },
          'Condition#waitFor': () => withGood(() => on(Condition).waitFor(good, undefined, 3)),
          'Condition#waitFor with a predicate': () =>
            withGood(() => on(Condition).waitFor(good, () => false, 3)),
          'Condition#waitFor with a corrupt mutex': () =>
            new Condition(view, 1).waitFor(on(Mutex), () => false, 3),
          'Condition#notify': () => on(Condition).notify(),
          'Condition#notifyAll': () => on(Condition).notifyAll(),
          'Barrier#wait of one': () => on(Barrier, 1).wait(),
          // If all other parties have arrived, it need not wait. If more have, the cell must be corrupt.
          'Barrier#wait of the last': () => {
            const total = Math.max(1, (view[0] & 0xff_ffff) + 1);
            on(Barrier, Math.min(total, 2 ** 24 - 1)).wait();
          },
          'Latch#tryAwait()': () => on(Latch).tryAwait(),
          'Latch#tryAwait(ms)': () => on(Latch).tryAwait(3),
          'Latch#release': () => on(Latch).release(),
          'Latch#released': () => on(Latch).released,
          'RwLock#tryRead()': () => on(RwLock).tryRead(),
          'RwLock#tryRead(ms)': () => on(RwLock).tryRead(3),
          'RwLock#tryWrite()': () => on(RwLock).tryWrite(),
          'RwLock#tryWrite(ms)': () => on(RwLock).tryWrite(3),
          'RwLock#tryRecover': () => on(RwLock).tryRecover(3),
          'RwLock#unlockRead': () => on(RwLock).unlockRead(),
          'RwLock#unlockWrite': () => on(RwLock).unlockWrite(),
          'RwLock#downgrade': () => on(RwLock).downgrade().release(),
          'RwLock#readers': () => on(RwLock).readers,
          'RwLock#writerThreadId': () => on(RwLock).writerThreadId,
          'Semaphore#acquire what is free': () => {
            const semaphore = on(Semaphore, 3, { max: 5 });
            if (semaphore.available > 0) semaphore.acquire();
          },
          'Semaphore#tryAcquire()': () => on(Semaphore, 3, { max: 5 }).tryAcquire(2),
          'Semaphore#tryAcquire(ms)': () => on(Semaphore, 3, { max: 5 }).tryAcquire(5, 3),
          'Semaphore#release': () => on(Semaphore, 3, { max: 5 }).release(),
          'Semaphore#release of many': () => on(Semaphore, 0, { max: Infinity }).release(2 ** 29),
          'Semaphore#available': () => on(Semaphore, 3, { max: 5 }).available,
          'Event#tryWait()': () => on(Event).tryWait(),
          'Event#tryWait(ms)': () => on(Event).tryWait(3),
          'Event#set and wait': () => {
            on(Event).set();
            on(Event).wait();
          },
          'Event#reset': () => on(Event).reset(),
          'Event#isSet': () => on(Event).isSet,
          'Event#tryWait() with autoReset': () => on(Event, { autoReset: true }).tryWait(),
          'Event#tryWait(ms) with autoReset': () => on(Event, { autoReset: true }).tryWait(3),
          'Event#set with autoReset': () => on(Event, { autoReset: true }).set(),
          'Event#reset with autoReset': () => on(Event, { autoReset: true }).reset(),
          'Once#run': () => on(Once).run(() => {}, { timeout: 3 }),
          'Once#run that fails': () =>
            on(Once).run(
              () => {
                throw Object.assign(new Error('failed'), { code: 'ERR_TIMEOUT' });
              },
              { timeout: 3 },
            ),
          'Once#tryWait()': () => on(Once).tryWait(),
          'Once#tryWait(ms)': () => on(Once).tryWait(3),
          'Once#done': () => on(Once).done,
          'Once#runnerThreadId': () => on(Once).runnerThreadId,
          'Latch#await after release': () => {
            on(Latch).release();
            on(Latch).await();
          },
        };
        const parentPort = /** @type {import('node:worker_threads').MessagePort} */ (
          tools.worker_threads.parentPort
        );
        tools.ready();
        parentPort.on('message', (/** @type {any} */ { operation, value }) => {
          view[0] = value;
          view[1] = 0;
          const result = codeOf(operations[operation]);
          parentPort.postMessage({ fuzzed: { result, threadId } });
        });
        return new Promise(() => {});
      },
      { view },
      { limit: 300_000 },
    );
    return { worker, done };
  };

  let { worker } = start();
  const ask = (/** @type {string} */ operation, /** @type {number} */ value) =>
    new Promise((resolve, reject) => {
      const onMessage = (/** @type {any} */ { fuzzed }) => {
        if (fuzzed) settle(resolve, fuzzed.result);
      };
      const onExit = (/** @type {number} */ code) =>
        settle(reject, new Error(`the worker ended with ${code}`));
      const timer = setTimeout(() => {
        const error = new Error(`no answer from ${operation} on ${value} in ${LIMIT} ms`);
        settle(reject, error);
        worker.terminate();
        ({ worker } = start());
      }, LIMIT);
      const settle = (/** @type {Function} */ how, /** @type {unknown} */ what) => {
        clearTimeout(timer);
        worker.off('message', onMessage).off('exit', onExit);
        how(what);
      };
      worker.on('message', onMessage).on('exit', onExit);
      worker.postMessage({ operation, value });
    });

  const CODES =
    /^ERR_(NOT_OWNER|DEADLOCK|ABANDONED|BROKEN_BARRIER|CORRUPT_CELL|OUT_OF_RANGE|TIMEOUT)$/;
  const anyInt32 = fc.oneof(
    fc.integer(),
    // Few bits set, or few clear, and neighbours of powers of two: where the words change their meaning.
    fc.tuple(fc.nat(31), fc.nat(31), fc.boolean()).map(([a, b, inverted]) => {
      const bits = (1 << a) | (1 << b);
      return inverted ? ~bits : bits;
    }),
    fc.tuple(fc.nat(31), fc.integer({ min: -2, max: 2 })).map(([a, d]) => ((1 << a) + d) | 0),
    fc.integer({ min: -8, max: 200 }),
  );
  const property = fc.asyncProperty(
    fc.constantFrom(...operations),
    anyInt32,
    async (/** @type {string} */ op, /** @type {number} */ value) => {
      const result = await ask(op, value);
      // { returned: ... }, or the code of an error that the documentation names
      if (typeof result === 'string' ? CODES.test(result) : 'returned' in result) return;
      throw new Error(`${op} on ${value} gave ${JSON.stringify(result)}`);
    },
  );
  const { failed, counterexample, errorInstance, seed } = await fc.check(property, {
    numRuns: runs,
    interruptAfterTimeLimit: 25_000,
  });
  setTimeout(() => process.exit(), 0);
  return failed && { counterexample, seed, error: String(errorInstance) };
}

const groups = {
  Mutex: [
    'Mutex#lock',
    'Mutex#tryLock()',
    'Mutex#tryLock(ms)',
    'Mutex#unlock',
    'Mutex#locked',
    'Mutex#ownerThreadId',
    'Mutex#lock and unlock',
  ],
  Condition: [
    'Condition#waitFor',
    'Condition#waitFor with a predicate',
    'Condition#waitFor with a corrupt mutex',
    'Condition#notify',
    'Condition#notifyAll',
  ],
  Barrier: ['Barrier#wait of one', 'Barrier#wait of the last'],
  Latch: [
    'Latch#tryAwait()',
    'Latch#tryAwait(ms)',
    'Latch#release',
    'Latch#released',
    'Latch#await after release',
  ],
  RwLock: [
    'RwLock#tryRead()',
    'RwLock#tryRead(ms)',
    'RwLock#tryWrite()',
    'RwLock#tryWrite(ms)',
    'RwLock#tryRecover',
    'RwLock#unlockRead',
    'RwLock#unlockWrite',
    'RwLock#downgrade',
    'RwLock#readers',
    'RwLock#writerThreadId',
  ],
  Event: [
    'Event#tryWait()',
    'Event#tryWait(ms)',
    'Event#set and wait',
    'Event#reset',
    'Event#isSet',
    'Event#tryWait() with autoReset',
    'Event#tryWait(ms) with autoReset',
    'Event#set with autoReset',
    'Event#reset with autoReset',
  ],
  Once: [
    'Once#run',
    'Once#run that fails',
    'Once#tryWait()',
    'Once#tryWait(ms)',
    'Once#done',
    'Once#runnerThreadId',
  ],
  Semaphore: [
    'Semaphore#acquire what is free',
    'Semaphore#tryAcquire()',
    'Semaphore#tryAcquire(ms)',
    'Semaphore#release',
    'Semaphore#release of many',
    'Semaphore#available',
  ],
};

for (const [name, operations] of Object.entries(groups)) {
  test(`any value in the cell of a ${name} gives a result or a known error, within its time`, async (t) => {
    const ended = await runChild(fuzz, { operations, runs: 600 }, { limit: 60_000 });
    t.is(ended.signal, null, ended.stderr);
    t.is(ended.code, 0, ended.stderr);
    t.false(ended.value, JSON.stringify(ended.value));
  });
}

test('locking a cell with an owner that never existed throws at once, and says what may be wrong', async (t) => {
  const ended = await runChild(async (_, { startWorker }) => {
    const errors = [];
    // High thread ids, in case some bits of the word have a meaning of their own.
    for (const value of [0x00ab_cdef, 0x0012_3456, 0x000f_ffff]) {
      const view = new Int32Array(new SharedArrayBuffer(4));
      view[0] = value;
      const started = startWorker(
        ({ view }, { Mutex, errorOf }) => [
          errorOf(() => new Mutex(view, 0).lock()),
          errorOf(() => new Mutex(view, 0).tryLock(60_000)),
          errorOf(() => new Mutex(view, 0).tryLock(Infinity)),
        ],
        { view },
        { limit: 30_000 },
      );
      errors.push(...(await started.done));
    }
    return errors;
  });
  t.is(ended.code, 0, ended.stderr);
  t.is(ended.value.length, 9);
  for (const error of ended.value) {
    t.is(error?.name, 'SyncError');
    t.is(error?.code, 'ERR_CORRUPT_CELL');
    t.regex(error.message, /copy|cell/i);
  }
});

test('a barrier that more threads than its total have entered throws ERR_CORRUPT_CELL', async (t) => {
  const ended = await runChild(async (_, { inWorkers }) => {
    const view = new Int32Array(new SharedArrayBuffer(4));
    view[0] = 5;
    return inWorkers(
      1,
      ({ view }, { Barrier, errorOf }) =>
        [1, 2, 5].map((total) => errorOf(() => new Barrier(view, 0, total).wait())),
      { view },
      { limit: 30_000 },
    );
  });
  t.is(ended.code, 0, ended.stderr);
  for (const error of ended.value[0]) t.is(error?.code, 'ERR_CORRUPT_CELL');
});
