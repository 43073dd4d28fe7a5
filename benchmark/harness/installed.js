// @ts-check
'use strict';

const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { npmPackages } = require('../../scripts/cache.js');
const { OURS } = require('../rivals/index.js');

/** A package of npm that is a rival. It is no dependency. */
const RIVAL = { name: 'multithreading', version: '0.3.52', file: 'src/node/lib.js' };

const LIMIT_MS = 30_000;

/**
 * The folder of a rival that is a package, and the file that a user requires. Installs it first where that is not done.
 * @param {string} id
 */
function installed(id) {
  const root = path.join(__dirname, '../..');
  if (id === OURS) return { folder: root, entry: path.join(root, 'index.js') };
  const { name, version, file } = RIVAL;
  const cache = npmPackages('rivals', [`${name}@${version}`], { ignoreScripts: true });
  const folder = path.join(cache, 'node_modules', name);
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
