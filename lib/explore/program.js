// @ts-check
'use strict';

// `shared-sync explore`: explores modules from the command line, or replays a token.

const { existsSync } = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { invalidArgValue } = require('../errors.js');
const { explore, replay } = require('./index.js');

const USAGE = `Usage: shared-sync explore FILE... [OPTION...]

Runs the threads of each module in many schedules. Prints the first schedule that fails.

  --schedules N     the most schedules (10000)
  --time MS         the most milliseconds (10000)
  --seed N          the seed of all choices (random)
  --random N        the seed of Math.random in the bodies (0)
  --strategy NAME   default, random, pct, pos or exhaustive
  --depth N         the depth of pct (3)
  --preemptions N   the most preemptions of the enumeration (2)
  --steps N         after how many points the threads go on in turn
  --stall MS        how long a thread may run without a scheduling point (1000)
  --isolate         fresh workers for each schedule
  --no-pin          lets the threads use all processors
  --replay TOKEN    runs the schedule of a token once more, and takes no other option but --stall
  --help

The exit code is 0 if all schedules passed, 1 if one failed, and 2 for a mistake in the command line or in a module.`;

const number = /** @type {const} */ ({ type: 'string' });
const OPTIONS = /** @type {const} */ ({
  schedules: number,
  time: number,
  seed: number,
  random: number,
  strategy: { type: 'string' },
  depth: number,
  preemptions: number,
  steps: number,
  stall: number,
  isolate: { type: 'boolean' },
  'no-pin': { type: 'boolean' },
  replay: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
});
/** The options that --replay leaves a meaning. */
const WITH_REPLAY = ['replay', 'stall', 'help'];
/** The options whose values are numbers. */
const NUMBERS = ['schedules', 'time', 'seed', 'random', 'depth', 'preemptions', 'steps', 'stall'];

const [FAILED, MISUSED] = [1, 2];
/** How often the progress is drawn, in milliseconds, and how wide the bar is. */
const [REDRAW_MS, BAR] = [100, 24];

/**
 * @param {string} name
 * @param {string} text
 */
function numberOf(name, text) {
  const value = text.trim() === '' ? NaN : Number(text);
  if (Number.isNaN(value)) throw invalidArgValue(`--${name} must be a number, but is '${text}'.`);
  return value;
}

/**
 * The options of explore().
 * @param {Record<string, string | boolean | undefined>} values
 */
function optionsOf(values) {
  /** @type {Record<string, unknown>} */
  const options = {};
  for (const [name, value] of Object.entries(values)) {
    if (NUMBERS.includes(name)) options[name] = numberOf(name, String(value));
    else if (name === 'no-pin') options.pin = false;
    else if (name !== 'replay' && name !== 'help') options[name] = value;
  }
  return options;
}

/**
 * Draws a bar on a terminal. Returns a function for explore(), and one that removes the bar.
 *
 * @param {string} name
 * @param {import('../../explore.js').ExploreOptions} options
 */
function progressBar(name, { schedules = 1e4, time = 1e4 }) {
  const { stderr } = process;
  let drawn = -Infinity;
  return {
    /** @param {{ schedules: number, elapsed: number }} progress */
    draw({ schedules: done, elapsed }) {
      if (!stderr.isTTY || elapsed - drawn < REDRAW_MS) return;
      drawn = elapsed;
      const part = Math.min(1, Math.max(done / schedules, elapsed / time));
      const filled = Math.round(part * BAR);
      const bar = `${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}`;
      stderr.write(`\r${name} [${bar}] ${done} schedules, ${(elapsed / 1e3).toFixed(1)} s`);
    },
    clear() {
      if (drawn > -Infinity) stderr.write('\r\x1b[K');
    },
  };
}

/**
 * Explores one module, and prints the result. Returns the exit code.
 *
 * @param {string} file
 * @param {string | undefined} token
 * @param {import('../../explore.js').ExploreOptions} options
 */
async function exploreFile(file, token, options) {
  const name = path.relative(process.cwd(), path.resolve(file));
  const bar = progressBar(name, options);
  const began = performance.now();
  if (!file.startsWith('file:') && !existsSync(file)) {
    console.error(`shared-sync: there is no file ${name}`);
    return MISUSED;
  }
  try {
    const report =
      token === undefined
        ? await explore(file, options, bar.draw)
        : await replay(file, token, options);
    bar.clear();
    const { schedules, distinct, points, exhausted, seed } = report;
    const seconds = ((performance.now() - began) / 1e3).toFixed(1);
    const all = exhausted ? `all ${schedules}` : `${schedules}`;
    console.log(
      token === undefined
        ? `${name}: ${all} schedules passed, ${distinct} of them distinct, ${points} points in ${seconds} s (seed ${seed})`
        : `${name}: the schedule passed`,
    );
    return 0;
  } catch (error) {
    bar.clear();
    const { code, message, token: replayed } = /** @type {any} */ (error);
    if (code === 'ERR_EXPLORATION') {
      console.error(`${name}: ${message}`);
      console.error(`From the command line: npx shared-sync explore ${name} --replay ${replayed}`);
      return FAILED;
    }
    console.error(typeof code === 'string' ? `shared-sync: ${message}` : error);
    return MISUSED;
  }
}

/** @param {string[]} args */
function parse(args) {
  try {
    const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
    const others = Object.keys(values).filter((name) => !WITH_REPLAY.includes(name));
    if (values.replay !== undefined && others.length > 0) {
      throw invalidArgValue(
        `--replay takes no other option but --stall, so leave out --${others[0]}`,
      );
    }
    return { values, positionals, options: optionsOf(values) };
  } catch (error) {
    return { error: /** @type {Error} */ (error).message };
  }
}

/**
 * Runs the command.
 * @param {string[]} args
 */
async function run(args) {
  const parsed = parse(args);
  if ('error' in parsed || (parsed.positionals.length === 0 && !parsed.values.help)) {
    const why = 'error' in parsed ? parsed.error : 'no module is given';
    console.error(`shared-sync: ${why}\n\n${USAGE}`);
    process.exitCode = MISUSED;
    return;
  }
  if (parsed.values.help) {
    console.log(USAGE);
    return;
  }
  for (const file of parsed.positionals) {
    const code = await exploreFile(file, parsed.values.replay, parsed.options);
    process.exitCode = Math.max(Number(process.exitCode ?? 0), code);
  }
}

module.exports = { run, summary: "runs a program's threads in many schedules" };
