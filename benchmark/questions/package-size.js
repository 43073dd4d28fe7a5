// @ts-check
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { npmCommand } = require('../../scripts/npm.js');
const { installed } = require('../harness/installed.js');

/**
 * How much does a user install? Ours as it is here: the package and the addon of this system.
 */

const KIB = 1024;

/**
 * What npm would pack.
 * @param {string} folder
 * @returns {{ size: number, unpackedSize: number, entryCount: number }}
 */
function pack(folder) {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const options = /** @type {const} */ ({ cwd: folder, encoding: 'utf8' });
  const answer = JSON.parse(spawnSync(...npmCommand(args, options)).stdout);
  // An array, or an object by name: that depends on npm.
  return Object.values(answer)[0];
}

/**
 * The addons that the package of this system brings, beside the package itself.
 * @param {string} folder
 */
function addonsOf(folder) {
  const addons = fs.readdirSync(folder).filter((name) => name.endsWith('.node'));
  return addons.reduce((sum, name) => sum + fs.statSync(path.join(folder, name)).size, 0);
}

/** @param {string} id */
function measure(id) {
  const { folder } = installed(id);
  const { unpackedSize, entryCount } = pack(folder);
  const addons = addonsOf(folder);
  return {
    figure: (unpackedSize + addons) / KIB,
    extras: { addon: addons / KIB, files: entryCount },
  };
}

/** @param {string} id */
function check(id) {
  if (!(measure(id).figure > 1)) throw new Error('wrong: there is nothing in it');
}

/** @type {import('./index.js').Question<Record<string, never>>} */
const question = {
  name: 'package-size',
  title: 'size of the installed package, with the addon of this system',
  unit: 'KiB',
  better: 'lower',
  rivals: ['ours', 'multithreading'],
  runs: 1,
  subject: 'package',
  extras: { addon: 'addon, KiB', files: 'files' },
  cases: () => [{ label: 'installed', params: {} }],
  check,
  measure,
};

module.exports = { question };
