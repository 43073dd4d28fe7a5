// @ts-check
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { explore } = require('../lib/explore');
const { choices, command, count } = require('../scripts/command.js');
const { median } = require('./harness/statistics.js');
const { describeMachine, formatMachine } = require('./harness/machine.js');
const { Progress } = require('./harness/progress.js');
const { formatMarkdownTable, formatTable } = require('./harness/table.js');
const { fray } = require('./sctbench/fray.js');
const { cases, withVersion } = require('./sctbench/index.js');

const STRATEGIES = /** @type {const} */ (['default', 'exhaustive', 'pos', 'pct', 'random']);
const FRAYS = /** @type {const} */ (['pos', 'pct', 'random']);
const NAMES = cases.map(({ name }) => name);
/** An exploration ends by its number of schedules, not by this. */
const TIME_MS = 600_000;

const USAGE = `Usage: node benchmark/sctbench.js [options]

Explores programs with a fault, of the kinds of SCTBench, and prints how many schedules each
strategy runs until the first failure: the median over seeds. With --right it explores the
right versions instead, and prints what was reported.

  --only NAMES        these programs, separated by commas:
                      ${NAMES.join(', ').replace(/(.{1,60}), /g, '$1,\n                      ')}
  --strategies NAMES  of ${STRATEGIES.join(', ')}
  --seeds 20          how many seeds, from 1
  --schedules 10000   the most schedules of an exploration
  --right             the right versions
  --keep FILE         writes each result there at once, and does not measure again what is there
  --out FILE          writes the table there, in Markdown
  --help`;

const OPTIONS = /** @type {const} */ ({
  only: { type: 'string' },
  strategies: { type: 'string' },
  seeds: { type: 'string', default: '20' },
  schedules: { type: 'string', default: '10000' },
  right: { type: 'boolean', default: false },
  keep: { type: 'string' },
  out: { type: 'string' },
});

/**
 * The schedules until the first failure, by seed. Null where none failed.
 * @typedef {(number | null)[]} Firsts
 * @typedef {Record<string, Partial<Record<string, Firsts>>>} Results by program and strategy
 */

/**
 * @param {string} option
 * @param {string | undefined} text
 * @param {readonly string[]} known
 */
const chosen = (option, text, known) =>
  choices(option, text === undefined ? [] : text.split(',').map((name) => name.trim()), [...known]);

command(USAGE, OPTIONS, async (values) => {
  const names = chosen('--only', values.only, NAMES);
  const strategies = /** @type {import('../explore.js').Strategy[]} */ (
    chosen('--strategies', values.strategies, STRATEGIES)
  );
  const seeds = count('--seeds', values.seeds);
  const schedules = count('--schedules', values.schedules);
  const results = read(values.keep);
  const progress = new Progress(names.length * strategies.length);

  for (const program of cases.filter(({ name }) => names.includes(name))) {
    for (const strategy of strategies) {
      progress.step(`${program.name}, ${strategy}`);
      const known = (results[program.name] ??= {});
      if (known[strategy] !== undefined) continue;
      known[strategy] = await withVersion(program, values.right, (file) =>
        firstFailures(file, seeds, { strategy, schedules, time: TIME_MS }),
      );
      if (values.keep !== undefined)
        fs.writeFileSync(values.keep, JSON.stringify(results, null, 1));
    }
  }
  progress.clear();
  console.log(`${formatMachine(describeMachine())}\n`);
  const table = tableOf(results, schedules);
  console.log(formatTable(...table));
  if (values.out !== undefined) fs.writeFileSync(values.out, `${formatMarkdownTable(...table)}\n`);
});

/**
 * @param {string | undefined} file
 * @returns {Results}
 */
function read(file) {
  if (file === undefined || !fs.existsSync(file)) return {};
  return JSON.parse(fs.readFileSync(path.resolve(file), 'utf8'));
}

/**
 * @param {string} file
 * @param {number} seeds
 * @param {import('../explore.js').ExploreOptions} options
 */
async function firstFailures(file, seeds, options) {
  /** @type {Firsts} */
  const firsts = [];
  for (let seed = 1; seed <= seeds; seed++) {
    try {
      await explore(file, { ...options, seed });
      firsts.push(null);
    } catch (error) {
      const { code, schedules } = /** @type {any} */ (error);
      if (code !== 'ERR_EXPLORATION') throw error;
      firsts.push(schedules);
    }
  }
  return firsts;
}

/**
 * @param {Results} results
 * @param {number} schedules
 * @returns {[import('./harness/table.js').Column[], string[][]]}
 */
function tableOf(results, schedules) {
  const measured = cases.filter(({ name }) => results[name] !== undefined);
  return [
    [
      { title: 'program' },
      { title: 'threads', numeric: true },
      ...STRATEGIES.map((title) => ({ title, numeric: true })),
      ...FRAYS.map((title) => ({ title: `Fray, ${title}`, numeric: true })),
    ],
    measured.map(({ name, threads }) => [
      name,
      String(threads),
      ...STRATEGIES.map((strategy) => describe(results[name][strategy], schedules)),
      ...FRAYS.map((strategy) => (fray[name] ? String(fray[name][strategy] ?? 'none') : '')),
    ]),
  ];
}

/**
 * The median, and for how many seeds none failed.
 * @param {Firsts | undefined} firsts
 * @param {number} schedules
 */
function describe(firsts, schedules) {
  if (firsts === undefined) return '';
  const missed = firsts.filter((first) => first === null).length;
  const middle = median(firsts.map((first) => first ?? Infinity));
  const text = middle === Infinity ? `> ${schedules}` : String(middle);
  return missed === 0 ? text : `${text} (${missed} of ${firsts.length} missed)`;
}
