// @ts-check
'use strict';

/* eslint n/no-unsupported-features/node-builtins: ['error', { ignores: ['worker_threads.locks', 'worker_threads.locks.request'] }] --
   looked for, and not relied on */

// A main thread that blocks until a worker has done something never sees the error of that worker: the program hangs without
// a message. So the main thread of every program that users read awaits. Here the workers of each of them throw.

const test = require('ava').default;
const fs = require('node:fs');
const path = require('node:path');
const { locks } = /** @type {any} */ (require('node:worker_threads'));
const { run } = require('./helpers/child.js');
const { root, userFolder } = require('./helpers/installed.js');
const { fileNameOf } = require('./helpers/pages.js');

const PLANT = path.join(__dirname, 'helpers', 'plant-error.js');
const PLANTED = 'Error: planted in a worker';
const FIRST_WORKER = '1'; // its thread id: the others work, and may wait for it
const SKIPPED = new Set(['node_modules', 'target']);

/** @param {string} folder */
function pagesIn(folder) {
  /** @type {string[]} */
  const pages = [];
  for (const entry of fs.readdirSync(path.join(root, folder), { withFileTypes: true })) {
    const page = path.posix.join(folder, entry.name);
    if (entry.isDirectory() && !SKIPPED.has(entry.name) && !entry.name.startsWith('.')) {
      pages.push(...pagesIn(page));
    } else if (entry.name.endsWith('.md')) pages.push(page);
  }
  return pages;
}

/**
 * The examples of a document that start workers, each with the options in its first line.
 *
 * @param {string} page
 */
function programsIn(page) {
  const text = fs.readFileSync(path.join(root, page), 'utf8');
  return [...text.matchAll(/```js\n([^]*?)```/g)]
    .map(([, block], i) => ({
      title: `example ${i + 1} of ${page}`,
      code: page.endsWith('.d.ts') ? block.replace(/^ *\* ?/gm, '') : block,
    }))
    .filter(({ code }) => code.includes('new Worker('))
    .map(({ title, code }) => ({
      title,
      code,
      file: fileNameOf(code),
      flags: /^\/\/ \S+: node (--\S+) /.exec(code)?.slice(1) ?? [],
      runs: !code.includes('locks.request') || typeof locks?.request === 'function',
    }));
}

const programs = [...pagesIn('.'), 'index.d.ts'].flatMap(programsIn);

test('the documents have examples that start workers', (t) => {
  const pages = new Set(programs.map(({ title }) => title.replace(/.* of /, '')));
  t.deepEqual([...pages].sort(), [
    'README.md',
    'docs/errors.md',
    'docs/migrating.md',
    'docs/recipes.md',
    'docs/troubleshooting.md',
    'index.d.ts',
  ]);
  t.true(programs.length > 12);
});

/**
 * Runs a program whose workers throw, all of them or the first one only, and returns what it prints.
 *
 * @param {import('ava').ExecutionContext} t
 * @param {string} cwd
 * @param {string[]} args
 * @param {string} [only]
 */
async function endsWithError(t, cwd, args, only) {
  const env = only === undefined ? process.env : { ...process.env, PLANTED_IN: only };
  const ended = await run(process.execPath, ['-r', PLANT, ...args], { cwd, env, limit: 20_000 });
  t.false(ended.timedOut, 'the program hangs');
  if (ended.code === 0 && ended.stdout.startsWith('skipped: ')) return ended.stdout;
  t.is(ended.code, 1);
  t.true(ended.stderr.includes(PLANTED), ended.stderr);
  return ended.stdout;
}

for (const { title, code, file, flags, runs } of programs) {
  (runs ? test : test.skip)(`the error of a worker ends ${title}`, async (t) => {
    const cwd = userFolder(t);
    fs.writeFileSync(path.join(cwd, file), code);
    const command = ['--no-warnings', ...flags, file];
    t.is(await endsWithError(t, cwd, command), '');
    await endsWithError(t, cwd, command, FIRST_WORKER); // the other workers may do all the work before the error is read
  });
}

const examples = fs
  .readdirSync(path.join(root, 'examples'))
  .filter((name) => fs.existsSync(path.join(root, 'examples', name, 'index.js')));

/** Programs of the repository, and the options that make them quick. */
const commands = [
  ['mini-map-reduce.js'],
  ['mini-map-reduce.js', '--workers', '3', 'package.json'],
  ['benchmark/barrier-demo.js', '--rounds', '100'],
  ['benchmark/condition-demo.js', '--turns', '10'],
  ...examples.map((name) => [`examples/${name}`]),
  ['examples/http-server', '--serve'],
];

for (const args of commands) {
  test(`the error of a worker ends node ${args.join(' ')}`, async (t) => {
    for (const only of [undefined, FIRST_WORKER]) await endsWithError(t, root, args, only);
  });
}
