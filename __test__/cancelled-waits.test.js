// @ts-check
'use strict';

// What a Cancel does to each wait of each primitive, blocking and by promise, and who wins.

const test = require('ava').default;
const sync = require('../index.js');
const { syncError } = require('./helpers/errors.js');
const { cells } = require('./helpers/cells.js');
const { asleep } = require('./helpers/conformance.js');
const { startWorker } = require('./helpers/threads.js');
const { codeOf, endOf, isPending, sleep } = require('./helpers/waiting.js');

const { Barrier, Cancel, Condition, Event, Latch, Mutex, Once, RwLock, Semaphore } = sync;
const cancelled = syncError('ERR_CANCELLED');

/**
 * Every blocking method that takes options, on a view whose cell 0 is the Cancel. What `hold` holds is held by another
 * thread. The text travels to a worker.
 *
 * @type {Record<string, (view: Int32Array, options: any, sync: any) => unknown>}
 */
const waits = {
  'Mutex#lock': (view, options, { Mutex }) => new Mutex(view, 1).lock(options),
  'Mutex#tryLock': (view, { cancel }, { Mutex }) => new Mutex(view, 1).tryLock(9e4, { cancel }),
  'Mutex#recover': (view, options, { Mutex }) => new Mutex(view, 1).recover(options),
  'Mutex#tryRecover': (view, { cancel }, { Mutex }) =>
    new Mutex(view, 1).tryRecover(9e4, { cancel }),
  'Mutex#runExclusive': (view, options, { Mutex }) =>
    new Mutex(view, 1).runExclusive(() => {}, options),
  'Condition#wait': (view, options, { Condition, Mutex }) =>
    new Mutex(view, 3).runExclusive(() => {
      const mutex = new Mutex(view, 8).lock();
      try {
        new Condition(view, 2).wait(mutex, undefined, options);
      } finally {
        mutex.unlock();
      }
    }),
  'Condition#waitFor': (view, { cancel }, { Condition, Mutex }) => {
    const mutex = new Mutex(view, 8).lock();
    try {
      return new Condition(view, 2).waitFor(mutex, () => false, 9e4, { cancel });
    } finally {
      mutex.unlock();
    }
  },
  'Barrier#wait': (view, options, { Barrier }) => new Barrier(view, 4, 2).wait(options),
  'Barrier#waitFor': (view, { cancel }, { Barrier }) =>
    new Barrier(view, 4, 2).waitFor(9e4, { cancel }),
  'Latch#await': (view, options, { Latch }) => new Latch(view, 5).await(options),
  'Latch#tryAwait': (view, { cancel }, { Latch }) => new Latch(view, 5).tryAwait(9e4, { cancel }),
  'Semaphore#acquire': (view, options, { Semaphore }) =>
    new Semaphore(view, 6, 0).acquire(1, options),
  'Semaphore#tryAcquire': (view, { cancel }, { Semaphore }) =>
    new Semaphore(view, 6, 0, { max: 9 }).tryAcquire(5, 9e4, { cancel }),
  'RwLock#read': (view, options, { RwLock }) => new RwLock(view, 7).read(options),
  'RwLock#tryRead': (view, { cancel }, { RwLock }) => new RwLock(view, 7).tryRead(9e4, { cancel }),
  'RwLock#write': (view, options, { RwLock }) => new RwLock(view, 7).write(options),
  'RwLock#tryWrite': (view, { cancel }, { RwLock }) =>
    new RwLock(view, 7).tryWrite(9e4, { cancel }),
  'RwLock#recover': (view, options, { RwLock }) => new RwLock(view, 7).recover(options),
  'RwLock#tryRecover': (view, { cancel }, { RwLock }) =>
    new RwLock(view, 7).tryRecover(9e4, { cancel }),
  'Event#wait': (view, options, { Event }) => new Event(view, 10).wait(options),
  'Event#tryWait with autoReset': (view, { cancel }, { Event }) =>
    new Event(view, 11, { autoReset: true }).tryWait(9e4, { cancel }),
  'Once#run': (view, options, { Once }) => new Once(view, 12).run(() => {}, options),
  'Once#wait': (view, options, { Once }) => new Once(view, 13).wait(options),
  'Once#tryWait': (view, { cancel }, { Once }) => new Once(view, 13).tryWait(9e4, { cancel }),
};

