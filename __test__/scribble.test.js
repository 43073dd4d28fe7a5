// @ts-check
'use strict';

const test = require('ava').default;
const { runChild } = require('./helpers/child.js');

// The cells of running primitives, written over by another thread at any moment. Each test runs in a process of its
// own, so that a crash is an exit code, and a hang is a limit that has passed.

const SCRIBBLE_MS = 3_000;
const USERS = 4;

/** Which cell is what. The rest is for the test: it is not written over. */
const PLACES = {
  mutex: 0,
  guard: 1,
  condition: 2,
  barrier: 3,
  latch: 4,
  counted: 5,
  semaphore: 6,
  rwlock: 7,
  cells: 8,
};
const CONTROL = { phase: 16, done: 17, mutex: 20, condition: 21, barrier: 22, latch: 23, sum: 24 };
const PHASE = { scribble: 0, stand: 1, end: 2 };

/** @typedef {{ PLACES: typeof PLACES, CONTROL: typeof CONTROL, PHASE: typeof PHASE }} Names */

/**
 * Writes random values until it is told to stop: any, and those that the primitives might have written.
 *
 * @type {import('./helpers/types.js').Body}
 */
const scribble = ({ view, PLACES, CONTROL, PHASE, seed }) => {
  let state = seed;
  const random = () => {
    // Marsaglia's xorshift32.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state | 0;
  };
  const value = () => {
    const flags = [0, 0, 1 << 30, 1 << 31, 3 << 30][(random() >>> 1) % 5];
    return random() & 1 ? random() : flags | ((random() >>> 1) % 12);
  };
  let written = 0;
  while (Atomics.load(view, CONTROL.phase) === PHASE.scribble) {
    const cell = (random() >>> 1) % PLACES.cells;
    if (random() & 1) Atomics.store(view, cell, value());
    else view[cell] = value();
    written++;
    // Writes in bursts, with pauses in which the other threads fall asleep.
    if ((random() & 255) === 0) Atomics.wait(view, CONTROL.done + 1, 0, (random() >>> 1) % 20);
  }
  return written;
};

/**
 * Uses the primitives until the end, then fresh ones.
 *
 * @type {import('./helpers/types.js').Body}
 */
const use = ({ view, id, users, PLACES, CONTROL, PHASE }, tools) => {
  const { Mutex, Condition, Barrier, Latch, Semaphore, RwLock } = tools;
  const mutex = new Mutex(view, PLACES.mutex);
  const guard = new Mutex(view, PLACES.guard);
  const condition = new Condition(view, PLACES.condition);
  const barrier = new Barrier(view, PLACES.barrier, users);
  const latch = new Latch(view, PLACES.latch);
  const counted = new Latch(view, PLACES.counted, 1_000);
  const semaphore = new Semaphore(view, PLACES.semaphore, 2);
  const rwlock = new RwLock(view, PLACES.rwlock);
  const unlock = (/** @type {any} */ mutex) => {
    if (mutex.ownerThreadId !== null) mutex.unlock();
  };
  const bounded = [
    () => mutex.tryLock() && mutex.unlock(),
    () => mutex.tryLock(5) && mutex.unlock(),
    () => mutex.tryRecover(5) !== undefined && mutex.unlock(),
    () => mutex.unlock(),
    () => mutex.locked,
    () => guard.tryLock(5) && (condition.waitFor(guard, undefined, 5), guard.unlock()),
    () => guard.tryLock(5) && (condition.waitFor(guard, () => false, 5), guard.unlock()),
    () => condition.notify(),
    () => condition.notifyAll(),
    () => latch.tryAwait(5),
    () => latch.released,
    () => latch.release(),
    () => counted.countDown(),
    () => counted.remaining,
    () => counted.tryAwait(5),
    () => semaphore.tryAcquire(2, 5) && semaphore.release(2),
    () => semaphore.available,
    () => rwlock.tryRead(5) && rwlock.unlockRead(),
    () => rwlock.tryWrite(5) && (rwlock.downgrade(), rwlock.unlockRead()),
    () => rwlock.tryRecover(5) !== undefined && rwlock.unlockWrite(),
    () => unlock(guard),
  ];
  const unbounded = [
    () => mutex.lock().unlock(),
    () => (mutex.recover(), mutex.unlock()),
    () => guard.tryLock(5) && (condition.wait(guard), guard.unlock()),
    () => barrier.wait(),
    () => latch.await(),
    () => counted.await(),
    () => (semaphore.acquire(), semaphore.release()),
    () => rwlock.read().release(),
    () => rwlock.write().release(),
  ];
  const codes = /** @type {Record<string, number>} */ ({});
  let longest = 0;
  let turn = id;
  const attempt = (/** @type {Function[]} */ operations) => {
    const start = performance.now();
    let code = 'none';
    try {
      operations[turn++ % operations.length]();
    } catch (/** @type {any} */ error) {
      code = error.code ?? String(error);
    }
    codes[code] = (codes[code] ?? 0) + 1;
    return performance.now() - start;
  };
  while (Atomics.load(view, CONTROL.phase) === PHASE.scribble) {
    for (let i = 0; i < 20; i++) longest = Math.max(longest, attempt(bounded));
    attempt(unbounded);
  }
  // From here on the cells keep their values. Each wait fails at once or sleeps.
  while (Atomics.load(view, CONTROL.phase) === PHASE.stand) {
    if (attempt(unbounded) < 1) Atomics.wait(view, CONTROL.phase, PHASE.stand, 20);
  }

  // The threads work as before.
  const fresh = new Mutex(view, CONTROL.mutex);
  const changed = new Condition(view, CONTROL.condition);
  const step = new Barrier(view, CONTROL.barrier, users);
  const all = new Latch(view, CONTROL.latch, users);
  for (let round = 0; round < 20; round++) {
    step.wait();
    for (let i = 0; i < 100; i++) {
      fresh.lock();
      view[CONTROL.sum]++;
      fresh.unlock();
    }
    fresh.lock();
    if (view[CONTROL.sum] === users * 100 * (round + 1)) changed.notifyAll();
    changed.wait(fresh, () => view[CONTROL.sum] >= users * 100 * (round + 1));
    fresh.unlock();
  }
  all.countDown();
  all.await();
  Atomics.add(view, CONTROL.done, 1);
  return { codes, longest };
};

