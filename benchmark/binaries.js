// @ts-check
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Worker, isMainThread, workerData } = require('node:worker_threads');
const { CommandError, UsageError, command, count } = require('../scripts/command.js');
const { filesOf } = require('../scripts/pack.js');
const { builtAddons } = require('../scripts/setup.js');
const { LINE } = require('./harness/control.js');
const { median, ratioOfMedians } = require('./harness/statistics.js');
const { formatTable } = require('./harness/table.js');

// Two binaries of the same sources in the same two threads, which do the same work with each in turns. So what the machine does
// meanwhile concerns both.

const root = path.join(__dirname, '..');

/** The binary of `npm run build`. */
function findBuilt() {
  const [name] = builtAddons(root);
  if (name) return path.join(root, name);
  throw new CommandError('there is no binary to compare with. Run: npm run build');
}

const USAGE = `Usage: node benchmark/binaries.js [--pairs N] FILE [FILE]

Prints how long the first binary takes for some operations, as a ratio to the second, with the
interval of 95 %. Below 1, the first is faster. Without a second one it is compared with the
binary that \`npm run build\` made.

  --pairs 60  how many slices of each are measured, from 10
  --help`;

/** @typedef {Pick<typeof import('../index.js'), 'Mutex' | 'Condition' | 'Barrier' | 'Semaphore' | 'RwLock'>} Kit */

/**
 * Work that both threads do at the same time.
 *
 * @typedef {object} Case
 * @property {string} name
 * @property {(kit: Kit, cells: Int32Array, index: number) => (() => void)} prepare for thread 0 or 1; returns one operation
 */

/** The cells of the primitives of one case. */
const [FIRST, SECOND, TURN] = [0, LINE, 2 * LINE];
const CELLS = 3 * LINE;

/** @type {Case[]} */
const CASES = [
  {
    name: 'Mutex, one thread each: lock({ timeout }) and unlock()',
    prepare({ Mutex }, cells, index) {
      const mutex = new Mutex(cells, index === 0 ? FIRST : SECOND);
      const options = { timeout: 1000 };
      return () => {
        mutex.lock(options);
        mutex.unlock();
      };
    },
  },
  {
    name: 'Mutex, two threads: lock() and unlock()',
    prepare({ Mutex }, cells) {
      const mutex = new Mutex(cells, FIRST);
      return () => {
        mutex.lock();
        mutex.unlock();
      };
    },
  },
  {
    name: 'Semaphore of one permit, two threads: acquire() and release()',
    prepare({ Semaphore }, cells) {
      const semaphore = new Semaphore(cells, FIRST, 1);
      return () => {
        semaphore.acquire();
        semaphore.release();
      };
    },
  },
  {
    name: 'RwLock, two threads: tryWrite(1000) and unlockWrite()',
    prepare({ RwLock }, cells) {
      const lock = new RwLock(cells, FIRST);
      return () => {
        lock.tryWrite(1000);
        lock.unlockWrite();
      };
    },
  },
  {
    name: 'Condition, two threads: each notifies the other',
    prepare({ Mutex, Condition }, cells, index) {
      const [mutex, condition] = [new Mutex(cells, FIRST), new Condition(cells, SECOND)];
      const turn = cells.subarray(TURN);
      const isMine = () => (turn[0] & 1) === index;
      return () => {
        mutex.lock();
        condition.wait(mutex, isMine);
        turn[0]++;
        condition.notify();
        mutex.unlock();
      };
    },
  },
  {
    name: 'Barrier, two threads: wait()',
    prepare({ Barrier }, cells) {
      const barrier = new Barrier(cells, FIRST, 2);
      return () => void barrier.wait();
    },
  },
];

/** How the threads agree on what to do. Each on a line of its own. */
const [ROUND, DONE, JOB, BINARY, TIMES] = [0, LINE, 2 * LINE, 2 * LINE + 1, 2 * LINE + 2];
const CONTROL_CELLS = 3 * LINE;

const SLICE_MS = 15;
/** So often a case runs before it is measured. */
const WARM_UP = 2_000;

/**
 * The package in this folder, with this binary. Of each folder there is a kit of its own in the thread.
 * @param {string} folder
 * @param {string} binary
 * @returns {Kit}
 */
function load(folder, binary) {
  process.env.NAPI_RS_NATIVE_LIBRARY_PATH = binary;
  const { Mutex, Condition, Barrier, Semaphore, RwLock } = require(path.join(folder, 'index.js'));
  return { Mutex, Condition, Barrier, Semaphore, RwLock };
}

