// @ts-check
'use strict';

const { STOP } = require('../harness/control.js');
const { quantile } = require('../harness/statistics.js');
const { Team } = require('../harness/team.js');
const { loadRival, makerOf } = require('../rivals/index.js');
const { toil } = require('../toil.js');

/**
 * How much longer than its limit does a wait take whose time runs out, beside workers that keep every processor busy?
 */

/** @typedef {{ workers: number }} Params */

const WAITS = 150;
const LONGEST_MS = 50;
/** Clocks of the runtime and of the system agree to this much. */
const RESOLUTION_MS = 0.02;

/** @param {import('./index.js').Shift} shift */
function work({ control }) {
  let x = 1;
  while (Atomics.load(control, STOP) === 0) x = toil(1000, x);
  return x;
}

/**
 * @param {string} id
 * @param {Params} params
 * @param {number} waits
 */
async function overshoots(id, { workers }, waits) {
  const wait = makerOf(loadRival(id), 'limitedWait')(new Int32Array(new SharedArrayBuffer(4)), 0);
  const team = new Team({ task: __filename, rival: id, size: workers, data: {} });
  try {
    await team.start();
    const times = [];
    for (let i = 0; i < waits; i++) {
      // Every limit from 1 ms on as often as any other.
      const limit = 1 + (i * (LONGEST_MS - 1)) / (waits - 1);
      const start = performance.now();
      wait(limit);
      const over = performance.now() - start - limit;
      if (over < -RESOLUTION_MS) throw new Error(`${limit} ms ended ${-over} ms early`);
      times.push(over);
    }
    team.stop();
    return times;
  } finally {
    await team.end();
  }
}

/**
 * @param {string} id
 * @param {Params} params
 */
async function check(id, params) {
  await overshoots(id, params, 10);
}

/**
 * @param {string} id
 * @param {Params} params
 * @param {boolean} quick
 */
async function measure(id, params, quick) {
  const times = await overshoots(id, params, quick ? WAITS / 3 : WAITS);
  return { figure: quantile(times, 0.99), extras: { median: quantile(times, 0.5) } };
}

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'time-limits',
  title: `how late a wait of 1 to ${LONGEST_MS} ms ends whose time runs out, 99th percentile`,
  unit: 'ms',
  better: 'lower',
  rivals: ['ours', 'atomics'],
  runs: 5,
  subject: 'busy workers',
  extras: { median: 'median' },
  chart: { kind: 'bars' },
  cases: () => [0, 4].map((workers) => ({ label: String(workers), params: { workers } })),
  check,
  measure,
};

module.exports = { question, work };
