// @ts-check
'use strict';

const { fork } = require('node:child_process');
const { once } = require('node:events');
const { setTimeout: delay } = require('node:timers/promises');
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const { Barrier, Condition, Latch, Mutex, RwLock, Semaphore, inspect } = require('../index.js');
const { UsageError, choices, command, count } = require('../scripts/command.js');
const { describeMachine, formatMachine } = require('./harness/machine.js');
const { sharedNow, spin } = require('./harness/spin.js');
const { formatNumber, formatTable } = require('./harness/table.js');

const USAGE = `Usage: node benchmark/interruption.js [options]

What becomes of blocked threads: how fast they end, what they cost meanwhile, and whether they
are told of owners that die and of cycles. Each question in a process of its own, with
Atomics.wait beside ours where it can do the same.

  --only NAME     one question: terminate, exit, snapshot, cpu, kills, cycles
  --here          in this process, where another one cannot answer, as in Wine; not for exit
  --times N       terminations of each primitive (default 200)
  --exits N       process.exit() with 16 blocked workers (default 10)
  --snapshots N   heap snapshots of a blocked worker (default 10)
  --seconds N     how long the use of the processor is measured (default 10)
  --kills N       holders that are killed, with 8 waiters each (default 1000)
  --cycles N      cycles of two and of three mutexes (default 200)
  --help`;

const OPTIONS = /** @type {const} */ ({
  only: { type: 'string' },
  here: { type: 'boolean', default: false },
  times: { type: 'string', default: '200' },
  exits: { type: 'string', default: '10' },
  snapshots: { type: 'string', default: '10' },
  seconds: { type: 'string', default: '10' },
  kills: { type: 'string', default: '1000' },
  cycles: { type: 'string', default: '200' },
});

/** Far more than a question takes for each time that it is asked. */
const PATIENCE_MS = 5_000;

/** The cells, each on a cache line of its own. */
const LINE = 32;
const PRIMITIVE = 0;
const MUTEX = LINE;
const BLOCKING = 2 * LINE;
const ROUND = 3 * LINE;
const TOLD = 4 * LINE;
const WRONG = 5 * LINE;
const HOLDER = 6 * LINE;
const CELLS = 8 * LINE;

const createCells = () => new Int32Array(new SharedArrayBuffer(CELLS * 4));

/**
 * The waits, without limit. For those in BEFORE the main thread holds what is in PRIMITIVE.
 *
 * @type {Record<string, (cells: Int32Array) => unknown>}
 */
const WAITS = {
  'Mutex#lock': (cells) => new Mutex(cells, PRIMITIVE).lock(),
  'Condition#wait': (cells) =>
    new Condition(cells, PRIMITIVE).wait(new Mutex(new SharedArrayBuffer(4)).lock()),
  'Barrier#wait': (cells) => new Barrier(cells, PRIMITIVE, 100).wait(),
  'Latch#await': (cells) => new Latch(cells, PRIMITIVE).await(),
  'Semaphore#acquire': (cells) => new Semaphore(cells, PRIMITIVE, 0).acquire(),
  'RwLock#read': (cells) => new RwLock(cells, PRIMITIVE).read(),
  'RwLock#write': (cells) => new RwLock(cells, PRIMITIVE).write(),
  'Atomics.wait': (cells) => Atomics.wait(cells, MUTEX, 0),
};
const OURS = Object.keys(WAITS).slice(0, -1);

/** @type {Record<string, (cells: Int32Array) => unknown>} */
const BEFORE = {
  'Mutex#lock': (cells) => new Mutex(cells, PRIMITIVE).lock(),
  'RwLock#read': (cells) => new RwLock(cells, PRIMITIVE).write(),
  'RwLock#write': (cells) => new RwLock(cells, PRIMITIVE).read(),
};
const THEIRS = 'Atomics.wait';

/**
 * What a worker does.
 *
 * @type {Record<string, (data: any) => unknown>}
 */
