// @ts-check
'use strict';

// How lock order tells what it found, and how it is turned on.

const test = require('ava').default;
const path = require('node:path');
const { runChild, start } = require('./helpers/child.js');
const { PRELOAD, observe, told } = require('./helpers/lock-order.js');

/** Two locks in both orders. @type {import('./helpers/types.js').Body} */
const plant = (_, { Mutex }) => {
  const cells = new SharedArrayBuffer(8);
  const a = new Mutex(cells, 0, { name: 'a' });
  const b = new Mutex(cells, 1, { name: 'b' });
  /** @type {any[]} */
  const warnings = [];
  process.on('warning', (/** @type {any} */ { name, code }) => warnings.push([name, code]));
  a.runExclusive(() => b.runExclusive(() => {}));
  b.runExclusive(() => a.runExclusive(() => {}));
  return new Promise((resolve) => setImmediate(() => resolve(warnings)));
};

test('listeners of the program receive a warning, and Node does not print a second one', async (t) => {
  const { value, stderr } = await observe(t, plant);
  t.deepEqual(value, [['LockOrderWarning', 'SHARED_SYNC_LOCK_ORDER']]);
  t.is(stderr.split('LockOrderWarning').length, 2);
});

test('--no-warnings silences it, and listeners still receive it', async (t) => {
  const { value, stderr, inversions } = await observe(t, plant, {}, ['--no-warnings']);
  t.is(stderr, '');
  t.is(value.length, 1);
  t.is(inversions.length, 1);
});

test('exitCode is the exit code of a process that found an inversion and would exit with 0', async (t) => {
  /** @param {{ planted: boolean, code: number | undefined }} data @param {any} tools */
  const body = ({ planted, code }, { Mutex, require: load }) => {
    load('../../lock-order.js').start({ exitCode: 7 });
    const cells = new SharedArrayBuffer(8);
    const a = new Mutex(cells, 0);
    const b = new Mutex(cells, 1);
    a.runExclusive(() => b.runExclusive(() => {}));
    if (planted) b.runExclusive(() => a.runExclusive(() => {}));
    process.exitCode = code;
  };
  t.is((await observe(t, body, { planted: true })).code, 7);
  t.is((await observe(t, body, { planted: false })).code, 0);
  t.is((await observe(t, body, { planted: true, code: 3 })).code, 3);
});

test('a process exit right after the report does not lose it', async (t) => {
  const { stderr, code } = await runChild(
    (_, { Mutex }) => {
      const cells = new SharedArrayBuffer(8);
      const a = new Mutex(cells, 0, { name: 'a' });
      const b = new Mutex(cells, 1, { name: 'b' });
      a.runExclusive(() => b.runExclusive(() => {}));
      b.runExclusive(() => a.runExclusive(() => {}));
      process.exit(0);
    },
    {},
    { execArgv: PRELOAD },
  );
  t.is(code, 0);
  t.true(stderr.includes('Mutex "a"') && stderr.includes('Mutex "b"'));
});

test('a report of a worker is read at once, while the main thread is blocked', async (t) => {
  /** @type {import('./helpers/types.js').Body} */
  const body = async (_, { startWorker, stall }) => {
    const { ready } = startWorker((_, { Mutex, ready, stall, require: load }) => {
      const cells = new SharedArrayBuffer(8);
      const a = new Mutex(cells, 0, { name: 'a' });
      const b = new Mutex(cells, 1, { name: 'b' });
      a.runExclusive(() => b.runExclusive(() => {}));
      ready();
      stall(200);
      b.runExclusive(() => a.runExclusive(() => {}));
      load('node:fs').writeSync(1, `${Date.now()}`);
    });
    await ready;
    stall(3_000);
    process.exit(0);
  };
  const entry = path.join(__dirname, 'helpers', 'child-entry.js');
  const { child, ended } = start(process.execPath, [...PRELOAD, entry, body.toString(), '{}']);
  let readAt = NaN;
  child.stderr?.once('data', () => (readAt = Date.now()));
  const { stdout, stderr, code } = await ended;
  t.is(code, 0);
  t.true(stderr.includes('Mutex "a"') && stderr.includes('Mutex "b"'));
  t.true(Math.abs(readAt - Number(stdout)) < 2_000, `${readAt - Number(stdout)} ms`);
});

