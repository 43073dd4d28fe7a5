// @ts-check
'use strict';

const { setTimeout: delay } = require('node:timers/promises');
const { LINE } = require('../harness/control.js');
const { Team } = require('../harness/team.js');
const { loadRival, makerOf } = require('../rivals/index.js');

/**
 * What do threads cost that are blocked for long, while the watcher looks whether their runtimes want them? And after each
 * was sent a message, which it cannot read while it is blocked?
 */

/** @typedef {{ workers: number, messages: boolean, measuredMs: number }} Params */

const LATCH = 0;
const BLOCKING = LINE;
const CELLS = 2 * LINE;

/** From when on a wait counts as a long one, and the watcher has it. */
const SETTLED_MS = 1500;
const PATIENCE_MS = 3000;

/** @param {import('./index.js').Shift} shift */
function work({ rival, data: { cells } }) {
  const latch = makerOf(rival, 'latch')(cells, LATCH);
  Atomics.add(cells, BLOCKING, 1);
  latch.await();
}

/**
 * @param {string} id
 * @param {Params} params
 * @param {number} settledMs
 */
async function block(id, { workers, messages, measuredMs }, settledMs) {
  const cells = new Int32Array(new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT));
  const team = new Team({ task: __filename, rival: id, size: workers, data: { cells } });
  try {
    await team.start();
    while (Atomics.load(cells, BLOCKING) < workers) await delay(1);
    await delay(settledMs);
    if (messages) for (const worker of team.workers) worker.postMessage('news');
    await delay(settledMs / 3);
    const before = process.cpuUsage();
    const start = performance.now();
    await delay(measuredMs);
    const { user, system } = process.cpuUsage(before);
    const elapsed = performance.now() - start;
    makerOf(loadRival(id), 'latch')(cells, LATCH).release();
    if (!(await team.resultsUnlessStalled(() => 0, PATIENCE_MS))) throw new Error('hung');
    return { figure: (user + system) / 10 / elapsed, extras: {} };
  } finally {
    await team.end();
  }
}

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'blocked',
  title: 'use of the processor by workers that are blocked for long',
  unit: '% of a core',
  better: 'lower',
  rivals: ['ours', 'atomics'],
  runs: 3,
  subject: 'workers',
  chart: { kind: 'bars' },
  cases({ quick }) {
    const workers = quick ? 8 : 32;
    return [false, true].map((messages) => ({
      label: `${workers}, ${messages ? 'each sent a message' : 'left alone'}`,
      params: { workers, messages, measuredMs: quick ? 1000 : 4000 },
    }));
  },
  async check(id, params) {
    await block(id, { ...params, measuredMs: 10 }, 10);
  },
  measure: (id, params) => block(id, params, SETTLED_MS),
};

module.exports = { question, work };
