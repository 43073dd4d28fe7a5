// @ts-check
'use strict';

const js = require('@eslint/js');
const globals = require('globals');
const jsdoc = require('eslint-plugin-jsdoc');
const n = require('eslint-plugin-n');

module.exports = [
  {
    ignores: [
      'target/',
      'node_modules/',
      'docs/api/',
      '**/*.d.ts',
      // Not ours: its faults are the point.
      'examples/explore-seed/document/mini-map-reduce.js',
    ],
  },
  js.configs.recommended,
  n.configs['flat/recommended-script'],
  jsdoc.configs['flat/recommended-typescript-flavor-error'],
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    languageOptions: { ecmaVersion: 2023, sourceType: 'commonjs', globals: globals.node },
    settings: { jsdoc: { mode: 'typescript' } },
    rules: {
      eqeqeq: ['error', 'always'],
      'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      'n/prefer-node-protocol': 'error',
      // A program may end itself; what is only for development is not shipped.
      'n/no-process-exit': 'off',
      'n/no-unpublished-require': 'off',
      // The types are checked by tsc, and a name that says it all needs no prose.
      'jsdoc/require-jsdoc': 'off',
      'jsdoc/require-description': 'off',
      'jsdoc/require-param': 'off',
      'jsdoc/require-param-description': 'off',
      'jsdoc/require-returns': 'off',
      'jsdoc/require-returns-description': 'off',
      'jsdoc/require-property-description': 'off',
      'jsdoc/require-throws-type': 'off',
      'jsdoc/require-yields': 'off',
      'jsdoc/escape-inline-tags': 'off',
      'jsdoc/no-undefined-types': 'off',
      'jsdoc/reject-any-type': 'off',
      'jsdoc/reject-function-type': 'off',
      'jsdoc/tag-lines': ['error', 'any', { startLines: null }],
      'jsdoc/check-tag-names': ['error', { typed: false }],
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { sourceType: 'module' },
  },
  {
    files: ['__test__/**'],
    rules: {
      // Installed by its tests, under its own name.
      'n/no-missing-import': ['error', { allowModules: ['@x/shared-sync'] }],
      'n/no-missing-require': ['error', { allowModules: ['@x/shared-sync'] }],
      'n/no-extraneous-require': 'off',
      // Marked experimental in Node 20, and the same there.
      'n/no-unsupported-features/node-builtins': ['error', { ignores: ['fs.cpSync'] }],
      // What a terminal is sent has them.
      'no-control-regex': 'off',
      'n/no-extraneous-import': 'off',
    },
  },
  {
    files: ['__test__/fixtures/jest-project/**', '__test__/fixtures/fake-clocks/jest.js'],
    languageOptions: { globals: globals.jest },
  },
];
