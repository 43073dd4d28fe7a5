// @ts-check
'use strict';

const test = require('ava').default;
const fs = require('node:fs');
const path = require('node:path');
const { inspect } = require('node:util');
const ts = require('typescript');
const { run } = require('./helpers/child.js');
const { root, userFolder } = require('./helpers/installed.js');

const DECLARATIONS = path.join(root, 'index.d.ts');

/** What a user of ES modules and one of CommonJS would write, without types of Node. */
const PROGRAM = `
import { Mutex, Condition, Barrier, Latch, SyncError, layout } from '@x/shared-sync';
import type { Guard, SyncErrorCode } from '@x/shared-sync';
const view = new Int32Array(new SharedArrayBuffer(16));
const mutex: Mutex = new Mutex(view, 0).lock();
const answer: number = new Condition(view, 1).waitFor(mutex, () => 5, 10);
const index: number = new Barrier(view, 2, 4).wait();
new Latch(view, 3).release();
const { phase, share } = layout({ phase: [Barrier, 4], totals: [Float64Array, 2] });
const barrier: Barrier = phase;
const sum: number = layout.from(share()).totals[0];
mutex[Symbol.dispose]();
const guard: Promise<Guard> = mutex.lockAsync({ timeout: 10 });
const named = (name?: string): Mutex => new Mutex(view, 0, { name });
const within = (timeout?: number, ref?: boolean): Promise<Guard> => mutex.lockAsync({ timeout, ref });
const code = (error: unknown): SyncErrorCode | null => (error instanceof SyncError ? error.code : null);
// @ts-expect-error not shared
new Mutex(new Int32Array(4));
export { answer, index, guard, code, barrier, sum, named, within };
`;
const REQUIRE = `
import sync = require('@x/shared-sync');
const latch: sync.Latch = new sync.Latch(new SharedArrayBuffer(4));
latch.release();
export = latch;
`;
const USING = `
import { Mutex } from '@x/shared-sync';
export function f(mutex: Mutex) {
  using guard = mutex.lock();
  guard.unlock();
}
`;

/**
 * Compiles files in a user's folder, with the library's own declarations checked too. Returns the messages.
 *
 * @param {string} cwd
 * @param {string[]} files
 * @param {Record<string, unknown>} options as in tsconfig.json
 */
