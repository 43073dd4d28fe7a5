// @ts-check
'use strict';

// The module that a program is explored by: its shape, and how it is loaded.

const { pathToFileURL } = require('node:url');
const { formatValue } = require('../arguments.js');
const { coded } = require('../errors.js');
const { native } = require('../realm.js');
const { KINDS } = require('./failing.js');

/**
 * @typedef {object} ProgramModule
 * @property {(() => unknown) | undefined} setup
 * @property {((data: unknown) => unknown) | undefined} check
 * @property {{ name: string, body: (data: unknown, thread: { index: number, name: string }) => unknown }[]} threads
 * @property {boolean[]} daemons for each thread whether it may still wait at the end
 * @property {string[]} allow
 * @property {string[]} unused the functions that it exports and that nothing calls
 */

/** What a module may export. The last three are the runtime's own. */
const EXPORTS = [
  'threads',
  'setup',
  'check',
  'daemons',
  'allow',
  'default',
  'module.exports',
  '__esModule',
];
const SHAPE =
  'It exports threads: an object or array of functions, and may export setup, check, daemons and allow.';

/**
 * @param {string} file
 * @param {string} why
 */
function invalid(file, why) {
  return coded(
    new TypeError(`${file} cannot be explored: ${why}. ${SHAPE}`),
    'ERR_INVALID_ARG_VALUE',
  );
}

/**
 * What a module exports. Of a CommonJS module, the namespace has only those names that Node.js finds by looking at its text:
 * `default` has all. What was transpiled from an ES module has its default export in there.
 * @param {any} namespace
 */
function exportsOf(namespace) {
  const { default: whole } = namespace;
  const hasThreads = (/** @type {any} */ exported) => exported?.threads !== undefined;
  return [whole, whole?.default].find(hasThreads) ?? (hasThreads(namespace) ? namespace : whole);
}

/**
 * Loads and checks a module.
 * @param {string} file
 * @returns {Promise<ProgramModule>}
 */
async function loadProgram(file) {
  const namespace = await import(pathToFileURL(file).href);
  const exported = exportsOf(namespace);
  const { setup, check, threads, daemons = [], allow = [] } = exported ?? {};
  for (const [name, value] of Object.entries({ setup, check })) {
    if (value !== undefined && typeof value !== 'function') {
      throw invalid(file, `its ${name} must be a function, but is ${formatValue(value)}`);
    }
  }
  if (typeof threads !== 'object' || threads === null) {
    throw invalid(file, `its threads are ${formatValue(threads)}`);
  }
  const named = Object.entries(threads).map(([name, body]) => ({
    name: Array.isArray(threads) ? `thread ${name}` : name,
    body,
  }));
  const most = native.EXPLORE_MOST_THREADS;
  if (named.length === 0 || named.length > most) {
    throw invalid(file, `it has ${named.length} threads, where 1 to ${most} are possible`);
  }
  for (const [index, { name, body }] of named.entries()) {
    if (typeof body !== 'function') {
      const place = `threads[${formatValue(Array.isArray(threads) ? index : name)}]`;
      throw invalid(file, `its ${place} must be a function, but is ${formatValue(body)}`);
    }
  }
  for (const [name, list] of Object.entries({ daemons, allow })) {
    if (!Array.isArray(list)) {
      throw invalid(file, `its ${name} must be an array, but is ${formatValue(list)}`);
    }
  }
  const isDaemon = (/** @type {string} */ name, /** @type {number} */ index) =>
    daemons.includes(name) || daemons.includes(index);
  for (const daemon of daemons) {
    if (!named.some(({ name }, index) => daemon === name || daemon === index)) {
      throw invalid(file, `there is no thread ${formatValue(daemon)}, which daemons lists`);
    }
  }
  for (const code of allow) {
    if (!Object.hasOwn(KINDS, code)) {
      const codes = Object.keys(KINDS).join(', ');
      throw invalid(
        file,
        `its allow lists ${formatValue(code)}, where only ${codes} make a difference`,
      );
    }
  }
  return {
    setup,
    check,
    threads: named,
    daemons: named.map(({ name }, index) => isDaemon(name, index)),
    allow,
    unused: Object.keys(exported).filter(
      (name) => typeof exported[name] === 'function' && !EXPORTS.includes(name),
    ),
  };
}

module.exports = { loadProgram };
