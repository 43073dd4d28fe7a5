// @ts-check
'use strict';

const test = require('ava').default;
const fs = require('node:fs');
const path = require('node:path');
const { run } = require('./helpers/child.js');
const { root, userFolder } = require('./helpers/installed.js');
const { anchorsOf, blocksOf, printedBy, publishedPages, readPage } = require('./helpers/pages.js');

const { files: published, scripts } = require('../package.json');

/** The first heading and the output of each example of README.md, in their order. */
const EXAMPLES = [
  ['Ten seconds', 'sum: 400000\n'],
  ['Ten seconds', 'sum: 400000\n'],
  ['Mutex', 'Mutex "jobs" { locked by the main thread }\n'],
  ['Condition', 'job 7\n'],
  ['Barrier', '1\n'],
  ['Latch', 'Latch "ready" { open }\n'],
  ['Semaphore', 'Semaphore "connections" { 1 permit free }\n'],
  ['RwLock', 'RwLock "table" { 1 read }\n'],
  ['Channel', 'a.txt\n'],
  ['Cancel', 'ERR_CANCELLED\n'],
];

const examples = blocksOf('README.md', 'js');

test('README.md has an example of each class, and the first one by import and by require', (t) => {
  t.deepEqual(
    examples.map(({ heading }) => heading.split(':')[0]),
    EXAMPLES.map(([heading]) => heading),
  );
  const [imported, required] = examples.map(({ code }) => code);
  t.regex(imported, /^import .* from '@x\/shared-sync';$/m);
  t.regex(required, /require\('@x\/shared-sync'\);$/m);
});

for (const [i, [heading, expected]] of EXAMPLES.entries()) {
  test(`example ${i + 1} of README.md, ${heading}, runs as pasted and prints what it says`, async (t) => {
    const { code, file } = examples[i];
    const cwd = userFolder(t);
    fs.writeFileSync(path.join(cwd, file), code);
    const ended = await run(process.execPath, [file], { cwd, limit: 20_000 });
    t.is(ended.stderr, '');
    t.is(ended.code, 0);
    t.is(ended.stdout, expected);
    // A comment may go on after a colon, to explain what is printed.
    t.true(printedBy(code).startsWith(expected.trimEnd()), 'the comment of the page says the same');
  });
}

test('README.md is at most 240 lines long and 160 columns wide', (t) => {
  const lines = readPage('README.md').trimEnd().split('\n');
  t.true(lines.length <= 240, `${lines.length} lines`);
  t.deepEqual(
    lines.filter((line) => line.length > 160),
    [],
  );
});

const commands = blocksOf('README.md', 'sh').flatMap(({ code }) =>
  code.split('\n').flatMap((line) => line.replace(/ *#.*/, '') || []),
);

test('the commands of README.md are the ones that are run below or elsewhere', (t) => {
  t.deepEqual(commands, [
    'npm install @x/shared-sync', // packages/install.js
    'npm start', // mini-map-reduce.test.js, scripts.test.js
    'npm test',
    'node benchmark/barrier-demo.js',
    'node benchmark/condition-demo.js',
  ]);
  t.is(scripts.start, 'node mini-map-reduce.js');
  t.is(scripts.test, 'node scripts/test.js');
});

for (const command of commands.filter((line) => line.startsWith('node '))) {
  test(`${command} shows how the hand-rolled class fails and that ours does not`, async (t) => {
    const ended = await run(process.execPath, command.split(' ').slice(1), { cwd: root });
    t.is(ended.stderr, '');
    t.is(ended.code, 0);
    // Which of its faults a barrier shows depends on the moment.
    t.regex(ended.stdout, /^hand-rolled .*\b(hung|early pass(es)?)\b/m);
    t.regex(ended.stdout, /^ours +[\d,]+ (rounds|turns)\b(?!.*hung)/m);
  });
}

test('the figures of README.md stand in docs/benchmarks.md', (t) => {
  const [, section] = readPage('README.md').split(/^## How fast$/m);
  const figures = section.split(/^## /m)[0].match(/\b\d+\.\d+\b/g) ?? [];
  t.true(figures.length > 5);
  const page = readPage('docs/benchmarks.md');
  for (const figure of figures) t.true(page.includes(figure), figure);
});

/** @param {string} file */
function isPublished(file) {
  return (
    ['README.md', 'LICENSE', 'package.json'].includes(file) ||
    published.some((pattern) =>
      pattern === 'docs/*.md'
        ? /^docs\/[^/]+\.md$/.test(file)
        : file === pattern || file.startsWith(`${pattern}/`),
    )
  );
}

test('links between the pages lead somewhere, in the installed package, too', (t) => {
  for (const page of publishedPages) {
    for (const paragraph of readPage(page).split(/\n(?=\n|- )/)) {
      for (const [, link, anchor] of paragraph.matchAll(
        /\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g,
      )) {
        const target = link === '' ? page : path.posix.join(path.posix.dirname(page), link);
        t.true(fs.existsSync(path.join(root, target)), `${page}: ${target}`);
        if (anchor !== undefined) t.true(anchorsOf(target).includes(anchor), `${page}: #${anchor}`);
        if (!isPublished(target)) t.regex(paragraph, /in the repository/i, `${page}: ${target}`);
      }
    }
  }
});

test('the models that docs/protocol.md names exist', (t) => {
  const sources = ['src/models', 'src/primitives'].flatMap((folder) =>
    fs
      .readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.rs'))
      .map((file) => readPage(`${folder}/${file}`)),
  );
  const named = [...readPage('docs/protocol.md').matchAll(/`([a-z]+(?:_[a-z]+){3,})`/g)].filter(
    ([, name]) => name !== 'like_this',
  );
  t.true(named.length > 30);
  for (const [, name] of named) t.true(sources.join('').includes(`fn ${name}(`), name);
});
