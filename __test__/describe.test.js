// @ts-check
'use strict';

const test = require('ava').default;
const fc = require('fast-check');
const { inspect } = require('node:util');
const {
  Barrier,
  Cancel,
  Condition,
  Event,
  Latch,
  Mutex,
  Once,
  RwLock,
  Semaphore,
} = require('../index.js');
const { cells } = require('./helpers/cells.js');
const { startWorker, inWorkers, sleep } = require('./helpers/threads.js');

/**
 * Workers that block in a call on the view, until the test ends them. Those that `hold` what the test looks at stay
 * as they are.
 *
 * @param {import('ava').ExecutionContext} t
 * @param {number} count
 * @param {import('./helpers/types.js').Body} body
 * @param {Int32Array} view
 * @param {{ hold?: boolean }} [how]
 */
async function blocked(t, count, body, view, { hold = false } = {}) {
  const started = [];
  for (let i = 0; i < count; i++) {
    const thread = startWorker(body, { view });
    t.teardown(() => thread.worker.terminate());
    await (hold ? thread.ready : thread.blocked());
    started.push(thread);
  }
  return started;
}

test('a mutex shows whether it is free, its owner and how many wait', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  t.is(inspect(mutex), 'Mutex { free }');
  mutex.lock();
  t.is(inspect(mutex), 'Mutex { locked by the main thread }');
  const waiting = await blocked(
    t,
    2,
    ({ view }, { Mutex, ready }) => {
      ready();
      new Mutex(view, 0).lock().unlock();
    },
    view,
  );
  t.is(inspect(mutex), 'Mutex { locked by the main thread, 2 waiting }');
  mutex.unlock();
  await Promise.all(waiting.map(({ done }) => done));
  t.is(inspect(mutex), 'Mutex { free }');
});

test('a mutex shows the worker that owns it or died owning it, and the name of its own object', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0, { name: 'work' });
  const [owner] = await blocked(
    t,
    1,
    ({ view }, { Mutex, stall, ready }) => {
      new Mutex(view, 0, { name: 'jobs' }).lock();
      ready();
      stall(Infinity);
    },
    view,
    { hold: true },
  );
  const { threadId } = owner.worker;
  t.is(inspect(mutex), `Mutex "work" { locked by worker ${threadId} }`);
  const [seen] = await inWorkers(
    1,
    ({ view }, { Mutex, require }) => require('node:util').inspect(new Mutex(view, 0)),
    { view },
  );
  t.is(seen, `Mutex { locked by worker ${threadId} }`, 'in a thread that gives it no name');
  await owner.worker.terminate();
  t.is(inspect(mutex), `Mutex "work" { abandoned by worker ${threadId} }`);
  t.throws(() => mutex.lock(), { code: 'ERR_ABANDONED' });
  t.is(inspect(mutex), `Mutex "work" { abandoned by worker ${threadId} }`);
  t.true(mutex.recover());
  t.is(inspect(mutex), 'Mutex "work" { locked by the main thread }');
  mutex.unlock();
});

test('a condition says how many wait', async (t) => {
  const view = cells();
  const condition = new Condition(view, 1);
  t.is(inspect(condition), 'Condition { 0 waiting }');
  const waiting = await blocked(
    t,
    2,
    ({ view }, { Mutex, Condition, ready }) => {
      const mutex = new Mutex(view, 0).lock();
      ready();
      new Condition(view, 1).wait(mutex);
      mutex.unlock();
    },
    view,
  );
  t.is(inspect(condition), 'Condition { 2 waiting }');
  condition.notifyAll();
  await Promise.all(waiting.map(({ done }) => done));
  t.is(inspect(condition), 'Condition { 0 waiting }');
});

