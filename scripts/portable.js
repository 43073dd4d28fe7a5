// @ts-check
'use strict';

// Builds the addon for a Linux target so that it runs on old systems too: cargo-zigbuild links it against glibc 2.28 (Debian
// 10, RHEL 8), or musl, wherever it is built.

const fs = require('node:fs');
const path = require('node:path');
const { must, pythonPackages } = require('./cache.js');
const { choices, command } = require('./command.js');
const { checkGlibc } = require('./elf.js');

const root = path.join(__dirname, '..');
const BINARIES = path.join(root, 'target', 'binaries');
/** The oldest glibc that the binaries run on. */
const GLIBC = '2.28';

/** @type {Record<string, string>} */
const PLATFORMS = {
  'x86_64-unknown-linux-gnu': 'linux-x64-gnu',
  'aarch64-unknown-linux-gnu': 'linux-arm64-gnu',
  'x86_64-unknown-linux-musl': 'linux-x64-musl',
  'aarch64-unknown-linux-musl': 'linux-arm64-musl',
};

/**
 * Builds the addon, and gives the path of the binary.
 *
 * @param {string} target
 */
function buildPortable(target) {
  const platform = PLATFORMS[target];
  const tools = pythonPackages('zig', ['ziglang==0.17.1', 'cargo-zigbuild==0.24.1']);
  const isGlibc = target.endsWith('-gnu');
  /** @type {NodeJS.ProcessEnv} */
  const env = {
    ...process.env,
    PATH: `${path.join(tools, 'bin')}${path.delimiter}${process.env.PATH}`,
    CARGO_ZIGBUILD_ZIG_PATH: path.join(tools, 'ziglang', 'zig'),
  };
  // For musl, Rust makes static programs unless told otherwise, and an addon is a shared library.
  if (!isGlibc)
    env.RUSTFLAGS = `${process.env.RUSTFLAGS ?? ''} -C target-feature=-crt-static`.trim();
  const triple = isGlibc ? `${target}.${GLIBC}` : target;
  must('cargo', ['zigbuild', '--release', '--locked', '--lib', '--target', triple], {
    cwd: root,
    env: { ...env, CARGO_TARGET_DIR: path.join(root, 'target', 'portable') },
  });
  const built = path.join(root, 'target', 'portable', target, 'release', 'libshared_sync.so');
  const binary = path.join(BINARIES, `shared-sync.${platform}.node`);
  fs.mkdirSync(BINARIES, { recursive: true });
  fs.copyFileSync(built, binary);
  if (isGlibc) console.log(`${path.basename(binary)} needs glibc ${checkGlibc(binary, GLIBC)}`);
  return binary;
}

const DEFAULT = 'x86_64-unknown-linux-gnu';

const USAGE = `Usage: node scripts/portable.js [TARGET...]

Builds the addon for these targets (default: ${DEFAULT}) into target/binaries.
There are: ${Object.keys(PLATFORMS).join(', ')}.`;

if (require.main === module) {
  const build = (/** @type {string[]} */ targets) => {
    const asked = targets.length > 0 ? targets : [DEFAULT];
    choices('TARGET', asked, Object.keys(PLATFORMS)).forEach(buildPortable);
  };
  command(USAGE, {}, (_values, targets) => build(targets));
}

module.exports = { BINARIES, GLIBC, buildPortable };
