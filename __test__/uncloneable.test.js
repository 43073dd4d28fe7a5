// @ts-check
'use strict';

// Objects that cannot be cloned throw, a misspelt option throws, guards describe themselves, and the package leaves no
// handle open.

const test = require('ava').default;
const path = require('node:path');
const util = require('node:util');
const { once } = require('node:events');
const { fork } = require('node:child_process');
const { MessageChannel } = require('node:worker_threads');
const {
  Barrier,
  Cancel,
  Condition,
  Latch,
  Mutex,
  RwLock,
  Semaphore,

  layout,
} = require('../index.js');
const { syncError } = require('./helpers/errors.js');
const { cells } = require('./helpers/cells.js');
const { run } = require('./helpers/child.js');
const { root, userFolder } = require('./helpers/installed.js');
const { startWorker } = require('./helpers/threads.js');

const [major, minor] = process.versions.node.split('.').map(Number);
/** Whether Node can refuse to clone an object. */
const canRefuse = major > 22 || (major === 22 && minor >= 10);

/** @param {any} options */
const makers = (options) => {
  const view = cells();
  return {
    Mutex: () => new Mutex(view, 0, options),
    Condition: () => new Condition(view, 1, options),
    Barrier: () => new Barrier(view, 2, 2, options),
    Latch: () => new Latch(view, 3, 1, options),
    Semaphore: () => new Semaphore(view, 4, 0, options),
    RwLock: () => new RwLock(view, 5, options),
    Cancel: () => new Cancel(view, 6, options),
  };
};

test('a constructor ignored an unknown option without an error', (t) => {
  const known = { Barrier: 'options are name, action', Semaphore: 'options are name, max' };
  for (const [name, make] of Object.entries(makers({ nmae: 'jobs' }))) {
    const options = known[/** @type {'Barrier'} */ (name)] ?? 'only option is name';
    t.throws(
      make,
      {
        instanceOf: TypeError,
        code: 'ERR_INVALID_ARG_VALUE',
        message: `options.nmae is not known here. The ${options}.`,
      },
      name,
    );
  }
  for (const make of Object.values(makers(Object.create({ nmae: 'inherited' })))) {
    t.notThrows(make);
  }
});

test('a wait with the option timeoutt waited for ever', async (t) => {
  const options = /** @type {any} */ ({ timeoutt: 5 });
  const view = cells();
  const mutex = new Mutex(view, 0);
  const lock = new RwLock(view, 1);
  const guard = await new Mutex(view, 2).lockAsync();
  for (const wait of [
    () => mutex.lockAsync(options),
    () => mutex.recoverAsync(options),
    () => mutex.runExclusiveAsync(() => t.fail(), options),
    () => new Condition(view, 3).waitAsync(guard, () => false, options),
    () => new Barrier(view, 4, 1).waitAsync(options),
    () => new Latch(view, 5).awaitAsync(options),
    () => new Semaphore(view, 6, 1).acquireAsync(1, options),
    () => lock.readAsync(options),
    () => lock.writeAsync(options),
    () => lock.recoverAsync(options),
  ]) {
    await t.throwsAsync(
      wait(),
      {
        instanceOf: TypeError,
        code: 'ERR_INVALID_ARG_VALUE',
        message:
          'options.timeoutt is not known here. The options are timeout, signal, cancel, ref.',
      },
      wait.toString(),
    );
  }
  t.true(guard.held);
  guard.release();
  t.true(
    view.every((word) => word === 0),
    'nothing has happened',
  );
});

test('share() of a layout with an action threw DataCloneError, and from() skipped the action', async (t) => {
  let runs = 0;
  const spec = /** @type {const} */ ({
    phase: [Barrier, 2, { action: () => runs++ }],
    jobs: Mutex,
  });
  const shared = layout(spec).share();
  const arrived = structuredClone(shared);
  t.throws(() => layout.from(arrived), {
    instanceOf: TypeError,
    code: 'ERR_INVALID_ARG_VALUE',
    message: /phase has an action.*layout\.from\(shared, spec\)/,
  });
  const here = /** @type {any} */ (layout.from(arrived, spec));
  const other = startWorker(
    ({ shared }, { layout, Barrier, Mutex }) => {
      let runs = 0;
      const spec = { phase: [Barrier, 2, { action: () => runs++ }], jobs: Mutex };
      const index = layout.from(shared, /** @type {any} */ (spec)).phase.wait();
      return { index, runs };
    },
    { shared },
  );
  const index = await here.phase.waitAsync({ timeout: 10_000, ref: true });
  const there = await other.done;
  t.deepEqual([index, there.index].sort(), [0, 1]);
  t.is(runs, index === 0 ? 1 : 0);
  t.is(there.runs, there.index === 0 ? 1 : 0);
  t.throws(() => layout.from(arrived, { phase: [Barrier, 2], jobs: Mutex }), {
    code: 'ERR_INVALID_ARG_VALUE',
    message: /differ: phase/,
  });
});

