// @ts-check
'use strict';

// A wait by promise calls code of the program: the signal's methods and getters, and `then` of what it resolves with. If
// that code throws, the wait ends with its error and owns nothing.

const test = require('ava').default;
const { Barrier, Condition, Event, Latch, Mutex, Once, RwLock, Semaphore } = require('../index.js');
const { cells } = require('./helpers/cells.js');
const { runChild } = require('./helpers/child.js');
const { sleep } = require('./helpers/threads.js');

const ref = true;
const timeout = 1_000;

/** @typedef {import('../index.js').WaitOptions} WaitOptions */
/**
 * A wait that does not end by itself.
 *
 * @typedef {object} Scenario
 * @property {(options: WaitOptions) => Promise<unknown>} wait
 * @property {() => unknown} grant gives the wait what it waits for
 * @property {() => Promise<unknown>} isFree fails if the failed wait owns anything, or stands in a queue
 */

/**
 * A wait for a mutex that a guard of this thread owns.
 *
 * @param {'lockAsync' | 'recoverAsync'} wait
 */
const ofMutex = (wait) => async () => {
  const mutex = new Mutex(cells());
  const guard = await mutex.lockAsync();
  return {
    wait: (/** @type {WaitOptions} */ options) => mutex[wait](options),
    grant: () => guard.release(),
    isFree: async () => (await mutex[wait]({ timeout })).release(),
  };
};

/**
 * A wait for an RwLock that a guard of this thread reads or writes under.
 *
 * @param {'readAsync' | 'writeAsync'} hold
 * @param {'readAsync' | 'writeAsync' | 'recoverAsync'} wait
 */
const ofRwLock = (hold, wait) => async () => {
  const lock = new RwLock(cells());
  const guard = await lock[hold]();
  return {
    wait: (/** @type {WaitOptions} */ options) => lock[wait](options),
    grant: () => guard.release(),
    isFree: async () => (await lock.writeAsync({ timeout })).release(),
  };
};

/**
 * Each promise form, and what it waits for, which is not available yet.
 * @type {Record<string, () => Promise<Scenario>>}
 */
const scenarios = {
  'Mutex#lockAsync': ofMutex('lockAsync'),
  'Mutex#recoverAsync': ofMutex('recoverAsync'),
  'Condition#waitAsync': async () => {
    const view = cells();
    const [mutex, condition] = [new Mutex(view, 0), new Condition(view, 1)];
    const guard = await mutex.lockAsync();
    return {
      wait: (options) => condition.waitAsync(guard, undefined, options),
      grant: () => condition.notify(),
      // The guard owns the mutex again where the wait was notified, or had not begun.
      async isFree() {
        guard.tryRelease();
        (await mutex.lockAsync({ timeout })).release();
        if (condition.notifyAll() !== 0) throw new Error('the wait stands in the queue still');
      },
    };
  },
  'Barrier#waitAsync': async () => {
    const barrier = new Barrier(cells(), 0, 2, { action: () => {} });
    return {
      wait: (options) => barrier.waitAsync(options),
      // The wait is the first of two parties.
      grant: () => barrier.waitAsync({ ref }).catch(() => {}),
      async isFree() {
        barrier.reset();
        await Promise.all([barrier.waitAsync({ timeout }), barrier.waitAsync({ timeout })]);
      },
    };
  },
  'Latch#awaitAsync': async () => {
    const latch = new Latch(cells());
    return {
      wait: (options) => latch.awaitAsync(options),
      grant: () => latch.release(),
      async isFree() {
        latch.release();
        await latch.awaitAsync({ timeout });
      },
    };
  },
  'Semaphore#acquireAsync': async () => {
    const semaphore = new Semaphore(cells(), 0, 2);
    semaphore.acquire(2);
    let taken = 2;
    return {
      wait: (options) => semaphore.acquireAsync(2, options),
      grant() {
        taken = 0;
        semaphore.release(2);
      },
      async isFree() {
        if (taken > 0) semaphore.release(taken);
        await semaphore.acquireAsync(2, { timeout });
        semaphore.release(2);
      },
    };
  },
  'RwLock#readAsync': ofRwLock('writeAsync', 'readAsync'),
  'RwLock#writeAsync': ofRwLock('readAsync', 'writeAsync'),
  'RwLock#recoverAsync': ofRwLock('readAsync', 'recoverAsync'),
  'Event#waitAsync with autoReset': async () => {
    const event = new Event(cells(), 0, { autoReset: true });
    return {
      wait: (options) => event.waitAsync(options),
      grant: () => event.set(),
      isFree: () => event.waitAsync({ timeout }),
    };
  },
  'Once#runAsync': async () => {
    const once = new Once(cells());
    let fails = () => {};
    const running = once.runAsync(() => new Promise((_, reject) => (fails = reject)));
    running.catch(() => {});
    return {
      wait: (options) => once.runAsync(() => {}, options),
      grant: () => fails(),
      async isFree() {
        await once.runAsync(() => {}, { timeout });
      },
    };
  },
};

