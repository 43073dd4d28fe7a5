// @ts-check
'use strict';

const { writeFileSync } = require('node:fs');
const { UsageError, command, parseCount } = require('./harness/command.js');
const { describeMachine, formatMachine } = require('./harness/machine.js');
const { Progress } = require('./harness/progress.js');
const { formatSummary, summarizeAnswer } = require('./harness/report.js');
const { answer, countSteps } = require('./harness/run.js');
const { questions } = require('./questions/index.js');

const NAMES = questions.map(({ name }) => name).join(', ');

const USAGE = `Usage: npm run bench -- [options]

  --only NAME   one question: ${NAMES}
  --quick       fewer and shorter runs
  --inside N    contended: turns of a loop with the mutex held (default 0)
  --outside N   contended: turns of that loop between two sections (default 0)
  --json FILE   write every figure to a file as well
  --help`;

const OPTIONS = /** @type {const} */ ({
  only: { type: 'string' },
  quick: { type: 'boolean', default: false },
  inside: { type: 'string', default: '0' },
  outside: { type: 'string', default: '0' },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
});

command(OPTIONS, USAGE, async (values) => {
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const asked = questions.filter(({ name }) => (values.only ?? name) === name);
  if (asked.length === 0) {
    throw new UsageError(`there is no question '${values.only}', only ${NAMES}`);
  }
  const options = {
    quick: values.quick,
    inside: parseCount('inside', values.inside, 0),
    outside: parseCount('outside', values.outside, 0),
  };
  const machine = describeMachine();
  console.log(`${formatMachine(machine)}\n`);

  const progress = new Progress(asked.reduce((sum, each) => sum + countSteps(each, options), 0));
  const summaries = [];
  for (const question of asked) {
    const summary = summarizeAnswer(await answer(question, options, progress));
    progress.clear();
    console.log(`${formatSummary(summary)}\n`);
    summaries.push(summary);
  }
  if (values.json !== undefined) {
    const text = JSON.stringify({ machine, options, questions: summaries }, null, 2);
    writeFileSync(values.json, `${text}\n`);
  }
});
