// @ts-check
'use strict';

// Runs all suites, or those named as arguments, one after another; goes on after one that fails, and ends with how
// many tests passed and failed, counted from what the runners themselves say.

const path = require('node:path');
const { spawn } = require('node:child_process');
const { stripVTControlCharacters } = require('node:util');
const { choices, command } = require('./command.js');
const { npmCommand } = require('./npm.js');

const root = path.join(__dirname, '..');

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/**
 * Adds up what each match of a pattern says.
 *
 * @param {string} output
 * @param {RegExp} pattern with the groups passed, failed and skipped, as far as a match has them
 * @returns {Counts}
 */
function sum(output, pattern) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { groups = {} } of output.matchAll(pattern)) {
    counts.passed += Number(groups.passed ?? 0);
    counts.failed += Number(groups.failed ?? 0);
    counts.skipped += Number(groups.skipped ?? 0);
  }
  return counts;
}

/**
 * How to count in each runner's output.
 *
 * @type {Record<string, (output: string, ok: boolean) => Counts>}
 */
const counters = {
  // One such line for each test program.
  cargo: (output) =>
    sum(
      output,
      /^test result: \w+\. (?<passed>\d+) passed; (?<failed>\d+) failed; (?<skipped>\d+) ignored;/gm,
    ),

  // The lines of the summary, which only name what there was. What crashed or never ended is no test in them.
  ava: (output) => {
    const end = output.slice(output.lastIndexOf('\n  ─\n') + 1);
    const counts = sum(
      end,
      /^ {2}(?:(?<passed>\d+) tests? passed|(?<failed>\d+) (?:tests?|hooks?) failed|(?<skipped>\d+) tests? skipped)$/gm,
    );
    const other =
      /^ {2}(?<failed>\d+) (?:uncaught exceptions?|unhandled rejections?|tests? remained pending)/gm;
    counts.failed += sum(end, other).failed;
    // It does not say how many passed where some failed: those have a tick each (√ on Windows).
    if (counts.passed === 0) counts.passed = output.match(/^ {2}[✔√] /gm)?.length ?? 0;
    return counts;
  },

  // A program that compiles or does not.
  tsc: (_output, ok) => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 }),
};

const suites = [
  { name: 'rust', title: 'Rust tests', count: counters.cargo },
  { name: 'loom', title: 'loom models', count: counters.cargo },
  { name: 'js', title: 'JavaScript tests', count: counters.ava },
  { name: 'types', title: 'type tests', count: counters.tsc },
];

/**
 * What a suite came to. A runner that fails without a failed test, or runs none, has failed as such.
 *
 * @param {(output: string, ok: boolean) => Counts} count
 * @param {string} output
 * @param {boolean} ok whether the runner said that all was well
 * @returns {Counts & { trouble: string }}
 */
function judge(count, output, ok) {
  const counts = count(stripVTControlCharacters(output).replaceAll('\r\n', '\n'), ok);
  if (!ok && counts.failed === 0) {
    return { ...counts, failed: 1, trouble: 'the runner failed: see above' };
  }
  if (counts.passed + counts.failed === 0) return { ...counts, failed: 1, trouble: 'no test ran' };
  return { ...counts, trouble: '' };
}

/** @param {Counts} counts */
function inWords({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/**
 * Runs a script of package.json and streams what it prints.
 *
 * @param {string} script
 * @returns {Promise<{ output: string, ok: boolean }>}
 */
function runScript(script) {
  /** @type {import('node:child_process').SpawnOptionsWithStdioTuple<'ignore', 'pipe', 'pipe'>} */
  const options = { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] };
  const child = spawn(...npmCommand(['run', '--silent', script], options));
  let output = '';
  for (const [from, to] of /** @type {const} */ ([
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ])) {
    from.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
      to.write(chunk);
    });
  }
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ output: String(error), ok: false }));
    child.once('close', (code) => resolve({ output, ok: code === 0 }));
  });
}

const NAMES = suites.map(({ name }) => name);

const USAGE = `Usage: npm test -- [SUITE...]

Runs these suites, or all of them: ${NAMES.join(', ')}.`;

/** @param {string[]} names */
async function main(names) {
  const asked = choices('SUITE', names, NAMES);
  const total = { passed: 0, failed: 0, skipped: 0 };
  const lines = [];
  for (const { name, title, count } of suites) {
    if (!asked.includes(name)) continue;
    console.log(`\n=== ${title} (npm run test:${name})\n`);
    const start = performance.now();
    const { output, ok } = await runScript(`test:${name}`);
    const result = judge(count, output, ok);
    total.passed += result.passed;
    total.failed += result.failed;
    total.skipped += result.skipped;
    const seconds = ((performance.now() - start) / 1_000).toFixed(1);
    const trouble = result.trouble && `: ${result.trouble}`;
    lines.push(`${title}: ${inWords(result)} (${seconds} s)${trouble}`);
  }
  console.log(`\n=== Summary\n\n${lines.join('\n')}\n\n${inWords(total)}`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}

if (require.main === module) {
  command(USAGE, {}, (_values, names) => main(names));
}

module.exports = { counters, inWords, judge };
