// @ts-check
'use strict';

// A copy of the repository that has one binary alone, so that the loader finds that one by itself, in the tests and in all
// processes and packages that they make.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFileSync } = require('node:child_process');

const root = path.join(__dirname, '..', '..');

/**
 * Copies what git knows or would add, and calls the body with the folder, which is removed afterwards.
 *
 * @template T
 * @param {string} binary a file such as `target/binaries/shared-sync.linux-x64-musl.node`
 * @param {(folder: string) => Promise<T>} body
 */
async function inCopyWith(binary, body) {
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
    fs.symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
    fs.copyFileSync(binary, path.join(folder, path.basename(binary)));
    return await body(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

module.exports = { inCopyWith };
