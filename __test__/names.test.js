// @ts-check
'use strict';

// layout.open: layouts by name.

const test = require('ava').default;
const fs = require('node:fs');
const path = require('node:path');
const { getEnvironmentData } = require('node:worker_threads');
const { Barrier, Event, Latch, Mutex, Once, Semaphore, layout } = require('../index.js');
const { run, runChild } = require('./helpers/child.js');
const { temporaryFolder } = require('./helpers/folders.js');
const { root } = require('./helpers/installed.js');
const { startWorker } = require('./helpers/threads.js');

const ADDON = path.join(
  root,
  /** @type {string} */ (fs.readdirSync(root).find((file) => file.endsWith('.node'))),
);
/** The files of a copy of the package, without its addon. */
const FILES = ['index.js', 'binding.js', 'package.json', 'lib'];

/**
 * Runs a program in a process of its own.
 *
 * @param {string} source
 * @param {string[]} [flags]
 * @param {NodeJS.ProcessEnv} [env]
 */
async function runProgram(source, flags = [], env = {}) {
  const ended = await run(process.execPath, [...flags, '-e', source], {
    cwd: root,
    env: { ...process.env, ...env },
  });
  return { ...ended, lines: ended.stdout.trim().split('\n') };
}

/**
 * A copy of the package in a folder of its own.
 *
 * @param {import('ava').ExecutionContext} t
 * @param {boolean} withAddon whether it has its own addon
 */
function copyPackage(t, withAddon) {
  const folder = temporaryFolder(t);
  for (const file of FILES) {
    fs.cpSync(path.join(root, file), path.join(folder, file), { recursive: true });
  }
  if (withAddon) fs.copyFileSync(ADDON, path.join(folder, path.basename(ADDON)));
  return JSON.stringify(folder);
}

test('all threads find the same primitives and arrays under a name, and nothing is passed', async (t) => {
  const name = t.title;
  const { jobs, totals, done, ready } = layout.open(name, {
    jobs: Mutex,
    totals: [Float64Array, 3],
    done: [Latch, 3],
    ready: Event,
  });
  const workers = [0, 1, 2].map(() =>
    startWorker(
      ({ name }, { layout, Mutex, Latch, Event, startWorker }) => {
        const { jobs, totals, done, ready } = layout.open(name, {
          jobs: Mutex,
          totals: [Float64Array, 3],
          done: [Latch, 3],
          ready: Event,
        });
        ready.wait();
        jobs.runExclusive(() => (totals[1] += 1.5));
        done.countDown();
        // A worker of a worker has it, too.
        return startWorker(
          ({ name }, { layout, Mutex, Latch, Event }) =>
            layout.open(name, {
              jobs: Mutex,
              totals: [Float64Array, 3],
              done: [Latch, 3],
              ready: Event,
            }).ready.isSet,
          { name },
        ).done;
      },
      { name },
    ),
  );
  ready.set();
  await done.awaitAsync({ ref: true });
  t.deepEqual([...totals], [0, 4.5, 0]);
  for (const worker of workers) t.true(await worker.done);
  const again = layout.open(name, {
    jobs: Mutex,
    totals: [Float64Array, 3],
    done: [Latch, 3],
    ready: Event,
  });
  jobs.lock();
  t.true(again.jobs.locked);
  jobs.unlock();
  t.is(totals.buffer, again.totals.buffer);
  t.is(totals.byteOffset, again.totals.byteOffset);
});