/** @param {Int32Array} view */
function hold(view) {
  const [mutex, lock] = [new Mutex(view, 1).lock(), new RwLock(view, 7)];
  lock.write();
  view[12] = view[1]; // this thread runs the function of the Once
  return () => {
    mutex.unlock();
    lock.unlockWrite();
    view[12] = 0;
  };
}

/**
 * Starts a worker that waits.
 * @param {string} name
 * @param {Int32Array} view
 * @param {object} [options]
 */
async function waiting(name, view, options = {}) {
  const worker = startWorker(
    ({ view, wait, options }, tools) => {
      const cancel = new tools.Cancel(view, 0);
      return tools.codeOf(() => eval(`(${wait})`)(view, { cancel, ...options }, tools));
    },
    { view, wait: String(waits[name]), options },
  );
  await asleep(worker);
  return worker;
}

/** The words of all cells but that of the Cancel. @param {Int32Array} view */
const words = (view) => [...view.subarray(1)];

const BROKEN = 1 << 30;
const WAITERS_OF_LATCH = 1 << 30;

for (const name of Object.keys(waits)) {
  test(`${name}: abort() ends the wait, which leaves nothing behind`, async (t) => {
    const view = cells();
    const release = hold(view);
    const worker = await waiting(name, view);
    new Cancel(view, 0).abort();
    t.is(await worker.done, 'ERR_CANCELLED');
    release();
    const left = words(view);
    if (name.startsWith('Barrier')) t.is(left[3], BROKEN);
    left[3] = 0;
    // The bit stays until the latch opens, and counts nothing.
    left[4] &= ~WAITERS_OF_LATCH;
    t.deepEqual(left, words(cells()));
  });

  test(`${name}: abortAfter() ends a wait that has begun, and one that begins later`, async (t) => {
    const view = cells();
    const release = hold(view);
    const worker = await waiting(name, view);
    const began = performance.now();
    new Cancel(view, 0).abortAfter(30);
    t.is(await worker.done, 'ERR_CANCELLED');
    t.true(performance.now() - began >= 30);
    new Barrier(view, 4, 2).reset();
    const later = startWorker(
      ({ view, wait }, tools) => {
        Atomics.store(view, 0, 0);
        const cancel = new tools.Cancel(view, 0);
        const began = performance.now();
        cancel.abortAfter(30);
        const end = tools.codeOf(() => eval(`(${wait})`)(view, { cancel }, tools));
        return { end, ms: performance.now() - began };
      },
      { view, wait: String(waits[name]) },
    );
    const { end, ms } = await later.done;
    t.is(end, 'ERR_CANCELLED');
    t.true(ms >= 30, `${ms} ms`);
    release();
  });

  test(`${name}: an aborted Cancel ends the call before it takes anything`, (t) => {
    const view = cells();
    // Nothing is held: it would not wait.
    new Latch(view, 5).release();
    const stop = new Cancel(view, 0);
    const before = words(view);
    stop.abort();
    for (const cancel of [stop, [new Cancel(view, 10), stop]]) {
      t.is(
        codeOf(() => waits[name](view, { cancel }, sync)),
        'ERR_CANCELLED',
      );
    }
    const after = words(view);
    if (name.startsWith('Barrier')) t.is(after[3], BROKEN);
    after[3] = 0;
    t.deepEqual(after, before);
  });
}

const withTimeout = Object.keys(waits).filter((name) => !/try|waitFor/.test(name));
for (const name of withTimeout) {
  test(`${name}: a timeout in the options is thrown`, async (t) => {
    const view = cells();
    const release = hold(view);
    const worker = startWorker(
      ({ view, wait }, tools) => {
        const began = performance.now();
        const end = tools.codeOf(() => eval(`(${wait})`)(view, { timeout: 30 }, tools));
        const ms = performance.now() - began;
        const atOnce = tools.codeOf(() => eval(`(${wait})`)(view, { timeout: 0 }, tools));
        return { end, ms, atOnce };
      },
      { view, wait: String(waits[name]) },
    );
    const { end, ms, atOnce } = await worker.done;
    t.is(end, 'ERR_TIMEOUT');
    t.true(ms >= 30);
    t.is(atOnce, name.startsWith('Barrier') ? 'ERR_BROKEN_BARRIER' : 'ERR_TIMEOUT');
    release();
  });
}

