// @ts-check
'use strict';

const { setTimeout: delay } = require('node:timers/promises');
const { LINE } = require('../harness/control.js');
const { sharedNow } = require('../harness/spin.js');
const { median } = require('../harness/statistics.js');
const { Team } = require('../harness/team.js');
const { loadRival, makerOf } = require('../rivals/index.js');

/**
 * How long does notifyAll() take until each waiter of the condition has owned the mutex?
 */

/** @typedef {{ waiters: number, rounds: number }} Params */

const MUTEX = 0;
const CONDITION = LINE;
const ROUND = 2 * LINE;
const WAITING = 3 * LINE;
const AWAKE = 4 * LINE;
const CELLS = 5 * LINE;

const ROUNDS = 15;
const QUICK_ROUNDS = 5;
const PATIENCE_MS = 3000;
/** Until all of them sleep, and not just are about to. */
const SETTLED_MS = 3;

/**
 * One of the workers notifies; all others wait.
 * @param {import('./index.js').Shift} shift
 */
async function work({ rival, index, size, data: { cells, times, shared, rounds } }) {
  const mutex = makerOf(rival, 'mutex')(cells, MUTEX, shared.mutex);
  const condition = makerOf(rival, 'condition')(cells, CONDITION, shared.condition);
  const waiters = size - 1;
  /** @type {(section: () => void) => void} */
  const exclusively =
    rival.style === 'callback'
      ? (section) => mutex.exclusively(section)
      : (section) => {
          mutex.lock();
          section();
          mutex.unlock();
        };

  if (index > 0) {
    let round = 1;
    const isNotified = () => cells[ROUND] >= round;
    const section = () => {
      Atomics.add(cells, WAITING, 1);
      condition.wait(mutex, isNotified);
      if (++cells[AWAKE] === waiters) times[1] = sharedNow();
    };
    for (; round <= rounds; round++) exclusively(section);
    return undefined;
  }

  /** @type {number[]} */
  const taken = [];
  for (let round = 1; round <= rounds; round++) {
    while (Atomics.load(cells, WAITING) < waiters) await delay(1);
    await delay(SETTLED_MS);
    exclusively(() => {
      cells[WAITING] = 0;
      cells[AWAKE] = 0;
      cells[ROUND] = round;
      times[0] = sharedNow();
      condition.notifyAll();
    });
    while (Atomics.load(cells, AWAKE) < waiters) await delay(1);
    // The last to wake writes its time with the mutex held.
    exclusively(() => taken.push(times[1] - times[0]));
  }
  return median(taken);
}

/**
 * @param {string} id
 * @param {Params} params
 */
async function notifyAll(id, { waiters, rounds }) {
  const { share } = loadRival(id);
  const cells = new Int32Array(new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT));
  const times = new Float64Array(new SharedArrayBuffer(2 * Float64Array.BYTES_PER_ELEMENT));
  const shared = { mutex: share?.('mutex'), condition: share?.('condition') };
  const data = { cells, times, shared, rounds };
  const team = new Team({ task: __filename, rival: id, size: waiters + 1, data });
  const progress = () => cells[ROUND] * (waiters + 1) + cells[AWAKE];
  try {
    await team.start();
    const results = await team.resultsUnlessStalled(progress, PATIENCE_MS);
    if (!results) throw new Error(`hung: ${cells[AWAKE]} of ${waiters} woke in ${cells[ROUND]}`);
    return { figure: results[0] * 1000, extras: {} };
  } finally {
    await team.end();
  }
}

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'notify-all',
  title: 'from notifyAll() until the last waiter has had the mutex',
  unit: 'us',
  better: 'lower',
  rivals: ['ours', 'hand-rolled', 'atomics', 'v8', 'multithreading', 'rust-std'],
  runs: 5,
  subject: 'waiters',
  chart: { kind: 'lines', x: 'waiters', scale: 'log' },
  cases: ({ quick }) =>
    (quick ? [4, 16] : [1, 4, 16, 64]).map((waiters) => ({
      label: String(waiters),
      params: { waiters, rounds: quick ? QUICK_ROUNDS : ROUNDS },
    })),
  async check(id, params) {
    await notifyAll(id, { ...params, rounds: 2 });
  },
  measure: notifyAll,
};

module.exports = { question, work };
