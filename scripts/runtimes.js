// @ts-check
'use strict';

// Tests on every JavaScript runtime: all JavaScript tests on each Node.js that is supported, and the smaller programs of
// __test__/smoke on those, on Bun and on Deno. Brings the runtimes from npm. Prints a table, and fails if anything failed.

const fs = require('node:fs');
const path = require('node:path');
const { spawn, spawnSync } = require('node:child_process');
const { npmPackages } = require('./cache.js');
const { choices, command } = require('./command.js');
const { counters, judge } = require('./test.js');

const root = path.join(__dirname, '..');
const SMOKE = path.join(root, '__test__', 'smoke');
/** Milliseconds for one program, and for all tests. */
const [PROGRAM_LIMIT, SUITE_LIMIT] = [300_000, 1_800_000];

/** @typedef {{ name: string, packaged: string, command: string, args: string[] }} Runtime */

/** @type {Runtime[]} */
const runtimes = [
  ...['20', '22', '24', '26'].map((major) => ({
    name: `node-${major}`,
    packaged: `node@${major}`,
    command: 'node',
    args: [],
  })),
  { name: 'bun', packaged: 'bun@1.4.5', command: 'bun', args: [] },
  { name: 'deno', packaged: 'deno@2.9.6', command: 'deno', args: ['run', '--allow-all'] },
];

/**
 * The path of a runtime's program.
 *
 * @param {Runtime} runtime
 */
function programOf({ name, packaged, command }) {
  if (name === `node-${process.versions.node.split('.')[0]}`) return process.execPath;
  const bin = path.join(npmPackages(name, [packaged]), 'node_modules', '.bin', command);
  return process.platform === 'win32' ? `${bin}.cmd` : bin;
}

/**
 * How a runtime is started: through an emulator, for example.
 *
 * @typedef {object} Launch
 * @property {string} program
 * @property {string[]} args what comes before the file that it runs
 * @property {NodeJS.ProcessEnv} [env] besides this process's
 * @property {string} [cwd] another folder than the root of the repository
 */

/**
 * @param {Launch} launch
 * @param {string[]} rest
 * @param {number} limit in milliseconds
 * @returns {Promise<{ output: string, ok: boolean }>}
 */
function run({ program, args: first, env: own, cwd = root }, rest, limit) {
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, NO_COLOR: '1', ...own };
  delete env.NODE_OPTIONS;
  const args = [...first, ...rest];
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => {
    output += `\nended after ${limit} ms\n`;
    child.kill('SIGKILL');
  }, limit);
  let output = '';
  for (const from of [child.stdout, child.stderr]) {
    from.setEncoding('utf8').on('data', (chunk) => (output += chunk));
  }
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ output: String(error), ok: false }));
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ output, ok: code === 0 });
    });
  });
}

/**
 * The lines that the programs of __test__/smoke print.
 *
 * @param {string} output
 */
function countChecks(output) {
  const count = (/** @type {RegExp} */ pattern) => output.match(pattern)?.length ?? 0;
  return { passed: count(/^ok /gm), failed: count(/^not ok /gm), skipped: count(/^skip /gm) };
}

/** @typedef {{ runtime: string, version: string, suite: string, passed: number, failed: number, skipped: number, seconds: number }} Row */

/**
 * Runs the programs of __test__/smoke.
 *
 * @param {Launch} launch
 */
async function smoke(launch) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  const files = fs.readdirSync(SMOKE).filter((file) => file !== 'harness.js');
  for (const file of files) {
    const { output, ok } = await run(launch, [path.join(SMOKE, file)], PROGRAM_LIMIT);
    const { passed, failed, skipped, trouble } = judge(countChecks, output, ok);
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
    if (failed > 0) console.log(`${file}${trouble && `: ${trouble}`}\n${output}`);
  }
  return total;
}

/**
 * Runs all JavaScript tests, or those in some files.
 *
 * @param {Launch} launch
 * @param {{ files?: string[], limit?: number }} [options] limit: milliseconds
 */
async function suite(launch, { files = [], limit = SUITE_LIMIT } = {}) {
  // That of the folder that is tested: ava refuses to work with another copy of itself.
  const ava = path.join(launch.cwd ?? root, 'node_modules', 'ava', 'entrypoints', 'cli.mjs');
  const { output, ok } = await run(launch, [ava, '--no-color', ...files], limit);
  const result = judge(counters.ava, output, ok);
  // What is said of those that failed comes after all that have passed.
  if (result.failed > 0)
    console.log(
      output
        .split('\n')
        .filter((line) => !/^ {2}[✔√]/.test(line))
        .join('\n'),
    );
  return { ...result, output };
}

/** @param {Row[]} rows */
const table = (rows) =>
  markdown(
    ['runtime', 'version', 'tests', 'passed', 'failed', 'skipped', 'seconds'],
    rows.map(({ runtime, version, suite, passed, failed, skipped, seconds }) =>
      [runtime, version, suite, passed, failed, skipped, seconds.toFixed(0)].map(String),
    ),
  );

/**
 * A table in Markdown.
 *
 * @param {string[]} heads
 * @param {string[][]} lines
 */
function markdown(heads, lines) {
  const widths = heads.map((head, i) =>
    Math.max(head.length, ...lines.map((line) => line[i].length)),
  );
  return [heads, widths.map((width) => '-'.repeat(width)), ...lines]
    .map((line) => `| ${line.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`)
    .join('\n');
}

const NAMES = runtimes.map(({ name }) => name);

const USAGE = `Usage: npm run test:runtimes -- [--smoke] [RUNTIME...]

Tests on these runtimes, or on all of them: ${NAMES.join(', ')}.

  --smoke  the programs of __test__/smoke alone`;

const OPTIONS = /** @type {const} */ ({ smoke: { type: 'boolean', default: false } });

/**
 * @param {string[]} names
 * @param {boolean} smokeOnly
 */
async function main(names, smokeOnly) {
  const asked = choices('RUNTIME', names, NAMES);
  /** @type {Row[]} */
  const rows = [];
  for (const runtime of runtimes) {
    if (!asked.includes(runtime.name)) continue;
    const program = programOf(runtime);
    const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
    const version = /\d+\.\d+\.\d+/.exec(stdout ?? '')?.[0] ?? 'unknown';
    const launch = { program, args: runtime.args };
    const all = runtime.command === 'node' && !smokeOnly;
    const suites = /** @type {const} */ ([
      ['smoke', () => smoke(launch)],
      ...(all ? [/** @type {const} */ (['all', () => suite(launch)])] : []),
    ]);
    for (const [name, body] of suites) {
      console.log(`\n=== ${runtime.name} ${version}: ${name}`);
      const start = performance.now();
      const { passed, failed, skipped } = await body();
      const seconds = (performance.now() - start) / 1_000;
      rows.push({ runtime: runtime.name, version, suite: name, passed, failed, skipped, seconds });
      console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
    }
  }
  const total = (/** @type {'passed' | 'failed' | 'skipped'} */ of) =>
    rows.reduce((sum, row) => sum + row[of], 0);
  const skipped = total('skipped') > 0 ? `, ${total('skipped')} skipped` : '';
  console.log(`\n${table(rows)}\n\n${total('passed')} passed, ${total('failed')} failed${skipped}`);
  process.exitCode = total('failed') > 0 ? 1 : 0;
}

if (require.main === module) {
  command(USAGE, OPTIONS, (values, names) => main(names, values.smoke));
}

module.exports = { countChecks, markdown, run, smoke, suite, table };