const planted = new Error('planted');
function fail() {
  throw planted;
}

/**
 * A signal that aborts on request. Each of its members may be replaced.
 * @param {object} [members]
 */
function signalWith(members = {}) {
  const { signal } = new AbortController();
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(members))) {
    Object.defineProperty(signal, name, descriptor);
  }
  return signal;
}

/**
 * A signal whose getter throws at the given read, and at all later ones.
 * @param {number} nth
 */
function abortedThrowsAt(nth) {
  let reads = 0;
  return signalWith({
    get aborted() {
      if (++reads >= nth) fail();
      return false;
    },
  });
}

/**
 * Fails unless a wait is rejected with the planted error.
 *
 * @param {import('ava').ExecutionContext} t
 * @param {Promise<unknown>} wait
 * @param {string} [message]
 */
async function rejectsPlanted(t, wait, message) {
  const pending = sleep(1_500).then(() => 'pending');
  t.is(await t.throwsAsync(Promise.race([wait, pending]), undefined, message), planted, message);
}

/**
 * Runs after pending grants have arrived: a new wait would overtake them.
 * @param {() => Promise<unknown>} isFree
 */
async function afterGrants(isFree) {
  await sleep(10);
  await isFree();
}

for (const [name, scenario] of Object.entries(scenarios)) {
  test(`${name} stranded what it waits for when addEventListener threw`, async (t) => {
    const { wait, grant, isFree } = await scenario();
    await rejectsPlanted(t, wait({ signal: signalWith({ addEventListener: fail }), timeout, ref }));
    grant();
    await t.notThrowsAsync(afterGrants(isFree));
  });

  test(`${name} stranded what it waits for when removeEventListener threw`, async (t) => {
    const { wait, grant, isFree } = await scenario();
    const signal = signalWith({ removeEventListener: fail });
    const waiting = wait({ signal, timeout, ref });
    grant();
    await rejectsPlanted(t, waiting);
    await t.notThrowsAsync(afterGrants(isFree));
  });

  test(`${name} stranded what it waits for when removeEventListener threw at its time limit`, async (t) => {
    const { wait, grant, isFree } = await scenario();
    const signal = signalWith({ removeEventListener: fail });
    await rejectsPlanted(t, wait({ signal, timeout: 5, ref }));
    grant();
    await t.notThrowsAsync(afterGrants(isFree));
  });

  test(`${name} stranded what it waits for when the getter of aborted threw`, async (t) => {
    for (let nth = 1; nth <= 3; nth++) {
      const { wait, grant, isFree } = await scenario();
      await rejectsPlanted(t, wait({ signal: abortedThrowsAt(nth), timeout, ref }), `read ${nth}`);
      grant();
      await t.notThrowsAsync(afterGrants(isFree), `read ${nth}`);
    }
  });

  test(`${name} stranded what it waits for when the getter of reason threw`, async (t) => {
    const { wait, grant, isFree } = await scenario();
    const controller = new AbortController();
    Object.defineProperty(controller.signal, 'reason', { get: fail });
    const waiting = wait({ signal: controller.signal, timeout, ref });
    controller.abort();
    await rejectsPlanted(t, waiting);
    grant();
    await t.notThrowsAsync(afterGrants(isFree));
  });

  test(`${name} of a signal that aborts while the listener is added owns nothing`, async (t) => {
    const { wait, grant, isFree } = await scenario();
    const controller = new AbortController();
    const { signal } = controller;
    Object.defineProperty(signal, 'addEventListener', {
      value(/** @type {any[]} */ ...args) {
        Reflect.apply(AbortSignal.prototype.addEventListener, signal, args);
        controller.abort(planted);
      },
    });
    await rejectsPlanted(t, wait({ signal, timeout, ref }));
    grant();
    await t.notThrowsAsync(afterGrants(isFree));
  });

  test(`${name} of a signal that calls its listener while that is added owns nothing`, async (t) => {
    const { wait, grant, isFree } = await scenario();
    const signal = {
      aborted: false,
      reason: planted,
      addEventListener(/** @type {string} */ _type, /** @type {() => void} */ listener) {
        listener();
      },
      removeEventListener() {},
    };
    const waiting = wait({ signal, timeout: 20, ref }).catch((error) => error);
    await waiting;
    grant();
    await t.notThrowsAsync(afterGrants(isFree));
  });
}

