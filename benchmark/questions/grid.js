// @ts-check
'use strict';

const { LINE } = require('../harness/control.js');
const { createLine, measureLineAround, stateOf } = require('../harness/line.js');
const { sharedNow } = require('../harness/spin.js');
const { Team } = require('../harness/team.js');
const { loadRival, makerOf } = require('../rivals/index.js');
const { toil } = require('../toil.js');

/**
 * How many critical sections a second do two workers get through under one mutex, in each state of the machine?
 */

/**
 * @typedef {object} Params
 * @property {number} inside turns of a loop with the mutex held
 * @property {number} outside turns of that loop without
 * @property {number} sections how many each worker has
 */

/** As it is measured: two, because the state is that of the line between two processors. */
const WORKERS = 2;

// Each on a cache line of its own, so that only the mutex is fought for.
const MUTEX = 0;
const COUNTER = LINE;
const WARM_UP_MUTEX = 2 * LINE;
const WARM_UP_COUNTER = 3 * LINE;
const CELLS = 4 * LINE;

/**
 * A fresh mutex is measured, after the code was compiled over another one. Many short calls: V8 lets a loop that still runs go on
 * in the code that was compiled meanwhile, but the next call would begin in the interpreter again.
 */
const WARM_UP_CALLS = 200;
const WARM_UP_SECTIONS = 200;
const CHECKED_SECTIONS = 1000;

/**
 * @typedef {object} Job
 * @property {any} mutex
 * @property {Int32Array} cells
 * @property {number} counter the index of what is incremented
 * @property {number} inside
 * @property {number} outside
 */

/** @type {Record<string, (job: Job, sections: number) => unknown>} */
const LOOPS = {
  pair({ mutex, cells, counter, inside, outside }, sections) {
    let x = 1;
    for (let done = 0; done < sections; done++) {
      mutex.lock();
      cells[counter]++;
      x = toil(inside, x);
      mutex.unlock();
      x = toil(outside, x);
    }
    return x;
  },
  callback({ mutex, cells, counter, inside, outside }, sections) {
    let x = 1;
    const section = () => {
      cells[counter]++;
      x = toil(inside, x);
    };
    for (let done = 0; done < sections; done++) {
      mutex.exclusively(section);
      x = toil(outside, x);
    }
    return x;
  },
};

/** @param {import('./index.js').Shift} shift */
function work({ rival, index, data }) {
  const { cells, line, shared, inside, outside, sections } = data;
  const loop = LOOPS[rival.style];
  const makeMutex = makerOf(rival, 'mutex');
  /** @type {(slot: number, counter: number, which: number) => Job} */
  const jobOf = (slot, counter, which) => ({
    mutex: makeMutex(cells, slot, shared[which]),
    cells,
    counter,
    inside,
    outside,
  });
  const warmUp = jobOf(WARM_UP_MUTEX, WARM_UP_COUNTER, 0);
  const job = jobOf(MUTEX, COUNTER, 1);
  for (let call = 0; call < WARM_UP_CALLS; call++) loop(warmUp, WARM_UP_SECTIONS);
  let [start, end] = [0, 0];
  const state = stateOf(
    measureLineAround(line, index, () => {
      start = sharedNow();
      loop(job, sections);
      end = sharedNow();
    }),
  );
  return { start, end, state };
}

/**
 * @param {string} id
 * @param {Params} params
 * @returns {Promise<import('./index.js').Measurement>}
 */
async function measure(id, params) {
  const { share } = loadRival(id);
  const cells = new Int32Array(new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT));
  const shared = [share?.('mutex'), share?.('mutex')];
  const data = { ...params, cells, shared, line: createLine() };
  const team = new Team({ task: __filename, rival: id, size: WORKERS, data });
  try {
    await team.start();
    const results = await team.results();
    const [counted, expected] = [Atomics.load(cells, COUNTER), WORKERS * params.sections];
    if (counted !== expected) throw new Error(`wrong: counted ${counted} of ${expected}`);

    const [starts, ends] = [results.map(({ start }) => start), results.map(({ end }) => end)];
    const elapsed = Math.max(...ends) - Math.min(...starts);
    const together = Math.min(...ends) - Math.max(...starts);
    return {
      figure: expected / elapsed / 1000,
      extras: { together: Math.max(0, together / elapsed) },
      state: results[0].state,
    };
  } finally {
    await team.end();
  }
}

/** Turns of a loop, about a nanosecond each, inside and outside. */
const POINTS = Object.freeze([
  [0, 0],
  [0, 100],
  [0, 200],
  [0, 300],
  [0, 2000],
  [50, 50],
  [200, 0],
  [200, 200],
  [1000, 0],
]);
const QUICK_POINTS = Object.freeze([POINTS[0], POINTS[2]]);

/** A short burst, and a long run. */
const SECTIONS = [10_000, 400_000];
const QUICK_SECTIONS = [10_000, 100_000];

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'grid',
  title: 'workers that increment a counter under one mutex, within one state of the machine',
  unit: 'million sections a second',
  better: 'higher',
  rivals: ['ours', 'atomics', 'v8'],
  runs: 15,
  subject: 'turns inside / outside, sections of each worker',
  spread: 'quartiles',
  extras: { together: 'part with both at work' },
  cases({ quick, inside, outside }) {
    const points = quick ? QUICK_POINTS : POINTS;
    const chosen = points.filter(
      ([in_, out]) => (inside ?? in_) === in_ && (outside ?? out) === out,
    );
    const asked = chosen.length > 0 ? chosen : [[inside ?? 0, outside ?? 0]];
    return asked.flatMap(([inside, outside]) =>
      (quick ? QUICK_SECTIONS : SECTIONS).map((sections) => ({
        label: `${inside} / ${outside}, ${sections.toLocaleString('en-US')}`,
        params: { inside, outside, sections },
        byState: true,
      })),
    );
  },
  async check(id, params) {
    await measure(id, { ...params, sections: CHECKED_SECTIONS });
  },
  measure,
};

module.exports = { question, work };
