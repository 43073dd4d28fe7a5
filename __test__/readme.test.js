// @ts-check
'use strict';

const test = require('ava').default;
const fs = require('node:fs');
const path = require('node:path');
const { run } = require('./helpers/child.js');
const { root, userFolder } = require('./helpers/installed.js');

const docs = fs.readdirSync(path.join(root, 'docs')).filter((file) => file.endsWith('.md'));
const pages = ['README.md', ...docs.map((file) => `docs/${file}`)];
/** @param {string} page */
const read = (page) => fs.readFileSync(path.join(root, page), 'utf8');

/** What each example of README.md prints, in their order. */
const PRINTED = [
  'sum: 400000\n',
  'Semaphore "connections" { 1 permit free } RwLock "table" { 1 read }\n',
  '6 Mutex "jobs" { free } Latch "done" { open }\n',
  '200\n200\n503\n',
  '',
  '',
];

const examples = [...read('README.md').matchAll(/^```js\n([^]*?)^```$/gm)].map(([, code]) => code);

test('README.md has the examples that are expected below', (t) => {
  t.is(examples.length, PRINTED.length);
});

for (const [i, expected] of PRINTED.entries()) {
  test(`example ${i + 1} of README.md runs as pasted and prints what it says`, async (t) => {
    const cwd = userFolder(t);
    fs.writeFileSync(path.join(cwd, 'example.js'), examples[i]);
    const ended = await run(process.execPath, ['example.js'], { cwd, limit: 20_000 });
    t.is(ended.stderr, '');
    t.is(ended.code, 0);
    t.is(ended.stdout, expected);
  });
}

test('links between the pages lead somewhere', (t) => {
  for (const page of pages) {
    for (const [, target] of read(page).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      t.true(fs.existsSync(path.join(root, path.dirname(page), target)), `${page}: ${target}`);
    }
  }
});

test('the models that docs/protocol.md names exist', (t) => {
  const sources = ['src/models', 'src/primitives'].flatMap((folder) =>
    fs
      .readdirSync(path.join(root, folder))
      .filter((file) => file.endsWith('.rs'))
      .map((file) => read(`${folder}/${file}`)),
  );
  const named = [...read('docs/protocol.md').matchAll(/`([a-z]+(?:_[a-z]+){3,})`/g)].filter(
    ([, name]) => name !== 'like_this',
  );
  t.true(named.length > 30);
  for (const [, name] of named) t.true(sources.join('').includes(`fn ${name}(`), name);
});
