// @ts-check
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { temporaryFolder } = require('./folders.js');

const root = path.join(__dirname, '..', '..');

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
    fs.symlinkSync(target, link, 'junction');
  };
  install('@x/shared-sync', root);
  for (const name of packages) install(name, path.join(root, 'node_modules', name));
  return folder;
}

module.exports = { root, userFolder };