/**
 * The main thread of the process, up to the moment when the scribbling has ended.
 *
 * @type {(data: any, tools: import('./helpers/types.js').Tools) => Promise<any>}
 */
const supervise = async (data, tools) => {
  const { scribble, use, names, scribbleMs, users, reset, seed } = data;
  const { require: load, Mutex, Condition, Barrier, Latch, startWorker, sleep } = tools;
  const { inspect } = load('../../index.js');
  const { PLACES, CONTROL, PHASE } = names;
  const source = (/** @type {string} */ text) => /** @type {any} */ ({ toString: () => text });
  const view = new Int32Array(new SharedArrayBuffer(256));
  new Mutex(new SharedArrayBuffer(4)); // so that this thread is one that an owner's number can mean
  const scribbler = startWorker(source(scribble), { view, seed, ...names });
  const started = Array.from({ length: users }, (_, id) =>
    startWorker(source(use), { view, id, users, ...names }, { limit: 60_000 }),
  );
  for (const end = Date.now() + scribbleMs; Date.now() < end; await sleep(7)) inspect();
  Atomics.store(view, CONTROL.phase, PHASE.stand);
  const written = await scribbler.done;

  await sleep(1_500);
  const before = process.cpuUsage();
  await sleep(500);
  const { user, system } = process.cpuUsage(before);
  const cpuMs = (user + system) / 1_000;

  const start = performance.now();
  if (!reset) {
    await Promise.all(started.map(({ worker }) => worker.terminate()));
    return { written, cpuMs, endMs: performance.now() - start, left: inspect().length };
  }
  Atomics.store(view, CONTROL.phase, PHASE.end);
  for (let cell = 0; cell < PLACES.cells; cell++) Atomics.store(view, cell, 0);
  // A waiter for a state that a fresh cell has not reached is notified.
  const timer = setInterval(() => {
    for (const tell of [
      () => new Condition(view, PLACES.condition).notifyAll(),
      () => new Barrier(view, PLACES.barrier, users).reset(),
      () => new Latch(view, PLACES.latch).release(),
      () => new Latch(view, PLACES.counted, 1_000).release(),
    ]) {
      try {
        tell();
      } catch {
        // The waiters fail, too.
      }
    }
  }, 20);
  const answers = await Promise.race([
    Promise.all(started.map(({ done }) => done)),
    sleep(20_000).then(() => null),
  ]);
  clearInterval(timer);
  const endMs = performance.now() - start;
  const hang = answers ? null : { blocked: inspect(), words: [...view.subarray(0, 32)] };
  setTimeout(() => process.exit(), 0);
  return { written, cpuMs, endMs, answers, hang, sum: view[CONTROL.sum], left: inspect().length };
};

const CODES =
  /^(none|ERR_(NOT_OWNER|DEADLOCK|ABANDONED|BROKEN_BARRIER|CORRUPT_CELL|OUT_OF_RANGE))$/;

for (const [name, reset] of /** @type {const} */ ([
  ['set back to zero: all go on', true],
  ['left as they are: all can be terminated', false],
])) {
  test(`cells that a thread scribbles over, then ${name}`, async (t) => {
    const seed = Number(process.env.SHARED_SYNC_SEED ?? (Date.now() % 2 ** 31) | 1);
    t.log(`seed ${seed}`);
    const ended = await runChild(
      supervise,
      {
        scribble: scribble.toString(),
        use: use.toString(),
        names: { PLACES, CONTROL, PHASE },
        scribbleMs: reset ? SCRIBBLE_MS : SCRIBBLE_MS / 3,
        users: USERS,
        reset,
        seed,
      },
      { limit: 60_000 },
    );
    const how = JSON.stringify({ ...ended, seed });
    t.is(ended.signal, null, how);
    t.is(ended.code, 0, how);
    const { written, cpuMs, endMs, answers, hang, sum, left } = ended.value;
    t.is(hang ?? null, null, how);
    t.true(written > 1_000, String(written));
    t.true(cpuMs < 400, `${cpuMs} ms of CPU in 500 ms, with words that stand`);
    t.true(endMs < 15_000, `${endMs} ms`);
    t.is(left, 0);
    if (!reset) return;
    for (const { codes, longest } of answers) {
      for (const code of Object.keys(codes)) t.regex(code, CODES);
      t.true(longest < 5_000, `an operation with a limit of 5 ms took ${longest} ms`);
    }
    t.is(sum, USERS * 100 * 20);
  });
}
