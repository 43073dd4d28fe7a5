// @ts-check
'use strict';

// The options of explore(), checked and completed.

const path = require('node:path');
const { randomInt } = require('node:crypto');
const { fileURLToPath } = require('node:url');
const { assertOptions, formatValue, integer, milliseconds } = require('../arguments.js');
const { invalidArgType, invalidArgValue } = require('../errors.js');
const { NAMES } = require('./strategies.js');

const OPTIONS = [
  'schedules',
  'time',
  'seed',
  'random',
  'strategy',
  'depth',
  'preemptions',
  'steps',
  'stall',
  'isolate',
  'pin',
];
const MOST = 2 ** 32 - 1;

/**
 * What an exploration is run with.
 *
 * @typedef {object} Settings
 * @property {string} file
 * @property {number} schedules
 * @property {number} time
 * @property {number} seed
 * @property {number} random
 * @property {import('../../explore.js').Strategy} strategy
 * @property {number} depth
 * @property {number} preemptions
 * @property {number} steps 0 for the default
 * @property {number} stall
 * @property {boolean} isolate
 * @property {boolean} pin
 */

/**
 * The absolute path of a module.
 * @param {unknown} file
 */
function fileOf(file) {
  if (file instanceof URL || (typeof file === 'string' && file.startsWith('file:'))) {
    return fileURLToPath(file);
  }
  if (typeof file === 'string' && file !== '') return path.resolve(file);
  throw invalidArgType(
    `file must be the path or file: URL of a module, but is ${formatValue(file)}. Pass require.resolve('./program.js').`,
  );
}

/** The seed of the environment, which goes before that of the options. */
function seedOfEnvironment() {
  const text = process.env.SHARED_SYNC_EXPLORE_SEED;
  if (text === undefined || text === '') return undefined;
  const seed = Number(text);
  if (/^\d+$/.test(text) && seed <= MOST) return seed;
  throw invalidArgValue(
    `SHARED_SYNC_EXPLORE_SEED must be an integer from 0 to ${MOST}, but is ${formatValue(text)}.`,
  );
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function boolean(value, name) {
  if (typeof value !== 'boolean') {
    throw invalidArgType(`${name} must be a boolean, but is ${formatValue(value)}.`);
  }
  return value;
}

/**
 * @param {unknown} file
 * @param {import('../../explore.js').ExploreOptions} [options]
 * @returns {Settings}
 */
function settingsOf(file, options = {}) {
  assertOptions(options, OPTIONS, '{ schedules: 1000 }');
  const {
    schedules = 1e4,
    time = 1e4,
    seed = randomInt(MOST),
    random = 0,
    strategy = 'default',
    depth = 3,
    preemptions = 2,
    steps,
    stall = 1e3,
    isolate = false,
    pin = true,
  } = options;
  if (!NAMES.includes(strategy)) {
    throw invalidArgValue(
      `options.strategy must be one of ${NAMES.join(', ')}, but is ${formatValue(strategy)}.`,
    );
  }
  return {
    file: fileOf(file),
    schedules: integer(schedules, 'options.schedules', 1, 1e9),
    time: milliseconds(time, 'options.time'),
    seed: seedOfEnvironment() ?? integer(seed, 'options.seed', 0, MOST),
    random: integer(random, 'options.random', 0, MOST),
    strategy,
    depth: integer(depth, 'options.depth', 1, 100),
    preemptions: integer(preemptions, 'options.preemptions', 0, 1e3),
    steps: steps === undefined ? 0 : integer(steps, 'options.steps', 1, 1e6),
    stall: milliseconds(stall, 'options.stall'),
    isolate: boolean(isolate, 'options.isolate'),
    pin: boolean(pin, 'options.pin'),
  };
}

module.exports = { settingsOf };
