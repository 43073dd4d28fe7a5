// @ts-check
'use strict';

const { setTimeout: delay } = require('node:timers/promises');
const { LINE } = require('../harness/control.js');
const { sharedNow } = require('../harness/spin.js');
const { median } = require('../harness/statistics.js');
const { Team } = require('../harness/team.js');
const { loadRival, makerOf } = require('../rivals/index.js');

/**
 * How long does notifyAll() take until each waiter of the condition has owned the mutex, and until each has released it?
 */

/**
 * How it is measured. `again`: each waiter locks the mutex for its next wait at once, while others are still to be woken.
 * `once`: a waiter that has left wait() and released the mutex leaves it alone until the next round.
 * @typedef {'again' | 'once'} Mode
 * @typedef {{ mode: Mode, waiters: number, rounds: number }} Params
 */

const MUTEX = 0;
const CONDITION = LINE;
const ROUND = 2 * LINE;
const WAITING = 3 * LINE;
const AWAKE = 4 * LINE;
const NEXT = 5 * LINE;
const CELLS = 6 * LINE;

const ROUNDS = 15;
const QUICK_ROUNDS = 5;
const PATIENCE_MS = 3000;
/** Until all of them sleep, and not just are about to. */
const SETTLED_MS = 3;

/**
 * One of the workers notifies; all others wait.
 * @param {import('./index.js').Shift} shift
 */
async function work({ rival, index, size, data: { cells, times, shared, rounds, mode } }) {
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
    const pass = () => {
      times[index] = sharedNow();
      Atomics.add(cells, AWAKE, 1);
    };
    const section = () => {
      Atomics.add(cells, WAITING, 1);
      condition.wait(mutex, isNotified);
      if (mode === 'again') pass();
    };
    for (; round <= rounds; round++) {
      exclusively(section);
      if (mode === 'once') {
        pass();
        Atomics.wait(cells, NEXT, round - 1);
      }
    }
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
    taken.push(Math.max(...times.subarray(1)) - times[0]);
    Atomics.store(cells, NEXT, round);
    Atomics.notify(cells, NEXT);
  }
  return median(taken);
}

/**
 * @param {string} id
 * @param {Params} params
 */
async function notifyAll(id, { mode, waiters, rounds }) {
  const { share } = loadRival(id);
  const cells = new Int32Array(new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT));
  const times = new Float64Array(
    new SharedArrayBuffer((waiters + 1) * Float64Array.BYTES_PER_ELEMENT),
  );
  const shared = { mutex: share?.('mutex'), condition: share?.('condition') };
  const data = { cells, times, shared, rounds, mode };
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

/** What the mode is called in the table, and which rivals take part in it. @type {Record<Mode, [string, string[]]>} */
const MODES = {
  again: [
    'has had the mutex',
    ['ours', 'hand-rolled', 'atomics', 'v8', 'multithreading', 'rust-std'],
  ],
  once: ['has released it', ['ours', 'atomics', 'v8']],
};

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'notify-all',
  title: 'from notifyAll() until the last waiter has had the mutex',
  unit: 'us',
  better: 'lower',
  rivals: [],
  runs: 5,
  subject: 'waiters, until the last',
  chart: { kind: 'lines', x: 'waiters', scale: 'log', panel: ({ mode }) => MODES[mode][0] },
  cases: ({ quick }) =>
    /** @type {Mode[]} */ (['again', 'once']).flatMap((mode) =>
      (quick ? [2, 8] : [1, 2, 8, 64]).map((waiters) => ({
        label: `${waiters}, ${MODES[mode][0]}`,
        params: { mode, waiters, rounds: quick ? QUICK_ROUNDS : ROUNDS },
        rivals: MODES[mode][1],
      })),
    ),
  async check(id, params) {
    await notifyAll(id, { ...params, rounds: 2 });
  },
  measure: notifyAll,
};

module.exports = { question, work };