test('a barrier says how many have arrived, and when it is broken', async (t) => {
  const view = cells();
  const barrier = new Barrier(view, 2, 4, { name: 'phase' });
  t.is(inspect(barrier), 'Barrier "phase" { 0 of 4 arrived }');
  const [first] = await blocked(
    t,
    2,
    ({ view }, { Barrier, ready }) => {
      ready();
      new Barrier(view, 2, 4).wait();
    },
    view,
  );
  t.is(inspect(barrier), 'Barrier "phase" { 2 of 4 arrived }');
  t.regex(inspect(new Barrier(view, 2, 2)), /^Barrier \{ corrupt: /, 'another total');
  await first.worker.terminate();
  t.is(inspect(barrier), 'Barrier "phase" { broken }');
});

test('a latch shows what remains, how many wait, and when it is open', async (t) => {
  const view = cells();
  const latch = new Latch(view, 3, 3);
  t.is(inspect(latch), 'Latch { closed, 3 to go }');
  latch.countDown(2);
  const waiting = await blocked(
    t,
    3,
    ({ view }, { Latch, ready }) => {
      ready();
      new Latch(view, 3, 3).await();
    },
    view,
  );
  t.is(inspect(latch), 'Latch { closed, 1 to go, 3 waiting }');
  latch.countDown();
  await Promise.all(waiting.map(({ done }) => done));
  t.is(inspect(latch), 'Latch { open }');
});

test('a semaphore says how many permits are free, and how many wait', async (t) => {
  const view = cells();
  const semaphore = new Semaphore(view, 0, 2, { name: 'connections' });
  t.is(inspect(semaphore), 'Semaphore "connections" { 2 permits free }');
  semaphore.acquire();
  t.is(inspect(semaphore), 'Semaphore "connections" { 1 permit free }');
  const waiting = await blocked(
    t,
    2,
    ({ view }, { Semaphore, ready }) => {
      const semaphore = new Semaphore(view, 0, 2);
      ready();
      semaphore.acquire(2);
      semaphore.release(2);
    },
    view,
  );
  t.is(inspect(semaphore), 'Semaphore "connections" { 1 permit free, 2 waiting }');
  // It may pass a thread that looks for interrupts at that moment, which then needs its permit.
  const promise = semaphore.acquireAsync().then(() => semaphore.release());
  t.is(inspect(semaphore), 'Semaphore "connections" { 1 permit free, 3 waiting }');
  semaphore.release();
  await Promise.all([promise, ...waiting.map(({ done }) => done)]);
  t.is(inspect(semaphore), 'Semaphore "connections" { 2 permits free }');
  t.is(inspect(new Semaphore(view, 1, 0)), 'Semaphore { 0 permits free }');
});

test('an RwLock shows how many read or which thread writes, and how many wait', async (t) => {
  const view = cells();
  const lock = new RwLock(view, 0, { name: 'table' });
  t.is(inspect(lock), 'RwLock "table" { free }');
  const outer = lock.read();
  t.is(inspect(lock), 'RwLock "table" { 1 read }');
  const inner = await lock.readAsync();
  t.is(inspect(lock), 'RwLock "table" { 2 reads }');
  const waiting = await blocked(
    t,
    2,
    ({ view }, { RwLock, ready }) => {
      ready();
      new RwLock(view, 0).write().release();
    },
    view,
  );
  t.is(inspect(lock), 'RwLock "table" { 2 reads, 2 waiting }');
  outer.release();
  inner.release();
  await Promise.all(waiting.map(({ done }) => done));
  t.is(inspect(lock), 'RwLock "table" { free }');
  lock.write();
  t.is(inspect(lock), 'RwLock "table" { written by the main thread }');
  lock.unlockWrite();
  const guard = await lock.writeAsync();
  t.is(inspect(lock), 'RwLock "table" { written by the main thread }');
  guard.release();
});

test('an RwLock shows the worker that writes, and the one that died inside', async (t) => {
  for (const how of ['write', 'read']) {
    const view = cells();
    const lock = new RwLock(view, 0);
    const [inside] = await blocked(
      t,
      1,
      ({ view }, { RwLock, stall, ready }) => {
        const lock = new RwLock(view, 0);
        lock[view[1] ? 'read' : 'write']();
        ready();
        stall(Infinity);
      },
      view.fill(how === 'read' ? 1 : 0, 1, 2),
      { hold: true },
    );
    const { threadId } = inside.worker;
    const now = how === 'read' ? '1 read' : `written by worker ${threadId}`;
    t.is(inspect(lock), `RwLock { ${now} }`);
    await inside.worker.terminate();
    t.is(inspect(lock), `RwLock { abandoned by worker ${threadId} }`);
    t.throws(() => lock.read(), { code: 'ERR_ABANDONED' });
    t.is(inspect(lock), `RwLock { abandoned by worker ${threadId} }`);
    t.true(lock.recover());
    t.is(inspect(lock), 'RwLock { written by the main thread }');
    lock.unlockWrite();
    t.is(inspect(lock), 'RwLock { free }');
  }
});

/** @param {Int32Array<SharedArrayBuffer>} view */
const onCell = (view) => [
  new Mutex(view, 0),
  new Condition(view, 0),
  new Barrier(view, 0, 4),
  new Latch(view, 0, 4),
  new Semaphore(view, 0, 4),
  new RwLock(view, 0),
  new Event(view, 0),
  new Event(view, 0, { autoReset: true }),
  new Once(view, 0),
  new Cancel(view, 0),
];

test('the description of an overwritten cell says so', (t) => {
  const view = cells();
  const [mutex, condition, barrier, latch, semaphore, lock, event, automatic, once] = onCell(view);
  view[0] = -5;
  const corrupt = 'corrupt: the cell holds -5 (0xfffffffb)';
  t.is(inspect(semaphore), `Semaphore { ${corrupt} }`);
  t.is(inspect(lock), `RwLock { ${corrupt} }`);
  t.is(inspect(event), `Event { ${corrupt} }`);
  t.is(inspect(automatic), `Event { ${corrupt} }`);
  t.is(inspect(once), `Once { ${corrupt} }`);
  t.is(inspect(mutex), `Mutex { ${corrupt} }`);
  t.is(inspect(condition), `Condition { ${corrupt} }`);
  t.is(inspect(barrier), `Barrier { ${corrupt} }`);
  t.is(inspect(latch), `Latch { ${corrupt} }`);
});

test('an event shows whether it is set and how many wait', async (t) => {
  const view = cells();
  const event = new Event(view, 3, { name: 'ready' });
  t.is(inspect(event), 'Event "ready" { not set }');
  const waiting = await blocked(
    t,
    2,
    ({ view }, { Event, ready }) => {
      ready();
      new Event(view, 3).wait();
    },
    view,
  );
  t.is(inspect(event), 'Event "ready" { not set, 2 waiting }');
  event.set();
  await Promise.all(waiting.map(({ done }) => done));
  t.is(inspect(event), 'Event "ready" { set }');
});

test('a once shows its runner and how many wait, and forgets a runner that died', async (t) => {
  const view = cells();
  const once = new Once(view, 3);
  t.is(inspect(once), 'Once { not run }');
  const [runner] = await blocked(
    t,
    1,
    ({ view }, { Once, stall, ready }) => {
      new Once(view, 3).run(() => {
        ready();
        stall(Infinity);
      });
    },
    view,
    { hold: true },
  );
  await blocked(
    t,
    2,
    ({ view }, { Once, ready }) => {
      ready();
      new Once(view, 3).wait();
    },
    view,
  );
  t.is(inspect(once), `Once { run by worker ${runner.worker.threadId}, 2 waiting }`);
  await runner.worker.terminate();
  t.is(inspect(once), 'Once { not run, 2 waiting }');
  once.run(() => {});
  t.is(inspect(once), 'Once { done }');
});

test('whatever the cell holds, describing it neither throws nor changes it', (t) => {
  const view = cells();
  const primitives = onCell(view);
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (word) => {
      view[0] = word;
      for (const primitive of primitives) {
        t.regex(
          inspect(primitive),
          /^(Mutex|Condition|Barrier|Latch|Semaphore|RwLock|Event|Once|Cancel) \{ .+ \}$/,
        );
        t.is(view[0], word);
      }
    }),
    { numRuns: 500 },
  );
});

