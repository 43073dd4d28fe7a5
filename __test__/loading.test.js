// @ts-check
'use strict';

const test = require('ava').default;
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const vm = require('node:vm');
const { pathToFileURL } = require('node:url');
const { run, runChild } = require('./helpers/child.js');
const { root, userFolder } = require('./helpers/installed.js');

const NAMES = [
  'Barrier',
  'Condition',
  'Latch',
  'Mutex',
  'RwLock',
  'Semaphore',
  'SyncError',
  'inspect',
  'layout',
];

/**
 * Writes a program into a folder of its own, where the package is installed as a user's would be, and runs it.
 *
 * @param {import('ava').ExecutionContext} t
 * @param {string} name
 * @param {string} source
 */
async function runInstalled(t, name, source) {
  const folder = userFolder(t);
  fs.writeFileSync(path.join(folder, name), source);
  return run(process.execPath, [name], { cwd: folder });
}

test('require gives the classes, under the name of the package too', (t) => {
  const exported = require('../index.js');
  t.deepEqual(Object.keys(exported).sort(), NAMES);
  for (const [name, value] of Object.entries(exported)) t.is(value.name, name);
  t.is(require('@x/shared-sync'), exported);
});

test('an ES module imports the classes by name, all at once and as default', async (t) => {
  const ended = await runInstalled(
    t,
    'program.mjs',
    `import { ${NAMES.join(', ')} } from '@x/shared-sync';
     import whole from '@x/shared-sync';
     import * as namespace from '@x/shared-sync';
     const view = new Int32Array(new SharedArrayBuffer(16));
     const mutex = new Mutex(view, 0);
     mutex.lock();
     new Condition(view, 1).waitFor(mutex, () => true, 0);
     mutex.unlock();
     new Barrier(view, 2, 1).wait();
     new Latch(view, 3).release();
     const same = whole.Mutex === Mutex && namespace.Latch === Latch;
     console.log(JSON.stringify({ same, error: SyncError.prototype instanceof Error }));`,
  );
  t.is(ended.code, 0, ended.stderr);
  t.deepEqual(JSON.parse(ended.stdout), { same: true, error: true });
});

test('a program without any worker ends by itself after using the package', async (t) => {
  const ended = await runInstalled(
    t,
    'program.cjs',
    `const { Mutex, Latch } = require('@x/shared-sync');
     const view = new Int32Array(new SharedArrayBuffer(8));
     new Mutex(view, 0).lock().unlock();
     new Latch(view, 1).tryAwait(5);`,
  );
  t.is(ended.code, 0, ended.stderr);
  t.is(ended.stderr, '');
  t.true(ended.ms < 5_000);
});

test('the addon works when only workers load it, never the main thread, again and again', async (t) => {
  const ended = await runChild(
    async (_, { inWorkers, require }) => {
      const path = require('node:path');
      const view = new Int32Array(new SharedArrayBuffer(16));
      for (let batch = 0; batch < 50; batch++) {
        await inWorkers(
          4,
          ({ view }, { Mutex, Barrier }) => {
            const mutex = new Mutex(view, 0);
            mutex.lock();
            view[1]++;
            mutex.unlock();
            new Barrier(view, 2, 4).wait();
          },
          { view },
        );
      }
      const loaded = Object.keys(require.cache).filter(
        (file) => file.endsWith('.node') || path.basename(file) === 'binding.js',
      );
      return { count: view[1], loaded };
    },
    {},
    { limit: 60_000 },
  );
  t.is(ended.code, 0, ended.stderr);
  t.deepEqual(ended.value, { count: 200, loaded: [] });
});

test('workers that start and end do not disturb a main thread that has loaded the addon', async (t) => {
  const ended = await runChild(
    async (_, { inWorkers, Mutex }) => {
      const view = new Int32Array(new SharedArrayBuffer(8));
      const mutex = new Mutex(view, 0);
      for (let batch = 0; batch < 20; batch++) {
        mutex.lock();
        const done = inWorkers(
          3,
          ({ view }, { Mutex }) => {
            const mutex = new Mutex(view, 0).lock();
            view[1]++;
            mutex.unlock();
          },
          { view },
        );
        view[1]++;
        mutex.unlock();
        await done;
      }
      return view[1];
    },
    {},
    { limit: 60_000 },
  );
  t.is(ended.code, 0, ended.stderr);
  t.is(ended.value, 80);
});

/**
 * Loads the package's JavaScript into another realm, as test runners with a sandbox do: their own loader for
 * JavaScript, node's for the addon.
 *
 * @param {vm.Context} context
 */
