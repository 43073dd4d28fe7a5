// @ts-check
'use strict';

// What the package keeps for a JavaScript realm, for a primitive and for a wait goes with it, also in a thread that never
// turns its event loop, and also when the thread is terminated or out of stack in the middle.

const test = require('ava').default;
const { Mutex, RwLock } = require('../index.js');
const { runChild } = require('./helpers/child.js');
const { startWorker, sleep } = require('./helpers/threads.js');

const timeout = 10_000;
const CONTEXTS = 20;
/** V8 keeps the last context that was entered: without the package one is left, too. */
const COLLECTED = 19;

for (const [use, withPromises] of /** @type {const} */ ([
  ['a lock', false],
  ['a promise', true],
])) {
  test(`each realm that loaded the package was kept for ever after ${use}`, async (t) => {
    const ended = await runChild(
      async ({ contexts, withPromises }, { require }) => {
        const [fs, path, vm] = ['fs', 'path', 'vm'].map((name) => require(`node:${name}`));
        /** @param {any} context */
        const loadPackage = (context) => {
          const cache = new Map();
          /** @type {(file: string) => any} */
          const load = (file) => {
            if (cache.has(file)) return cache.get(file).exports;
            const module = { exports: {} };
            cache.set(file, module);
            const source = `(function (exports, require, module) {${fs.readFileSync(file, 'utf8')}\n})`;
            const resolve = (/** @type {string} */ name) => {
              const target = path.resolve(path.dirname(file), name);
              // The addon and Node's own modules are those of the thread.
              const isScript = name.startsWith('.') && !name.endsWith('binding.js');
              return isScript ? load(target) : require(name.startsWith('.') ? target : name);
            };
            new vm.Script(source, { filename: file }).runInContext(context)(
              module.exports,
              resolve,
              module,
            );
            return module.exports;
          };
          return load(require.resolve('../../index.js'));
        };
        /** @param {any} primitives */
        const usePromises = async ({ Barrier, Condition, Latch, Mutex, RwLock, Semaphore }) => {
          const view = new Int32Array(new SharedArrayBuffer(64));
          const [mutex, lock] = [new Mutex(view, 0), new RwLock(view, 1)];
          const guard = await mutex.lockAsync();
          const next = mutex.lockAsync({ ref: true });
          guard.release();
          const condition = new Condition(view, 2);
          const waiting = condition.waitAsync(await next, undefined, { ref: true });
          condition.notify();
          await waiting;
          await mutex.lockAsync({ timeout: 1 }).catch(() => {});
          (await next).release();
          (await lock.readAsync()).release();
          const writing = await lock.writeAsync();
          const { signal } = new AbortController();
          const reading = lock.readAsync({ signal, ref: true });
          writing.downgrade().release();
          (await reading).release();
          const controller = new AbortController();
          const latch = new Latch(view, 3).awaitAsync({ signal: controller.signal, ref: true });
          controller.abort();
          await latch.catch(() => {});
          await new Semaphore(view, 4, 1).acquireAsync();
          const barrier = new Barrier(view, 5, 2, { action: async () => {} });
          await Promise.all([1, 2].map(() => barrier.waitAsync({ ref: true })));
        };
        const globals = await Promise.all(
          Array.from({ length: contexts }, async () => {
            const context = vm.createContext({ process });
            const primitives = loadPackage(context);
            const mutex = new primitives.Mutex(new SharedArrayBuffer(4));
            mutex.lock();
            mutex.unlock();
            const lock = new primitives.RwLock(new SharedArrayBuffer(4));
            lock.read().release();
            if (withPromises) await usePromises(primitives);
            return new WeakRef(vm.runInContext('globalThis', context));
          }),
        );
        const collected = () => globals.filter((realm) => realm.deref() === undefined).length;
        for (let i = 0; i < 8; i++) {
          // A task of its own for the collection: what deref() returns is kept until the end of its task.
          await new Promise((resolve) => setTimeout(resolve, 5));
          /** @type {any} */ (globalThis).gc();
          await new Promise((resolve) => setTimeout(resolve, 0));
          if (collected() === contexts) break;
        }
        return collected();
      },
      { contexts: CONTEXTS, withPromises },
      { execArgv: ['--expose-gc'], limit: 60_000 },
    );
    t.is(ended.code, 0, ended.stderr);
    t.true(ended.value >= COLLECTED, `${ended.value} of ${CONTEXTS} collected`);
  });
}

