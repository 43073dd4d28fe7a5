// @ts-check
'use strict';

const { LINE, STOP } = require('../harness/control.js');
const { Team } = require('../harness/team.js');
const { loadRival, makerOf } = require('../rivals/index.js');
const { toil } = require('../toil.js');
const { createBuffer, viewOf } = require('../views.js');

/**
 * How many critical sections a second do workers get through that all want the same mutex?
 */

/**
 * @typedef {object} Work
 * @property {number} workers
 * @property {number} inside turns of a loop with the mutex held
 * @property {number} outside turns of that loop without
 * @property {import('../views.js').ViewKind} view
 * @property {number} [held] how many other mutexes each worker holds all the time; no other worker wants them
 *
 * @typedef {Work & { warmUpMs: number, measuredMs: number }} Params
 */

// Each on a cache line of its own, so that only the mutex is fought for.
const MUTEX = 0;
const COUNTER = LINE;
const SERVED = 2 * LINE;

const TIMES = Object.freeze({ warmUpMs: 100, measuredMs: 300 });
const QUICK_TIMES = Object.freeze({ warmUpMs: 50, measuredMs: 150 });
/** A team of many needs longer: so much for each of its workers, at least. */
const WARM_UP_EACH_MS = 25;
const BRIEF_TIMES = Object.freeze({ warmUpMs: 0, measuredMs: 50 });

/** @param {number} worker */
const servedSlot = (worker) => SERVED + worker * LINE;

/**
 * @typedef {object} Job
 * @property {any} mutex
 * @property {Int32Array} cells
 * @property {number} served the slot that this worker counts in
 * @property {number} inside
 * @property {number} outside
 * @property {Int32Array} control
 */

/** @type {Record<string, (job: Job) => unknown>} */
const LOOPS = {
  pair({ mutex, cells, served, inside, outside, control }) {
    let x = 1;
    for (let done = 1; Atomics.load(control, STOP) === 0; done++) {
      mutex.lock();
      cells[COUNTER]++;
      x = toil(inside, x);
      mutex.unlock();
      cells[served] = done;
      x = toil(outside, x);
    }
    return x;
  },
  callback({ mutex, cells, served, inside, outside, control }) {
    let x = 1;
    const section = () => {
      cells[COUNTER]++;
      x = toil(inside, x);
    };
    for (let done = 1; Atomics.load(control, STOP) === 0; done++) {
      mutex.exclusively(section);
      cells[served] = done;
      x = toil(outside, x);
    }
    return x;
  },
  async promise({ mutex, cells, served, inside, outside, control }) {
    let x = 1;
    const section = () => {
      cells[COUNTER]++;
      x = toil(inside, x);
    };
    for (let done = 1; Atomics.load(control, STOP) === 0; done++) {
      await mutex.exclusively(section);
      cells[served] = done;
      x = toil(outside, x);
    }
    return x;
  },
};

/** @param {import('./index.js').Shift} shift */
function work({ rival, index, size, control, data }) {
  const cells = viewOf(data.view, data.buffer);
  const makeMutex = makerOf(rival, 'mutex');
  const mutex = makeMutex(cells, MUTEX, data.shared);
  const { inside, outside, held = 0 } = data;
  for (let i = 0; i < held; i++) {
    makeMutex(cells, servedSlot(size + index * held + i)).lock();
  }
  return LOOPS[rival.style]({ mutex, cells, served: servedSlot(index), inside, outside, control });
}

/**
 * @param {string} id
 * @param {Params} params
 */
async function contend(id, { warmUpMs, measuredMs, ...params }) {
  const { workers, held = 0 } = params;
  const buffer = createBuffer(params.view, servedSlot(workers * (1 + held)));
  const cells = viewOf(params.view, buffer);
  const data = { ...params, buffer, shared: loadRival(id).share?.('mutex') };
  const team = new Team({ task: __filename, rival: id, size: workers, data });
  const served = () => team.workers.map((_, worker) => Atomics.load(cells, servedSlot(worker)));
  try {
    const { each, elapsed } = await team.count(served, { warmUpMs, measuredMs });

    const counted = Atomics.load(cells, COUNTER);
    const expected = served().reduce((sum, each) => sum + each, 0);
    if (counted !== expected) {
      throw new Error(`wrong: counted ${counted} of ${expected}`);
    }
    const total = each.reduce((sum, count) => sum + count, 0);
    return {
      figure: total / elapsed / 1000,
      extras: { fairness: Math.min(...each) / Math.max(...each) },
    };
  } finally {
    await team.end();
  }
}

/**
 * @param {string} id
 * @param {Work} params
 */
async function contendBriefly(id, params) {
  await contend(id, { ...params, ...BRIEF_TIMES });
}

const WORKERS = [1, 2, 4, 8, 16, 32];
const QUICK_WORKERS = [2, 8];

/** Turns of a loop, about a nanosecond each: nothing, as much as a counter needs, as much as a small job. */
const INSIDE = [0, 200];
const OUTSIDE = [0, 200, 2000];

const RIVALS = ['ours', 'hand-rolled', 'atomics', 'v8', 'multithreading', 'rust-std', 'rust-futex'];

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'contended',
  title: 'workers that increment a counter under one mutex',
  unit: 'million sections a second',
  better: 'higher',
  rivals: RIVALS,
  runs: 9,
  subject: 'workers, turns inside / outside',
  extras: { fairness: 'least / most served' },
  chart: {
    kind: 'lines',
    x: 'workers',
    scale: 'log',
    panel: ({ inside, outside }) => `${inside} turns inside, ${outside} outside`,
  },
  cases({ quick, inside, outside }) {
    const insides = inside === undefined ? (quick ? [0] : INSIDE) : [inside];
    const outsides = outside === undefined ? (quick ? [0] : OUTSIDE) : [outside];
    const { warmUpMs, measuredMs } = quick ? QUICK_TIMES : TIMES;
    const works = insides.flatMap((inside) => outsides.map((outside) => ({ inside, outside })));
    return works.flatMap((work) =>
      (quick ? QUICK_WORKERS : WORKERS).map((workers) => ({
        label: `${workers}, ${work.inside} / ${work.outside}`,
        params: {
          workers,
          ...work,
          view: 'plain',
          warmUpMs: Math.max(warmUpMs, workers * WARM_UP_EACH_MS),
          measuredMs,
        },
        // So slow that no other work shows beside it.
        rivals: work.inside + work.outside === 0 ? [...RIVALS, 'web-locks'] : RIVALS,
      })),
    );
  },
  check: contendBriefly,
  measure: contend,
};

module.exports = { question, work, contendBriefly, TIMES, QUICK_TIMES };
