// @ts-check
'use strict';

// Makes a clone ready to run: installs the packages of package-lock.json and builds the addon, each only where
// that is not done yet. Runs before anything is installed, so it uses nothing but Node itself.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { npmCommand } = require('./npm.js');

const root = path.join(__dirname, '..');

/** @param {string[]} parts */
const at = (...parts) => path.join(root, ...parts);

/** @param {string} file */
function readJson(file) {
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

/**
 * Whether node_modules holds what package-lock.json asks for. Contents are compared, not times: a checkout changes
 * the times of files that are the same.
 *
 * @param {string} lockFile
 * @param {string} installedFile what npm writes down about an installation
 */
function packagesAreInstalled(lockFile, installedFile) {
  if (!fs.existsSync(installedFile)) return false;
  const { packages: wanted } = readJson(lockFile);
  const { packages: installed } = readJson(installedFile);
  for (const [name, { version, integrity, optional }] of Object.entries(wanted)) {
    if (name === '') continue; // this package itself
    // An optional one may be for another system.
    if (installed[name] === undefined && optional) continue;
    const { version: found, integrity: sum } = installed[name] ?? {};
    if (found !== version || sum !== integrity) return false;
  }
  return Object.keys(installed).every((name) => name in wanted);
}

/**
 * The times of last change of a file, or of all files in a folder.
 *
 * @param {string} file
 * @returns {number[]}
 */
function changeTimes(file) {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (!stat) return [];
  if (!stat.isDirectory()) return [stat.mtimeMs];
  return fs.readdirSync(file).flatMap((name) => changeTimes(path.join(file, name)));
}

/**
 * The names of the addon's files for this system.
 *
 * @param {string} folder the root of the repository
 */
function builtAddons(folder) {
  const prefix = `shared-sync.${process.platform}-${process.arch}`;
  return fs.readdirSync(folder).filter((n) => n.startsWith(prefix) && n.endsWith('.node'));
}

/**
 * Whether the addon of this system is there and no older than what it is made from.
 *
 * @param {string} folder the root of the repository
 */
function addonIsBuilt(folder) {
  const made = builtAddons(folder);
  if (made.length === 0) return false;
  const sources = ['src', 'Cargo.toml', 'Cargo.lock', 'build.rs'];
  const newest = Math.max(...sources.flatMap((name) => changeTimes(path.join(folder, name))));
  return Math.min(...made.flatMap((name) => changeTimes(path.join(folder, name)))) >= newest;
}

/** @param {string[]} args */
const npm = (...args) =>
  spawnSync(...npmCommand(args, { cwd: root, stdio: /** @type {const} */ ('inherit') })).status ===
  0;

/**
 * @param {string[]} lines
 * @returns {never}
 */
function fail(...lines) {
  console.error(`\nsetup: ${lines.join('\nsetup: ')}`);
  process.exit(1);
}

function checkNode() {
  const { engines } = readJson(at('package.json'));
  const needed = Number(/\d+/.exec(engines.node)?.[0]);
  if (Number(process.versions.node.split('.')[0]) >= needed) return;
  fail(`Node.js ${engines.node} is needed, and this is ${process.version}. See https://nodejs.org`);
}

function checkCargo() {
  const manifest = fs.readFileSync(at('Cargo.toml'), 'utf8');
  const needed = /^rust-version = "([\d.]+)"/m.exec(manifest)?.[1] ?? '';
  const { status, stdout } = spawnSync('cargo', ['--version'], { encoding: 'utf8' });
  if (status !== 0) {
    fail(
      `the addon is written in Rust, and no working cargo was found. Install Rust ${needed} or newer from`,
      'https://rustup.rs, open a new terminal so that cargo is on the PATH, and run this again.',
    );
  }
  const found = /\d+(\.\d+)+/.exec(stdout)?.[0] ?? '0';
  if (found.localeCompare(needed, 'en', { numeric: true }) < 0) {
    fail(`Rust ${needed} or newer is needed, and cargo is ${found}. Run: rustup update stable`);
  }
}

function main() {
  checkNode();
  if (!packagesAreInstalled(at('package-lock.json'), at('node_modules', '.package-lock.json'))) {
    console.log('setup: installing the packages of package-lock.json (npm ci)');
    if (!npm('ci')) fail('npm ci failed: see its message above.');
  }
  if (!addonIsBuilt(root)) {
    checkCargo();
    console.log('setup: building the addon (npm run build), which takes a minute the first time');
    if (!npm('run', 'build')) {
      fail(
        'the build failed: see the message above. If it says that a linker was not found, install a C toolchain',
        '(Debian, Ubuntu: apt-get install build-essential; macOS: xcode-select --install; Windows: Build Tools for',
        'Visual Studio with C++).',
      );
    }
    if (!addonIsBuilt(root)) fail('the build made no addon for this system.');
  }
}

if (require.main === module) main();

module.exports = { addonIsBuilt, builtAddons, packagesAreInstalled };