test('a realm with a pending promise is kept until that settles', async (t) => {
  const ended = await runChild(
    async (_data, { require, Mutex }) => {
      const [fs, path, vm] = ['fs', 'path', 'vm'].map((name) => require(`node:${name}`));
      const cache = new Map();
      const context = vm.createContext({ process });
      /** @type {(file: string) => any} */
      const load = (file) => {
        if (cache.has(file)) return cache.get(file).exports;
        const module = { exports: {} };
        cache.set(file, module);
        const source = `(function (exports, require, module) {${fs.readFileSync(file, 'utf8')}\n})`;
        vm.runInContext(source, context)(
          module.exports,
          (/** @type {string} */ name) => {
            const target = path.resolve(path.dirname(file), name);
            const isScript = name.startsWith('.') && !name.endsWith('binding.js');
            return isScript ? load(target) : require(name.startsWith('.') ? target : name);
          },
          module,
        );
        return module.exports;
      };
      const view = new Int32Array(new SharedArrayBuffer(4));
      const guard = await new Mutex(view).lockAsync();
      let isGranted = false;
      // Nothing here refers to the realm any more but its wait.
      (() => {
        const other = new (load(require.resolve('../../index.js')).Mutex)(view);
        other.lockAsync({ ref: true }).then((/** @type {any} */ next) => {
          isGranted = next.held;
          next.release();
        });
      })();
      cache.clear();
      for (let i = 0; i < 10; i++) {
        /** @type {any} */ (globalThis).gc();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      guard.release();
      for (let i = 0; i < 200 && !isGranted; i++) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return isGranted;
    },
    {},
    { execArgv: ['--expose-gc'], limit: 30_000 },
  );
  t.is(ended.code, 0, ended.stderr);
  t.true(ended.value);
});

for (const kind of /** @type {const} */ ([
  'Mutex',
  'Condition',
  'Barrier',
  'Latch',
  'Semaphore',
  'RwLock',
])) {
  test(`a worker that never turns its event loop grew by 1 KB with each ${kind}`, async (t) => {
    const ended = await runChild(
      async ({ kind }, { startWorker }) => {
        const { done } = startWorker(
          ({ kind }, tools) => {
            const { Mutex, Condition, Barrier, Latch, Semaphore, RwLock } = tools;
            const use = {
              Mutex: (/** @type {SharedArrayBuffer} */ buffer) => {
                const mutex = new Mutex(buffer);
                mutex.lock();
                mutex.unlock();
              },
              Condition: (/** @type {SharedArrayBuffer} */ buffer) =>
                new Condition(buffer).notify(),
              Barrier: (/** @type {SharedArrayBuffer} */ buffer) =>
                new Barrier(buffer, 0, 1).wait(),
              Latch: (/** @type {SharedArrayBuffer} */ buffer) => new Latch(buffer).release(),
              Semaphore: (/** @type {SharedArrayBuffer} */ buffer) =>
                new Semaphore(buffer, 0, 1).acquire(),
              RwLock: (/** @type {SharedArrayBuffer} */ buffer) => {
                const lock = new RwLock(buffer);
                lock.read().release();
                lock.write().release();
              },
            }[/** @type {'Mutex'} */ (kind)];
            const repeat = (/** @type {number} */ times) => {
              for (let i = 0; i < times; i++) use(new SharedArrayBuffer(64));
            };
            repeat(20_000);
            const before = process.memoryUsage.rss();
            repeat(200_000);
            return (process.memoryUsage.rss() - before) / 2 ** 20;
          },
          { kind },
        );
        return done;
      },
      { kind },
    );
    t.is(ended.code, 0, ended.stderr);
    t.true(ended.value < 40, `${ended.value} MB`);
  });
}

test('a read of an ended worker is abandoned even if the worker had dropped the lock and its buffer', async (t) => {
  const view = new Int32Array(new SharedArrayBuffer(64));
  const { worker, ready, exited, done } = startWorker(
    async (data, { RwLock, ready, require, worker_threads }) => {
      require('node:v8').setFlagsFromString('--expose-gc');
      const gc = require('node:vm').runInNewContext('gc');
      const collect = async () => {
        await new Promise((resolve) => setImmediate(resolve));
        gc();
      };
      for (const place of [0, 1, 2]) new RwLock(data.view, place).read();
      new RwLock(data.view, 1).unlockRead();
      void (await new RwLock(data.view, 3).readAsync());
      // From here on the program has no reference to the memory.
      worker_threads.workerData.data = undefined;
      delete data.view;
      for (let i = 0; i < 5; i++) await collect();
      // Locks in other memory do not take the slots of those that are read.
      for (let i = 0; i < 5_000; i++) new RwLock(new SharedArrayBuffer(4)).read().release();
      await collect();
      ready();
      await new Promise((resolve) => setTimeout(resolve, 30_000));
    },
    { view },
    // The process warns about a guard without references.
    { execArgv: ['--no-warnings'] },
  );
  await Promise.race([ready, done]);
  t.deepEqual(
    [0, 1, 2, 3].map((place) => new RwLock(view, place).readers),
    [1, 0, 1, 1],
  );
  const { threadId } = worker;
  await worker.terminate();
  await exited;
  for (const place of [0, 2, 3]) {
    const abandoned = { code: 'ERR_ABANDONED', message: new RegExp(`\\b${threadId}\\b`) };
    t.throws(() => new RwLock(view, place).write(), abandoned, `cell ${place}`);
  }
  t.notThrows(() => new RwLock(view, 1).write().release());
});

test('more RwLocks than a chunk has slots are counted right, swept or not', async (t) => {
  const LOCKS = 3_000;
  const view = new Int32Array(new SharedArrayBuffer(4 * LOCKS));
  const held = startWorker(
    async ({ view, count }, { RwLock, ready }) => {
      const locks = Array.from({ length: count }, (_, place) => new RwLock(view, place));
      /** @type {string[]} */
      const wrong = [];
      const expect = (/** @type {number} */ place, /** @type {number} */ reads) => {
        const { readers } = locks[place];
        if (readers !== reads) wrong.push(`${place}: ${readers} for ${reads}`);
      };
      /** @type {Map<number, any[]>} */
      const guards = new Map();
      // Every seventh lock stays read, every third of these twice, every fifth by a promise, too. The others free their
      // slots.
      for (let place = 0; place < count; place++) {
        const lock = locks[place];
        const own = [lock.read()];
        if (place % 7 === 0) {
          if (place % 3 === 0) own.push(lock.read());
          if (place % 5 === 0) own.push(await lock.readAsync());
          guards.set(place, own);
        } else {
          own[0].release();
        }
      }
      for (let place = 0; place < count; place++) expect(place, guards.get(place)?.length ?? 0);
      // Objects that have a slot of an earlier generation, and new ones on the same cells.
      for (let round = 0; round < 2; round++) {
        for (let place = 0; place < count; place++) {
          const lock = round === 0 ? locks[place] : new RwLock(view, place);
          lock.read();
          expect(place, (guards.get(place)?.length ?? 0) + 1);
          lock.unlockRead();
          expect(place, guards.get(place)?.length ?? 0);
        }
      }
      // Half of what is read ends; each guard once.
      let place = 0;
      for (const [at, own] of guards) {
        if (place++ % 2 === 0) {
          for (const guard of own.splice(0)) {
            if (!guard.held) wrong.push(`${at} is not held`);
            guard.release();
          }
          expect(at, 0);
        }
      }
      for (let i = 0; i < count; i++) new RwLock(new SharedArrayBuffer(4)).read().release();
      for (const [at, own] of guards) {
        expect(at, own.length);
        if (own.some((guard) => !guard.held)) wrong.push(`${at} is not held any more`);
      }
      const rest = [...guards].filter(([, own]) => own.length > 0).map(([at]) => at);
      ready();
      setTimeout(() => process.exit(), 50);
      return { wrong, rest };
    },
    { view, count: LOCKS },
  );
  const { wrong, rest } = await held.done;
  t.deepEqual(wrong, []);
  t.true(rest.length > 200);
  await held.exited;
  const abandoned = [];
  for (let place = 0; place < LOCKS; place++) {
    try {
      new RwLock(view, place).write().release();
    } catch (error) {
      t.is(/** @type {any} */ (error).code, 'ERR_ABANDONED');
      abandoned.push(place);
    }
  }
  t.deepEqual(
    abandoned,
    rest,
    'the death of the worker is reported for what it read, and for nothing else',
  );
});

test('a worker that is terminated inside of lockAsync strands no mutex', async (t) => {
  const TERMINATIONS = 150;
  const ways = [
    // One task locks again and again.
    async (/** @type {any} */ { view }, /** @type {any} */ { Mutex, ready }) => {
      const mutex = new Mutex(view, 0);
      ready();
      for (;;) (await mutex.lockAsync()).release();
    },
    // The mutex is held by the main thread: waits begin and end.
    (/** @type {any} */ { view }, /** @type {any} */ { Mutex, ready }) => {
      const mutex = new Mutex(view, 0);
      ready();
      for (;;) mutex.lockAsync({ timeout: 0 }).catch(() => {});
    },
    // Tasks wait for each other.
    async (/** @type {any} */ { view }, /** @type {any} */ { Mutex, ready }) => {
      const mutex = new Mutex(view, 0);
      ready();
      for (;;) {
        const waits = Array.from({ length: 20 }, () => mutex.lockAsync({ timeout: 1_000 }));
        for (const wait of waits) (await wait).release();
      }
    },
  ];
  const outcomes = { free: 0, abandoned: 0 };
  for (let round = 0; round < TERMINATIONS; round += 2) {
    await Promise.all(
      [round, round + 1].map(async (number) => {
        const view = new Int32Array(new SharedArrayBuffer(4));
        const mutex = new Mutex(view, 0);
        const way = number % ways.length;
        const guard = way === 1 ? await mutex.lockAsync() : undefined;
        const { worker, ready } = startWorker(ways[way], { view });
        await ready;
        await sleep(Math.random() * 3);
        await worker.terminate();
        guard?.release();
        try {
          (await mutex.lockAsync({ timeout })).release();
          outcomes.free++;
        } catch (error) {
          if (/** @type {any} */ (error).code !== 'ERR_ABANDONED') throw error;
          (await mutex.recoverAsync({ timeout })).release();
          outcomes.abandoned++;
        }
        t.false(mutex.locked);
      }),
    );
  }
  t.is(outcomes.free + outcomes.abandoned, TERMINATIONS);
});

test('a stack overflow inside of a promise form left the lock locked for ever', async (t) => {
  const ended = await runChild(
    async ({ depths }, { Condition, Mutex, RwLock, Semaphore }) => {
      // Rejections are reported while the stack is full.
      process.on('unhandledRejection', () => {});
      // Fills this many slots of the stack with arguments, of 8 bytes each.
      const PART = 30_000;
      const part = new Array(PART).fill(0);
      const deepest = (/** @type {() => void} */ fn) => fn();
      /** @type {(slots: number, fn: () => void) => void} */
      const under = (slots, fn) => {
        if (slots > PART) (() => under(slots - PART, fn)).apply(null, /** @type {any} */ (part));
        else deepest.apply(null, /** @type {any} */ ([fn, ...new Array(slots).fill(0)]));
      };
      const fits = (/** @type {number} */ slots, /** @type {() => void} */ fn) => {
        try {
          under(slots, fn);
          return true;
        } catch {
          return false;
        }
      };
      const limit = () => {
        let [low, high] = [0, 1 << 20];
        while (high - low > 1) {
          const middle = (low + high) >> 1;
          if (fits(middle, () => {})) low = middle;
          else high = middle;
        }
        return low;
      };
      const turn = () => new Promise((resolve) => setImmediate(resolve));
      const ref = true;
      /** @type {Record<string, () => Promise<{ wait: () => Promise<any>, end?: () => void, grant: () => void, isFree: () => boolean }>>} */
      const scenarios = {
        'Mutex#lockAsync': async () => {
          const mutex = new Mutex(new SharedArrayBuffer(4));
          const guard = await mutex.lockAsync();
          return {
            wait: () => mutex.lockAsync({ ref }),
            grant: () => guard.release(),
            isFree: () => !mutex.locked,
          };
        },
        'Mutex#lockAsync, free': async () => {
          const mutex = new Mutex(new SharedArrayBuffer(4));
          return {
            wait: () => mutex.lockAsync({ ref }),
            grant() {},
            isFree: () => !mutex.locked,
          };
        },
        'RwLock#readAsync': async () => {
          const lock = new RwLock(new SharedArrayBuffer(4));
          const guard = await lock.writeAsync();
          return {
            wait: () => lock.readAsync({ ref }),
            grant: () => guard.release(),
            isFree: () => lock.readers === 0 && lock.writerThreadId === null,
          };
        },
        'RwLock#writeAsync': async () => {
          const lock = new RwLock(new SharedArrayBuffer(4));
          const guard = await lock.readAsync();
          return {
            wait: () => lock.writeAsync({ ref }),
            grant: () => guard.release(),
            isFree: () => lock.readers === 0 && lock.writerThreadId === null,
          };
        },
        'Semaphore#acquireAsync': async () => {
          const semaphore = new Semaphore(new SharedArrayBuffer(4), 0, 1);
          semaphore.acquire();
          return {
            wait: () => semaphore.acquireAsync(1, { ref }),
            end: () => semaphore.release(),
            grant: () => semaphore.release(),
            isFree: () => semaphore.available === 1,
          };
        },
        'Condition#waitAsync': async () => {
          const view = new Int32Array(new SharedArrayBuffer(8));
          const [mutex, condition] = [new Mutex(view, 0), new Condition(view, 1)];
          const guard = await mutex.lockAsync();
          return {
            wait: () => condition.waitAsync(guard, undefined, { ref }),
            end: () => guard.release(),
            grant: () => condition.notifyAll(),
            isFree() {
              guard.tryRelease();
              return !mutex.locked && condition.notifyAll() === 0;
            },
          };
        },
      };
      /** @type {Record<string, { threw: number, rejected: number, fulfilled: number, locked: number }>} */
      const outcomes = {};
      for (const [name, scenario] of Object.entries(scenarios)) {
        const counts = { threw: 0, rejected: 0, fulfilled: 0, locked: 0 };
        outcomes[name] = counts;
        /** @type {Promise<any> | undefined} */
        let wait;
        let { wait: begin, end, grant, isFree } = await scenario();
        const call = () => {
          wait = begin();
        };
        const settle = async () => {
          await wait?.then(
            (guard) => {
              counts.fulfilled++;
              if (end === undefined) guard.release();
              else end();
            },
            () => counts.rejected++,
          );
          await turn();
          if (!isFree()) counts.locked++;
        };
        // The first call of a function needs 40 KB of the stack for its compilation.
        for (let i = 0; i < 3; i++) {
          fits(i, call);
          grant();
          await settle();
          ({ wait: begin, end, grant, isFree } = await scenario());
        }
        // Where the loop below runs, too.
        await turn();
        const most = limit();
        const step = name === 'Mutex#lockAsync' ? 1 : 4;
        for (let depth = 0; depth < depths; depth += step) {
          ({ wait: begin, end, grant, isFree } = await scenario());
          wait = undefined;
          await turn();
          if (!fits(most - depth, call)) counts.threw++;
          grant();
          await settle();
        }
      }
      return outcomes;
    },
    { depths: 300 },
    { limit: 60_000 },
  );
  t.is(ended.code, 0, `${ended.signal} ${ended.stderr.slice(-2_000)}`);
  for (const [name, { threw, rejected, fulfilled, locked }] of Object.entries(ended.value)) {
    t.is(locked, 0, `${name} left it locked`);
    // Whether the call itself or its promise has the error depends on the depth alone.
    t.true(threw + rejected > 0 && fulfilled > 0, `${name}: ${threw}, ${rejected}, ${fulfilled}`);
  }
});