const ROLES = {
  /** Says that it is about to block, and blocks. */
  wait({ cells, wait }) {
    Atomics.add(cells, BLOCKING, 1);
    WAITS[wait](cells);
  },

  /** Holds the mutex until it is killed. */
  hold({ cells }) {
    new Mutex(cells, PRIMITIVE).lock();
    parentPort?.postMessage('held');
    setInterval(() => {}, 1_000);
  },

  /** Tries to lock once a round, and counts whether it is told the right thing. */
  beTold({ cells, rounds }) {
    const mutex = new Mutex(cells, PRIMITIVE);
    for (let round = 0; round < rounds; round++) {
      Atomics.wait(cells, ROUND, round);
      Atomics.add(cells, BLOCKING, 1);
      let right = false;
      try {
        mutex.lock();
      } catch (/** @type {any} */ error) {
        right = error.code === 'ERR_ABANDONED' && error.ownerThreadId === cells[HOLDER];
      }
      if (!right) Atomics.add(cells, WRONG, 1);
      Atomics.add(cells, TOLD, 1);
    }
  },

  /** Locks its own mutex and then the next one's, as all others do at the same moment. */
  close({ cells, index, size, rounds, starts }) {
    const mine = new Mutex(cells, index, { name: `fork ${index}` });
    const next = new Mutex(cells, (index + 1) % size);
    const gate = new Barrier(cells, MUTEX, size);
    /** @type {{ round: number, at: number, links: number }[]} */
    const told = [];
    for (let round = 0; round < rounds; round++) {
      mine.lock();
      gate.wait();
      starts[round * size + index] = sharedNow();
      try {
        next.lock();
        next.unlock();
      } catch (/** @type {any} */ error) {
        if (error.code !== 'ERR_DEADLOCK') throw error;
        told.push({ round, at: sharedNow(), links: error.cycle.length });
      }
      mine.unlock();
      gate.wait();
    }
    parentPort?.postMessage(told);
  },
};

/**
 * @param {string} role
 * @param {object} data
 */
const start = (role, data) => new Worker(__filename, { workerData: { role, ...data } });

/**
 * Starts workers that block in the same wait, and returns when all are about to.
 *
 * @param {string[]} waits
 */
async function startBlocked(waits) {
  const blocked = waits.map((wait) => {
    // A cell is one kind of primitive.
    const own = createCells();
    BEFORE[wait]?.(own);
    return { cells: own, worker: start('wait', { cells: own, wait }) };
  });
  for (const { cells } of blocked) {
    while (Atomics.load(cells, BLOCKING) === 0) await delay(0);
  }
  return blocked.map(({ worker }) => worker);
}

/** How long after the beginning of a wait it is ended, in turns: by spinning within the first millisecond. */
const MOMENTS = [() => {}, () => spin(Math.random()), () => delay(20), () => delay(60)];
const EARLY = 2;

/**
 * What is asked, each in a process of its own.
 *
 * @type {Record<string, (options: any) => Promise<unknown>>}
 */