test('a wait that is granted while the getter of aborted runs owns nothing when that throws', async (t) => {
  const mutex = new Mutex(cells());
  const guard = await mutex.lockAsync();
  let reads = 0;
  const signal = signalWith({
    get aborted() {
      if (++reads === 3) {
        guard.release();
        fail();
      }
      return false;
    },
  });
  await rejectsPlanted(t, mutex.lockAsync({ signal, timeout, ref }));
  t.is(reads, 3);
  t.false(mutex.locked);
});

test('a wait is in no queue after its abort event came while it began', async (t) => {
  const mutex = new Mutex(cells());
  const guard = await mutex.lockAsync();
  let reads = 0;
  const signal = signalWith({
    get aborted() {
      if (++reads === 3) signal.dispatchEvent(new globalThis.Event('abort'));
      return false;
    },
  });
  await t.throwsAsync(mutex.lockAsync({ signal, timeout, ref }), { any: true });
  t.is(reads, 3);
  guard.release();
  await sleep(20);
  t.false(mutex.locked);
  (await mutex.lockAsync({ timeout })).release();
  t.false(mutex.locked);
});

test('waits on one signal end each with their own error when removeEventListener throws', async (t) => {
  const view = cells();
  const [first, second] = [new Mutex(view, 0), new Mutex(view, 1)];
  const guards = [await first.lockAsync(), await second.lockAsync()];
  const signal = signalWith({ removeEventListener: fail });
  const waits = [
    first.lockAsync({ signal, timeout, ref }),
    second.lockAsync({ signal, timeout, ref }),
  ];
  guards[0].release();
  const granted = await waits[0];
  t.true(granted.held, 'another wait needs the listener, which is not removed yet');
  guards[1].release();
  await rejectsPlanted(t, waits[1]);
  t.false(second.locked);
  granted.release();
});

test('a thenable that a predicate or an action returns and whose getter throws leaves the lock free', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0);
  const condition = new Condition(view, 1);
  const hostile = /** @type {any} */ ({
    get then() {
      return fail();
    },
  });
  t.is(
    t.throws(() => mutex.runExclusive(() => hostile)),
    planted,
  );
  t.false(mutex.locked);
  await rejectsPlanted(
    t,
    mutex.runExclusiveAsync(() => hostile),
  );
  t.false(mutex.locked);
  const guard = await mutex.lockAsync();
  await rejectsPlanted(
    t,
    condition.waitAsync(guard, () => hostile, { timeout }),
  );
  t.true(guard.held);
  guard.release();

  const barrier = new Barrier(view, 2, 1, { action: () => hostile });
  t.is(
    t.throws(() => barrier.wait()),
    planted,
  );
  t.true(barrier.broken);
  barrier.reset();
  await rejectsPlanted(t, barrier.waitAsync({ timeout }));
  t.true(barrier.broken);
});