test('start() reaches threads that have loaded the package before', async (t) => {
  const { value } = await runChild(async (_, { Mutex, startWorker, require: load, sleep }) => {
    const cells = new SharedArrayBuffer(8);
    const go = new Int32Array(new SharedArrayBuffer(4));
    const workers = [0, 1].map((id) =>
      startWorker(
        async ({ cells, go, id }, { Mutex, ready }) => {
          const pair = ['a', 'b'].map((name, cell) => new Mutex(cells, cell, { name }));
          if (id === 1) pair.reverse();
          ready();
          // Nothing but turns of the loop.
          while (Number(Atomics.load(go, 0)) <= id)
            await new Promise((resolve) => setTimeout(resolve, 5));
          pair[0].runExclusive(() => pair[1].runExclusive(() => {}));
        },
        { cells, go, id },
      ),
    );
    await Promise.all(workers.map(({ ready }) => ready));
    const lockOrder = load('../../lock-order.js');
    const before = Mutex.prototype.lock;
    lockOrder.start();
    await sleep(50);
    // One after the other, so that they do not deadlock.
    for (const [id, { done, exited }] of workers.entries()) {
      Atomics.store(go, 0, id + 1);
      await done;
      await exited;
    }
    return [Object.is(before, Mutex.prototype.lock), lockOrder.inversions().length];
  });
  t.deepEqual(value, [false, 1]);
});

test('a worker that was started with other execArgv begins with lock order', (t) =>
  told(t, ['a', 'b'], async (_, { startWorker }) => {
    await startWorker(
      (/** @type {any} */ _, { Mutex }) => {
        const cells = new SharedArrayBuffer(8);
        const [a, b] = ['a', 'b'].map((name, cell) => new Mutex(cells, cell, { name }));
        a.runExclusive(() => b.runExclusive(() => {}));
        b.runExclusive(() => a.runExclusive(() => {}));
      },
      {},
      { execArgv: [] },
    ).done;
  }));

test('off, the methods are those of the classes', async (t) => {
  const { value } = await runChild((_, { Mutex, require: load }) => {
    const { lock } = Mutex.prototype;
    load('../../lock-order.js').inversions();
    return [
      lock === Mutex.prototype.lock,
      Object.keys(load.cache).filter((file) => file.includes('held')).length,
    ];
  });
  t.deepEqual(value, [true, 0]);
});

test('the observing methods have the names, lengths and attributes of those that they stand for', async (t) => {
  const { value } = await runChild((_, tools) => {
    const shape = () =>
      ['Mutex', 'RwLock', 'Condition'].flatMap((name) => {
        const { prototype } = /** @type {any} */ (tools)[name];
        return Object.getOwnPropertyNames(prototype).map((key) => {
          const { value, ...rest } = /** @type {any} */ (
            Object.getOwnPropertyDescriptor(prototype, key)
          );
          return [key, value?.name, value?.length, rest.enumerable, rest.configurable];
        });
      });
    const before = shape();
    tools.require('../../lock-order.js').start();
    return [before, shape()];
  });
  t.deepEqual(value[0], value[1]);
});

test('options are checked', (t) => {
  const lockOrder = require('../lock-order.js');
  for (const [options, code] of /** @type {[any, string][]} */ ([
    [{ throws: true }, 'ERR_INVALID_ARG_VALUE'],
    [{ throw: 1 }, 'ERR_INVALID_ARG_TYPE'],
    [{ classes: 'kind' }, 'ERR_INVALID_ARG_VALUE'],
    [{ allow: ['a'] }, 'ERR_INVALID_ARG_TYPE'],
    [{ exitCode: 256 }, 'ERR_OUT_OF_RANGE'],
    ['throw', 'ERR_INVALID_ARG_TYPE'],
  ])) {
    t.throws(() => lockOrder.start(options), { code }, JSON.stringify(options));
  }
});
