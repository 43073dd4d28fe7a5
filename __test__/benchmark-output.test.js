// @ts-check
'use strict';

const test = require('ava').default;
const fs = require('node:fs');
const path = require('node:path');
const { Output } = require('../benchmark/harness/output.js');
const { questions } = require('../benchmark/questions/index.js');
const { temporaryFolder } = require('./helpers/folders.js');
const { readPage } = require('./helpers/pages.js');

const ORDER = ['first', 'second', 'third'];

/**
 * The answer to a question, as the benchmark summarizes it.
 *
 * @param {string} name
 * @param {number} figure
 * @param {object} [chart]
 * @returns {any}
 */
const summary = (name, figure, chart) => ({
  name,
  title: `what ${name} costs`,
  unit: 'ns',
  better: 'lower',
  subject: 'case',
  spread: 'range',
  fastMode: false,
  extras: {},
  chart,
  machine: {
    package: 'p 1.0.0',
    date: '2026-01-01',
    runtime: 'r',
    system: 's',
    processor: 'c',
    processors: 2,
    load: 0.5,
  },
  groups: [
    {
      label: 'one',
      params: {},
      rows: [
        {
          rival: 'ours',
          name: 'ours',
          crashes: 0,
          figures: [figure],
          median: figure,
          min: figure,
          max: figure,
          low: figure,
          high: figure,
          extras: {},
        },
      ],
    },
  ],
});

/** @param {import('ava').ExecutionContext} t */
function outputIn(t) {
  const [folder, figures] = ['page', 'figures'].map((name) => path.join(temporaryFolder(t), name));
  const read = (/** @type {string} */ name) => fs.readFileSync(path.join(folder, name), 'utf8');
  return { folder, figures, read, output: new Output(folder, figures, ORDER) };
}

test('a question that is asked alone changes no other section, picture or file of figures', async (t) => {
  const { folder, figures, read, output } = outputIn(t);
  for (const [i, name] of ORDER.entries()) {
    await output.add(summary(name, 100 + i, { kind: 'bars' }));
  }
  const before = read('README.md');
  const others = ['first', 'third'].flatMap((name) => [
    path.join(folder, `${name}.svg`),
    path.join(figures, `${name}.json`),
  ]);
  const contents = () => others.map((file) => fs.readFileSync(file, 'utf8'));
  const kept = contents();

  // In a fresh clone the figures are missing: the page is all that there is.
  fs.rmSync(path.join(figures, 'second.json'));
  await new Output(folder, figures, ORDER).add(summary('second', 777, { kind: 'bars' }));
  t.is(read('README.md'), before.replaceAll('101', '777'));
  t.deepEqual(contents(), kept);
  t.is(JSON.parse(fs.readFileSync(path.join(figures, 'second.json'), 'utf8')).name, 'second');
});

test('sections are in the order of the questions, and that of a question that is gone is removed', async (t) => {
  const { folder, read, output } = outputIn(t);
  for (const name of ['third', 'first']) await output.add(summary(name, 1));
  const headings = () =>
    [...read('README.md').matchAll(/^## ([\w-]+): /gm)].map(([, name]) => name);
  t.deepEqual(headings(), ['first', 'third']);
  fs.appendFileSync(path.join(folder, 'README.md'), '\n## renamed: what it cost\n\nA table.\n');
  await output.add(summary('second', 2));
  t.deepEqual(headings(), ORDER);
  t.false(read('README.md').includes('A table.'));
});

test('a picture that a question has no longer is removed', async (t) => {
  const { folder, read, output } = outputIn(t);
  await output.add(summary('first', 1, { kind: 'bars' }));
  t.true(read('README.md').includes('![first](first.svg)'));
  await output.add(summary('first', 1));
  t.false(read('README.md').includes('first.svg'));
  t.deepEqual(fs.readdirSync(folder), ['README.md']);
});

test('docs/benchmarks has a section for each question, and a picture for each that is drawn', (t) => {
  const page = readPage('docs/benchmarks/README.md');
  const sections = [...page.matchAll(/^## ([\w-]+): (.*)$/gm)].map(([, name, title]) => [
    name,
    title,
  ]);
  t.deepEqual(
    sections,
    questions.map(({ name, title }) => [name, title]),
  );
  const pictures = fs
    .readdirSync(path.join(__dirname, '../docs/benchmarks'))
    .filter((file) => file.endsWith('.svg'));
  const drawn = questions.filter(({ chart }) => chart).map(({ name }) => `${name}.svg`);
  t.deepEqual(pictures, drawn.sort());
});
