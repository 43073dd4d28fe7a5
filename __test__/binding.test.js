// @ts-check
'use strict';

const test = require('ava').default;
const fs = require('node:fs');
const path = require('node:path');
const ts = require('typescript');
const { PLATFORMS, native } = require('../lib/native.js');
const { realm } = require('../lib/realm.js');
const { root } = require('./helpers/installed.js');

/** @type {Record<string, any>} */
const addon = native;

/**
 * What binding.d.ts declares: for each function the types of its parameters, for each constant its number if that is
 * declared, too.
 */
function declarations() {
  const text = fs.readFileSync(path.join(root, 'binding.d.ts'), 'utf8');
  const source = ts.createSourceFile('binding.d.ts', text, ts.ScriptTarget.Latest);
  /** @type {Record<string, string[]>} */
  const functions = {};
  /** @type {Record<string, number | undefined>} */
  const constants = {};
  for (const statement of source.statements) {
    if (ts.isFunctionDeclaration(statement)) {
      functions[statement.name?.text ?? ''] = statement.parameters.map(
        ({ type }) => type?.getText(source) ?? '',
      );
    } else if (ts.isVariableStatement(statement)) {
      for (const { name, type } of statement.declarationList.declarations) {
        const literal = type && ts.isLiteralTypeNode(type) ? type.getText(source) : undefined;
        constants[name.getText(source)] = literal === undefined ? undefined : Number(literal);
      }
    }
  }
  return { functions, constants };
}

test('binding.d.ts declares what the addon exports', (t) => {
  const { functions, constants } = declarations();
  const names = [...Object.keys(functions), ...Object.keys(constants)];
  t.deepEqual(names.sort(), Object.keys(addon).sort());
  for (const [name, value] of Object.entries(constants)) {
    t.is(typeof addon[name], 'number', name);
    if (value !== undefined) t.is(addon[name], value, name);
  }
});

test('each native function has a name, and takes as many arguments as binding.d.ts declares', (t) => {
  for (const [name, { length: arity }] of Object.entries(declarations().functions)) {
    t.is(addon[name].name, name);
    for (const count of [arity + 1, 50]) {
      t.throws(() => addon[name](...Array(count)), {
        code: 'InvalidArg',
        message: `${name} takes ${arity} arguments, but has ${count}`,
      });
    }
    if (arity > 0) t.throws(() => addon[name](), { code: 'InvalidArg', message: /but has 0$/ });
  }
});

test('a native function throws for an argument of another type, before it has an effect', (t) => {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  /** An argument of each type; others are numbers. @type {Record<string, unknown>} */
  const right = {
    RealmHandle: realm.number,
    CellView: cell,
    Name: 'x',
    Hooks: [],
    Text: 'x',
    Buffers: {},
    SelectCases: [],
    boolean: false,
  };
  /** Read only when it is needed, and whatever it is. */
  const unchecked = ['Name', 'Hooks', 'Buffers'];
  for (const [name, types] of Object.entries(declarations().functions)) {
    const args = types.map((type) => (type in right ? right[type] : 1));
    for (const [i, type] of types.entries()) {
      if (unchecked.includes(type)) continue;
      for (const wrong of [Symbol('wrong'), undefined, {}, type === 'Text' ? 1 : 'text', 1n]) {
        if (typeof wrong === type) continue;
        const error = t.throws(
          () => addon[name](...args.slice(0, i), wrong, ...args.slice(i + 1)),
          undefined,
          name,
        );
        t.regex(
          /** @type {any} */ (error).code,
          /^(NumberExpected|BooleanExpected|StringExpected|InvalidArg)$/,
        );
      }
    }
  }
  t.is(cell[0], 0);
});

test('the loader tries a file and a package for each platform', (t) => {
  const text = fs.readFileSync(path.join(root, 'binding.js'), 'utf8');
  const required = [...text.matchAll(/require\('([^']*shared-sync[^']*)'\)/g)].map(([, id]) => id);
  t.deepEqual(required, [
    ...PLATFORMS.map((platform) => `./shared-sync.${platform}.node`),
    ...PLATFORMS.map((platform) => `@x/shared-sync-${platform}`),
  ]);
});