function loadInto(context) {
  /** @type {Map<string, { exports: any }>} */
  const cache = new Map();
  /** @param {string} file */
  const load = (file) => {
    if (file.endsWith('.node')) return require(file);
    const cached = cache.get(file);
    if (cached) return cached.exports;
    const module = { exports: {} };
    cache.set(file, module);
    const resolver = Module.createRequire(file);
    const code = Module.wrap(fs.readFileSync(file, 'utf8'));
    const wrapper = vm.runInContext(code, context, { filename: file });
    const inner = Object.assign((/** @type {string} */ request) => {
      const found = resolver.resolve(request);
      return path.isAbsolute(found) ? load(found) : require(found);
    }, resolver);
    wrapper(module.exports, inner, module, file, path.dirname(file));
    return module.exports;
  };
  return load(path.join(root, 'index.js'));
}

/** What Node's modules expect of any realm. */
const globals = () => ({ process });

/** @param {() => unknown} call */
function thrownBy(call) {
  try {
    call();
  } catch (error) {
    return /** @type {any} */ (error);
  }
  return undefined;
}

test('copies in several realms of one thread are one owner to each other', (t) => {
  const view = new Int32Array(new SharedArrayBuffer(16));
  const here = require('../index.js');
  const [a, b] = [loadInto(vm.createContext(globals())), loadInto(vm.createContext(globals()))];
  t.not(a.Mutex, b.Mutex);
  const mutexes = [here, a, b].map(({ Mutex }) => new Mutex(view, 0));
  for (const mutex of mutexes) {
    mutex.lock();
    for (const other of mutexes) {
      t.true(other.locked);
      t.is(other.ownerThreadId, mutex.ownerThreadId);
      t.is(thrownBy(() => other.lock())?.code, 'ERR_DEADLOCK');
    }
    mutexes[0].unlock();
    for (const other of mutexes) t.false(other.locked);
  }
  for (const { Condition, Mutex, Barrier, Latch } of [a, b]) {
    const mutex = new Mutex(view, 0).lock();
    t.is(
      new Condition(view, 1).waitFor(mutex, () => 5, 1),
      5,
    );
    t.is(
      new Condition(view, 1).waitFor(mutex, () => 0, 1),
      0,
    );
    mutex.unlock();
    t.is(new Barrier(view, 2, 1).wait(), 0);
    t.false(new Latch(view, 3).tryAwait(1));
  }
});

test('errors belong to the realm whose copy was called', (t) => {
  const context = vm.createContext(globals());
  const { Mutex, SyncError } = loadInto(context);
  const mutex = new Mutex(new SharedArrayBuffer(4));
  const error = thrownBy(() => mutex.unlock());
  t.true(error instanceof SyncError);
  t.is(error.code, 'ERR_NOT_OWNER');
  t.true(error instanceof vm.runInContext('Error', context));
  const wrong = thrownBy(() => new Mutex(5));
  t.is(wrong.code, 'ERR_INVALID_ARG_TYPE');
  t.is(wrong.name, 'TypeError');
});

test('a realm without Symbol.dispose can load and use the package', (t) => {
  const context = vm.createContext(globals());
  vm.runInContext('delete Symbol.dispose', context);
  if (vm.runInContext('Symbol.dispose', context) !== undefined)
    return t.pass('it cannot be taken away');
  const { Mutex } = loadInto(context);
  const mutex = new Mutex(new SharedArrayBuffer(4)).lock();
  t.true(mutex.locked);
  t.false('undefined' in mutex);
  mutex.unlock();
  return undefined;
});

test('the addon loaded a second time in one thread works beside the first', async (t) => {
  const ended = await runChild((_, { require, codeOf }) => {
    const view = new Int32Array(new SharedArrayBuffer(8));
    const copies = [];
    for (let i = 0; i < 5; i++) {
      for (const file of Object.keys(require.cache)) {
        if (!/helpers/.test(file)) delete require.cache[file];
      }
      copies.push(require('../../index.js'));
    }
    const mutexes = copies.map(({ Mutex }) => new Mutex(view, 0));
    mutexes[0].lock();
    const seen = mutexes.map((mutex) => codeOf(() => mutex.lock()));
    mutexes[4].unlock();
    return { different: new Set(copies).size, seen, free: mutexes.map(({ locked }) => locked) };
  });
  t.is(ended.code, 0, ended.stderr);
  t.deepEqual(ended.value, {
    different: 5,
    seen: Array(5).fill('ERR_DEADLOCK'),
    free: Array(5).fill(false),
  });
});

test('index.js can be loaded by its path', async (t) => {
  const { Mutex } = await import(pathToFileURL(path.join(root, 'index.js')).href);
  t.is(Mutex, require('../index.js').Mutex);
});
