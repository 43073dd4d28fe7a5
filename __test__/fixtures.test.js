// @ts-check
'use strict';

const test = require('ava').default;
const path = require('node:path');
const { run } = require('./helpers/child.js');
const { root, userFolder } = require('./helpers/installed.js');

/** @param {string} project */
const template = (project) => path.join(__dirname, 'fixtures', project);

// The options of this test run must not reach the runs that it starts.
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(AVA_|JEST_|NODE_OPTIONS|FORCE_COLOR)/.test(name),
  ),
);

for (const [how, args] of /** @type {const} */ ([
  ['in one process, realm after realm', ['--runInBand']],
  ['in parallel processes', ['--maxWorkers=2']],
  ['in parallel threads', ['--maxWorkers=2', '--workerThreads']],
])) {
  test(`a jest project that uses the package passes ${how}`, async (t) => {
    const cwd = userFolder(t, { template: template('jest-project') });
    const jest = path.join(root, 'node_modules', 'jest', 'bin', 'jest.js');
    const options = ['--ci', '--colors=false', `--cacheDirectory=${path.join(cwd, 'cache')}`];
    const ended = await run(process.execPath, [jest, ...options, ...args], {
      cwd,
      env,
      limit: 90_000,
    });
    t.is(ended.code, 0, ended.stderr);
    t.regex(ended.stderr, /^Test Suites: 6 passed, 6 total$/m);
    t.regex(ended.stderr, /^Tests: +12 passed, 12 total$/m);
    t.notRegex(ended.stderr, /did not exit|open handle|force exited/i);
  });
}

for (const [how, args] of /** @type {const} */ ([
  ['in processes', []],
  ['in worker threads', ['--worker-threads']],
])) {
  test(`an ava project that uses the package passes ${how}`, async (t) => {
    const cwd = userFolder(t, { template: template('ava-project'), packages: ['ava'] });
    const ava = path.join(root, 'node_modules', 'ava', 'entrypoints', 'cli.mjs');
    const ended = await run(process.execPath, [ava, '--tap', ...args], { cwd, env, limit: 60_000 });
    t.is(ended.code, 0, ended.stdout + ended.stderr);
    t.regex(ended.stdout, /^# pass 3$/m);
    t.regex(ended.stdout, /^# fail 0$/m);
  });
}