/**
 * What thread 0 or 1 does.
 *
 * @typedef {object} Shared
 * @property {Int32Array} control
 * @property {Int32Array[][]} cells by case and binary
 * @property {string[]} folders by binary
 * @property {string[]} binaries
 *
 * @param {Shared} shared
 * @param {number} index
 */
function member({ cells, folders, binaries }, index) {
  const kits = folders.map((folder, i) => load(folder, binaries[i]));
  const operations = CASES.map(({ prepare }, job) =>
    kits.map((kit, i) => prepare(kit, cells[job][i], index)),
  );
  return (/** @type {number} */ job, /** @type {number} */ binary, /** @type {number} */ times) => {
    const operation = operations[job][binary];
    for (let i = 0; i < times; i++) operation();
  };
}

/** What the thread beside the main one does: the same, until there is nothing left to do. */
function follow() {
  /** @type {Shared} */
  const shared = workerData;
  const { control } = shared;
  const work = member(shared, 1);
  for (let round = 1; ; round++) {
    // Without a sleep: a processor that slept begins anew.
    while (Atomics.load(control, ROUND) < round);
    if (control[TIMES] === 0) return;
    work(control[JOB], control[BINARY], control[TIMES]);
    Atomics.store(control, DONE, round);
  }
}

/**
 * Measures all cases, and returns the rows of the table.
 * @param {Shared} shared
 * @param {number} pairs
 */
function measure(shared, pairs) {
  const { control } = shared;
  const work = member(shared, 0);
  let round = 0;
  /** Milliseconds for both threads. @param {number} job @param {number} binary @param {number} times */
  const slice = (job, binary, times) => {
    [control[JOB], control[BINARY], control[TIMES]] = [job, binary, times];
    const start = performance.now();
    Atomics.store(control, ROUND, ++round);
    work(job, binary, times);
    while (Atomics.load(control, DONE) < round);
    return performance.now() - start;
  };
  const rows = CASES.map(({ name }, job) => {
    const warm = [0, 1].map((binary) => slice(job, binary, WARM_UP) + slice(job, binary, WARM_UP));
    const times = Math.ceil((SLICE_MS * 4 * WARM_UP) / (warm[0] + warm[1]));
    /** @type {number[][]} */
    const taken = [[], []];
    for (let pair = 0; pair < pairs; pair++) {
      for (const binary of pair % 2 === 0 ? [0, 1] : [1, 0]) {
        taken[binary].push((1e6 * slice(job, binary, times)) / times);
      }
    }
    const { ratio, low, high } = ratioOfMedians(taken[0], taken[1]) ?? {};
    return [name, ...taken.map((each) => median(each)), ratio, low, high];
  });
  control[TIMES] = 0;
  Atomics.store(control, ROUND, ++round);
  return rows.map(([name, ...figures]) => [
    String(name),
    ...figures.map((figure, i) => Number(figure).toFixed(i < 2 ? 0 : 3)),
  ]);
}

/**
 * Copies the package without its binary.
 * @param {string[]} names of its files
 * @param {string} to
 */
function copyPackage(names, to) {
  for (const name of names) {
    fs.mkdirSync(path.dirname(path.join(to, name)), { recursive: true });
    fs.copyFileSync(path.join(root, name), path.join(to, name));
  }
}

/**
 * @param {string[]} binaries
 * @param {number} pairs
 */
function compare(binaries, pairs) {
  const folders = binaries.map(() => fs.mkdtempSync(path.join(os.tmpdir(), 'shared-sync-binary-')));
  try {
    const names = filesOf(root);
    for (const folder of folders) copyPackage(names, folder);
    const room = (/** @type {number} */ length) =>
      new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT));
    const cells = CASES.map(() => binaries.map(() => room(CELLS)));
    /** @type {Shared} */
    const shared = { control: room(CONTROL_CELLS), cells, folders, binaries };
    const follower = new Worker(__filename, { workerData: shared });
    follower.once('error', (error) => {
      throw error;
    });
    return measure(shared, pairs);
  } finally {
    for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
  }
}

if (isMainThread) {
  command(USAGE, { pairs: { type: 'string', default: '60' } }, ({ pairs }, given) => {
    if (given.length < 1 || given.length > 2) throw new UsageError('give one binary, or two');
    const [first, second = findBuilt()] = given;
    const binaries = [first, second].map((file) => path.resolve(file));
    const missing = binaries.find((file) => !fs.existsSync(file));
    if (missing) throw new CommandError(`there is no ${missing}`);
    const rows = compare(binaries, count('--pairs', pairs, 10));
    const numeric = ['first, ns', 'second, ns', 'ratio', 'from', 'to'];
    const columns = numeric.map((title) => ({ title, numeric: true }));
    console.log(formatTable([{ title: 'operation' }, ...columns], rows));
  });
} else follow();
