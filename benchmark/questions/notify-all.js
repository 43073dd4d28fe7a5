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
 * With `again` (1) each waiter locks the mutex for its next wait at once, while others are still to be woken. Otherwise (0) a
 * waiter that has left wait() and released the mutex leaves it alone until the next round. Of the rounds, the first `skipped`
 * do not count.
 * @typedef {{ again: 0 | 1, waiters: number, rounds: number, skipped: number }} Params
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
/** Until then V8 compiles the functions of each worker, once or twice. That takes processors from the waiters. */
const WARM_UP_ROUNDS = 350;
const WARM_ROUNDS = 50;
const PATIENCE_MS = 3000;
/** Until all of them sleep, and not just are about to. */
const SETTLED_MS = 3;

/**
 * The stages of one round, in milliseconds.
 * @param {Float64Array} had when each waiter has had the mutex; first, when notifyAll() was called
 * @param {Float64Array} passed when each waiter counts as through
 * @param {number} notified when the notifier had released the mutex
 */
function stagesOf(had, passed, notified) {
  const [start] = had;
  const first = Math.min(...had.subarray(1));
  const last = Math.max(...passed.subarray(1));
  return { all: last - start, notifying: notified - start, first: first - start };
}

/** @typedef {ReturnType<typeof stagesOf>} Stages */

/**
 * One of the workers notifies; all others wait.
 * @param {import('./index.js').Shift} shift
 */
async function work({ rival, index, size, data: { cells, had, released, shared, rounds, again } }) {
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
      had[index] = sharedNow();
      if (again) Atomics.add(cells, AWAKE, 1);
    };
    for (; round <= rounds; round++) {
      exclusively(section);
      released[index] = sharedNow();
      if (!again) {
        Atomics.add(cells, AWAKE, 1);
        Atomics.wait(cells, NEXT, round - 1);
      }
    }
    return undefined;
  }

  /** @type {Stages[]} */
  const taken = [];
  for (let round = 1; round <= rounds; round++) {
    while (Atomics.load(cells, WAITING) < waiters) await delay(1);
    await delay(SETTLED_MS);
    exclusively(() => {
      cells[WAITING] = 0;
      cells[AWAKE] = 0;
      cells[ROUND] = round;
      had[0] = sharedNow();
      condition.notifyAll();
    });
    released[0] = sharedNow();
    while (Atomics.load(cells, AWAKE) < waiters) await delay(1);
    taken.push(stagesOf(had, again ? had : released, released[0]));
    Atomics.store(cells, NEXT, round);
    Atomics.notify(cells, NEXT);
  }
  return taken;
}

/**
 * @param {string} id
 * @param {Params} params
 */
async function notifyAll(id, { again, waiters, rounds, skipped }) {
  const { share } = loadRival(id);
  const cells = new Int32Array(new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT));
  const [had, released] = [0, 1].map(
    () => new Float64Array(new SharedArrayBuffer((waiters + 1) * Float64Array.BYTES_PER_ELEMENT)),
  );
  const shared = { mutex: share?.('mutex'), condition: share?.('condition') };
  const data = { cells, had, released, shared, rounds: skipped + rounds, again };
  const team = new Team({ task: __filename, rival: id, size: waiters + 1, data });
  const progress = () => cells[ROUND] * (waiters + 1) + cells[AWAKE];
  try {
    await team.start();
    const results = await team.resultsUnlessStalled(progress, PATIENCE_MS);
    if (!results) throw new Error(`hung: ${cells[AWAKE]} of ${waiters} woke in ${cells[ROUND]}`);
    /** @type {Stages[]} */
    const measured = results[0].slice(skipped);
    /** @param {keyof Stages} stage */
    const microseconds = (stage) => 1000 * median(measured.map((each) => each[stage]));
    const [notifying, first] = [microseconds('notifying'), microseconds('first')];
    return { figure: microseconds('all'), extras: { notifying, first } };
  } finally {
    await team.end();
  }
}

/** @type {(Omit<Params, 'waiters'> & { until: string, rivals: string[] })[]} */
const MODES = [
  {
    again: 1,
    rounds: ROUNDS,
    skipped: 0,
    until: 'has had the mutex',
    rivals: ['ours', 'hand-rolled', 'atomics', 'v8', 'multithreading', 'rust-std', 'rust-futex'],
  },
  {
    again: 1,
    rounds: WARM_ROUNDS,
    skipped: WARM_UP_ROUNDS,
    until: `has had the mutex, after ${WARM_UP_ROUNDS} rounds`,
    rivals: ['ours', 'atomics', 'rust-std', 'rust-futex'],
  },
  {
    again: 0,
    rounds: ROUNDS,
    skipped: 0,
    until: 'has released it',
    rivals: ['ours', 'atomics', 'v8', 'rust-std', 'rust-futex'],
  },
];

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'notify-all',
  title: 'from notifyAll() until the last waiter has had the mutex',
  unit: 'us',
  better: 'lower',
  rivals: [],
  runs: 5,
  subject: 'waiters, until the last',
  extras: {
    notifying: 'until the notifier has unlocked',
    first: 'until the first waiter has the mutex',
  },
  chart: {
    kind: 'lines',
    x: 'waiters',
    scale: 'log',
    panel: ({ again, skipped }) =>
      MODES.find((mode) => mode.again === again && mode.skipped === skipped)?.until ?? '',
  },
  cases: ({ quick }) =>
    MODES.filter(({ skipped }) => !quick || skipped === 0).flatMap(
      ({ again, rounds, skipped, until, rivals }) =>
        (quick ? [2, 8] : [1, 2, 8, 64]).map((waiters) => ({
          label: `${waiters}, ${until}`,
          params: { again, waiters, rounds: quick ? QUICK_ROUNDS : rounds, skipped },
          rivals,
        })),
    ),
  async check(id, params) {
    await notifyAll(id, { ...params, rounds: 2, skipped: 0 });
  },
  measure: notifyAll,
};

module.exports = { question, work };
