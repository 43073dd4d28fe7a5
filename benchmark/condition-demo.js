// @ts-check
'use strict';

const { setTimeout: delay } = require('node:timers/promises');
const { command, count } = require('../scripts/command.js');
const { LINE } = require('./harness/control.js');
const { demonstrate } = require('./harness/demonstrate.js');
const { Team } = require('./harness/team.js');
const { loadRival, makerOf } = require('./rivals/index.js');

const USAGE = `Usage: node benchmark/condition-demo.js [--workers 4] [--turns 1000]

Lets workers take turns by a condition, and shows the hand-rolled one lose the notification
that a turn has come, and ours not.`;

const OPTIONS = /** @type {const} */ ({
  workers: { type: 'string', default: '4' },
  turns: { type: 'string', default: '1000' },
});

const MUTEX = 0;
const CONDITION = LINE;
const TAKEN = 2 * LINE;
const CELLS = 3 * LINE;

const PATIENCE_MS = 2000;
const REVIVAL_MS = 200;

/** @param {import('./questions/index.js').Shift} shift */
function work({ rival, index, size, data: { cells, turns } }) {
  const mutex = makerOf(rival, 'mutex')(cells, MUTEX);
  const condition = makerOf(rival, 'condition')(cells, CONDITION);
  const isMyTurn = () => cells[TAKEN] % size === index;
  for (let turn = 0; turn < turns; turn++) {
    mutex.lock();
    condition.wait(mutex, isMyTurn);
    cells[TAKEN]++;
    condition.notifyAll();
    mutex.unlock();
  }
}

/**
 * @param {string} id
 * @param {{ workers: number, turns: number }} params
 */
async function takeTurns(id, { workers, turns }) {
  const cells = new Int32Array(new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT));
  const team = new Team({ task: __filename, rival: id, size: workers, data: { cells, turns } });
  const taken = () => Atomics.load(cells, TAKEN);
  try {
    await team.start();
    const start = performance.now();
    const results = await team.resultsUnlessStalled(taken, PATIENCE_MS);
    if (results) {
      const done = taken().toLocaleString('en-US');
      return { right: true, text: `${done} turns, ${(performance.now() - start).toFixed(0)} ms` };
    }
    const hungAt = taken();
    makerOf(loadRival(id), 'condition')(cells, CONDITION).notifyAll();
    await delay(REVIVAL_MS);
    const proof =
      taken() > hungAt ? ': it lost a notification, as one more set it going again' : '';
    return { right: false, text: `hung after ${hungAt.toLocaleString('en-US')} turns${proof}` };
  } finally {
    await team.end();
  }
}

module.exports = { work };

if (require.main === module) {
  command(USAGE, OPTIONS, async (values) => {
    const workers = count('--workers', values.workers);
    const turns = count('--turns', values.turns);

    console.log(`${workers} workers, ${turns.toLocaleString('en-US')} turns each`);
    await demonstrate((rival) => takeTurns(rival, { workers, turns }));
  });
}
