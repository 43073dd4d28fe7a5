// @ts-check
'use strict';

// Which glibc a Linux binary needs, read from the file itself: each version of a symbol that it takes from glibc is in its
// section .gnu.version_r. As a program: `node scripts/elf.js FILE [LIMIT]` prints the newest, and fails if that is newer
// than LIMIT.

const fs = require('node:fs');

/** What `readelf` calls SHT_GNU_verneed: the versions that a binary needs of its libraries. */
const VERSIONS_NEEDED = 0x6ffffffe;

/**
 * The versions of symbols that a 64-bit, little-endian ELF file needs, by library.
 *
 * @param {Buffer} elf
 * @returns {Record<string, string[]>}
 */
function versionsNeeded(elf) {
  if (elf.toString('latin1', 0, 4) !== '\x7fELF' || elf[4] !== 2 || elf[5] !== 1) {
    throw new Error('this is not a 64-bit, little-endian ELF file');
  }
  const [table, size, count] = [
    Number(elf.readBigUInt64LE(0x28)),
    elf.readUInt16LE(0x3a),
    elf.readUInt16LE(0x3c),
  ];
  /** @param {number} index */
  const section = (index) => {
    const at = table + index * size;
    return {
      type: elf.readUInt32LE(at + 4),
      offset: Number(elf.readBigUInt64LE(at + 0x18)),
      link: elf.readUInt32LE(at + 0x28),
      entries: elf.readUInt32LE(at + 0x2c),
    };
  };
  /** @type {Record<string, string[]>} */
  const needed = {};
  for (let i = 0; i < count; i++) {
    const { type, offset, link, entries } = section(i);
    if (type !== VERSIONS_NEEDED) continue;
    const strings = section(link).offset;
    const string = (/** @type {number} */ at) =>
      elf.toString('latin1', strings + at, elf.indexOf(0, strings + at));
    // A list of libraries, each with a list of versions; a step from one to the next is in the last field of each.
    let library = offset;
    for (let j = 0; j < entries; j++) {
      const versions = elf.readUInt16LE(library + 2);
      const list = (needed[string(elf.readUInt32LE(library + 4))] ??= []);
      let version = library + elf.readUInt32LE(library + 8);
      for (let k = 0; k < versions; k++) {
        list.push(string(elf.readUInt32LE(version + 8)));
        version += elf.readUInt32LE(version + 12);
      }
      library += elf.readUInt32LE(library + 12);
    }
  }
  return needed;
}

/**
 * @param {string} a such as `2.28`
 * @param {string} b
 */
const compare = (a, b) => a.localeCompare(b, 'en', { numeric: true });

/**
 * The newest glibc of which a binary needs something; null if it needs none.
 *
 * @param {Buffer} elf
 */
function glibcNeeded(elf) {
  const versions = Object.values(versionsNeeded(elf))
    .flat()
    .filter((version) => /^GLIBC_[\d.]+$/.test(version))
    .map((version) => version.slice('GLIBC_'.length));
  return versions.sort(compare).at(-1) ?? null;
}

/**
 * @param {string} file
 * @param {string} limit
 */
function checkGlibc(file, limit) {
  const newest = glibcNeeded(fs.readFileSync(file));
  if (newest !== null && compare(newest, limit) > 0) {
    throw new Error(`${file} needs glibc ${newest}, and may need no newer one than ${limit}`);
  }
  return newest;
}

if (require.main === module) {
  const [, , file, limit = '9999'] = process.argv;
  try {
    console.log(`${file} needs glibc ${checkGlibc(file, limit)}`);
  } catch (error) {
    console.error(/** @type {Error} */ (error).message);
    process.exitCode = 1;
  }
}

module.exports = { checkGlibc, compare, glibcNeeded, versionsNeeded };
