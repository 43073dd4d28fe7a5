// @ts-check
'use strict';

const { LINE } = require('../harness/control.js');
const { nanosecondsEach } = require('../harness/nanoseconds.js');
const { Team } = require('../harness/team.js');
const { loadRival, makerOf } = require('../rivals/index.js');

/**
 * What does it cost to begin and end a read while no thread writes?
 */

const LOCK = 0;
const FIRST = LINE;
const SECOND = 2 * LINE;
const CELLS = 3 * LINE;

const CHECKED = 1000;
const WORKERS = 4;
const PATIENCE_MS = 5000;

const createCells = () =>
  new Int32Array(new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT));

/**
 * Every other worker writes the same to two cells, the rest see whether they ever differ.
 * @param {import('./index.js').Shift} shift
 */
function work({ rival, index, data: { cells, shared } }) {
  const lock = makerOf(rival, 'rwLock')(cells, LOCK, shared);
  let torn = 0;
  for (let i = 0; i < CHECKED; i++) {
    if (index % 2 === 0) {
      lock.write();
      cells[FIRST]++;
      cells[SECOND]++;
      lock.unlockWrite();
    } else {
      lock.read();
      if (cells[FIRST] !== cells[SECOND]) torn++;
      lock.unlockRead();
    }
  }
  return torn;
}

/** @param {string} id */
async function check(id) {
  const rival = loadRival(id);
  if (rival.singleThreaded) return;
  const cells = createCells();
  const data = { cells, shared: rival.share?.('rwLock') };
  const team = new Team({ task: __filename, rival: id, size: WORKERS, data });
  try {
    await team.start();
    const torn = await team.resultsUnlessStalled(() => cells[FIRST], PATIENCE_MS);
    if (!torn) throw new Error('wrong: hung');
    if (torn.some((/** @type {number} */ count) => count > 0)) {
      throw new Error('wrong: a read saw half of a write');
    }
    const written = (WORKERS / 2) * CHECKED;
    if (cells[FIRST] !== written) throw new Error(`wrong: wrote ${cells[FIRST]} of ${written}`);
  } finally {
    await team.end();
  }
}

/**
 * @param {string} id
 * @param {object} _params
 * @param {boolean} quick
 */
async function measure(id, _params, quick) {
  const rival = loadRival(id);
  const lock = makerOf(rival, 'rwLock')(createCells(), LOCK, rival.share?.('rwLock'));
  const figure = await nanosecondsEach((pairs) => {
    for (let i = 0; i < pairs; i++) {
      lock.read();
      lock.unlockRead();
    }
  }, quick);
  return { figure, extras: {} };
}

/** @type {import('./index.js').Question<Record<string, never>>} */
const question = {
  name: 'read-lock',
  title: 'read() and unlockRead() of a lock under which no thread writes',
  unit: 'ns a pair',
  better: 'lower',
  rivals: ['ours', 'bare-cas', 'atomics', 'multithreading', 'rust-std'],
  runs: 9,
  subject: 'lock',
  limit: { rival: 'bare-cas', case: 'unwritten', title: 'x CAS pair' },
  chart: { kind: 'bars' },
  cases: () => [{ label: 'unwritten', params: {} }],
  check,
  measure,
};

module.exports = { question, work };