const QUESTIONS = {
  async terminate({ times, wait }) {
    /** @type {number[]} */
    const early = [];
    /** @type {number[]} */
    const late = [];
    for (let i = 0; i < times; i++) {
      const cells = createCells();
      BEFORE[wait]?.(cells);
      const worker = start('wait', { cells, wait });
      await once(worker, 'online');
      const moment = i % MOMENTS.length;
      while (Atomics.load(cells, BLOCKING) === 0) if (moment >= EARLY) await delay(1);
      await MOMENTS[moment]();
      const begun = performance.now();
      await worker.terminate();
      (moment < EARLY ? early : late).push(performance.now() - begun);
    }
    return { early, late };
  },

  // Ends by itself; who started it measures how long that takes.
  async exit({ waits }) {
    await startBlocked(waits);
    await delay(300);
    process.send?.({ at: Date.now() }, () => process.exit());
  },

  async snapshot({ snapshots, wait }) {
    const times = [];
    const ends = [];
    let stillWaiting = 0;
    for (let i = 0; i < snapshots; i++) {
      const [worker] = await startBlocked([wait]);
      await delay(100);
      const begun = performance.now();
      // Read to the end: Node itself crashes otherwise, when the worker is terminated.
      const stream = await worker.getHeapSnapshot();
      times.push(performance.now() - begun);
      await once(stream.resume(), 'end');
      if (inspect().some(({ threadId }) => threadId === worker.threadId)) stillWaiting++;
      const ending = performance.now();
      await worker.terminate();
      ends.push(performance.now() - ending);
    }
    return { times, ends, stillWaiting };
  },

  async cpu({ seconds, waits, messages }) {
    const workers = await startBlocked(waits);
    await delay(1_500);
    if (messages) for (const worker of workers) worker.postMessage('news');
    await delay(500);
    const before = process.cpuUsage();
    const begun = performance.now();
    await delay(seconds * 1_000);
    const { user, system } = process.cpuUsage(before);
    return { percent: (user + system) / 10 / (performance.now() - begun) };
  },

  async kills({ kills, waiters }) {
    const cells = createCells();
    const mutex = new Mutex(cells, PRIMITIVE);
    for (let i = 0; i < waiters; i++) start('beTold', { cells, rounds: kills });
    const times = [];
    let recovered = 0;
    for (let round = 0; round < kills; round++) {
      const holder = start('hold', { cells });
      await once(holder, 'message');
      cells[HOLDER] = holder.threadId;
      Atomics.store(cells, BLOCKING, 0);
      Atomics.store(cells, TOLD, 0);
      Atomics.store(cells, ROUND, round + 1);
      Atomics.notify(cells, ROUND);
      while (Atomics.load(cells, BLOCKING) < waiters) await delay(0);
      // From before they sleep to long after.
      await MOMENTS[round % 3]();
      const begun = performance.now();
      holder.terminate();
      while (Atomics.load(cells, TOLD) < waiters) {
        await delay(0);
        if (performance.now() - begun > PATIENCE_MS) {
          throw new Error(`only ${cells[TOLD]} of ${waiters} told after kill ${round}`);
        }
      }
      times.push(performance.now() - begun);
      if (mutex.tryRecover(PATIENCE_MS)) recovered++;
      mutex.unlock();
    }
    return { times, recovered, wrong: cells[WRONG] };
  },

  async cycles({ cycles, size }) {
    const cells = createCells();
    const starts = new Float64Array(new SharedArrayBuffer(8 * cycles * size));
    const workers = Array.from({ length: size }, (_, index) =>
      start('close', { cells, index, size, rounds: cycles, starts }),
    );
    const told = (await Promise.all(workers.map((worker) => once(worker, 'message')))).flat(2);
    const times = told.map(
      ({ round, at }) => at - Math.max(...starts.subarray(round * size, (round + 1) * size)),
    );
    const counts = new Array(cycles).fill(0);
    for (const { round } of told) counts[round]++;
    return {
      times,
      once: counts.filter((count) => count === 1).length,
      more: counts.filter((count) => count > 1).length,
      whole: told.every(({ links }) => links === size),
    };
  },
};

/** Whether the questions are asked in this process. */
let here = false;

/**
 * Asks in a fresh process, which ends with the answer.
 *
 * @param {string} question
 * @param {object} options
 * @param {number} limit in milliseconds
 * @returns {Promise<any>} the answer, and `exitMs`: from its last message to its end
 */
async function ask(question, options, limit) {
  if (here) return QUESTIONS[question](options);
  const child = fork(__filename, [], { timeout: limit, killSignal: 'SIGKILL' });
  /** @type {any} */
  let answer;
  child.once('message', (message) => (answer = message));
  child.send({ question, options });
  const [code, signal] = await once(child, 'exit');
  if (answer === undefined || 'error' in answer || signal !== null) {
    throw new Error(`${question}: ${answer?.error ?? `ended with ${signal ?? `code ${code}`}`}`);
  }
  return { ...answer, exitMs: Date.now() - answer.at };
}

/** @param {number[]} times */
function figures(times) {
  const sorted = times.toSorted((a, b) => a - b);
  /** @param {number} part */
  const quantile = (part) =>
    sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)];
  return [quantile(0.5), quantile(0.99), quantile(1)].map(formatNumber);
}

/**
 * @param {string} title
 * @param {string[]} titles
 * @param {string[][]} rows
 */
function print(title, titles, rows) {
  const columns = titles.map((title, i) => ({ title, numeric: i > 0 }));
  console.log(`${title}\n\n${formatTable(columns, rows)}\n`);
}

/** @param {number} count */
const workersOf = (count) => Array.from({ length: count }, (_, i) => OURS[i % OURS.length]);

/**
 * One table for each question.
 *
 * @type {Record<string, (counts: Record<string, number>) => Promise<void>>}
 */
