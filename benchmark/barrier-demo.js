// @ts-check
'use strict';

const { command, count } = require('../scripts/command.js');
const { demonstrate } = require('./harness/demonstrate.js');
const { describeFault, goRounds } = require('./questions/barrier.js');

const USAGE = `Usage: node benchmark/barrier-demo.js [--workers 4] [--rounds 10000]

Lets workers go through a barrier round after round, and shows the hand-rolled barrier
let them through early, or for ever not at all, and ours do neither.`;

const OPTIONS = /** @type {const} */ ({
  workers: { type: 'string', default: '4' },
  rounds: { type: 'string', default: '10000' },
});

command(USAGE, OPTIONS, async (values) => {
  const workers = count('--workers', values.workers);
  const rounds = count('--rounds', values.rounds);
  const asked = `${rounds.toLocaleString('en-US')} rounds`;

  console.log(`${workers} workers, ${asked} of one barrier`);
  await demonstrate(async (rival) => {
    const outcome = await goRounds(rival, { workers, rounds });
    const fault = describeFault(outcome);
    return {
      right: fault === null,
      text: fault ?? `${asked}, 0 early passes, ${outcome.ms.toFixed(0)} ms`,
    };
  });
});
