// @ts-check
'use strict';

// Test runners replace JavaScript's clock, before or after the package is loaded. Time limits are kept in real time.

const test = require('ava').default;
const path = require('node:path');
const { run } = require('./helpers/child.js');
const { root, userFolder } = require('./helpers/installed.js');

const template = path.join(__dirname, 'fixtures', 'fake-clocks');
const expected = require('./fixtures/fake-clocks/expected.json');

// The options of this test run must not reach the runs that it starts.
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(AVA_|JEST_|VITEST|NODE_ENV|NODE_OPTIONS|FORCE_COLOR)/.test(name),
  ),
);

test('time limits of promises never passed under the fake timers of jest, modern and legacy', async (t) => {
  const cwd = userFolder(t, { template });
  const jest = path.join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const options = ['--ci', '--colors=false', `--cacheDirectory=${path.join(cwd, 'cache')}`];
  const ended = await run(process.execPath, [jest, ...options], { cwd, env, limit: 90_000 });
  t.is(ended.code, 0, ended.stderr);
  t.regex(ended.stderr, /^Tests: +4 passed, 4 total$/m);
  t.notRegex(ended.stderr, /did not exit|open handle|force exited/i);
});

for (const pool of ['forks', 'threads']) {
  test(`time limits of promises never passed under the fake timers of vitest, pool ${pool}`, async (t) => {
    const cwd = userFolder(t, { template, packages: ['vitest'] });
    const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const args = [vitest, 'run', `--pool=${pool}`, '--no-color', '--testTimeout=15000'];
    const ended = await run(process.execPath, args, { cwd, env, limit: 90_000 });
    t.is(ended.code, 0, ended.stdout + ended.stderr);
    t.regex(ended.stdout, /Tests +2 passed \(2\)/);
  });
}

for (const clock of ['node:test', '@sinonjs/fake-timers']) {
  for (const when of ['before', 'after']) {
    test(`time limits of promises never passed with the clock of ${clock} installed ${when} the package was loaded`, async (t) => {
      const cwd = userFolder(t, { template, packages: ['@sinonjs/fake-timers'] });
      const ended = await run(process.execPath, ['plain.js', clock, when], {
        cwd,
        env,
        limit: 15_000,
      });
      t.is(ended.code, 0, ended.stderr);
      t.deepEqual(JSON.parse(ended.stdout), expected);
    });
  }
}
