// @ts-check
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/**
 * A new folder, and a function that removes it. By its real path: test runners compare it with the paths that they find.
 *
 * @param {string} [prefix]
 */
function makeFolder(prefix = 'shared-sync-') {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), prefix)));
  return {
    folder,
    remove: () => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/**
 * A new folder that is removed when the test ends.
 *
 * @param {import('ava').ExecutionContext} t
 */
function temporaryFolder(t) {
  const { folder, remove } = makeFolder();
  t.teardown(remove);
  return folder;
}

module.exports = { makeFolder, temporaryFolder };