test('8 workers that open 100 names at once, two of them terminated, have one memory a name', async (t) => {
  const ended = await runChild(
    async (_, { startWorker, layout }) => {
      const names = Array.from({ length: 100 }, (_, i) => `name ${i}`);
      const start = new Int32Array(new SharedArrayBuffer(8));
      const workers = Array.from({ length: 8 }, (_, id) =>
        startWorker(
          ({ id, names, start }, { layout }) => {
            Atomics.add(start, 1, 1);
            Atomics.wait(start, 0, 0);
            const places = [];
            for (const [i] of names.entries()) {
              // Each begins elsewhere, so that all of them create.
              const place = (i + id * 12) % names.length;
              const { counter } = layout.open(names[place], { counter: [Int32Array, 20] });
              Atomics.add(counter, 0, 1);
              places[place] = counter.byteOffset;
            }
            return places;
          },
          { id, names, start },
        ),
      );
      while (Atomics.load(start, 1) < 8) await new Promise((resolve) => setTimeout(resolve, 1));
      Atomics.store(start, 0, 1);
      Atomics.notify(start, 0);
      const terminated = workers.splice(2, 2).map(({ worker }) => worker.terminate());
      const places = await Promise.all(workers.map(({ done }) => done));
      await Promise.all(terminated);
      const counts = names.map(
        (name) => layout.open(name, { counter: [Int32Array, 20] }).counter[0],
      );
      const own = names.map(
        (name) => layout.open(name, { counter: [Int32Array, 20] }).counter.byteOffset,
      );
      return { places, own, counts };
    },
    undefined,
    { limit: 60_000 },
  );
  t.is(ended.code, 0, ended.stderr);
  const { places, own, counts } = ended.value;
  t.is(places.length, 6);
  for (const place of places) t.deepEqual(place, own);
  t.is(new Set(own).size, 100);
  for (const count of counts) t.true(count >= 6 && count <= 8, `${count}`);
});

test('a worker whose main thread has not loaded the package cannot open, and the error says what to do', async (t) => {
  const worker = `
    const { layout, Mutex } = require('./index.js');
    try {
      layout.open('app', { jobs: Mutex });
      console.log('opened');
    } catch (error) {
      console.log(error.name, error.code, error.message);
    }`;
  const main = `new (require('node:worker_threads').Worker)(${JSON.stringify(worker)}, { eval: true })`;
  const { stdout } = await runProgram(main);
  t.regex(stdout, /^SyncError ERR_NO_ARENA .*-r @x\/shared-sync.*--import @x\/shared-sync/);
  const late = await runProgram(`${main}; require('./index.js')`);
  t.regex(late.stdout, /^SyncError ERR_NO_ARENA /, 'it was loaded after the worker was started');
  for (const flags of [
    ['-r', './index.js'],
    ['--import', './index.js'],
  ]) {
    const { lines } = await runProgram(main, flags);
    t.deepEqual(lines, ['opened'], flags.join(' '));
  }
});

test('with { root: true } a thread makes the memory for itself and its workers', async (t) => {
  const inner = `
    const { layout, Mutex } = require('./index.js');
    console.log(layout.open('app', { numbers: [Int32Array, 1] }).numbers[0]);`;
  const outer = `
    const { layout, Mutex } = require('./index.js');
    const spec = { numbers: [Int32Array, 1] };
    layout.open('app', spec, { root: true }).numbers[0] = 7;
    console.log(layout.open('app', spec).numbers[0]);
    console.log(layout.open('app', spec, { root: true }).numbers[0]);
    new (require('node:worker_threads').Worker)(${JSON.stringify(inner)}, { eval: true })`;
  const { lines, stderr } = await runProgram(
    `new (require('node:worker_threads').Worker)(${JSON.stringify(outer)}, { eval: true })`,
  );
  t.deepEqual(lines, ['7', '7', '7'], stderr);
  // Where there is one already, it is used.
  const name = t.title;
  const { numbers } = layout.open(name, { numbers: [Int32Array, 1] }, { root: true });
  numbers[0] = 5;
  const worker = startWorker(
    ({ name }, { layout }) =>
      layout.open(name, { numbers: [Int32Array, 1] }, { root: true }).numbers[0],
    { name },
  );
  t.is(await worker.done, 5);
});

