// @ts-check
'use strict';

const { setTimeout: delay } = require('node:timers/promises');
const { LINE, STOP } = require('../harness/control.js');
const { Team } = require('../harness/team.js');
const { loadRival } = require('../rivals/index.js');
const { toil } = require('../toil.js');
const { createBuffer, viewOf } = require('../views.js');

/**
 * How many critical sections a second do workers get through that all want the same mutex?
 */

/**
 * @typedef {object} Params
 * @property {number} workers
 * @property {number} inside turns of a loop with the mutex held
 * @property {number} outside turns of that loop without
 * @property {import('../views.js').ViewKind} view
 */

// Each on a cache line of its own, so that only the mutex is fought for.
const MUTEX = 0;
const COUNTER = LINE;
const SERVED = 2 * LINE;

const WARM_UP_MS = 150;
const MEASURED_MS = 400;
const CHECKED_MS = 50;

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

const LOOPS = {
  /** @param {Job} job */
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
  /** @param {Job} job */
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
};

/** @param {import('./index.js').Shift} shift */
function work({ rival, index, control, data }) {
  const cells = viewOf(data.view, data.buffer);
  const mutex = rival.mutex(cells, MUTEX, data.shared);
  const { inside, outside } = data;
  return LOOPS[rival.style]({ mutex, cells, served: servedSlot(index), inside, outside, control });
}

/**
 * @param {string} id
 * @param {Params} params
 * @param {{ warmUpMs: number, measuredMs: number }} times
 */
async function contend(id, params, { warmUpMs, measuredMs }) {
  const buffer = createBuffer(params.view, servedSlot(params.workers));
  const cells = viewOf(params.view, buffer);
  const data = { ...params, buffer, shared: loadRival(id).shareMutex?.() };
  const team = new Team({ task: __filename, rival: id, size: params.workers, data });
  const served = () => team.workers.map((_, worker) => Atomics.load(cells, servedSlot(worker)));
  try {
    await team.start();
    await delay(warmUpMs);
    const before = served();
    const start = performance.now();
    await delay(measuredMs);
    const after = served();
    const elapsed = performance.now() - start;
    team.stop();
    await team.results();

    const counted = Atomics.load(cells, COUNTER);
    const expected = served().reduce((sum, each) => sum + each, 0);
    if (counted !== expected) {
      throw new Error(`wrong: counted ${counted} of ${expected}`);
    }
    const each = after.map((count, worker) => count - before[worker]);
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
 * @param {Params} params
 */
async function check(id, params) {
  await contend(id, params, { warmUpMs: 0, measuredMs: CHECKED_MS });
}

/**
 * @param {string} id
 * @param {Params} params
 * @param {boolean} quick
 */
function measure(id, params, quick) {
  const measuredMs = quick ? MEASURED_MS / 2 : MEASURED_MS;
  return contend(id, params, { warmUpMs: WARM_UP_MS, measuredMs });
}

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'contended',
  title: 'workers that increment a counter under one mutex',
  unit: 'million sections a second',
  better: 'higher',
  rivals: ['ours', 'hand-rolled', 'v8'],
  runs: 9,
  subject: 'workers',
  extras: { fairness: 'least / most served' },
  cases: ({ inside, outside }) =>
    [2, 4, 8].map((workers) => ({
      label: String(workers),
      params: { workers, inside, outside, view: 'plain' },
    })),
  check,
  measure,
};

module.exports = { question, work };
