// @ts-check
'use strict';

/* eslint-disable n/no-missing-require -- each binary is for another platform */

// Loads the native addon: the file that NAPI_RS_NATIVE_LIBRARY_PATH names, or else the one that `npm run build` has made,
// or else the one in the package of this platform. binding.d.ts declares what the addon exports.

const fs = require('node:fs');

/**
 * The loader that the running program asks Linux for, such as `/lib64/ld-linux-x86-64.so.2`: its name tells the C library, which
 * need not be the machine's own. It stands in the segment PT_INTERP of a 64-bit ELF file (elf(5)).
 */
function programLoader() {
  const [PT_INTERP, HEADER, ENTRY] = [3, 64, 56];
  const file = fs.openSync(process.execPath, 'r');
  try {
    const read = (/** @type {number} */ length, /** @type {number} */ from) => {
      const bytes = Buffer.alloc(length);
      fs.readSync(file, bytes, 0, length, from);
      return bytes;
    };
    const header = read(HEADER, 0);
    const segments = read(ENTRY * header.readUInt16LE(56), Number(header.readBigUInt64LE(32)));
    for (let at = 0; at < segments.length; at += ENTRY) {
      if (segments.readUInt32LE(at) !== PT_INTERP) continue;
      const [from, length] = [8, 32].map((field) => Number(segments.readBigUInt64LE(at + field)));
      return read(length, from).toString('latin1');
    }
    return '';
  } finally {
    fs.closeSync(file);
  }
}

/** Whether the C library of this process is musl. */
function isMusl() {
  try {
    const loader = programLoader();
    if (loader.includes('ld-musl')) return true;
    if (loader.includes('ld-linux')) return false;
  } catch {
    // A program that may not be read, or is no such file.
  }
  const { report } = process;
  if (typeof report?.getReport !== 'function') return false;
  // Without this, the report would look up the names of all open connections.
  const { excludeNetwork } = /** @type {any} */ (report);
  Object.assign(report, { excludeNetwork: true });
  const { header } = /** @type {any} */ (report.getReport());
  Object.assign(report, { excludeNetwork });
  return header !== undefined && header.glibcVersionRuntime === undefined;
}

/** The name of this platform, as in the name of its package. */
function platformName() {
  const { platform, arch } = process;
  if (platform === 'linux') return `${platform}-${arch}-${isMusl() ? 'musl' : 'gnu'}`;
  return platform === 'win32' ? `${platform}-${arch}-msvc` : `${platform}-${arch}`;
}

/** The errors of the attempts, the last one first. @type {unknown[]} */
const failures = [];

// Bundlers need each name as a literal. They accept one that they do not find if it stands inside `try`.

/** @param {string} platform */
function requireBuilt(platform) {
  try {
    switch (platform) {
      case 'linux-x64-gnu':
        return require('./shared-sync.linux-x64-gnu.node');
      case 'linux-arm64-gnu':
        return require('./shared-sync.linux-arm64-gnu.node');
      case 'linux-x64-musl':
        return require('./shared-sync.linux-x64-musl.node');
      case 'linux-arm64-musl':
        return require('./shared-sync.linux-arm64-musl.node');
      case 'darwin-x64':
        return require('./shared-sync.darwin-x64.node');
      case 'darwin-arm64':
        return require('./shared-sync.darwin-arm64.node');
      case 'win32-x64-msvc':
        return require('./shared-sync.win32-x64-msvc.node');
      case 'win32-arm64-msvc':
        return require('./shared-sync.win32-arm64-msvc.node');
    }
  } catch (error) {
    failures.unshift(error);
  }
  return undefined;
}

/** @param {string} platform */
function requirePackage(platform) {
  try {
    switch (platform) {
      case 'linux-x64-gnu':
        return require('@x/shared-sync-linux-x64-gnu');
      case 'linux-arm64-gnu':
        return require('@x/shared-sync-linux-arm64-gnu');
      case 'linux-x64-musl':
        return require('@x/shared-sync-linux-x64-musl');
      case 'linux-arm64-musl':
        return require('@x/shared-sync-linux-arm64-musl');
      case 'darwin-x64':
        return require('@x/shared-sync-darwin-x64');
      case 'darwin-arm64':
        return require('@x/shared-sync-darwin-arm64');
      case 'win32-x64-msvc':
        return require('@x/shared-sync-win32-x64-msvc');
      case 'win32-arm64-msvc':
        return require('@x/shared-sync-win32-arm64-msvc');
    }
  } catch (error) {
    failures.unshift(error);
  }
  return undefined;
}

/** @param {string} file */
function requireFile(file) {
  try {
    return require(file);
  } catch (error) {
    failures.unshift(error);
    return undefined;
  }
}

const file = process.env.NAPI_RS_NATIVE_LIBRARY_PATH;
const platform = platformName();
const addon = file ? requireFile(file) : (requireBuilt(platform) ?? requirePackage(platform));
if (addon === undefined) {
  throw Object.assign(new Error('The native addon was not loaded'), { file, platform, failures });
}
module.exports = addon;