test('describing disturbs no thread: counts stay exact while a thread describes all the time', async (t) => {
  const view = cells(8);
  const watcher = startWorker(
    ({ view }, { Mutex, Condition, Barrier, Latch, require }) => {
      const { inspect } = require('node:util');
      const all = [
        new Mutex(view, 0),
        new Condition(view, 1),
        new Barrier(view, 2, 3),
        new Latch(view, 3),
      ];
      let looks = 0;
      const odd = new Set();
      while (!Atomics.load(view, 5)) {
        const text = inspect(all);
        if (/corrupt|broken|abandoned/.test(text)) odd.add(text);
        Atomics.store(view, 6, ++looks);
      }
      return { looks, odd: [...odd] };
    },
    { view },
  );
  await inWorkers(
    3,
    ({ view }, { Mutex, Condition, Barrier }) => {
      const mutex = new Mutex(view, 0);
      const changed = new Condition(view, 1);
      const barrier = new Barrier(view, 2, 3);
      for (let i = 0; i < 1_000; i++) {
        // The other thread describes the barrier all the time, however fast the rounds are and however rarely it runs.
        while (Atomics.load(view, 6) < i / 50) Atomics.wait(view, 7, 0, 1);
        mutex.runExclusive(() => {
          view[4]++;
          changed.notifyAll();
          changed.waitFor(mutex, () => view[4] >= 3 * i, Infinity);
        });
        barrier.wait();
      }
    },
    { view },
  );
  Atomics.store(view, 5, 1);
  const { looks, odd } = await watcher.done;
  t.deepEqual(odd, []);
  t.true(looks > 10);
  t.is(view[4], 3_000);
});

