// @ts-check
'use strict';

// The programs of the pages in docs/ run as pasted and print what the pages show. (Those of docs/migrating.md: migrating.test.js.)

const test = require('ava').default;
const fs = require('node:fs');
const path = require('node:path');
const { run } = require('./helpers/child.js');
const { root, userFolder } = require('./helpers/installed.js');
const { blocksOf, readPage } = require('./helpers/pages.js');

/** How many programs each page has. */
const PROGRAMS = { 'docs/errors.md': 1, 'docs/troubleshooting.md': 3, 'docs/recipes.md': 11 };

/**
 * The programs of a page: one for each heading with a console block, which shows the command and its output.
 *
 * @param {string} page
 */
function programsOf(page) {
  const files = ['js', 'json'].flatMap((language) => blocksOf(page, language));
  return blocksOf(page, 'console').map(({ code: shown, heading }) => {
    const [command, ...printed] = shown.split('\n');
    return {
      title: `${heading} (${page})`,
      args: command.replace(/^\$ node /, '').split(' '),
      printed: printed.join('\n'),
      files: files.filter((file) => file.heading === heading),
    };
  });
}

for (const [page, count] of Object.entries(PROGRAMS)) {
  const programs = programsOf(page);

  test(`each block of ${page} belongs to a program`, (t) => {
    t.is(programs.length, count);
    const used = programs.flatMap(({ files }) => files.map(({ code }) => code));
    for (const { code } of blocksOf(page, 'js')) t.true(used.includes(code), code);
  });

  for (const { title, args, printed, files } of programs) {
    test(`runs as pasted: ${title}`, async (t) => {
      const cwd = userFolder(t, { packages: ['piscina'] });
      for (const { file, code } of files) fs.writeFileSync(path.join(cwd, file), code);
      const ended = await run(process.execPath, args, { cwd, limit: 30_000 });
      t.is(ended.stderr, '');
      t.is(ended.code, 0);
      t.is(ended.stdout, printed);
    });
  }
}

test('the recipes of what programs write most often have at most 25 lines', (t) => {
  const blocks = blocksOf('docs/recipes.md', 'js');
  for (const file of ['limiter.js', 'cache.js', 'progress.js', 'deadline.js']) {
    const [block] = blocks.filter((block) => block.file === file);
    const lines = block.code
      .trim()
      .split('\n')
      .filter((line) => line !== '');
    t.true(lines.length <= 25, `${file} has ${lines.length}`);
  }
});

/** The codes that the package throws: those of the declarations, and the literals of the code. */
function thrownCodes() {
  const sources = ['index.d.ts', 'index.js', ...['lib', 'src'].flatMap(filesIn)].map(readPage);
  return new Set(sources.join('').match(/(?<=['"`])ERR_[A-Z_]+(?=['"`])/g));
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function filesIn(folder) {
  return fs.readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesIn(file) : file;
  });
}

test('docs/errors.md has a heading for each code that is thrown, with what it means, what you own, and what to do', (t) => {
  const sections = readPage('docs/errors.md').split(/^##+ /m);
  const told = sections.filter((section) => section.startsWith('ERR_'));
  const codes = told.map((section) => /^\w+/.exec(section)?.[0]);
  t.deepEqual(codes.sort(), [...thrownCodes()].sort());
  for (const section of told) t.regex(section, /\*\*Means\*\*[^]*\*\*You own\*\*[^]*\*\*Do\*\*/);
});
