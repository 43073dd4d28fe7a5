// @ts-check
'use strict';

// The platforms that have a binary, and what has to hold for each file.

/**
 * @typedef {object} Target
 * @property {string} triple as `napi.targets` in package.json names it; the name of the file and of its package come from it
 * @property {string} platform as in those names
 * @property {string} rust for what Rust compiles
 * @property {'elf' | 'macho' | 'pe'} format
 * @property {string} machine as the reader of the format names the architecture
 * @property {string} [oldest] the oldest glibc or macOS that it runs on
 * @property {string} library the file that cargo makes
 */

/** Node.js 20 needs this glibc, too (Debian 10, RHEL 8). */
const GLIBC = '2.28';

/** @type {Target[]} */
const TARGETS = [
  linux('x86_64-unknown-linux-gnu', 'linux-x64-gnu', 'X86-64', GLIBC),
  linux('aarch64-unknown-linux-gnu', 'linux-arm64-gnu', 'AArch64', GLIBC),
  linux('x86_64-unknown-linux-musl', 'linux-x64-musl', 'X86-64'),
  linux('aarch64-unknown-linux-musl', 'linux-arm64-musl', 'AArch64'),
  macos('x86_64-apple-darwin', 'darwin-x64', 'x86_64', '10.15'),
  macos('aarch64-apple-darwin', 'darwin-arm64', 'ARM64', '11.0'),
  // Built for the free C library of the same Windows: needs no SDK of Microsoft's, and no library besides Windows' own.
  windows('x86_64-pc-windows-msvc', 'win32-x64-msvc', 'x86_64-pc-windows-gnullvm', 'AMD64'),
  windows('aarch64-pc-windows-msvc', 'win32-arm64-msvc', 'aarch64-pc-windows-gnullvm', 'ARM64'),
];

/**
 * @param {string} triple
 * @param {string} platform
 * @param {string} machine
 * @param {string} [oldest]
 * @returns {Target}
 */
function linux(triple, platform, machine, oldest) {
  const library = 'libshared_sync.so';
  return { triple, platform, rust: triple, format: 'elf', machine, oldest, library };
}

/**
 * @param {string} triple
 * @param {string} platform
 * @param {string} machine
 * @param {string} oldest
 * @returns {Target}
 */
function macos(triple, platform, machine, oldest) {
  const library = 'libshared_sync.dylib';
  return { triple, platform, rust: triple, format: 'macho', machine, oldest, library };
}

/**
 * @param {string} triple
 * @param {string} platform
 * @param {string} rust
 * @param {string} machine
 * @returns {Target}
 */
function windows(triple, platform, rust, machine) {
  return { triple, platform, rust, format: 'pe', machine, library: 'shared_sync.dll' };
}

module.exports = { GLIBC, TARGETS };
