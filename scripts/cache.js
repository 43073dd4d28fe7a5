// @ts-check
'use strict';

// Tools and runtimes that only some scripts need, from npm and PyPI, each in a folder of its own under node_modules/.cache:
// they are no dependencies, and are fetched when they are first asked for.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const CACHE = path.join(__dirname, '..', 'node_modules', '.cache', 'shared-sync');

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
  console.log(`fetching ${contents.join(', ')}`);
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
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`);
}

/**
 * The folder in which these npm packages are installed.
 *
 * @param {string} name
 * @param {string[]} packages
 */
function npmPackages(name, packages) {
  return cached(name, packages, (folder) => {
    fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
    must('npm', ['install', '--save-exact', ...quiet, ...packages], {
      cwd: folder,
      shell: process.platform === 'win32',
    });
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