test('any Cancel of a list ends the wait, and the nearest of time and deadlines counts', async (t) => {
  const view = cells();
  for (const index of [0, 9, 10]) {
    const worker = startWorker(
      ({ view }, { Cancel, Latch, codeOf }) => {
        const cancel = [0, 9, 10].map((index) => new Cancel(view, index));
        return codeOf(() => new Latch(view, 5).await({ cancel, timeout: 60_000 }));
      },
      { view },
    );
    await asleep(worker);
    new Cancel(view, index).abort();
    t.is(await worker.done, 'ERR_CANCELLED');
    Atomics.store(view, index, 0);
  }
  const latch = new Latch(view, 5);
  const [soon, late] = [new Cancel(view, 9), new Cancel(view, 10)];
  late.abortAfter(60_000);
  t.is(
    codeOf(() => latch.await({ cancel: [late, soon], timeout: 20 })),
    'ERR_TIMEOUT',
  );
  soon.abortAfter(20);
  t.is(
    codeOf(() => latch.await({ cancel: [late, soon], timeout: 60_000 })),
    'ERR_CANCELLED',
  );
});

test('a Cancel that is not aborted changes nothing', (t) => {
  const view = cells();
  const cancel = new Cancel(view, 0);
  const mutex = new Mutex(view, 1);
  t.is(mutex.lock({ cancel }), mutex);
  t.true(mutex.locked);
  mutex.unlock();
  t.true(mutex.tryLock(0, { cancel }));
  mutex.unlock();
  t.false(mutex.recover({ cancel, timeout: 5 }));
  mutex.unlock();
  t.deepEqual(words(view), words(cells()));
});

test('a blocking wait whose lock is unlocked and whose Cancel is aborted owns it, or leaves it free', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 1).lock();
  const worker = startWorker(
    ({ view }, { Cancel, Mutex, codeOf }) => {
      const end = codeOf(() => new Mutex(view, 1).lock({ cancel: new Cancel(view, 0) }).locked);
      new Mutex(view, 1).unlock();
      return end;
    },
    { view },
  );
  await asleep(worker);
  // An unlock and an abort at once: the waiter learns of the first, or of both.
  mutex.unlock();
  new Cancel(view, 0).abort();
  const end = await worker.done;
  t.true(end === 'ERR_CANCELLED' || end.returned === true);
  t.false(mutex.locked);
});

test('Condition.wait with a predicate throws only if that is not true when the mutex is locked again', async (t) => {
  for (const truth of [0, 1]) {
    const view = cells();
    const worker = startWorker(
      ({ view }, { Cancel, Condition, Mutex, codeOf }) => {
        const mutex = new Mutex(view, 1).lock();
        const cancel = new Cancel(view, 0);
        const end = codeOf(() =>
          new Condition(view, 2).wait(mutex, () => view[9] === 1, { cancel }),
        );
        mutex.unlock();
        return end;
      },
      { view },
    );
    await asleep(worker);
    const mutex = new Mutex(view, 1).lock();
    Atomics.store(view, 9, truth); // without a notification
    new Cancel(view, 0).abort();
    await sleep(20);
    mutex.unlock();
    t.deepEqual(await worker.done, truth === 1 ? { returned: undefined } : 'ERR_CANCELLED');
  }
});

test('Condition.wait with an aborted Cancel returns if the predicate is true, and keeps the mutex', (t) => {
  const view = cells();
  const [mutex, condition, cancel] = [
    new Mutex(view, 1),
    new Condition(view, 2),
    new Cancel(view, 0),
  ];
  cancel.abort();
  mutex.lock();
  t.notThrows(() => condition.wait(mutex, () => true, { cancel }));
  t.throws(() => condition.wait(mutex, () => false, { cancel }), cancelled);
  t.throws(() => condition.wait(mutex, undefined, { cancel }), cancelled);
  t.throws(() => condition.waitFor(mutex, () => false, 50, { cancel }), cancelled);
  t.is(
    condition.waitFor(mutex, () => 'yes', 50, { cancel }),
    'yes',
  );
  mutex.unlock();
});

