// @ts-check
'use strict';

const { LINE } = require('../harness/control.js');
const { Team } = require('../harness/team.js');
const { loadRival, makerOf } = require('../rivals/index.js');

/**
 * How many rounds a second does a barrier get through, and is each of them one?
 */

/** @typedef {{ workers: number, rounds: number }} Params */

/**
 * @typedef {object} Outcome
 * @property {number} early how often a worker passed a round that another worker had not reached
 * @property {number} ms
 * @property {number} [hungIn] the round that the last worker never came out of
 */

const BARRIER = 0;
const EARLY = LINE;
const ROUNDS = 2 * LINE;

const PATIENCE_MS = 2000;

/** @param {number} worker */
const roundSlot = (worker) => ROUNDS + worker * LINE;

/** @param {import('./index.js').Shift} shift */
function work({ rival, index, size, data: { cells, rounds, shared } }) {
  const barrier = makerOf(rival, 'barrier')(cells, BARRIER, size, shared);
  for (let round = 1; round <= rounds; round++) {
    Atomics.store(cells, roundSlot(index), round);
    barrier.wait();
    for (let other = 0; other < size; other++) {
      if (Atomics.load(cells, roundSlot(other)) < round) {
        Atomics.add(cells, EARLY, 1);
        break;
      }
    }
  }
}

/**
 * Lets workers go through a barrier together. Each worker writes its round into a slot of its own, and reads the slots of
 * the others when it has passed.
 * @param {string} id
 * @param {Params} params
 * @returns {Promise<Outcome>}
 */
async function goRounds(id, { workers, rounds }) {
  const cells = new Int32Array(
    new SharedArrayBuffer(roundSlot(workers) * Int32Array.BYTES_PER_ELEMENT),
  );
  const data = { cells, rounds, shared: loadRival(id).share?.('barrier', workers) };
  const team = new Team({ task: __filename, rival: id, size: workers, data });
  const reached = () => team.workers.map((_, worker) => Atomics.load(cells, roundSlot(worker)));
  try {
    await team.start();
    const start = performance.now();
    const progress = () => reached().reduce((sum, round) => sum + round, 0);
    const results = await team.resultsUnlessStalled(progress, PATIENCE_MS);
    const ms = performance.now() - start;
    const early = Atomics.load(cells, EARLY);
    return results ? { early, ms } : { early, ms, hungIn: Math.min(...reached()) };
  } finally {
    await team.end();
  }
}

/** @param {Outcome} outcome */
function describeFault({ early, hungIn }) {
  const passes = `${early.toLocaleString('en-US')} early ${early === 1 ? 'pass' : 'passes'}`;
  if (hungIn !== undefined) {
    return early > 0 ? `${passes}, then hung in round ${hungIn}` : `hung in round ${hungIn}`;
  }
  return early > 0 ? passes : null;
}

/**
 * @param {string} id
 * @param {Params} params
 */
async function goRoundsRight(id, params) {
  const outcome = await goRounds(id, params);
  const fault = describeFault(outcome);
  if (fault) {
    throw new Error(fault);
  }
  return outcome;
}

/** As many passes of a worker in each case, so that many workers do not take for ever. */
const PASSES = 40_000;
const QUICK_PASSES = 8000;

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'barrier',
  title: 'rounds of a barrier that workers go through together',
  unit: 'rounds a second',
  better: 'higher',
  rivals: ['ours', 'hand-rolled', 'atomics', 'multithreading', 'rust-std', 'rust-futex'],
  runs: 5,
  subject: 'workers',
  chart: { kind: 'lines', x: 'workers', scale: 'log' },
  cases: ({ quick }) =>
    (quick ? [4, 16] : [2, 4, 8, 16, 32]).map((workers) => ({
      label: String(workers),
      params: { workers, rounds: (quick ? QUICK_PASSES : PASSES) / workers },
    })),
  async check(id, params) {
    await goRoundsRight(id, params);
  },
  async measure(id, params) {
    const { ms } = await goRoundsRight(id, params);
    return { figure: params.rounds / (ms / 1000), extras: {} };
  },
};

module.exports = { question, work, goRounds, describeFault };