test('two copies of the package with one addon have one arena, and wake each other', async (t) => {
  const folder = copyPackage(t, false);
  const { lines, stderr } = await runProgram(
    `const { getEnvironmentData } = require('node:worker_threads');
     const here = require('./index.js');
     const arena = getEnvironmentData('@x/shared-sync');
     const there = require(${folder});
     console.log(here.Mutex !== there.Mutex, arena === getEnvironmentData('@x/shared-sync'));
     const a = here.layout.open('app', { ready: here.Event, n: [Int32Array, 1] });
     const b = there.layout.open('app', { ready: there.Event, n: [Int32Array, 1] });
     a.ready.waitAsync({ ref: true }).then(() => console.log('woken', a.n[0]));
     b.n[0] = 3;
     b.ready.set();`,
    [],
    { NAPI_RS_NATIVE_LIBRARY_PATH: ADDON },
  );
  t.deepEqual(lines, ['true true', 'woken 3'], stderr);
});

test('two copies of the package with two addons have one arena, and the second throws ERR_SECOND_COPY', async (t) => {
  const folder = copyPackage(t, true);
  const worker = `
    try {
      const { layout, Mutex } = require(${folder});
      layout.open('app', { jobs: Mutex });
      console.log('opened');
    } catch (error) {
      console.log(error.code);
    }`;
  const { lines, stderr } = await runProgram(
    `const { Worker, getEnvironmentData } = require('node:worker_threads');
     const here = require('./index.js');
     const arena = getEnvironmentData('@x/shared-sync');
     const there = require(${folder});
     console.log(arena === getEnvironmentData('@x/shared-sync'));
     here.layout.open('app', { jobs: here.Mutex });
     try {
       there.layout.open('app', { jobs: there.Mutex });
     } catch (error) {
       console.log(error.code, error instanceof there.SyncError);
     }
     new Worker(${JSON.stringify(worker)}, { eval: true });`,
  );
  t.deepEqual(lines, ['true', 'ERR_SECOND_COPY true', 'ERR_SECOND_COPY'], stderr);
});

