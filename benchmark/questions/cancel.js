// @ts-check
'use strict';

const { STOP } = require('../harness/control.js');
const { sharedNow } = require('../harness/spin.js');
const { quantile } = require('../harness/statistics.js');
const { Team } = require('../harness/team.js');
const { loadRival, makerOf } = require('../rivals/index.js');

/**
 * How long does it take from the abort until the last of many blocked threads has left its wait?
 */

/** @typedef {{ workers: number }} Params */

const ROUNDS = 60;
/** Until the threads sleep. */
const SETTLED_MS = 5;
const PATIENCE_MS = 10_000;
/** Counters, on lines of their own: how many threads are about to wait, and how many have left. */
const ARRIVED = 0;
const LEFT = 16;
/** What the threads wait for, and from there on a cell for each round. */
const WAITED = 32;

/** @param {import('./index.js').Shift} shift */
function work({ rival, index, control, data: { cells, times } }) {
  const { wait } = makerOf(rival, 'cancelledWait')(cells, WAITED);
  for (let round = 1; Atomics.load(control, STOP) === 0 && round <= ROUNDS; round++) {
    Atomics.add(cells, ARRIVED, 1);
    wait(round);
    times[index] = sharedNow();
    Atomics.add(cells, LEFT, 1);
  }
}

/**
 * Waits until a counter has grown to a number.
 * @param {Int32Array} cells
 * @param {number} counter
 * @param {number} number
 */
function reach(cells, counter, number) {
  const end = performance.now() + PATIENCE_MS;
  while (Atomics.load(cells, counter) < number) {
    if (performance.now() > end) throw new Error(`${number} threads were awaited in vain`);
    Atomics.wait(cells, ROUNDS + WAITED + 1, 0, 1);
  }
}

/**
 * @param {string} id
 * @param {Params} params
 * @param {number} rounds
 */
async function delays(id, { workers }, rounds) {
  const bytes = (WAITED + ROUNDS + 2) * Int32Array.BYTES_PER_ELEMENT;
  const cells = new Int32Array(new SharedArrayBuffer(bytes));
  const times = new Float64Array(new SharedArrayBuffer(workers * Float64Array.BYTES_PER_ELEMENT));
  const { end } = makerOf(loadRival(id), 'cancelledWait')(cells, WAITED);
  const team = new Team({ task: __filename, rival: id, size: workers, data: { cells, times } });
  try {
    await team.start();
    const taken = [];
    for (let round = 1; round <= ROUNDS; round++) {
      reach(cells, ARRIVED, round * workers);
      if (round === rounds) team.stop();
      if (round <= rounds) Atomics.wait(cells, ROUNDS + WAITED + 1, 0, SETTLED_MS);
      const start = sharedNow();
      end(round);
      reach(cells, LEFT, round * workers);
      taken.push(Math.max(...times) - start);
      if (round === rounds) break;
    }
    return taken;
  } finally {
    await team.end();
  }
}

/**
 * @param {string} id
 * @param {Params} params
 */
async function check(id, params) {
  for (const delay of await delays(id, params, 3)) {
    if (!(delay >= 0)) throw new Error(`left ${-delay} ms before the abort`);
  }
}

/**
 * @param {string} id
 * @param {Params} params
 * @param {boolean} quick
 */
async function measure(id, params, quick) {
  const taken = await delays(id, params, quick ? ROUNDS / 3 : ROUNDS);
  return { figure: quantile(taken, 0.5), extras: { worst: Math.max(...taken) } };
}

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'cancel',
  title: 'from abort() until the last of n blocked threads has left its wait, median',
  unit: 'ms',
  better: 'lower',
  rivals: ['ours', 'atomics'],
  runs: 5,
  subject: 'blocked threads',
  extras: { worst: 'worst' },
  chart: { kind: 'bars' },
  cases: () => [1, 4, 16].map((workers) => ({ label: String(workers), params: { workers } })),
  check,
  measure,
};

module.exports = { question, work };