test('a primitive that was posted arrived as an object without methods', (t) => {
  const { port1, port2 } = new MessageChannel();
  const values = [...Object.values(makers(undefined)).map((make) => make()), layout({ m: Mutex })];
  for (const value of values) {
    const text = util.inspect(value);
    if (canRefuse) {
      t.throws(() => port1.postMessage(value), { name: 'DataCloneError', any: true }, text);
      t.throws(() => port1.postMessage({ deep: [value] }), { name: 'DataCloneError', any: true });
      t.throws(() => structuredClone(value), { name: 'DataCloneError', any: true }, text);
    } else {
      t.notThrows(() => structuredClone(value), 'Node cannot refuse it');
    }
  }
  t.notThrows(() => structuredClone(layout({ m: Mutex }).share()));
  port1.close();
  port2.close();
});

for (const serialization of /** @type {const} */ (['advanced', 'json'])) {
  test(`a layout in a child process says that memory is not shared with it, ${serialization}`, async (t) => {
    const cwd = userFolder(t);
    const file = path.join(cwd, 'child.js');
    require('node:fs').writeFileSync(
      file,
      `const { layout } = require('@x/shared-sync');
       process.once('message', (shared) => {
         try { layout.from(shared); process.send('no error'); }
         catch ({ code, message }) { process.send({ code, message }); }
       });`,
    );
    const child = fork(file, { serialization, stdio: 'ignore' });
    t.teardown(() => child.kill());
    const { share } = layout({ jobs: Mutex });
    if (serialization === 'advanced') {
      const refused = { message: /SharedArrayBuffer.* could not be cloned/ };
      t.throws(() => child.send(share()), refused, 'Node itself refuses to send shared memory');
      return;
    }
    child.send(share());
    const [told] = await once(child, 'message');
    t.is(told.code, 'ERR_INVALID_ARG_TYPE');
    t.regex(told.message, /Shared memory does not travel to another process: start a worker/);
  });
}

test('a guard printed itself as an empty object', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0, { name: 'jobs' });
  const guard = await mutex.lockAsync();
  t.is(util.inspect(guard), 'Guard { Mutex "jobs", held }');
  t.is(String(guard), '[object Guard]');
  t.is(String(mutex), '[object Mutex]');
  t.true(guard.tryRelease());
  t.false(guard.tryRelease());
  t.is(util.inspect(guard), 'Guard { Mutex "jobs", not held }');
  t.is(mutex.locked, false);

  const lock = new RwLock(view, 1);
  for (const [begin, name] of /** @type {Array<[() => any, string]>} */ ([
    [() => lock.read(), 'ReadGuard'],
    [() => lock.readAsync(), 'ReadGuard'],
    [() => lock.write(), 'WriteGuard'],
    [() => lock.writeAsync(), 'WriteGuard'],
  ])) {
    const one = await begin();
    t.is(util.inspect(one), `${name} { RwLock in cell 1, held }`);
    t.is(String(one), `[object ${name}]`);
    t.true(one.tryRelease());
    t.false(one.tryRelease());
    t.throws(() => one.release(), syncError('ERR_NOT_OWNER'));
    t.is(util.inspect(one), `${name} { RwLock in cell 1, not held }`);
  }
  t.is(Object.prototype.toString.call(Object.getPrototypeOf(guard)), '[object Guard]');
  t.notThrows(() => util.inspect(Object.create(Object.getPrototypeOf(guard))));
});

// The options of this test run must not reach the runs that it starts.
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(AVA_|JEST_|VITEST|NODE_ENV|NODE_OPTIONS|FORCE_COLOR)/.test(name),
  ),
);
const template = path.join(__dirname, 'fixtures', 'fake-clocks');

test('jest --detectOpenHandles named shared-sync after all waits had ended', async (t) => {
  const cwd = userFolder(t);
  require('node:fs').writeFileSync(path.join(cwd, 'package.json'), '{}');
  require('node:fs').writeFileSync(
    path.join(cwd, 'waits.test.js'),
    `const { Mutex } = require('@x/shared-sync');
     test('waits', async () => {
       const mutex = new Mutex(new SharedArrayBuffer(4));
       const guard = await mutex.lockAsync();
       await mutex.lockAsync({ timeout: 5, ref: true }).catch(() => {});
       const next = mutex.lockAsync({ ref: true });
       guard.release();
       (await next).release();
     });`,
  );
  const jest = path.join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const options = ['--ci', '--colors=false', `--cacheDirectory=${path.join(cwd, 'cache')}`];
  const ended = await run(process.execPath, [jest, '--detectOpenHandles', ...options], {
    cwd,
    env,
    limit: 60_000,
  });
  t.is(ended.code, 0, ended.stderr);
  t.notRegex(ended.stderr, /open handle|did not exit/i);
  t.notRegex(ended.stderr.replaceAll('@x/shared-sync', ''), /shared-sync(?!-)/);
});

for (const pool of ['vmThreads', 'vmForks']) {
  test(`the pool ${pool} of vitest, whose realms lack Symbol.dispose on Node 20, runs the package`, async (t) => {
    const cwd = userFolder(t, { template, packages: ['vitest'] });
    const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const args = [vitest, 'run', `--pool=${pool}`, '--no-color', '--testTimeout=15000'];
    const ended = await run(process.execPath, args, { cwd, env, limit: 60_000 });
    t.is(ended.code, 0, ended.stdout + ended.stderr);
    t.regex(ended.stdout, /Tests +2 passed \(2\)/);
  });
}
