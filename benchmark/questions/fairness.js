// @ts-check
'use strict';

const { LINE } = require('../harness/control.js');
const { spin } = require('../harness/spin.js');
const { Team } = require('../harness/team.js');
const { loadRival, makerOf } = require('../rivals/index.js');

/**
 * Does each worker have its turn? Workers hold the mutex for a millisecond, and want it again at once.
 */

/** @typedef {{ workers: number, insideMs: number, measuredMs: number }} Params */

const MUTEX = 0;
const COUNTER = LINE;
const CELLS = 2 * LINE;

const CHECKED_MS = 50;

/** @param {import('./index.js').Shift} shift */
async function work({ rival, data: { cells, shared, insideMs, measuredMs } }) {
  const mutex = makerOf(rival, 'mutex')(cells, MUTEX, shared);
  let served = 0;
  let longest = 0;
  let asked = 0;
  const section = () => {
    longest = Math.max(longest, performance.now() - asked);
    cells[COUNTER]++;
    spin(insideMs);
  };
  const end = performance.now() + measuredMs;
  while ((asked = performance.now()) < end) {
    if (rival.style === 'pair') {
      mutex.lock();
      section();
      mutex.unlock();
    } else if (rival.style === 'callback') {
      mutex.exclusively(section);
    } else {
      await mutex.exclusively(section);
    }
    served++;
  }
  return { served, longest };
}

/**
 * @param {string} id
 * @param {Params} params
 */
async function takePart(id, { workers, insideMs, measuredMs }) {
  const cells = new Int32Array(new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT));
  const data = { cells, shared: loadRival(id).share?.('mutex'), insideMs, measuredMs };
  const team = new Team({ task: __filename, rival: id, size: workers, data });
  try {
    await team.start();
    const results = await team.results();
    const each = results.map(({ served }) => served);
    const total = each.reduce((sum, served) => sum + served, 0);
    if (cells[COUNTER] !== total) throw new Error(`wrong: counted ${cells[COUNTER]} of ${total}`);
    return {
      figure: Math.max(...results.map(({ longest }) => longest)),
      extras: {
        least: Math.min(...each),
        most: Math.max(...each),
        sections: total / (measuredMs / 1000),
      },
    };
  } finally {
    await team.end();
  }
}

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'fairness',
  title: 'the longest wait for a mutex that workers hold for 1 ms and want again at once',
  unit: 'ms',
  better: 'lower',
  rivals: [
    'ours',
    'hand-rolled',
    'atomics',
    'v8',
    'multithreading',
    'web-locks',
    'rust-std',
    'rust-futex',
  ],
  runs: 5,
  subject: 'workers',
  extras: { least: 'least served', most: 'most served', sections: 'sections a second' },
  chart: { kind: 'bars', scale: 'log' },
  cases: ({ quick }) => [
    { label: '4', params: { workers: 4, insideMs: 1, measuredMs: quick ? 300 : 1000 } },
  ],
  async check(id, params) {
    await takePart(id, { ...params, measuredMs: CHECKED_MS });
  },
  measure: takePart,
};

module.exports = { question, work };
