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
const { Team } = require('../harness/team.js');
const { makerOf } = require('../rivals/index.js');
const { toil } = require('../toil.js');

/**
 * How many sections a second do workers get through that share the permits of one semaphore?
 */

/** @typedef {{ workers: number, permits: number } & import('../harness/contention.js').Times} Params */

const SEMAPHORE = 0;
const INSIDE = LINE;
const EXCESS = 2 * LINE;
const DONE = 3 * LINE;
const CELLS = 4 * LINE;

/** Turns of a loop with a permit, about a nanosecond each. */
const SECTION_TURNS = 50;

const CHECKED = 2000;
const PATIENCE_MS = 5000;

const createCells = () =>
  new Int32Array(new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT));

/** @param {import('./index.js').Shift} shift */
function work(shift) {
  const { rival, data } = shift;
  const { cells, shared, permits } = data;
  const semaphore = makerOf(rival, 'semaphore')(cells, SEMAPHORE, permits, shared);
  return data.checked ? checkedLoop(semaphore, shift) : countedLoop(semaphore, shift);
}

/**
 * @param {import('../rivals/index.js').Semaphore} semaphore
 * @param {import('./index.js').Shift} shift
 */
function countedLoop(semaphore, shift) {
  const { control, data, index } = shift;
  const { served } = data;
  return runLoop(shift, () => {
    let x = 1;
    for (let done = 1; Atomics.load(control, STOP) === 0; done++) {
      semaphore.acquire();
      x = toil(SECTION_TURNS, x);
      semaphore.release();
      served[servedSlot(index)] = done;
    }
    return x;
  });
}

/**
 * Counts how often more workers had a permit than there are. The last worker then acquires all permits, to see that none is lost.
 * @param {import('../rivals/index.js').Semaphore} semaphore
 * @param {import('./index.js').Shift} shift
 */
function checkedLoop(semaphore, { size, data: { cells, permits } }) {
  for (let done = 0; done < CHECKED; done++) {
    semaphore.acquire();
    if (Atomics.add(cells, INSIDE, 1) >= permits) Atomics.add(cells, EXCESS, 1);
    toil(SECTION_TURNS, done);
    Atomics.sub(cells, INSIDE, 1);
    semaphore.release();
  }
  if (Atomics.add(cells, DONE, 1) < size - 1) return;
  for (let permit = 0; permit < permits; permit++) semaphore.acquire();
}

/**
 * @param {string} id
 * @param {Params} params
 */
async function check(id, { workers, permits }) {
  const cells = createCells();
  const data = { cells, permits, shared: sharedOf(id, 'semaphore', permits), checked: true };
  const team = new Team({ task: __filename, rival: id, size: workers, data });
  try {
    await team.start();
    const results = await team.resultsUnlessStalled(() => cells[DONE], PATIENCE_MS);
    if (!results) throw new Error(`hung: ${cells[DONE]} of ${workers} workers ended`);
    if (cells[EXCESS] > 0) throw new Error(`wrong: too many had a permit, ${cells[EXCESS]} x`);
  } finally {
    await team.end();
  }
}

/**
 * @param {string} id
 * @param {Params} params
 * @returns {Promise<import('./index.js').Measurement>}
 */
async function measure(id, { workers, permits, ...times }) {
  const data = { cells: createCells(), permits, shared: sharedOf(id, 'semaphore', permits) };
  const plan = { task: __filename, rival: id, workers, data, times };
  const { figure, extras, results } = await countOperations(plan);
  return { figure, extras, state: results[0] };
}

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'semaphore-contended',
  title: 'workers that acquire and release a permit of one semaphore',
  unit: 'million sections a second',
  better: 'higher',
  rivals: ['ours', 'atomics'],
  runs: 15,
  subject: 'workers, permits',
  spread: 'quartiles',
  extras: { fairness: 'least / most served' },
  cases: ({ quick }) =>
    [2, 8].flatMap((workers) =>
      (quick ? [2] : [2, 8]).map((permits) => ({
        label: `${workers}, ${permits}`,
        params: { workers, permits, ...timesFor(workers, quick) },
        byState: workers === PAIR,
      })),
    ),
  check,
  measure,
};

module.exports = { question, work };
