// @ts-check
'use strict';

const { LINE, STOP } = require('../harness/control.js');
const { median } = require('../harness/statistics.js');
const { Team } = require('../harness/team.js');
const { loadRival, makerOf } = require('../rivals/index.js');

/**
 * Does it pay? The phases of mini-map-reduce.js, over and over in workers that are there already: all start together, each
 * sums its part and adds it to the result, all wait, one reads the result, all go on. Against one thread, and against
 * workers that are sent a message for each round and answer with one.
 */

/** @typedef {{ numbers: number, workers: number, rounds: number }} Params */

const MUTEX = 0;
const CONDITION = LINE;
const BARRIER = 2 * LINE;
const MAPPED = 3 * LINE;
const ROUND = 4 * LINE;
const LATCHES = 5 * LINE;

const PATIENCE_MS = 5000;
/** The first rounds count for the compiler only. */
const WARM_UP = 5;

/** What one thread sums in a second or so, divided among the rounds. */
const BUDGET = 2e8;
const MOST_ROUNDS = 2000;

/**
 * @param {Float64Array} data
 * @param {number} from
 * @param {number} to
 */
function sum(data, from, to) {
  let total = 0;
  for (let i = from; i < to; i++) total += data[i];
  return total;
}

/** The part of a worker. @type {(numbers: number, index: number, size: number) => [number, number]} */
const partOf = (numbers, index, size) => [
  Math.floor((numbers * index) / size),
  Math.floor((numbers * (index + 1)) / size),
];

/** @param {import('./index.js').Shift} shift */
function withLocks({ rival, index, size, data: { cells, data, result, shared, rounds } }) {
  const mutex = makerOf(rival, 'mutex')(cells, MUTEX, shared.mutex);
  const condition = makerOf(rival, 'condition')(cells, CONDITION, shared.condition);
  const barrier = makerOf(rival, 'barrier')(cells, BARRIER, size, shared.barrier);
  const latches = Array.from({ length: rounds }, (_, i) =>
    makerOf(rival, 'latch')(cells, LATCHES + i * LINE),
  );
  const [from, to] = partOf(data.length, index, size);
  const isMapped = () => cells[MAPPED] === size;
  const times = [];
  let start = performance.now();
  for (let round = 0; round < rounds; round++) {
    barrier.wait();
    const part = sum(data, from, to);
    mutex.lock();
    result[0] += part;
    cells[MAPPED]++;
    condition.notifyAll();
    mutex.unlock();
    barrier.wait();
    if (index === 0) {
      mutex.lock();
      condition.wait(mutex, isMapped);
      result[1 + round] = result[0];
      result[0] = 0;
      cells[MAPPED] = 0;
      cells[ROUND] = round + 1;
      mutex.unlock();
      latches[round].release();
    }
    latches[round].await();
    const end = performance.now();
    times.push(end - start);
    start = end;
  }
  return times;
}

/** @param {import('./index.js').Shift} shift */
function withMessages({ index, size, control, data: { data } }) {
  const { parentPort } = require('node:worker_threads');
  const [from, to] = partOf(data.length, index, size);
  return new Promise((resolve) => {
    parentPort?.on('message', () => {
      if (Atomics.load(control, STOP) === 0) parentPort?.postMessage(sum(data, from, to));
      else resolve(undefined);
    });
  });
}

/** @param {import('./index.js').Shift} shift */
function work(shift) {
  return shift.rival.style === 'message' ? withMessages(shift) : withLocks(shift);
}

/** @param {number} numbers */
function numbersOf(numbers) {
  const data = new Float64Array(new SharedArrayBuffer(numbers * Float64Array.BYTES_PER_ELEMENT));
  for (let i = 0; i < numbers; i++) data[i] = i + 1;
  return data;
}

/** @param {Float64Array} data @param {number} rounds */
function alone(data, rounds) {
  const times = [];
  const results = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    results.push(sum(data, 0, data.length));
    times.push(performance.now() - start);
  }
  return { times, results };
}

/**
 * @param {string} id
 * @param {Float64Array} data
 * @param {Params} params
 */
async function byMessages(id, data, { workers, rounds }) {
  const team = new Team({ task: __filename, rival: id, size: workers, data: { data } });
  let answers = 0;
  let total = 0;
  let done = () => {};
  try {
    await team.start();
    for (const worker of team.workers) {
      worker.on('message', (part) => {
        if (typeof part !== 'number') return;
        total += part;
        if (++answers === workers) done();
      });
    }
    const times = [];
    const results = [];
    for (let round = 0; round < rounds; round++) {
      const start = performance.now();
      [answers, total] = [0, 0];
      /** @type {Promise<void>} */
      const all = new Promise((resolve) => (done = resolve));
      for (const worker of team.workers) worker.postMessage('go');
      await all;
      results.push(total);
      times.push(performance.now() - start);
    }
    team.stop();
    for (const worker of team.workers) worker.postMessage('end');
    await team.results();
    return { times, results };
  } finally {
    await team.end();
  }
}

/**
 * @param {string} id
 * @param {Float64Array} data
 * @param {Params} params
 */
async function byLocks(id, data, { workers, rounds }) {
  const { share } = loadRival(id);
  const cells = new Int32Array(
    new SharedArrayBuffer((LATCHES + rounds * LINE) * Int32Array.BYTES_PER_ELEMENT),
  );
  const result = new Float64Array(
    new SharedArrayBuffer((1 + rounds) * Float64Array.BYTES_PER_ELEMENT),
  );
  const shared = {
    mutex: share?.('mutex'),
    condition: share?.('condition'),
    barrier: share?.('barrier', workers),
  };
  const shift = { cells, data, result, shared, rounds };
  const team = new Team({ task: __filename, rival: id, size: workers, data: shift });
  try {
    await team.start();
    const times = await team.resultsUnlessStalled(() => cells[ROUND], PATIENCE_MS);
    if (!times) throw new Error(`hung in round ${cells[ROUND] + 1} of ${rounds}`);
    return { times: times[0], results: [...result.subarray(1)] };
  } finally {
    await team.end();
  }
}

/**
 * @param {string} id
 * @param {Params} params
 */
async function mapReduce(id, params) {
  const { numbers, rounds } = params;
  const data = numbersOf(numbers);
  const { style } = loadRival(id);
  const { times, results } =
    style === 'alone'
      ? alone(data, rounds)
      : await (style === 'message' ? byMessages : byLocks)(id, data, params);
  const expected = (numbers * (numbers + 1)) / 2;
  const wrong = results.filter((each) => each !== expected).length;
  if (wrong > 0) throw new Error(`wrong in ${wrong} of ${rounds} rounds`);
  return { figure: median(times.slice(WARM_UP)) * 1000, extras: {} };
}

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'map-reduce',
  title: 'one round of the map-reduce with 4 workers',
  unit: 'us',
  better: 'lower',
  rivals: ['ours', 'hand-rolled', 'atomics', 'one-thread', 'post-message'],
  runs: 7,
  subject: 'numbers',
  chart: { kind: 'lines', x: 'numbers', scale: 'log' },
  cases: ({ quick }) =>
    (quick ? [8, 1e6] : [8, 1e4, 1e5, 1e6, 1e7]).map((numbers) => ({
      label: numbers.toLocaleString('en-US'),
      params: {
        numbers,
        workers: 4,
        rounds: WARM_UP + Math.min(quick ? MOST_ROUNDS / 10 : MOST_ROUNDS, BUDGET / numbers),
      },
    })),
  async check(id, params) {
    await mapReduce(id, { ...params, rounds: 2 * WARM_UP });
  },
  measure: mapReduce,
};

module.exports = { question, work };