test('the description keeps to the depth and the colours that were asked for', (t) => {
  const mutex = new Mutex(cells(), 0, { name: 'a "b"' });
  t.is(inspect({ a: { mutex } }, { depth: 2 }), '{ a: { mutex: Mutex "a \\"b\\"" { free } } }');
  t.is(inspect({ a: { mutex } }, { depth: 1 }), '{ a: { mutex: [Mutex] } }');
  t.is(inspect(mutex, { depth: -1 }), '[Mutex]');
  const colored = inspect(mutex, { colors: true });
  t.regex(colored, /\x1b\[\d+mfree\x1b\[\d+m/);
  t.is(colored.replace(/\x1b\[\d+m/g, ''), 'Mutex "a \\"b\\"" { free }');
  t.is(inspect([mutex, mutex]).match(/free/g)?.length, 2);
});

test('a subclass shows its own name, and an object that is not a primitive has no description', (t) => {
  class Jobs extends Mutex {}
  t.is(inspect(new Jobs(new SharedArrayBuffer(4))), 'Jobs { free }');
  class Odd extends Mutex {}
  Object.defineProperty(Odd, 'name', { value: 5 });
  t.is(inspect(new Odd(new SharedArrayBuffer(4))), 'Mutex { free }');
  for (const Class of [Mutex, Condition, Barrier, Latch, Semaphore, RwLock, Event, Once, Cancel]) {
    t.notThrows(() => inspect(Class));
    t.notThrows(() => inspect(Class.prototype, { showHidden: true }));
    t.is(inspect(Object.create(Class.prototype)), `${Class.name} {}`);
    t.is(inspect(new Proxy(Object.create(Class.prototype), {})), `${Class.name} {}`);
  }
  t.is(inspect(new Proxy(new Mutex(cells()), {})), 'Mutex {}');
});

test('String() and other descriptions show the class', (t) => {
  const view = cells();
  const tags = [
    new Mutex(view, 0),
    new Condition(view, 1),
    new Barrier(view, 2, 2),
    new Latch(view, 3),
    new Semaphore(view, 3, 1),
    new RwLock(view, 3),
    new Event(view, 3),
    new Once(view, 3),
    new Cancel(view, 3),
  ];
  t.deepEqual(tags.map(String), [
    '[object Mutex]',
    '[object Condition]',
    '[object Barrier]',
    '[object Latch]',
    '[object Semaphore]',
    '[object RwLock]',
    '[object Event]',
    '[object Once]',
    '[object Cancel]',
  ]);
  t.is(JSON.stringify(tags[0]), '{}');
  t.deepEqual(Object.keys(tags[0]), []);
  t.deepEqual(new Mutex(view, 0), new Mutex(view, 0));
  t.notDeepEqual(/** @type {object} */ (tags[0]), tags[1]);
});

test('console.log in a worker prints the description', async (t) => {
  const view = cells();
  const { worker, done } = startWorker(
    ({ view }, { Latch }) => console.log(new Latch(view, 3, 2, { name: 'done' })),
    { view },
    { stdout: true },
  );
  let printed = '';
  worker.stdout.setEncoding('utf8').on('data', (chunk) => (printed += chunk));
  await done;
  for (let i = 0; i < 100 && printed === ''; i++) await sleep(20);
  t.is(printed, 'Latch "done" { closed, 2 to go }\n');
});
