// @ts-check
'use strict';

// Which glibc a Linux binary needs, as `readelf` of binutils lists it: each version of a symbol that it takes from a library.

const { spawnSync } = require('node:child_process');

/** What `readelf` reports where it is missing; null where it is installed. */
function readelfMissing() {
  const { error } = spawnSync('readelf', ['--version']);
  return error
    ? 'readelf was not found: install binutils (Debian: apt-get install binutils)'
    : null;
}

/**
 * The versions of symbols that an ELF file needs, such as `GLIBC_2.28` and `GCC_3.0`.
 *
 * @param {string} file
 */
function versionsNeeded(file) {
  const missing = readelfMissing();
  if (missing) throw new Error(missing);
  const { stdout, stderr, status } = spawnSync('readelf', ['--version-info', '--wide', file], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (status !== 0) throw new Error(`readelf cannot read ${file}: ${stderr.trim()}`);
  const [, needs = ''] = stdout.split('Version needs section');
  return [...needs.matchAll(/ Name: (\S+)/g)].map(([, version]) => version);
}

/**
 * @param {string} a such as `2.28`
 * @param {string} b
 */
const compare = (a, b) => a.localeCompare(b, 'en', { numeric: true });

/**
 * The newest glibc of which a binary needs a symbol; null if it needs none.
 *
 * @param {string} file
 */
function glibcNeeded(file) {
  const versions = versionsNeeded(file)
    .filter((version) => /^GLIBC_[\d.]+$/.test(version))
    .map((version) => version.slice('GLIBC_'.length));
  return versions.sort(compare).at(-1) ?? null;
}

/**
 * @param {string} file
 * @param {string} limit
 */
function checkGlibc(file, limit) {
  const newest = glibcNeeded(file);
  if (newest !== null && compare(newest, limit) > 0) {
    throw new Error(`${file} needs glibc ${newest}, and may need no newer one than ${limit}`);
  }
  return newest;
}

module.exports = { checkGlibc, compare, glibcNeeded, readelfMissing, versionsNeeded };
