// @ts-check
'use strict';

const { LINE, STOP } = require('../harness/control.js');
const { Team } = require('../harness/team.js');
const { loadRival, makerOf } = require('../rivals/index.js');
const { toil } = require('../toil.js');
const contended = require('./contended.js');

/**
 * Do mutexes that have nothing to do with each other disturb each other? Workers lock one of many, picked at random.
 */

/** @typedef {{ mutexes: number, workers: number, inside: number, outside: number, warmUpMs: number, measuredMs: number }} Params */

const CHECKED_MS = 50;

/** @param {number} mutex */
const mutexSlot = (mutex) => 2 * mutex * LINE;
/** @param {number} mutex */
const counterSlot = (mutex) => (2 * mutex + 1) * LINE;

/**
 * The same for all rivals.
 * @param {number} worker
 * @param {number} turn
 * @param {number} mutexes
 */
function chooseMutex(worker, turn, mutexes) {
  return (Math.imul(worker * 7919 + turn + 1, 2_654_435_761) >>> 16) % mutexes;
}

/** @param {import('./index.js').Shift} shift */
function work({ rival, index, control, data }) {
  const { cells, shared, mutexes, inside, outside } = data;
  const locks = Array.from({ length: mutexes }, (_, i) =>
    makerOf(rival, 'mutex')(cells, mutexSlot(i), shared[i]),
  );
  const isPair = rival.style === 'pair';
  const served = mutexSlot(mutexes) + index * LINE;
  let x = index + 1;
  let counter = 0;
  const section = () => {
    cells[counter]++;
    x = toil(inside, x);
  };
  for (let turn = 0; Atomics.load(control, STOP) === 0; turn++) {
    const which = chooseMutex(index, turn, mutexes);
    const lock = locks[which];
    counter = counterSlot(which);
    if (isPair) {
      lock.lock();
      section();
      lock.unlock();
    } else {
      lock.exclusively(section);
    }
    cells[served] = turn + 1;
    x = toil(outside, x);
  }
  return x;
}

/**
 * @param {string} id
 * @param {Params} params
 */
async function contend(id, { workers, warmUpMs, measuredMs, ...params }) {
  const { mutexes } = params;
  const { share } = loadRival(id);
  const cells = new Int32Array(
    new SharedArrayBuffer((mutexSlot(mutexes) + workers * LINE) * Int32Array.BYTES_PER_ELEMENT),
  );
  const shared = Array.from({ length: mutexes }, () => share?.('mutex'));
  const data = { ...params, cells, shared };
  const team = new Team({ task: __filename, rival: id, size: workers, data });
  const served = () =>
    team.workers.map((_, worker) => Atomics.load(cells, mutexSlot(mutexes) + worker * LINE));
  try {
    const { each, elapsed } = await team.count(served, { warmUpMs, measuredMs });

    let counted = 0;
    for (let mutex = 0; mutex < mutexes; mutex++) counted += cells[counterSlot(mutex)];
    const expected = served().reduce((sum, each) => sum + each, 0);
    if (counted !== expected) throw new Error(`wrong: counted ${counted} of ${expected}`);
    const total = each.reduce((sum, count) => sum + count, 0);
    return { figure: total / elapsed / 1000, extras: {} };
  } finally {
    await team.end();
  }
}

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'many-mutexes',
  title: '8 workers that increment one of many counters, each under a mutex of its own',
  unit: 'million sections a second',
  better: 'higher',
  rivals: ['ours', 'hand-rolled', 'atomics', 'v8', 'multithreading', 'rust-std', 'rust-futex'],
  runs: 5,
  subject: 'mutexes',
  chart: { kind: 'lines', x: 'mutexes', scale: 'log' },
  cases({ quick }) {
    const times = quick ? contended.QUICK_TIMES : contended.TIMES;
    return (quick ? [4, 64] : [1, 4, 16, 64, 256]).map((mutexes) => ({
      label: String(mutexes),
      params: { mutexes, workers: 8, inside: 50, outside: 50, ...times },
    }));
  },
  async check(id, params) {
    await contend(id, { ...params, warmUpMs: 0, measuredMs: CHECKED_MS });
  },
  measure: contend,
};

module.exports = { question, work };
