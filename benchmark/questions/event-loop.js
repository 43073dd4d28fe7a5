// @ts-check
'use strict';

const { monitorEventLoopDelay } = require('node:perf_hooks');
const { setTimeout: delay } = require('node:timers/promises');
const { LINE, STOP } = require('../harness/control.js');
const { Team } = require('../harness/team.js');
const { loadRival, makerOf } = require('../rivals/index.js');
const { toil } = require('../toil.js');

/**
 * How late is the event loop of a main thread that waits by promise for a mutex which busy workers want as well? Beside it
 * one that waits for nothing, next to workers that are as busy without a lock, and one that is as active there. The figure is
 * what perf_hooks tells: the time between two looks, so that 10 ms is no delay at all where it looks every 10 ms.
 */

/** @typedef {{ workers: number, resolution: number }} Params */

/** How often perf_hooks looks, in milliseconds: as it does by itself, and as often as it can. */
const RESOLUTIONS = [10, 1];

const MUTEX = 0;
const COUNTER = LINE;
const CELLS = 2 * LINE;

const TURNS = 2000;
const WARM_UP_MS = 300;
const MEASURED_MS = 2500;

/** @param {import('./index.js').Shift} shift */
function work({ rival, control, data: { cells } }) {
  const mutex = makerOf(rival, 'mutex')(cells, MUTEX);
  let x = 1;
  while (Atomics.load(control, STOP) === 0) {
    mutex.lock();
    cells[COUNTER]++;
    x = toil(TURNS, x);
    mutex.unlock();
    x = toil(TURNS, x);
  }
  return x;
}

/**
 * @param {string} id
 * @param {Params} params
 * @param {number} measuredMs
 */
async function watch(id, { workers, resolution }, measuredMs) {
  const cells = new Int32Array(new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT));
  const team = new Team({ task: __filename, rival: id, size: workers, data: { cells } });
  const lockAsync = loadRival(id).lockAsync?.(cells, MUTEX);
  let isOver = false;
  let locked = 0;
  /** Takes the mutex again and again, as a server would. @param {() => Promise<{ release(): unknown }>} lock */
  const takePart = async (lock) => {
    while (!isOver) {
      const guard = await lock();
      cells[COUNTER]++;
      locked++;
      guard.release();
      await delay(0);
    }
  };
  try {
    await team.start();
    const part = lockAsync && takePart(lockAsync);
    await delay(WARM_UP_MS);
    const histogram = monitorEventLoopDelay({ resolution });
    histogram.enable();
    await delay(measuredMs);
    histogram.disable();
    isOver = true;
    await part;
    team.stop();
    await team.results();
    return { p99: histogram.percentile(99) / 1e6, p50: histogram.percentile(50) / 1e6, locked };
  } finally {
    await team.end();
  }
}

/**
 * @param {string} id
 * @param {Params} params
 */
async function check(id, params) {
  const { locked } = await watch(id, params, 200);
  if (loadRival(id).lockAsync && locked === 0)
    throw new Error('the main thread never had its turn');
}

/**
 * @param {string} id
 * @param {Params} params
 * @param {boolean} quick
 */
async function measure(id, params, quick) {
  const { p99, p50, locked } = await watch(id, params, quick ? MEASURED_MS / 3 : MEASURED_MS);
  return { figure: p99, extras: { median: p50, locked } };
}

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'event-loop',
  title: 'delay of the event loop of a main thread that waits by promise, 99th percentile',
  unit: 'ms',
  better: 'lower',
  rivals: ['ours', 'no-lock', 'no-lock-active'],
  runs: 9,
  subject: 'busy workers, ms between two looks',
  extras: { median: 'median', locked: 'times locked' },
  chart: { kind: 'bars' },
  cases: () =>
    RESOLUTIONS.map((resolution) => ({
      label: `4, ${resolution}`,
      params: { workers: 4, resolution },
    })),
  check,
  measure,
};

module.exports = { question, work };
