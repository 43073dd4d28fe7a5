// @ts-check
'use strict';

const path = require('node:path');
const { choices, command, count } = require('../scripts/command.js');
const { describeMachine, formatMachine } = require('./harness/machine.js');
const { Output } = require('./harness/output.js');
const { Progress } = require('./harness/progress.js');
const { faultsOfOurs, formatSummary, summarizeAnswer } = require('./harness/report.js');
const { LIMIT_S, answer, countSteps } = require('./harness/run.js');
const { questions } = require('./questions/index.js');

const NAMES = questions.map(({ name }) => name);
/** In lines. */
const LIST = NAMES.join(', ').replace(/(.{1,60}), /g, '$1,\n                ');
const FOLDER = path.join(__dirname, '../docs/benchmarks');
const FIGURES = path.join(__dirname, '../target/benchmarks');

const USAGE = `Usage: npm run bench -- [options]

  --only NAMES  these questions, separated by commas:
                ${LIST}
  --quick       fewer, shorter and smaller runs: to see that all is well, not to quote
  --out DIR     where to write the tables, pictures and figures of the questions that are asked
                (default: docs/benchmarks, figures to target/benchmarks; with --quick nowhere)
  --runs N      runs of each rival; of a case that is measured by state (grid and others), in each state
  --limit S     seconds that a case that is measured by state may take (default: ${LIMIT_S})
  --inside N    contended, grid: only with N turns of a loop with the mutex held
  --outside N   contended, grid: only with N turns of that loop between two sections
  --help

A full run takes an hour on two processors, and up to another for the cases that are measured by state.
Nothing else should run meanwhile.`;

const OPTIONS = /** @type {const} */ ({
  only: { type: 'string' },
  quick: { type: 'boolean', default: false },
  out: { type: 'string' },
  runs: { type: 'string' },
  limit: { type: 'string' },
  inside: { type: 'string' },
  outside: { type: 'string' },
});

/** @param {string | undefined} only */
function choose(only) {
  if (only === undefined) return questions;
  const asked = choices(
    '--only',
    only.split(',').map((name) => name.trim()),
    NAMES,
  );
  return questions.filter(({ name }) => asked.includes(name));
}

/**
 * @param {string} option
 * @param {string | undefined} text
 * @param {number} [min]
 */
const optionalCount = (option, text, min = 0) =>
  text === undefined ? undefined : count(option, text, min);

command(USAGE, OPTIONS, async (values) => {
  const asked = choose(values.only);
  const limit = optionalCount('--limit', values.limit, 1);
  const options = {
    quick: values.quick,
    runs: optionalCount('--runs', values.runs, 1),
    limitMs: limit && limit * 1000,
    inside: optionalCount('--inside', values.inside),
    outside: optionalCount('--outside', values.outside),
  };
  const folder = values.out ?? (values.quick ? undefined : FOLDER);
  const output = folder && new Output(folder, values.out ?? FIGURES, NAMES);
  console.log(`${formatMachine(describeMachine())}\n`);

  const progress = new Progress(asked.reduce((sum, each) => sum + countSteps(each, options), 0));
  const faults = [];
  for (const question of asked) {
    const machine = describeMachine();
    const summary = summarizeAnswer(await answer(question, options, progress), machine);
    progress.clear();
    console.log(`${formatSummary(summary)}\n`);
    if (output) await output.add(summary);
    faults.push(...faultsOfOurs(summary));
  }
  if (faults.length > 0) {
    console.error(faults.join('\n'));
    process.exitCode = 1;
  }
});