test('a getter named then on Object.prototype that throws stranded every lock', async (t) => {
  const ended = await runChild(
    async (_data, { Barrier, Condition, Latch, Mutex, RwLock, Semaphore, sleep }) => {
      const view = new Int32Array(new SharedArrayBuffer(64));
      const [mutex, condition] = [new Mutex(view, 0), new Condition(view, 1)];
      const [lock, latch] = [new RwLock(view, 2), new Latch(view, 3)];
      const [semaphore, barrier] = [new Semaphore(view, 4, 1), new Barrier(view, 5, 2)];
      let thrown = 0;
      Object.defineProperty(Object.prototype, 'then', {
        configurable: true,
        get() {
          thrown++;
          throw new Error('planted');
        },
      });
      /** @type {string[]} */
      const wrong = [];
      const timeout = 5_000;
      const check = (/** @type {string} */ what, /** @type {boolean} */ isRight) => {
        if (!isRight) wrong.push(what);
      };
      // Each of the promises may be rejected with the planted error; then it owns nothing.
      const take = async (
        /** @type {string} */ what,
        /** @type {() => Promise<any>} */ wait,
        /** @type {(guard: any) => void} */ end = (guard) => guard.release(),
      ) => {
        // The guard goes by a function: an object in a promise is asked for `then` again.
        await wait().then(
          (guard) => end(guard),
          (error) => check(`${what}: ${error.code}`, error.message === 'planted'),
        );
      };
      const takes = {
        lockAsync: () => mutex.lockAsync({ timeout }),
        'recoverAsync of a mutex': () => mutex.recoverAsync({ timeout }),
        readAsync: () => lock.readAsync({ timeout }),
        writeAsync: () => lock.writeAsync({ timeout }),
        'recoverAsync of a lock': () => lock.recoverAsync({ timeout }),
      };
      for (const [what, wait] of Object.entries(takes)) {
        await take(what, wait);
        check(`free after ${what}`, !mutex.locked && lock.tryWrite());
        lock.unlockWrite();
        // The same after a wait, which a grant ends, and after one that a time limit ends.
        mutex.lock();
        lock.write();
        const waiting = take(`${what}, waited`, wait);
        mutex.unlock();
        lock.unlockWrite();
        await waiting;
        check(`free after ${what}, waited`, !mutex.locked && lock.tryWrite());
        mutex.lock();
        const limited = what.includes('mutex') || what === 'lockAsync';
        const held = limited
          ? () => mutex.lockAsync({ timeout: 5 })
          : () => lock.readAsync({ timeout: 5 });
        let failed = false;
        await held().then(
          () => {},
          () => (failed = true),
        );
        check(`a time limit of ${what}`, failed);
        mutex.unlock();
        lock.unlockWrite();
        await sleep(1);
        check(`free after a time limit of ${what}`, !mutex.locked && lock.tryWrite());
        lock.unlockWrite();
      }
      await take(
        'acquireAsync',
        () => semaphore.acquireAsync(1, { timeout }),
        () => semaphore.release(),
      );
      check('permits', semaphore.available === 1);
      const awaiting = take(
        'awaitAsync',
        () => latch.awaitAsync({ timeout }),
        () => {},
      );
      latch.release();
      await awaiting;
      const arrived = take(
        'barrier',
        () => barrier.waitAsync({ timeout }),
        () => {},
      );
      await take(
        'barrier',
        () => barrier.waitAsync({ timeout }),
        () => {},
      );
      await arrived;
      check('barrier', barrier.waiting === 0 && !barrier.broken);
      await mutex.runExclusiveAsync((/** @type {any} */ guard) => {
        const waiting = condition.waitAsync(guard, undefined, { timeout });
        condition.notify();
        return waiting;
      });
      check('free after a Condition', !mutex.locked);
      delete (/** @type {any} */ (Object.prototype).then);
      return `${thrown} thrown: ${wrong}`;
    },
  );
  t.is(ended.code, 0, ended.stderr);
  t.regex(ended.value, /^\d+ thrown: $/);
  t.false(ended.timedOut);
});

test('a wait ends when the code of its signal blocks the thread meanwhile', async (t) => {
  const view = cells();
  const [mutex, other] = [new Mutex(view, 0), new Mutex(view, 1)];
  const guard = await mutex.lockAsync();
  const signal = signalWith({
    addEventListener() {
      other.lock();
      other.unlock();
      guard.release();
    },
  });
  const next = await mutex.lockAsync({ signal, timeout, ref });
  t.true(next.held);
  next.release();
  await sleep(1);
  t.false(mutex.locked);
});
