// @ts-check
'use strict';

const path = require('node:path');
require('../shared/setup.js');
const { explore } = require('../../lib/explore');
const { command, count } = require('../../scripts/command.js');
const { withProgress } = require('../shared/progress.js');

const PRIMITIVES = ['mutex', 'latch', 'condition', 'barrier'];

const USAGE = `Usage: node examples/explore-seed [options]

Explores the four hand-rolled classes of the document that this package began with, and the
primitives of this package in the same programs. Prints each fault with its schedule. Then
runs mini-map-reduce.js of both in every schedule of at most so many preemptions.

  --schedules 2000  how many schedules of each program
  --seed 1          chooses them
  --preemptions 2   of the whole program, where 2 take half a minute
  --help            print this`;

const OPTIONS = /** @type {const} */ ({
  schedules: { type: 'string', default: '2000' },
  seed: { type: 'string', default: '1' },
  preemptions: { type: 'string', default: '2' },
});

/** An exploration of this program ends by its number of schedules, not by this. */
const TIME_MS = 3_600_000;
const MOST_SCHEDULES = 1e9;

/**
 * Explores a program, and returns whether all schedules passed.
 *
 * @param {'document' | 'ours'} side whose primitives
 * @param {string} name
 * @param {import('../../explore.js').ExploreOptions} options
 */
async function tell(side, name, options) {
  const file = path.join(__dirname, side, `${name}.js`);
  const title = `${name}, ${side === 'ours' ? 'of this package' : 'of the document'}`;
  let schedules = 0;
  const exploration = explore(file, { ...options, time: TIME_MS }, (progress) => {
    ({ schedules } = progress);
  });
  try {
    const report = await withProgress(() => `${title}: ${schedules} schedules`, exploration);
    console.log(
      `${title}: ${report.schedules} schedules passed${report.exhausted ? ', all that there are' : ''}`,
    );
    return true;
  } catch (error) {
    const { code, message } = /** @type {import('../../explore.js').ExplorationError} */ (error);
    if (code !== 'ERR_EXPLORATION') throw error;
    console.log(`${title}: ${message}\n`);
    return false;
  }
}

command(USAGE, OPTIONS, async (values) => {
  const schedules = count('--schedules', values.schedules);
  const seed = count('--seed', values.seed, 0, 2 ** 32 - 1);
  const preemptions = count('--preemptions', values.preemptions, 0, 10);
  let ours = true;
  for (const name of PRIMITIVES) {
    await tell('document', name, { schedules, seed });
    ours = (await tell('ours', name, { schedules, seed })) && ours;
  }
  const every = {
    strategy: /** @type {const} */ ('exhaustive'),
    preemptions,
    schedules: MOST_SCHEDULES,
    seed,
  };
  await tell('document', 'map-reduce', every);
  ours = (await tell('ours', 'map-reduce', every)) && ours;
  if (!ours) process.exitCode = 1;
});