function compile(cwd, files, options) {
  const { options: parsed, errors } = ts.convertCompilerOptionsFromJson(
    { strict: true, noEmit: true, skipLibCheck: false, types: [], ...options },
    cwd,
  );
  const program = ts.createProgram(
    files.map((file) => path.join(cwd, file)),
    parsed,
  );
  return [...errors, ...ts.getPreEmitDiagnostics(program)].map(
    ({ file, messageText }) =>
      `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
  );
}

for (const [name, options] of /** @type {[string, Record<string, unknown>][]} */ ([
  ['lib es2022, node16', { target: 'es2022', lib: ['es2022'], module: 'node16' }],
  ['lib esnext, node16', { target: 'esnext', lib: ['esnext'], module: 'node16' }],
  [
    'lib es2022, bundler',
    { target: 'es2022', lib: ['es2022'], module: 'esnext', moduleResolution: 'bundler' },
  ],
  [
    'lib esnext and dom, bundler',
    { target: 'esnext', lib: ['esnext', 'dom'], module: 'esnext', moduleResolution: 'bundler' },
  ],
  ['lib es2022 with the types of Node', { target: 'es2022', lib: ['es2022'], types: ['node'] }],
  ['lib esnext with the types of Node', { target: 'esnext', lib: ['esnext'], types: ['node'] }],
  [
    'exactOptionalPropertyTypes and verbatimModuleSyntax',
    {
      target: 'es2022',
      lib: ['es2022'],
      exactOptionalPropertyTypes: true,
      verbatimModuleSyntax: true,
    },
  ],
])) {
  test(`the types compile under --strict with ${name}`, (t) => {
    const cwd = userFolder(t, { packages: ['@types', 'undici-types'] });
    const files = { 'program.mts': PROGRAM };
    if (options.moduleResolution !== 'bundler') Object.assign(files, { 'required.cts': REQUIRE });
    if (/esnext|Node/.test(name)) Object.assign(files, { 'using.mts': USING });
    for (const [file, text] of Object.entries(files)) fs.writeFileSync(path.join(cwd, file), text);
    t.deepEqual(compile(cwd, Object.keys(files), { module: 'node16', ...options }), []);
  });
}

/** The exported names of index.d.ts, and the members of each class as the types know them. */
function declared() {
  const program = ts.createProgram([DECLARATIONS], { types: [], lib: ['lib.esnext.d.ts'] });
  const checker = program.getTypeChecker();
  const file = /** @type {ts.SourceFile} */ (program.getSourceFile(DECLARATIONS));
  const symbol = /** @type {ts.Symbol} */ (checker.getSymbolAtLocation(file));
  /** @type {Record<string, string[]>} */
  const classes = {};
  for (const exported of checker.getExportsOfModule(symbol)) {
    if (!(exported.flags & ts.SymbolFlags.Value)) continue;
    const type = checker.getDeclaredTypeOfSymbol(exported);
    classes[exported.name] = type
      .getProperties()
      .filter(({ declarations }) => declarations?.[0].getSourceFile() === file)
      .map(({ name }) => (name.startsWith('__@') ? name.replace(/^__@(\w+)@.*/, '@$1') : name))
      .filter((name) => name !== '@brand')
      .sort();
  }
  return classes;
}

/** @type {Set<string | symbol>} */
const hidden = new Set(['constructor', Symbol.toStringTag, inspect.custom]);

test('index.d.ts declares exactly what index.js exports', (t) => {
  const exported = require('../index.js');
  const actual = Object.fromEntries(
    Object.entries(exported).map(([name, { prototype }]) => [
      name,
      // An async function has no prototype.
      Reflect.ownKeys(prototype ?? {})
        // console.log and String() call these members, not a user.
        .filter((key) => !hidden.has(key))
        .map((key) => String(key).replace(/^Symbol\((?:Symbol|nodejs)\.(\w+)\)$/, '@$1'))
        .concat(name === 'SyncError' ? ['code', 'cycle', 'ownerThreadId'] : []) // own properties
        .sort(),
    ]),
  );
  t.deepEqual(declared(), actual);
});

const { ReadGuard, WriteGuard } = require('../lib/rwlock-guard.js');
const { Guard } = require('../lib/guard.js');
const GUARDS = { ReadGuard, WriteGuard, Guard };

for (const [name, Class] of Object.entries(GUARDS)) {
  test(`index.d.ts declares exactly what a ${name} has`, (t) => assertGuard(t, name, Class));
}

/**
 * @param {import('ava').ExecutionContext} t
 * @param {string} name
 * @param {{ prototype: object }} Class
 */
function assertGuard(t, name, Class) {
  const text = fs.readFileSync(DECLARATIONS, 'utf8');
  const file = ts.createSourceFile(DECLARATIONS, text, ts.ScriptTarget.Latest, true);
  const guard = /** @type {ts.InterfaceDeclaration} */ (
    file.statements.find(
      (statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === name,
    )
  );
  const declared = guard.members.map((member) => member.name?.getText(file));
  const actual = Reflect.ownKeys(Class.prototype)
    // `then` is there so that await does not find one on Object.prototype.
    .filter((key) => key !== 'constructor' && key !== 'then' && !hidden.has(key))
    .map((key) => (key === Symbol.dispose ? '[Symbol.dispose]' : String(key)));
  t.deepEqual(declared.filter((name) => name !== '[brand]').sort(), actual.sort());
}

test('every public member is documented, with an example where it can be called', (t) => {
  const text = fs.readFileSync(DECLARATIONS, 'utf8');
  const file = ts.createSourceFile(DECLARATIONS, text, ts.ScriptTarget.Latest, true);
  const classes = [...Object.keys(declared()), ...Object.keys(GUARDS)];
  let seen = 0;
  for (const statement of file.statements) {
    if (!ts.isInterfaceDeclaration(statement) || !classes.includes(statement.name.text)) continue;
    const overloaded = new Set();
    for (const member of [statement, ...statement.members]) {
      const name = member.name?.getText(file) ?? '';
      if (name === '[brand]' || overloaded.has(name)) continue; // overloads share the first one's
      overloaded.add(name);
      const tags = ts.getJSDocTags(member).map(({ tagName }) => tagName.text);
      t.true(tags.includes('example'), `${statement.name.text}.${name}`);
      seen++;
    }
  }
  t.true(seen > 15);
});

test('each @throws tag names one error, and says when', (t) => {
  const text = fs.readFileSync(DECLARATIONS, 'utf8');
  const file = ts.createSourceFile(DECLARATIONS, text, ts.ScriptTarget.Latest, true);
  const ONE = /^(\(rejects\) )?((Sync|Type|Range)Error ERR_\w+|the (error|reason) of [`\w ]+) - \S/;
  let seen = 0;
  /** @param {ts.Node} node */
  function visit(node) {
    for (const tag of ts.getJSDocTags(node)) {
      if (tag.tagName.text !== 'throws') continue;
      t.regex(tag.getText(file).replace('@throws ', ''), ONE);
      seen++;
    }
    ts.forEachChild(node, visit);
  }
  visit(file);
  t.true(seen > 100);
});

const examples = [...fs.readFileSync(DECLARATIONS, 'utf8').matchAll(/```js\n([^]*?)```/g)].map(
  ([, block]) => block.replace(/^ *\* ?/gm, ''),
);

test('the examples of the documentation run and print what they say', async (t) => {
  t.true(examples.length > 15);
  const cwd = userFolder(t);
  const limit = 30_000;
  t.timeout(examples.length * limit);
  for (const [i, source] of examples.entries()) {
    const file = `example-${i}.js`;
    fs.writeFileSync(path.join(cwd, file), source);
    const ended = await run(process.execPath, [file], { cwd, limit });
    const expected = [...source.matchAll(/\/\/ prints (.*)$/gm)].map(([, line]) => `${line}\n`);
    t.is(ended.code, 0, `${source}\n${ended.stderr}`);
    t.is(ended.stdout, expected.join(''), source);
    t.is(ended.stderr, '', source);
  }
});
