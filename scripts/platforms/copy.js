// @ts-check
'use strict';

// A copy of the repository as a clone on the other platform would be: with the packages for that platform, and with its
// binary alone, which the loader finds by itself in the tests and in all processes and packages that they make.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { must } = require('../cache.js');
const { npmCommand } = require('../npm.js');

const root = path.join(__dirname, '..', '..');
const NPM_LIMIT_MS = 600_000;

/**
 * The options of npm that choose the packages for a platform.
 *
 * @param {string} platform such as `linux-x64-musl`
 */
function npmOptions(platform) {
  const [system, cpu, library] = platform.split('-');
  const libc = system === 'linux' ? [`--libc=${library === 'musl' ? 'musl' : 'glibc'}`] : [];
  return [`--os=${system}`, `--cpu=${cpu}`, ...libc];
}

/**
 * Calls the body with the folder of a copy, which is removed afterwards. It has what git knows or would add.
 *
 * @template T
 * @param {string} platform
 * @param {string} binary its file, such as `target/binaries/shared-sync.linux-x64-musl.node`
 * @param {(folder: string) => Promise<T>} body
 */
async function inCopyFor(platform, binary, body) {
  const options = /** @type {const} */ ({ cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const files = execFileSync('git', args, options).split('\0').filter(Boolean);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'shared-sync-copy-'));
  try {
    for (const file of files) {
      const [from, to] = [path.join(root, file), path.join(folder, file)];
      // One that was removed and not yet committed.
      if (!fs.existsSync(from)) continue;
      fs.mkdirSync(path.dirname(to), { recursive: true });
      fs.copyFileSync(from, to);
    }
    // The scripts of packages would run on this machine.
    const install = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    const within = { cwd: folder, timeout: NPM_LIMIT_MS };
    must(...npmCommand([...install, ...npmOptions(platform)], within));
    fs.copyFileSync(binary, path.join(folder, path.basename(binary)));
    return await body(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

module.exports = { inCopyFor };
