// @ts-check
'use strict';

const { command, parseCount } = require('./harness/command.js');
const { demonstrate } = require('./harness/demonstrate.js');
const { describeFault, goRounds } = require('./questions/barrier.js');

const USAGE = `Usage: node benchmark/barrier-demo.js [--workers 4] [--rounds 10000]

Lets workers go through a barrier round after round, and shows the hand-rolled barrier
let them through early, or for ever not at all, and ours do neither.`;

const OPTIONS = /** @type {const} */ ({
  workers: { type: 'string', default: '4' },
  rounds: { type: 'string', default: '10000' },
  help: { type: 'boolean', default: false },
});

command(OPTIONS, USAGE, async (values) => {
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const workers = parseCount('workers', values.workers, 1);
  const rounds = parseCount('rounds', values.rounds, 1);
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