test('a cancelled party breaks the barrier for the others, even one that had not arrived', async (t) => {
  for (const arrives of [true, false]) {
    const view = cells();
    const barrier = new Barrier(view, 4, 3);
    const broken = barrier.waitAsync({ timeout: 10_000 });
    const cancel = new Cancel(view, 0);
    if (arrives) cancel.abortAfter(10);
    else cancel.abort();
    t.throws(() => barrier.wait({ cancel }), cancelled);
    await t.throwsAsync(broken, syncError('ERR_BROKEN_BARRIER'));
  }
});

test('a wait with a Cancel closes no cycle', async (t) => {
  const view = cells();
  const worker = startWorker(
    ({ view }, { Cancel, Mutex, codeOf, ready }) => {
      new Mutex(view, 2).lock();
      ready();
      const end = codeOf(() => new Mutex(view, 1).lock({ cancel: new Cancel(view, 0) }));
      new Mutex(view, 2).unlock();
      return end;
    },
    { view },
  );
  const mutex = new Mutex(view, 1).lock();
  await asleep(worker);
  t.false(new Mutex(view, 2).tryLock(100));
  const aborter = startWorker(
    ({ view }, { Cancel, stall }) => {
      stall(100);
      new Cancel(view, 0).abort();
    },
    { view },
  );
  // Without the Cancel this would be ERR_DEADLOCK.
  new Mutex(view, 2).lock().unlock();
  t.is(await worker.done, 'ERR_CANCELLED');
  await aborter.done;
  mutex.unlock();
});

test('terminate() of a thread whose wait has a Cancel ends it, and leaves no registration', async (t) => {
  const view = cells();
  const worker = await waiting('Latch#await', view);
  await worker.worker.terminate();
  new Cancel(view, 0).abort();
  new Latch(view, 5).release();
  t.true(new Cancel(view, 0).aborted);
});

/**
 * Every promise form.
 *
 * @type {Record<string, (view: Int32Array, options: import('../index.js').WaitOptions) => Promise<unknown>>}
 */
const forms = {
  'Mutex#lockAsync': (view, options) => new Mutex(view, 1).lockAsync(options),
  'Mutex#recoverAsync': (view, options) => new Mutex(view, 1).recoverAsync(options),
  'Mutex#runExclusiveAsync': (view, options) =>
    new Mutex(view, 1).runExclusiveAsync(() => {}, options),
  'Condition#waitAsync': async (view, options) => {
    const guard = await new Mutex(view, 8).lockAsync();
    try {
      return await new Condition(view, 2).waitAsync(guard, undefined, options);
    } finally {
      guard.release(); // throws unless it owns the mutex again
    }
  },
  'Barrier#waitAsync': (view, options) => new Barrier(view, 4, 2).waitAsync(options),
  'Latch#awaitAsync': (view, options) => new Latch(view, 5).awaitAsync(options),
  'Semaphore#acquireAsync': (view, options) => new Semaphore(view, 6, 0).acquireAsync(1, options),
  'RwLock#readAsync': (view, options) => new RwLock(view, 7).readAsync(options),
  'RwLock#writeAsync': (view, options) => new RwLock(view, 7).writeAsync(options),
  'RwLock#recoverAsync': (view, options) => new RwLock(view, 7).recoverAsync(options),
  'Event#waitAsync': (view, options) => new Event(view, 10).waitAsync(options),
  'Event#waitAsync with autoReset': (view, options) =>
    new Event(view, 11, { autoReset: true }).waitAsync(options),
  'Once#runAsync': (view, options) => new Once(view, 12).runAsync(() => {}, options),
  'Once#waitAsync': (view, options) => new Once(view, 13).waitAsync(options),
};

