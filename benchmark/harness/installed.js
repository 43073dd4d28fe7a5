// @ts-check
'use strict';

const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { CACHE } = require('./cache.js');
const { OURS } = require('../rivals/index.js');

/** The packages among the rivals, where they lie and what a user requires. */
const PACKAGES = Object.freeze({
  [OURS]: { folder: path.join(__dirname, '../..'), file: 'index.js' },
  multithreading: {
    folder: path.join(CACHE, 'node_modules/multithreading'),
    file: 'src/node/lib.js',
  },
});

const LIMIT_MS = 30_000;

/** @param {string} id */
function installed(id) {
  const { folder, file } = PACKAGES[/** @type {keyof typeof PACKAGES} */ (id)];
  return { folder, entry: path.join(folder, file) };
}

/**
 * What a file prints, as JSON, when it is run in a process that has loaded nothing yet.
 * @param {string} file
 * @param {unknown[]} args
 */
function runAlone(file, ...args) {
  const words = ['--expose-gc', file, ...args.map(String)];
  /** @type {import('node:child_process').ExecFileSyncOptionsWithStringEncoding} */
  const options = { encoding: 'utf8', timeout: LIMIT_MS, stdio: ['ignore', 'pipe', 'ignore'] };
  return JSON.parse(execFileSync(process.execPath, words, options));
}

module.exports = { installed, runAlone };
