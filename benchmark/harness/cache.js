// @ts-check
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

/** What the benchmark fetches for itself, away from the packages of this repository. */
const CACHE = path.join(__dirname, '../../node_modules/.cache/shared-sync-bench');

const LIMIT_MS = 120_000;

/**
 * Installs a package of npm there, unless that is done.
 * @param {string} name
 * @param {string} version
 * @returns {string | undefined} why that failed
 */
function install(name, version) {
  const manifest = path.join(CACHE, 'node_modules', name, 'package.json');
  if (
    fs.existsSync(manifest) &&
    JSON.parse(fs.readFileSync(manifest, 'utf8')).version === version
  ) {
    return undefined;
  }
  fs.mkdirSync(CACHE, { recursive: true });
  fs.writeFileSync(path.join(CACHE, 'package.json'), '{ "private": true }\n');
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', `${name}@${version}`];
  const { status, error, stderr } = spawnSync('npm', args, {
    cwd: CACHE,
    encoding: 'utf8',
    timeout: LIMIT_MS,
    shell: process.platform === 'win32',
  });
  if (status === 0) return undefined;
  const why = error?.message ?? stderr.split('\n').find((line) => line.trim() !== '');
  return `npm could not install it: ${why ?? 'it did not say why'}`;
}

module.exports = { CACHE, install };
