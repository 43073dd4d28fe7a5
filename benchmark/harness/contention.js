// @ts-check
'use strict';

const { LINE } = require('./control.js');
const { createLine, measureLineAround, stateOf } = require('./line.js');
const { Team } = require('./team.js');
const { loadRival } = require('../rivals/index.js');

/** Workers that do the same until they are stopped, and count how often they have done it. */

/** @typedef {{ warmUpMs: number, measuredMs: number }} Times */

const TIMES = Object.freeze({ warmUpMs: 100, measuredMs: 300 });
const QUICK_TIMES = Object.freeze({ warmUpMs: 80, measuredMs: 100 });
/** A team of many needs longer: so much for each of its workers, at least. */
const WARM_UP_EACH_MS = 25;

/** The state of the machine is that of the line between two processors, so only a team of two measures it. */
const PAIR = 2;

/**
 * @param {number} workers
 * @param {boolean} quick
 */
function timesFor(workers, quick) {
  const { warmUpMs, measuredMs } = quick ? QUICK_TIMES : TIMES;
  return { warmUpMs: Math.max(warmUpMs, workers * WARM_UP_EACH_MS), measuredMs };
}

/**
 * Runs a worker's loop, in a team of two between two measurements of the line.
 * @param {import('../questions/index.js').Shift} shift
 * @param {() => unknown} loop
 */
function runLoop({ index, data: { line } }, loop) {
  if (line) return stateOf(measureLineAround(line, index, loop));
  loop();
  return undefined;
}

/**
 * @param {object} plan
 * @param {string} plan.task the module whose `work` the workers run; that counts into `data.served`, at its slot
 * @param {string} plan.rival
 * @param {number} plan.workers
 * @param {object} plan.data the task's own
 * @param {Times} plan.times
 */
async function countOperations({ task, rival, workers, data, times }) {
  const served = new Int32Array(
    new SharedArrayBuffer(servedSlot(workers) * Int32Array.BYTES_PER_ELEMENT),
  );
  const line = workers === PAIR ? createLine() : undefined;
  const team = new Team({ task, rival, size: workers, data: { ...data, served, line } });
  const counts = () => team.workers.map((_, worker) => Atomics.load(served, servedSlot(worker)));
  try {
    const { each, elapsed, results } = await team.count(
      counts,
      times,
      () => !line || !counts().includes(0),
    );
    const total = each.reduce((sum, count) => sum + count, 0);
    return {
      figure: total / elapsed / 1000,
      extras: { fairness: Math.min(...each) / Math.max(...each) },
      results,
    };
  } finally {
    await team.end();
  }
}

/** @param {number} worker */
const servedSlot = (worker) => worker * LINE;

/**
 * What the threads of a rival hand each other for one primitive, besides the view.
 * @param {string} rival
 * @param {keyof import('../rivals/index.js').Makers} kind
 * @param {number} [count]
 */
const sharedOf = (rival, kind, count) => loadRival(rival).share?.(kind, count);

module.exports = { PAIR, countOperations, runLoop, servedSlot, sharedOf, timesFor };
