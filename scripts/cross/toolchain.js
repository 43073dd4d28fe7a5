// @ts-check
'use strict';

// What builds the addon for a target: the compiler that is installed, where it has the source of the standard library (rustup's
// component rust-src), or else Debian's, which is fetched with it. zig links in both cases. Nothing on the machine is changed.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { cached, debianPackages, pythonPackages } = require('../cache.js');
const { CommandError } = require('../command.js');

/**
 * Builds the standard library from its source, as small as it can be: its printer of backtraces would be a quarter of the addon.
 *
 * @param {string} library the folder of the source
 */
function buildStd(library) {
  const manifest = fs.readFileSync(path.join(library, 'std', 'Cargo.toml'), 'utf8');
  // Since Rust 1.90: leaves out the names of functions, too, which a stripped file does not have.
  const features = ['optimize_for_size', 'backtrace-trace-only'].filter((feature) =>
    manifest.includes(`\n${feature} = `),
  );
  return ['-Zbuild-std=std,panic_unwind', `-Zbuild-std-features=${features.join()}`];
}

/**
 * @typedef {object} Compiler
 * @property {string} name with its version, and where the standard library comes from
 * @property {NodeJS.ProcessEnv} env
 * @property {string[]} args of cargo
 */

/** @param {string[]} args */
function rustc(...args) {
  const { stdout, status } = spawnSync('rustc', args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : '';
}

/** @param {string} library the folder of a standard library's source */
const hasSource = (library) => fs.existsSync(path.join(library, 'std', 'Cargo.toml'));

/** The parts of a toolchain below its root. */
const SOURCE = path.join('lib', 'rustlib', 'src', 'rust', 'library');

/**
 * The compiler that is installed, by rustup or otherwise. Null if it cannot build for the target.
 *
 * @param {string} rust
 * @param {{ fromSource: boolean }} options whether it has to have the source of the standard library
 * @returns {Compiler | null}
 */
function installed(rust, { fromSource }) {
  const root = rustc('--print', 'sysroot');
  if (!root) return null;
  const version = rustc('--version').split(' ').slice(0, 2).join(' ');
  const source = path.join(root, SOURCE);
  if (hasSource(source)) {
    return {
      name: `${version}, std from source`,
      env: { RUSTC_BOOTSTRAP: '1' },
      args: buildStd(source),
    };
  }
  if (fromSource || !fs.existsSync(path.join(root, 'lib', 'rustlib', rust, 'lib'))) return null;
  return { name: `${version}, std as installed`, env: { RUSTC_BOOTSTRAP: '1' }, args: [] };
}

/**
 * Debian's compiler. Null on a system that has no packages of Debian's.
 *
 * @returns {Compiler | null}
 */
function debian() {
  if (spawnSync('apt-get', ['--version']).error) return null;
  const folder = debianPackages('rust', ['rustc-web', 'rust-web-src', 'llvm-22']);
  const libraries = path.join(folder, 'usr', 'lib', 'x86_64-linux-gnu');
  const program = path.join(folder, 'usr', 'bin', 'rustc');
  // A script, since the libraries of this compiler must not reach the other programs that cargo starts.
  const wrapper = path.join(
    cached('rustc-wrapper', [program], (to) => {
      const script = `#!/bin/sh\nLD_LIBRARY_PATH='${libraries}' exec '${program}' "$@"\n`;
      fs.writeFileSync(path.join(to, 'rustc'), script, { mode: 0o755 });
    }),
    'rustc',
  );
  const { stdout } = spawnSync(wrapper, ['--version'], { encoding: 'utf8' });
  const version = /rustc [\d.]+/.exec(stdout)?.[0];
  if (!version) throw new Error(`${program} does not start`);
  return {
    name: `Debian's ${version}, std from source`,
    env: { RUSTC: wrapper, RUSTC_BOOTSTRAP: '1' },
    args: buildStd(path.join(folder, 'usr', SOURCE)),
  };
}

/**
 * What compiles for a target. The standard library is built from source where that can be: as installed it brings the printer
 * of backtraces.
 *
 * @param {string} rust
 * @returns {Compiler}
 */
function compiler(rust) {
  const found =
    installed(rust, { fromSource: true }) ?? debian() ?? installed(rust, { fromSource: false });
  if (found) return found;
  throw new CommandError(
    `no compiler for ${rust}: run \`rustup target add ${rust}\` and \`rustup component add rust-src\``,
  );
}

/** The folder of zig, cargo-zigbuild, and the readers of object files that scripts/cross/read.py uses. */
const linker = () =>
  pythonPackages('zig', [
    'ziglang==0.17.1',
    'cargo-zigbuild==0.24.1',
    'macholib==1.16.4',
    'pefile==2024.8.26',
  ]);

/**
 * A tool of LLVM: the one that is installed, or else Debian's.
 *
 * @param {string} name
 * @returns {{ program: string, env: NodeJS.ProcessEnv }}
 */
function llvm(name) {
  if (!spawnSync(name, ['--version']).error) return { program: name, env: process.env };
  const folder = debianPackages('rust', ['rustc-web', 'rust-web-src', 'llvm-22']);
  const libraries = path.join(folder, 'usr', 'lib', 'x86_64-linux-gnu');
  return {
    program: path.join(folder, 'usr', 'lib', 'llvm-22', 'bin', name),
    env: { ...process.env, LD_LIBRARY_PATH: libraries },
  };
}

module.exports = { compiler, linker, llvm };
