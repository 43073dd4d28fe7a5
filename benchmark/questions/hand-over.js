// @ts-check
'use strict';

const { LINE } = require('../harness/control.js');
const { Team } = require('../harness/team.js');
const { loadRival, makerOf } = require('../rivals/index.js');

/**
 * How long does it take until another thread goes on that sleeps until it is told? Two threads take turns.
 */

/**
 * What they tell each other by. A `word` is a bare number that a thread sleeps on.
 * @typedef {'condition' | 'semaphore' | 'latch' | 'word'} Means
 * @typedef {{ by: Means, rounds: number }} Params
 */

const PROGRESS = 0;
const TURN = LINE;
const MUTEX = 2 * LINE;
const CONDITION = 3 * LINE;
const SEMAPHORES = 4 * LINE;
const LATCHES = 6 * LINE;

const ROUNDS = 4000;
const CHECKED = 50;
/** The first ones count only for the compiler. */
const WARM_UP = 500;
const PATIENCE_MS = 2000;

/** @param {import('./index.js').Shift} shift */
function byCondition({ rival, index, data: { cells, shared } }) {
  const mutex = makerOf(rival, 'mutex')(cells, MUTEX, shared.mutex);
  const condition = makerOf(rival, 'condition')(cells, CONDITION, shared.condition);
  const isMyTurn = () => cells[TURN] === index;
  const notify = () => (condition.notify ? condition.notify() : condition.notifyAll());
  const section = () => {
    condition.wait(mutex, isMyTurn);
    cells[TURN] = 1 - index;
    notify();
  };
  if (rival.style === 'callback') return () => mutex.exclusively(section);
  return () => {
    mutex.lock();
    section();
    mutex.unlock();
  };
}

/** @param {import('./index.js').Shift} shift */
function bySemaphore({ rival, index, data: { cells, shared } }) {
  const [mine, other] = [index, 1 - index].map((which) =>
    makerOf(rival, 'semaphore')(cells, SEMAPHORES + which * LINE, 0, shared.semaphores[which]),
  );
  let isFirst = index === 0;
  return () => {
    if (!isFirst) mine.acquire();
    isFirst = false;
    other.release();
  };
}

/** A fresh one for each: a latch opens once. @param {import('./index.js').Shift} shift */
function byLatch({ rival, index, data: { cells, rounds } }) {
  const latches = Array.from({ length: 2 * rounds + 1 }, (_, i) =>
    makerOf(rival, 'latch')(cells, LATCHES + i * LINE),
  );
  latches[0].release();
  let turn = index;
  return () => {
    latches[turn].await();
    latches[turn + 1].release();
    turn += 2;
  };
}

/** @param {import('./index.js').Shift} shift */
function byWord({ rival, index, data: { cells } }) {
  const word = makerOf(rival, 'word')(cells, TURN);
  return () => {
    word.waitWhile(1 - index);
    word.set(1 - index);
  };
}

/** Each makes what takes the turn of this worker. @type {Record<Means, (shift: import('./index.js').Shift) => () => void>} */
const MEANS = { condition: byCondition, semaphore: bySemaphore, latch: byLatch, word: byWord };

/** @param {import('./index.js').Shift} shift */
function work(shift) {
  const { cells, by, rounds } = shift.data;
  const takeTurn = MEANS[/** @type {Means} */ (by)](shift);
  const warmUp = Math.min(WARM_UP, rounds >> 1);
  let start = 0;
  for (let round = 0; round < rounds; round++) {
    if (round === warmUp) start = performance.now();
    takeTurn();
    if (shift.index === 1) Atomics.store(cells, PROGRESS, round + 1);
  }
  return (performance.now() - start) / (2 * (rounds - warmUp));
}

/**
 * @param {string} id
 * @param {Params} params
 * @returns {Promise<number>} milliseconds each
 */
async function handOver(id, { by, rounds }) {
  const { share } = loadRival(id);
  const cells = new Int32Array(
    new SharedArrayBuffer((LATCHES + (2 * rounds + 1) * LINE) * Int32Array.BYTES_PER_ELEMENT),
  );
  const shared =
    by === 'semaphore'
      ? { semaphores: [share?.('semaphore', 0), share?.('semaphore', 0)] }
      : by === 'condition' && { mutex: share?.('mutex'), condition: share?.('condition') };
  const data = { cells, by, rounds, shared };
  const team = new Team({ task: __filename, rival: id, size: 2, data });
  const taken = () => Atomics.load(cells, PROGRESS);
  try {
    await team.start();
    const results = await team.resultsUnlessStalled(taken, PATIENCE_MS);
    if (!results) throw new Error(`hung after ${taken()} of ${rounds} turns`);
    if (taken() !== rounds) throw new Error(`wrong: ${taken()} of ${rounds} turns`);
    return results[1];
  } finally {
    await team.end();
  }
}

/**
 * @param {string} id
 * @param {Means} by
 */
async function handOverBriefly(id, by) {
  await handOver(id, { by, rounds: CHECKED });
}

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'hand-over',
  title: 'time until a thread goes on that waits for another, two threads taking turns',
  unit: 'us',
  better: 'lower',
  rivals: [],
  runs: 9,
  fastMode: true,
  subject: 'by',
  limit: { rival: 'rust-futex', case: 'bare word', title: 'x bare futex' },
  chart: { kind: 'bars' },
  cases({ quick }) {
    const rounds = quick ? ROUNDS / 4 : ROUNDS;
    return [
      {
        label: 'condition',
        params: { by: 'condition', rounds },
        rivals: ['ours', 'hand-rolled', 'atomics', 'v8', 'multithreading', 'rust-std'],
      },
      {
        label: 'semaphore',
        params: { by: 'semaphore', rounds },
        rivals: ['ours', 'atomics', 'multithreading'],
      },
      {
        label: 'latch',
        params: { by: 'latch', rounds },
        rivals: ['ours', 'hand-rolled', 'atomics'],
      },
      { label: 'bare word', params: { by: 'word', rounds }, rivals: ['atomics', 'rust-futex'] },
    ];
  },
  check: (id, { by }) => handOverBriefly(id, by),
  measure: async (id, params) => ({ figure: (await handOver(id, params)) * 1000, extras: {} }),
};

module.exports = { question, work, handOverBriefly };
