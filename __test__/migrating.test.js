// @ts-check
'use strict';

/* eslint n/no-unsupported-features/node-builtins: ['error', { ignores: ['worker_threads.locks', 'worker_threads.locks.request'] }] --
   looked for, and not relied on */

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

/**
 * How often a program may run until it prints what it says. Node's locks let two threads in at once now and then (the page says
 * how often that was seen), and an update is lost.
 *
 * @param {string} file
 */
const attemptsOf = (file) => (file === 'locks-before.js' ? 5 : 1);

for (const { file, args, code, printed } of programs) {
  const runs = isAvailable(file) ? test : test.skip;
  runs(`${file} of docs/migrating.md runs as pasted and prints what it says`, async (t) => {
    const cwd = userFolder(t);
    fs.writeFileSync(path.join(cwd, file), code);
    let stdout = '';
    for (let left = attemptsOf(file); left > 0 && stdout !== printed; left--) {
      const ended = await run(process.execPath, ['--no-warnings', ...args], { cwd, limit: 20_000 });
      t.is(ended.stderr, '');
      t.is(ended.code, 0);
      stdout = ended.stdout;
    }
    t.is(stdout, printed);
  });
}
