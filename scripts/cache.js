// @ts-check
'use strict';

// Tools, runtimes and rivals that only some scripts, tests or questions of the benchmark need, from npm and PyPI, each in a
// folder of its own under node_modules/.cache. They are no dependencies: each is fetched when it is first needed.

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
 * @param {{ ignoreScripts?: boolean }} [options] whether their install scripts are left out
 */
function npmPackages(name, packages, { ignoreScripts = false } = {}) {
  return cached(name, packages, (folder) => {
    fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
    const scripts = ignoreScripts ? ['--ignore-scripts'] : [];
    const args = ['install', '--save-exact', ...quiet, ...scripts, ...packages];
    must(...npmCommand(args, { cwd: folder, timeout: NPM_LIMIT_MS }));
  });
}

/**
 * The folder in which these packages of PyPI are installed; `bin` in it holds their programs.
 *
 * @param {string} name
 * @param {string[]} packages
 */
function pythonPackages(name, packages) {
  return cached(name, packages, (folder) => {
    const quiet = ['--quiet', '--disable-pip-version-check', '--root-user-action=ignore'];
    must('python3', ['-m', 'pip', 'install', ...quiet, '--target', folder, ...packages], {});
  });
}

module.exports = { must, npmPackages, pythonPackages };
