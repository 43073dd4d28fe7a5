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
  'Cancel',
  'Channel',
  'Condition',
  'Event',
  'Latch',
  'Mutex',
  'Once',
  'RwLock',
  'Semaphore',
  'SyncError',
  'inspect',
  'layout',
  'select',
  'selectAsync',
  'trySelect',
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

/** What every thread loads, whatever it uses. @type {string[]} */
const BASE = [
  'binding.js',
  'index.js',
  'lib/errors.js',
  'lib/exports.js',
  'lib/intrinsics.js',
  'lib/later.js',
  'lib/native.js',
  'lib/pending.js',
  'lib/realm.js',
];
/** What the first class loads besides. @type {string[]} */
const COMMON = [
  'lib/arguments.js',
  'lib/describe.js',
  'lib/end-if-terminating.js',
  'lib/limits.js',
  'lib/promises.js',
  'lib/grant.js',
  'lib/dispose.js',
  'lib/uncloneable.js',
  'lib/wait.js',
];
/** Only the main thread loads it. */
const ARENA = 'lib/arena.js';

/**
 * The files of the package that a thread has loaded after this code.
 *
 * @param {import('ava').ExecutionContext} t
 * @param {string} code in which `sync` is the package
 * @param {{ inWorker?: boolean, env?: NodeJS.ProcessEnv }} [options]
 */
async function loadedBy(t, code, { inWorker = false, env = process.env } = {}) {
  const source = `
    const path = require('node:path');
    const sync = require(${JSON.stringify(root)});
    ${code};
    const files = Object.keys(require.cache).map((file) => path.relative(${JSON.stringify(root)}, file));
    console.log(JSON.stringify(files.filter((file) => /^(?!\\.\\.).*\\.js$/.test(file))));`;
  const program = inWorker
    ? `new (require('node:worker_threads').Worker)(${JSON.stringify(source)}, { eval: true });`
    : source;
  const ended = await run(process.execPath, ['-e', program], { env });
  t.is(ended.code, 0, ended.stderr);
  return /** @type {string[]} */ (JSON.parse(ended.stdout)).map((file) =>
    file.replaceAll('\\', '/'),
  );
}

const perUse = /** @type {const} */ ([
  { use: 'nothing', code: '', files: [] },
  {
    use: 'Mutex',
    code: 'new sync.Mutex(new SharedArrayBuffer(4)).lock().unlock()',
    files: [...COMMON, 'lib/mutex.js'],
  },
  {
    use: 'the Mutex, Condition, Barrier, Latch, Semaphore and RwLock',
    code: `const view = new SharedArrayBuffer(24);
      const mutex = new sync.Mutex(view, 0).lock();
      new sync.Condition(view, 1).waitFor(mutex, () => true, 0);
      new sync.Barrier(view, 2, 1).wait();
      new sync.Latch(view, 3).release();
      new sync.Semaphore(view, 4, 1).acquire();
      new sync.RwLock(view, 5).read().release();`,
    files: [
      ...COMMON,
      'lib/mutex.js',
      'lib/condition.js',
      'lib/barrier.js',
      'lib/latch.js',
      'lib/semaphore.js',
      'lib/rwlock.js',
      'lib/rwlock-guard.js',
      'lib/read-counts.js',
    ],
  },
  {
    use: 'layout and a Latch',
    code: 'sync.layout({ done: sync.Latch }).done.release()',
    files: [
      ...COMMON,
      'lib/latch.js',
      'lib/layout.js',
      'lib/fields.js',
      'lib/shape.js',
      'lib/kinds.js',
    ],
  },
]);

for (const { use, code, files } of perUse) {
  // Each file costs every thread of every program some 0.2 ms. Load what is rarely used by later().
  test(`a program that uses ${use} loads these files and no others`, async (t) => {
    const expected = [...BASE, ...files];
    t.deepEqual((await loadedBy(t, code)).sort(), [...expected, ARENA].sort());
    t.deepEqual((await loadedBy(t, code, { inWorker: true })).sort(), expected.sort());
  });
}

test('an ES module imports each export of the other entry points by name', async (t) => {
  for (const entry of ['lock-order', 'explore']) {
    const names = Object.keys(require(`@x/shared-sync/${entry}`));
    t.true(names.length > 1);
    const source = `import { ${names.join(', ')} } from '@x/shared-sync/${entry}';
      console.log([${names.join(', ')}].map((value) => typeof value).join());`;
    const ended = await run(process.execPath, ['--input-type=module', '-e', source], { cwd: root });
    t.is(ended.stderr, '');
    t.is(ended.stdout, `${names.map(() => 'function').join()}\n`);
  }
});

test('under jest, the package loads all at once: a reset of its modules would make two copies of some', async (t) => {
  const env = { ...process.env, JEST_WORKER_ID: '1' };
  const atOnce = await loadedBy(t, '', { env });
  const later = await loadedBy(
    t,
    'sync.layout.open("a", { jobs: [sync.Channel, { capacity: 64 }] })',
    { env },
  );
  t.true(atOnce.includes('lib/names.js'));
  t.true(atOnce.includes('lib/permit.js'));
  t.deepEqual(atOnce.sort(), later.sort());
});

test('an export is a plain property once it was read, and a program can replace it', async (t) => {
  const ended = await runInstalled(
    t,
    'program.cjs',
    `const sync = require('@x/shared-sync');
     const shapeOf = (name) => Object.keys(Object.getOwnPropertyDescriptor(sync, name)).sort();
     sync.Latch = 'mine';
     const { Mutex, Barrier } = sync;
     console.log(JSON.stringify({
       same: Mutex === sync.Mutex && Mutex === new sync.Mutex(new SharedArrayBuffer(4)).constructor,
       latch: sync.Latch,
       shapes: ['Mutex', 'Latch', 'SyncError'].map(shapeOf),
     }));`,
  );
  t.is(ended.code, 0, ended.stderr);
  const plain = ['configurable', 'enumerable', 'value', 'writable'];
  t.deepEqual(JSON.parse(ended.stdout), {
    same: true,
    latch: 'mine',
    shapes: [plain, plain, plain],
  });
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
