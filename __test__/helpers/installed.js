// @ts-check
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { temporaryFolder } = require('./folders.js');

const root = path.join(__dirname, '..', '..');

/**
 * The file of the package, for `require()` in the source of a program. It may stand in a string inside of a string, where a
 * backslash of Windows would have to be doubled twice.
 */
const index = path.join(root, 'index.js').replaceAll(path.sep, '/');

/** What a copy of a package leaves out. */
const LEFT_OUT = ['.git', '__test__', 'benchmark', 'docs', 'node_modules', 'src', 'target'];

/**
 * Links a folder. Where the system makes no links, as Wine 8 does not, it copies the folder instead.
 *
 * @param {string} target
 * @param {string} link
 */
function linkOrCopy(target, link) {
  try {
    fs.symlinkSync(target, link, 'junction');
  } catch (error) {
    if (/** @type {any} */ (error).code !== 'ENOTSUP') throw error;
    const filter = (/** @type {string} */ file) => !LEFT_OUT.includes(path.relative(target, file));
    fs.cpSync(target, link, { recursive: true, filter });
  }
}

/**
 * A user's folder in which the package is installed by a link, and on request other packages of the root. It is removed
 * when the test ends.
 *
 * @param {import('ava').ExecutionContext} t
 * @param {{ template?: string, packages?: string[] }} [options] template: a folder to copy into it
 */
function userFolder(t, { template, packages = [] } = {}) {
  const folder = temporaryFolder(t);
  if (template) fs.cpSync(template, folder, { recursive: true });
  const install = (/** @type {string} */ name, /** @type {string} */ target) => {
    const link = path.join(folder, 'node_modules', name);
    fs.mkdirSync(path.dirname(link), { recursive: true });
    linkOrCopy(target, link);
  };
  install('@x/shared-sync', root);
  for (const name of packages) install(name, path.join(root, 'node_modules', name));
  return folder;
}

module.exports = { index, root, userFolder };