for (const [name, form] of Object.entries(forms)) {
  test(`${name}: abort(), here or in another thread, rejects the promise`, async (t) => {
    for (const here of [true, false]) {
      const view = cells();
      const release = hold(view);
      const cancel = new Cancel(view, 0);
      const wait = form(view, { cancel, ref: true });
      t.true(await isPending(wait));
      if (here) cancel.abort();
      else await startWorker(({ view }, { Cancel }) => new Cancel(view, 0).abort(), { view }).done;
      t.is(await endOf(wait), 'ERR_CANCELLED');
      t.is(await endOf(form(view, { cancel })), 'ERR_CANCELLED', 'aborted before');
      release();
      const left = words(view);
      if (name.startsWith('Barrier')) t.is(left[3], BROKEN);
      left[3] = 0;
      left[4] &= ~WAITERS_OF_LATCH;
      t.deepEqual(left, words(cells()));
    }
  });

  test(`${name}: abortAfter() before the wait, or during it, rejects the promise in time`, async (t) => {
    for (const before of [true, false]) {
      const view = cells();
      const release = hold(view);
      const cancel = new Cancel(view, 0);
      const began = performance.now();
      if (before) cancel.abortAfter(30);
      const wait = form(view, { cancel, ref: true });
      if (!before) cancel.abortAfter(30);
      t.is(await endOf(wait), 'ERR_CANCELLED');
      t.true(performance.now() - began > 29);
      release();
    }
  });
}

test('a promise that was granted what it waited for and is cancelled before it learns of that gives it to the next', async (t) => {
  const view = cells();
  const [mutex, semaphore] = [new Mutex(view, 1), new Semaphore(view, 6, 0, { max: 9 })];
  const event = new Event(view, 11, { autoReset: true });
  const cancel = new Cancel(view, 0);
  mutex.lock();
  const first = [
    mutex.lockAsync({ cancel, ref: true }),
    semaphore.acquireAsync(2, { cancel }),
    event.waitAsync({ cancel }),
  ];
  const next = [
    mutex.lockAsync({ ref: true }),
    semaphore.acquireAsync(1, { ref: true }),
    event.waitAsync({ ref: true }),
  ];
  await sleep(5);
  mutex.unlock();
  semaphore.release(2);
  event.set();
  cancel.abort(); // in the same turn of the loop
  for (const wait of first) t.is(await endOf(wait), 'ERR_CANCELLED');
  const [guard] = await Promise.all(next);
  /** @type {import('../index.js').Guard} */ (guard).release();
  t.is(semaphore.available, 1);
  t.false(mutex.locked);
  t.false(event.isSet);
});

test('a promise that was to run the function of a Once and is cancelled before it learns of that leaves it to the next', async (t) => {
  const view = cells();
  const once = new Once(view, 12);
  const cancel = new Cancel(view, 0);
  let fail = () => {};
  const fails = once.runAsync(() => new Promise((_, reject) => (fail = reject)));
  const first = once.runAsync(() => t.fail(), { cancel, ref: true });
  const next = once.runAsync(() => {}, { ref: true });
  await sleep(5);
  fail();
  await fails.catch(() => {}); // the loop has not turned
  cancel.abort();
  t.is(await endOf(first), 'ERR_CANCELLED');
  t.true(await next);
});

test('Condition.waitAsync with a predicate is fulfilled if that is true when the guard owns the mutex again', async (t) => {
  const view = cells();
  const [mutex, condition, cancel] = [
    new Mutex(view, 1),
    new Condition(view, 2),
    new Cancel(view, 0),
  ];
  const guard = await mutex.lockAsync();
  const wait = condition.waitAsync(guard, () => view[9] === 1, { cancel, ref: true });
  await sleep(5);
  t.false(guard.held);
  view[9] = 1;
  cancel.abort();
  t.true(await wait);
  t.true(guard.held);
  view[9] = 0;
  t.is(await endOf(condition.waitAsync(guard, () => view[9] === 1, { cancel })), 'ERR_CANCELLED');
  t.true(guard.held);
  guard.release();
});

test('the signal of a Cancel cancels promises, too', async (t) => {
  const view = cells();
  const cancel = new Cancel(view, 0);
  const wait = new Latch(view, 5).awaitAsync({ signal: cancel.signal, ref: true });
  cancel.abort();
  t.is(await endOf(wait), 'ERR_CANCELLED');
});