const TABLES = {
  async terminate({ times }) {
    const rows = [];
    for (const wait of Object.keys(WAITS)) {
      const { early, late } = await ask('terminate', { times, wait }, times * PATIENCE_MS);
      rows.push([wait, ...figures([...early, ...late]), ...figures(early)]);
    }
    const titles = ['ms', 'p50', 'p99', 'worst', 'early p50', 'early p99', 'early worst'];
    print(
      `terminate() of a blocked worker, ${times} times each; early: in the first ms`,
      titles,
      rows,
    );
  },

  async exit({ exits }) {
    const rivals = { ours: workersOf(16), [THEIRS]: Array(16).fill(THEIRS) };
    /** @type {Record<string, number[]>} */
    const times = { ours: [], [THEIRS]: [] };
    for (let i = 0; i < exits; i++) {
      for (const [name, waits] of Object.entries(rivals)) {
        times[name].push((await ask('exit', { waits }, 30_000)).exitMs);
      }
    }
    const rows = Object.entries(times).map(([name, each]) => [name, ...figures(each)]);
    const title = `process.exit() with 16 blocked workers, ${exits} times`;
    print(title, ['ms', 'p50', 'p99', 'worst'], rows);
  },

  async snapshot({ snapshots }) {
    const rows = [];
    for (const wait of Object.keys(WAITS)) {
      const limit = snapshots * 2 * PATIENCE_MS;
      const { times, ends, stillWaiting } = await ask('snapshot', { snapshots, wait }, limit);
      const waiting = wait === THEIRS ? '' : `${stillWaiting} of ${snapshots}`;
      rows.push([wait, ...figures(times), waiting, figures(ends)[2]]);
    }
    const titles = ['ms', 'p50', 'p99', 'worst', 'waited on', 'terminate(), worst'];
    print(`getHeapSnapshot() of a blocked worker, ${snapshots} times each`, titles, rows);
  },

  async cpu({ seconds }) {
    const rows = [];
    for (const messages of [false, true]) {
      const percents = [];
      for (const waits of [workersOf(32), Array(32).fill(THEIRS)]) {
        const limit = (seconds + 30) * 1_000;
        percents.push((await ask('cpu', { seconds, waits, messages }, limit)).percent);
      }
      const label = messages ? 'after a message each' : 'never poked';
      rows.push([label, ...percents.map((percent) => percent.toFixed(2))]);
    }
    print(`32 blocked workers for ${seconds} s`, ['% of a core', 'ours', THEIRS], rows);
  },

  async kills({ kills }) {
    const answer = await ask('kills', { kills, waiters: 8 }, kills * PATIENCE_MS);
    const { times, recovered, wrong } = answer;
    const row = ['all told', ...figures(times), `${recovered} of ${kills}`, String(wrong)];
    const titles = ['ms', 'p50', 'p99', 'worst', 'recovered', 'told wrong'];
    print(`Killing the holder ${kills} times with 8 waiters, from terminate() on`, titles, [row]);
  },

  async cycles({ cycles }) {
    const rows = [];
    for (const size of [2, 3]) {
      const answer = await ask('cycles', { cycles, size }, cycles * PATIENCE_MS);
      const { times, once, more, whole } = answer;
      const told = `${once} of ${cycles}`;
      rows.push([`${size} mutexes`, ...figures(times), told, String(more), whole ? 'yes' : 'no']);
    }
    const titles = ['ms', 'p50', 'p99', 'worst', 'told to one', 'to more', 'whole cycle'];
    print(`Cycles of waits, ${cycles} times each, from the lock() that closes it on`, titles, rows);
  },
};

if (!isMainThread) {
  ROLES[workerData.role](workerData);
} else if (process.send) {
  process.once('message', async (/** @type {any} */ { question, options }) => {
    /** @type {any} */
    let answer;
    try {
      answer = await QUESTIONS[question](options);
    } catch (error) {
      answer = { error: String(error) };
    }
    // A question that ends the process by itself has no answer.
    if (answer) process.send?.({ ...answer, at: Date.now() }, () => process.exit());
  });
} else {
  command(USAGE, OPTIONS, async ({ only, here: asksHere, ...values }) => {
    here = asksHere;
    const counts = Object.fromEntries(
      Object.entries(values).map(([name, text]) => [name, count(`--${name}`, String(text))]),
    );
    const asked = choices('--only', only === undefined ? [] : [only], Object.keys(TABLES));
    if (here && asked.includes('exit')) {
      throw new UsageError('--here: exit ends its process; name another question with --only');
    }
    console.log(`${formatMachine(describeMachine())}\n`);
    for (const name of asked) await TABLES[name](counts);
  });
}
