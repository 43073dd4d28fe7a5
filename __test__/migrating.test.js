// @ts-check
'use strict';

/* eslint-disable n/no-unsupported-features/node-builtins -- where Web Locks are missing, their program is not run */

const test = require('ava').default;
const fs = require('node:fs');
const path = require('node:path');
const { locks } = /** @type {any} */ (require('node:worker_threads'));
const { run } = require('./helpers/child.js');
const { root, userFolder } = require('./helpers/installed.js');

const page = fs.readFileSync(path.join(root, 'docs', 'migrating.md'), 'utf8');

/** The programs of the page: the first line of each names its file and, where it takes more, the command. */
const programs = [
  ...page.matchAll(/^```js\n\/\/ ([\w-]+\.js)(?:: node (.*))?\n([^]*?)^```$/gm),
].map(([, file, args, code]) => ({
  file,
  args: (args ?? file).split(' '),
  code,
  // What it prints, from the comment on the line that prints.
  printed: `${/console\.log\(.*\/\/ (.*)$/m.exec(code)?.[1]}\n`,
}));

/** @param {string} file */
function isAvailable(file) {
  return file !== 'locks-before.js' || typeof locks?.request === 'function';
}

test('docs/migrating.md has three programs before and after, which print the same', (t) => {
  t.is(programs.length, (page.match(/^```js$/gm) ?? []).length);
  t.deepEqual(
    programs.map(({ file, printed }) => [file, printed]),
    [
      ['atomics-before.js', 'taken: 1000\n'],
      ['atomics-after.js', 'taken: 1000\n'],
      ['v8-before.js', 'sum: 4000\n'],
      ['v8-after.js', 'sum: 4000\n'],
      ['locks-before.js', 'total: 60\n'],
      ['locks-after.js', 'total: 60\n'],
    ],
  );
});

for (const { file, args, code, printed } of programs) {
  const runs = isAvailable(file) ? test : test.skip;
  runs(`${file} of docs/migrating.md runs as pasted and prints what it says`, async (t) => {
    const cwd = userFolder(t);
    fs.writeFileSync(path.join(cwd, file), code);
    const ended = await run(process.execPath, ['--no-warnings', ...args], { cwd, limit: 20_000 });
    t.is(ended.stderr, '');
    t.is(ended.code, 0);
    t.is(ended.stdout, printed);
  });
}
