// @ts-check
'use strict';

const {
  PAIR,
  countOperations,
  runLoop,
  servedSlot,
  sharedOf,
  timesFor,
} = require('../harness/contention.js');
const { LINE, STOP } = require('../harness/control.js');
const { makerOf } = require('../rivals/index.js');
const { toil } = require('../toil.js');

/**
 * How many sections a second do workers get through that read under one lock, and now and then write?
 */

/** @typedef {{ workers: number, writes: number } & import('../harness/contention.js').Times} Params */

const LOCK = 0;
const FIRST = LINE;
const SECOND = 2 * LINE;
const CELLS = 3 * LINE;

/** Turns of a loop with the lock, about a nanosecond each. */
const SECTION_TURNS = 50;

const BRIEF_TIMES = Object.freeze({ warmUpMs: 0, measuredMs: 50 });
/** So many that some collide. */
const CHECKED_WRITES = 25;

/**
 * A write changes two cells to the same value. A read sees whether they differ.
 * @param {import('./index.js').Shift} shift
 */
function work(shift) {
  const { rival, index, control, data } = shift;
  const { cells, shared, served, writes } = data;
  const lock = makerOf(rival, 'rwLock')(cells, LOCK, shared);
  // Each worker begins elsewhere, so that they do not write at the same time again and again.
  const period = writes === 0 ? Infinity : Math.round(100 / writes);
  let untilWrite = period - index;
  let [torn, written] = [0, 0];
  const loop = () => {
    let x = 1;
    for (let done = 1; Atomics.load(control, STOP) === 0; done++) {
      if (--untilWrite <= 0) {
        untilWrite = period;
        lock.write();
        cells[FIRST]++;
        x = toil(SECTION_TURNS, x);
        cells[SECOND]++;
        lock.unlockWrite();
        written++;
      } else {
        lock.read();
        const first = cells[FIRST];
        x = toil(SECTION_TURNS, x);
        if (cells[SECOND] !== first) torn++;
        lock.unlockRead();
      }
      served[servedSlot(index)] = done;
    }
    return x;
  };
  const state = runLoop(shift, loop);
  return { torn, written, state };
}

/**
 * @param {string} id
 * @param {Params} params
 * @returns {Promise<import('./index.js').Measurement>}
 */
async function measure(id, { workers, writes, ...times }) {
  const cells = new Int32Array(new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT));
  const data = { cells, writes, shared: sharedOf(id, 'rwLock') };
  const plan = { task: __filename, rival: id, workers, data, times };
  const { figure, extras, results } = await countOperations(plan);
  /** @param {'torn' | 'written'} what */
  const sum = (what) => results.reduce((all, each) => all + each[what], 0);
  if (sum('torn') > 0) throw new Error(`wrong: a read saw half of a write, ${sum('torn')} x`);
  const [first, second] = [FIRST, SECOND].map((cell) => Atomics.load(cells, cell));
  if (first !== sum('written') || second !== first) {
    throw new Error(`wrong: wrote ${first} and ${second} of ${sum('written')}`);
  }
  return { figure, extras, state: results[0].state };
}

/**
 * In these cases, and with more writes.
 * @param {string} id
 * @param {Params} params
 */
async function check(id, params) {
  await measure(id, { ...params, ...BRIEF_TIMES });
  await measure(id, { ...params, ...BRIEF_TIMES, writes: CHECKED_WRITES });
}

/** Workers, and percent of writes. */
const CASES = Object.freeze([
  [2, 0],
  [2, 1],
  [2, 10],
  [8, 1],
  [8, 10],
]);
const QUICK_CASES = Object.freeze([CASES[1], CASES[4]]);

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'rwlock-contended',
  title: 'workers that read under one RwLock, and now and then write',
  unit: 'million sections a second',
  better: 'higher',
  rivals: ['ours', 'atomics', 'atomics-writers-first'],
  runs: 15,
  subject: 'workers, % of writes',
  spread: 'quartiles',
  extras: { fairness: 'least / most served' },
  cases: ({ quick }) =>
    (quick ? QUICK_CASES : CASES).map(([workers, writes]) => ({
      label: `${workers}, ${writes}`,
      params: { workers, writes, ...timesFor(workers, quick) },
      byState: workers === PAIR,
    })),
  check,
  measure,
};

module.exports = { question, work };
