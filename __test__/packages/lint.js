// @ts-check
'use strict';

// What publint and arethetypeswrong say of the tarballs of target/pack.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { npmPackages } = require('../../scripts/cache.js');
const { OUT } = require('../../scripts/pack.js');
const { run } = require('../helpers/child.js');

const linters = npmPackages('package-linters', ['publint@0.3.25', '@arethetypeswrong/cli@0.18.5']);
const tarballs = fs.readdirSync(OUT).filter((name) => name.endsWith('.tgz'));
const [main] = tarballs.filter((name) => /^x-shared-sync-\d/.test(name));

/**
 * @param {string} linter
 * @param {string[]} args
 */
function lint(linter, ...args) {
  const program = path.join(linters, 'node_modules', '.bin', linter);
  return run(program, args, { cwd: OUT, env: { ...process.env, NO_COLOR: '1' } });
}

for (const tarball of tarballs) {
  test(`publint has nothing to say of ${tarball}`, async () => {
    const { code, stdout, stderr } = await lint('publint', 'run', tarball, '--strict');
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /All good!/);
  });
}

test('arethetypeswrong finds nothing', async () => {
  const { code, stdout, stderr } = await lint('attw', main);
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /No problems found/);
});
