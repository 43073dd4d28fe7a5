// @ts-check
'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
require('../shared/setup.js');
const { spawnSync } = require('node:child_process');
const { explore } = require('../../lib/explore');
const { choices, command, count } = require('../../scripts/command.js');
const { bar, withProgress } = require('../shared/progress.js');

const CLASSES = ['condition', 'barrier'];
const PROGRAM = path.join(__dirname, '../../bin/shared-sync.js');

const USAGE = `Usage: node examples/explore-seed/replays.js [options]

Finds the faults of the document's condition and barrier under several seeds, and replays the
schedules by their tokens in other processes. Each replay has to fail in the same schedule.

  --only CLASS    condition or barrier (default: both)
  --seeds 20      how many seeds, from 1
  --replays 100   how many replays of each class, over the tokens in turn
  --nodes PATHS   the Node.js programs that replay, in turn, separated by commas (default: this one)
  --help          print this`;

const OPTIONS = /** @type {const} */ ({
  only: { type: 'string' },
  seeds: { type: 'string', default: '20' },
  replays: { type: 'string', default: '100' },
  nodes: { type: 'string', default: process.execPath },
});

/** @typedef {import('../../explore.js').ExplorationError} Failure */

/**
 * @param {string} file
 * @param {number} seeds
 */
async function findUnderSeeds(file, seeds) {
  /** @type {Failure[]} */
  const failures = [];
  const found = async () => {
    for (let seed = 1; seed <= seeds; seed++) {
      failures.push(
        await explore(file, { seed }).then(
          () => assert.fail(`seed ${seed} finds nothing`),
          (error) => (error.code === 'ERR_EXPLORATION' ? error : Promise.reject(error)),
        ),
      );
    }
  };
  await withProgress(() => `${bar(failures.length / seeds)} of the seeds`, found());
  return failures;
}

/**
 * Returns how many replays failed as the explorations did.
 *
 * @param {string} file
 * @param {Failure[]} failures
 * @param {number} replays
 * @param {string[]} nodes
 */
function replayElsewhere(file, failures, replays, nodes) {
  let same = 0;
  for (let i = 0; i < replays; i++) {
    const { kind, token, schedule } = failures[i % failures.length];
    const args = [PROGRAM, 'explore', file, '--replay', token];
    const { stderr } = spawnSync(nodes[i % nodes.length], args, { encoding: 'utf8' });
    if (stderr.includes(schedule)) same++;
    else console.log(`this ${kind} was not replayed by ${nodes[i % nodes.length]}:\n${stderr}`);
  }
  return same;
}

command(USAGE, OPTIONS, async (values) => {
  const seeds = count('--seeds', values.seeds);
  const replays = count('--replays', values.replays);
  const nodes = values.nodes.split(',');
  for (const name of choices('--only', values.only ? [values.only] : [], CLASSES)) {
    const file = path.join(__dirname, 'document', `${name}.js`);
    const failures = await findUnderSeeds(file, seeds);
    const firsts = failures.map(({ schedules }) => schedules).sort((a, b) => a - b);
    console.log(
      `${name}: found under each of ${seeds} seeds, in schedule ${firsts[firsts.length >> 1]} (median), ` +
        `${firsts.at(-1)} at the latest`,
    );
    const same = replayElsewhere(file, failures, replays, nodes);
    console.log(`${name}: ${same} of ${replays} replays failed in the same schedule`);
    if (same < replays) process.exitCode = 1;
  }
});