test('specs are compared, but not their functions', (t) => {
  const name = t.title;
  const spec = {
    slots: [Semaphore, 2, { max: Infinity }],
    phase: [Barrier, 2, { action: () => 'mine' }],
    done: Latch,
  };
  layout.open(name, /** @type {any} */ (spec));
  for (const same of [
    { ...spec, phase: [Barrier, 2, { action: () => 'yours' }] },
    { ...spec, done: [Latch, undefined, undefined] },
    { ...spec, slots: [Semaphore, 2, { max: Infinity, name: undefined }] },
  ]) {
    t.truthy(layout.open(name, /** @type {any} */ (same)));
  }
  const { done, ...without } = spec;
  for (const [other, message] of /** @type {[any, RegExp][]} */ ([
    [
      { ...spec, slots: [Semaphore, 3] },
      /slots is \[Semaphore, 2.*in that layout and \[Semaphore, 3\] in spec/,
    ],
    [{ ...spec, phase: [Barrier, 2] }, /phase is /],
    [{ ...spec, done: [Latch, 3] }, /done is Latch in that layout/],
    [{ ...spec, more: Once }, /more \(Once\) is only in spec/],
    [without, /done \(Latch\) is only in that layout/],
    [{ done, ...without }, /the order: /],
  ])) {
    t.throws(() => layout.open(name, other), { code: 'ERR_INVALID_ARG_VALUE', message });
  }
});

test('with { create: false } a name that no thread has opened gives undefined', (t) => {
  const name = t.title;
  const spec = { jobs: Mutex };
  const options = { create: false };
  t.is(layout.open(name, spec, options), undefined);
  t.is(layout.open(name, spec, options), undefined);
  layout.open(name, spec);
  t.truthy(layout.open(name, spec, options)?.jobs);
  t.throws(() => layout.open(name, { jobs: Once }, options), { code: 'ERR_INVALID_ARG_VALUE' });
});

test('names are any strings, and those of the same length and hash are told apart', (t) => {
  const names = ['Aa', 'BB', 'a', '\u{1F512}', '\uD83D', '\uFFFD', '\0', 'x'.repeat(10_000)];
  for (const [i, name] of names.entries()) layout.open(name, { n: [Int32Array, 1] }).n[0] = i + 1;
  for (const [i, name] of names.entries()) {
    t.is(layout.open(name, { n: [Int32Array, 1] }, { create: false })?.n[0], i + 1);
  }
});

test('arguments are checked before anything is made', (t) => {
  const open = /** @type {any} */ (layout.open);
  const spec = { jobs: Mutex };
  for (const name of [undefined, null, 5, Symbol('name'), {}]) {
    t.throws(() => open(name, spec), { code: 'ERR_INVALID_ARG_TYPE', message: /^name must be / });
  }
  t.throws(() => open('', spec), { code: 'ERR_INVALID_ARG_VALUE' });
  for (const wrong of [undefined, null, 5, Mutex, { jobs: 5 }]) {
    t.throws(() => open('wrong', wrong), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  t.throws(() => open('wrong', { jobs: [Barrier, 0] }), { code: 'ERR_OUT_OF_RANGE' });
  t.throws(() => open('wrong', spec, { crate: true }), { code: 'ERR_INVALID_ARG_VALUE' });
  t.throws(() => open('wrong', spec, { create: 1 }), { code: 'ERR_INVALID_ARG_TYPE' });
  t.throws(() => open('wrong', spec, { root: 'yes' }), { code: 'ERR_INVALID_ARG_TYPE' });
  t.throws(() => open('wrong', spec, null), { code: 'ERR_INVALID_ARG_TYPE' });
  t.is(open('wrong', spec, { create: false }), undefined);
});

test('past the limit the error names it, and what is open stays usable', (t) => {
  const name = t.title;
  t.throws(() => layout.open(name, { numbers: [Float64Array, 2 ** 27] }), {
    code: 'ERR_OUT_OF_RANGE',
    message: /at most 1073741824 bytes together/,
  });
  const { numbers } = layout.open(name, { numbers: [Float64Array, 2 ** 16] });
  numbers.fill(1);
  const other = layout.open(`${name} 2`, { numbers: [Float64Array, 2 ** 16] });
  t.is(other.numbers[0], 0);
  t.is(numbers.at(-1), 1);
});

test('what a dead creator took is lost, and others go on', async (t) => {
  const name = t.title;
  const dies = startWorker((_, { require: load, ready, stall, worker_threads }) => {
    const { HEADER } = load('../../lib/arena.js');
    const { Mutex } = load('../../index.js');
    const buffer = /** @type {any} */ (worker_threads.getEnvironmentData('@x/shared-sync'));
    new Mutex(buffer, HEADER.MUTEX).lock();
    const header = new Int32Array(buffer, 0, 8);
    // It has taken memory, and has published nothing.
    Atomics.add(header, HEADER.USED, 6400);
    Atomics.store(new Int32Array(buffer, 0, buffer.byteLength / 4), header[HEADER.USED] / 4 - 9, 5);
    ready();
    stall(Infinity);
  });
  layout.open(`${name}, before`, { bytes: [Uint8Array, 10_000] });
  await dies.ready;
  const waits = startWorker(
    ({ name }, { layout, Mutex }) => layout.open(name, { jobs: Mutex }).jobs.locked,
    { name },
  );
  await dies.worker.terminate();
  t.false(await waits.done);
  layout.open(name, { jobs: Mutex }).jobs.lock().unlock();
  t.is(layout.open(`${name}, after`, { n: [Int32Array, 1] }).n[0], 0);
});

test('share() of an opened layout travels', async (t) => {
  const spec = { jobs: Mutex, numbers: [Int32Array, 2] };
  const { numbers, share } = layout.open(t.title, /** @type {any} */ (spec));
  numbers[1] = 9;
  const worker = startWorker(
    ({ shared }, { layout, Mutex }) => [
      layout.from(shared).numbers[1],
      layout.from(shared, { jobs: Mutex, numbers: [Int32Array, 2] }).numbers[1],
    ],
    { shared: share() },
  );
  t.deepEqual(await worker.done, [9, 9]);
  const shared = share();
  for (const offset of [-64, 5, 32, shared.buffer.byteLength, 2 ** 40, NaN]) {
    t.throws(() => layout.from({ ...shared, offset }), { code: 'ERR_OUT_OF_RANGE' }, `${offset}`);
  }
  t.throws(() => layout.from(/** @type {any} */ ({ ...shared, offset: '0' })), {
    code: 'ERR_INVALID_ARG_TYPE',
  });
});

test('whatever other code writes over the names, open gives a layout or a known error', async (t) => {
  const ended = await runChild(
    (_, { layout, require: load }) => {
      const { Random } = load('../chaos/random.js');
      const random = new Random(20_261_129);
      const { Mutex } = load('../../index.js');
      const buffer = load('node:worker_threads').getEnvironmentData('@x/shared-sync');
      for (let i = 0; i < 20; i++) layout.open(`name ${i}`, { jobs: Mutex, n: [Int32Array, 30] });
      const words = new Int32Array(buffer, 0, 1024);
      const before = words.slice();
      /** @type {Record<string, number>} */
      const seen = {};
      for (let i = 0; i < 20_000; i++) {
        words.set(before);
        for (let n = random.integer(1, 4); n > 0; n--) {
          // Not the mutex: what a Mutex does with such words has tests of its own.
          let at = random.integer(0, 1_023);
          if (at === 16) at = 5;
          const near = [0, -1, 1, 64, 128, words[at] + 64, words[at] - 4, 2 ** 30, -(2 ** 31)];
          words[at] =
            random.integer(0, 1) === 1
              ? near[random.integer(0, near.length - 1)]
              : random.integer(0, 2 ** 32 - 1);
        }
        /** @type {string} */
        let result;
        try {
          result = typeof layout.open(
            `name ${random.integer(0, 24)}`,
            { jobs: Mutex, n: [Int32Array, 30] },
            { create: random.integer(0, 1) === 1 },
          );
        } catch (error) {
          result = /** @type {any} */ (error).code ?? String(error);
        }
        seen[result] = (seen[result] ?? 0) + 1;
      }
      words.set(before);
      return { seen, open: typeof layout.open('name 3', { jobs: Mutex, n: [Int32Array, 30] }) };
    },
    undefined,
    { limit: 60_000 },
  );
  t.is(ended.code, 0, ended.stderr);
  const known = [
    'object',
    'undefined',
    'ERR_CORRUPT_CELL',
    'ERR_SECOND_COPY',
    'ERR_OUT_OF_RANGE',
    'ERR_INVALID_ARG_VALUE',
  ];
  t.deepEqual(
    Object.keys(ended.value.seen).filter((code) => !known.includes(code)),
    [],
  );
  t.true(ended.value.seen.ERR_CORRUPT_CELL > 100, JSON.stringify(ended.value.seen));
  t.is(ended.value.open, 'object');
});

test('a pool hands it to its threads', async (t) => {
  const { Tinypool } = await import('tinypool');
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'task.js');
  fs.writeFileSync(
    file,
    `const { layout, Mutex } = require(${JSON.stringify(root)});
     const { jobs, n } = layout.open('pool', { jobs: Mutex, n: [Int32Array, 1] });
     module.exports = () => jobs.runExclusive(() => n[0]++);`,
  );
  const pool = new Tinypool({ filename: file, minThreads: 2, maxThreads: 2 });
  await Promise.all(Array.from({ length: 50 }, () => pool.run({})));
  await pool.destroy();
  t.is(layout.open('pool', { jobs: Mutex, n: [Int32Array, 1] }).n[0], 50);
});

test('other code under the name of the arena is told apart', async (t) => {
  t.truthy(getEnvironmentData('@x/shared-sync'));
  const { lines } = await runProgram(
    `require('node:worker_threads').setEnvironmentData('@x/shared-sync', 'mine');
     const { layout, Mutex } = require('./index.js');
     try { layout.open('app', { jobs: Mutex }); } catch (error) { console.log(error.code); }`,
  );
  t.deepEqual(lines, ['ERR_CORRUPT_CELL']);
});

test('arguments that cannot be compared between threads are refused, and the message names the field', (t) => {
  const circular = /** @type {any} */ ({});
  circular.self = circular;
  for (const argument of [1n, circular]) {
    t.throws(() => /** @type {any} */ (layout).open('incomparable', { field: [Latch, argument] }), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /the field field cannot be written as JSON/,
    });
  }
});
