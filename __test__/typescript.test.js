// @ts-check
'use strict';

// The blocks of docs/typescript.md compile under the tsconfig.json of that page, and its programs print what they say.

const test = require('ava').default;
const fs = require('node:fs');
const path = require('node:path');
const ts = require('typescript');
const { run } = require('./helpers/child.js');
const { userFolder } = require('./helpers/installed.js');
const { blocksOf, printedBy } = require('./helpers/pages.js');

const PAGE = 'docs/typescript.md';
const PROGRAMS = ['main.ts', 'using.ts'];
const blocks = blocksOf(PAGE, 'ts');

/** @param {import('ava').ExecutionContext} t */
function project(t) {
  const cwd = userFolder(t, { packages: ['@types', 'undici-types'] });
  fs.writeFileSync(path.join(cwd, 'package.json'), '{ "type": "module" }');
  for (const { file, code } of blocks) fs.writeFileSync(path.join(cwd, file), code);
  return cwd;
}

/**
 * Runs a program and compares what it prints with its comments.
 *
 * @param {import('ava').ExecutionContext} t
 * @param {string} cwd
 * @param {string} name of the block
 * @param {string} file
 */
async function prints(t, cwd, name, file) {
  const ended = await run(process.execPath, ['--no-warnings', file], { cwd, limit: 20_000 });
  t.is(ended.stderr, '');
  t.is(ended.code, 0);
  t.is(ended.stdout, printedBy(blocks.find((block) => block.file === name)?.code ?? ''));
}

test('the blocks of docs/typescript.md compile, and the programs run', async (t) => {
  t.is(new Set(blocks.map(({ file }) => file)).size, blocks.length, 'each has a name of its own');
  const cwd = project(t);
  const [{ code: settings }] = blocksOf(PAGE, 'json');
  const { options, errors } = ts.convertCompilerOptionsFromJson(
    JSON.parse(settings).compilerOptions,
    cwd,
  );
  const names = blocks.map(({ file }) => path.join(cwd, file));
  const program = ts.createProgram(names, { ...options, rootDir: cwd });
  const messages = [...errors, ...ts.getPreEmitDiagnostics(program)].map(
    ({ file, messageText }) =>
      `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
  );
  t.deepEqual(messages, []);
  t.false(program.emit().emitSkipped);
  for (const name of PROGRAMS) await prints(t, cwd, name, `dist/${name.replace('.ts', '.js')}`);
});

// eslint-disable-next-line n/no-unsupported-features/node-builtins -- looked for, and not relied on
const stripsTypes = Boolean(/** @type {any} */ (process.features).typescript);
(stripsTypes ? test : test.skip)('Node runs the workers in .ts without a compiler', async (t) => {
  await prints(t, project(t), 'main.ts', 'main.ts');
});
