// @ts-check
'use strict';

// Tools, runtimes and rivals that only some scripts, tests or questions of the benchmark need, from npm, PyPI and Debian, each
// in a folder of its own under node_modules/.cache. They are no dependencies: each is fetched when it is first needed.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { npmCommand } = require('./npm.js');

const CACHE = path.join(__dirname, '..', 'node_modules', '.cache', 'shared-sync');
const NPM_LIMIT_MS = 300_000;

/**
 * A folder that is filled once. A fill that fails or is interrupted is begun again the next time.
 *
 * @param {string} name
 * @param {string[]} contents what it is to hold, such as `esbuild@0.28.2`; another list fills it anew
 * @param {(folder: string) => void} fill
 */
function cached(name, contents, fill) {
  const folder = path.join(CACHE, name);
  const mark = path.join(folder, '.filled');
  const wanted = contents.join('\n');
  if (fs.existsSync(mark) && fs.readFileSync(mark, 'utf8') === wanted) return folder;
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  console.error(`fetching ${contents.join(', ')}`);
  fill(folder);
  fs.writeFileSync(mark, wanted);
  return folder;
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} options
 */
function must(command, args, options) {
  // Standard output is for results, and has none of this.
  const stdio = /** @type {const} */ (['inherit', 2, 2]);
  const { status, error } = spawnSync(command, args, { stdio: [...stdio], ...options });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`);
}

/**
 * The folder in which these npm packages are installed.
 *
 * @param {string} name
 * @param {string[]} packages
 * @param {{ ignoreScripts?: boolean, foreign?: boolean, overrides?: Record<string, string> }} [options] whether their install
 * scripts are left out; whether they are for another platform; the versions of packages that they need in turn
 */
function npmPackages(
  name,
  packages,
  { ignoreScripts = false, foreign = false, overrides = {} } = {},
) {
  return cached(name, packages, (folder) => {
    const manifest = JSON.stringify({ private: true, overrides });
    fs.writeFileSync(path.join(folder, 'package.json'), manifest);
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
    const scripts = ignoreScripts ? ['--ignore-scripts'] : [];
    const force = foreign ? ['--force'] : [];
    const args = ['install', '--save-exact', ...quiet, ...scripts, ...force, ...packages];
    must(...npmCommand(args, { cwd: folder, timeout: NPM_LIMIT_MS }));
  });
}

/**
 * The folder in which these packages of PyPI are installed; `bin` in it holds their programs.
 *
 * @param {string} name
 * @param {string[]} packages
 * @param {{ platform?: string }} [options] a platform as wheels name it, such as `musllinux_1_2_aarch64`: for another machine
 * than this one
 */
function pythonPackages(name, packages, { platform } = {}) {
  return cached(name, packages, (folder) => {
    const quiet = ['--quiet', '--disable-pip-version-check', '--root-user-action=ignore'];
    const other = platform ? ['--platform', platform, '--only-binary=:all:', '--no-deps'] : [];
    const args = ['-m', 'pip', 'install', ...quiet, ...other, '--target', folder, ...packages];
    must('python3', args, {});
  });
}

/** The architectures whose packages are found, as Debian names them. */
const DEBIAN_ARCHITECTURES = ['amd64', 'arm64'];

/**
 * How apt-get is called: with lists of its own, which are new, hold each architecture, and need no right to change the
 * machine's.
 */
function aptOptions() {
  const lists = cached('apt', DEBIAN_ARCHITECTURES, (folder) => {
    fs.mkdirSync(path.join(folder, 'lists', 'partial'), { recursive: true });
    fs.mkdirSync(path.join(folder, 'cache', 'archives', 'partial'), { recursive: true });
    must('apt-get', [...options(folder), '--quiet=2', 'update'], {});
  });
  return options(lists);

  /** @param {string} folder */
  function options(folder) {
    const settings = [
      `Dir::State::Lists=${path.join(folder, 'lists')}`,
      `Dir::Cache=${path.join(folder, 'cache')}`,
      'APT::Sandbox::User=root',
      ...DEBIAN_ARCHITECTURES.map((name) => `APT::Architectures::=${name}`),
    ];
    return settings.flatMap((setting) => ['-o', setting]);
  }
}

/**
 * The folder in which these packages of Debian are unpacked, without being installed: `usr/bin` in it holds their programs.
 *
 * @param {string} name
 * @param {string[]} packages `NAME` or `NAME:ARCHITECTURE`
 * @param {{ dependencies?: boolean }} [options] whether the packages that they need and this machine lacks come, too
 */
function debianPackages(name, packages, { dependencies = true } = {}) {
  return cached(name, packages, (folder) => {
    const options = aptOptions();
    const wanted = new Set(packages);
    if (dependencies) {
      const args = [...options, '--simulate', '--no-install-recommends', 'install', ...packages];
      const { stdout, stderr, status } = spawnSync('apt-get', args, { encoding: 'utf8' });
      if (status !== 0) throw new Error(`apt-get ${args.join(' ')} failed: ${stderr}`);
      for (const [, missing] of stdout.matchAll(/^Inst (\S+)/gm)) wanted.add(missing);
    }
    const archives = path.join(folder, 'archives');
    fs.mkdirSync(archives);
    must('apt-get', [...options, '--quiet=2', 'download', ...wanted], { cwd: archives });
    for (const archive of fs.readdirSync(archives)) {
      must('dpkg-deb', ['--extract', path.join(archives, archive), folder], {});
    }
    fs.rmSync(archives, { recursive: true });
  });
}

module.exports = { CACHE, cached, debianPackages, must, npmPackages, pythonPackages };
