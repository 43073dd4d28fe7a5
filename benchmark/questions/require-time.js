// @ts-check
'use strict';

const { installed } = require('../harness/installed.js');

/**
 * How long does the first `require` take?
 */

/** @param {string} id */
function measure(id) {
  const { entry } = installed(id);
  const start = performance.now();
  require(entry);
  return { figure: performance.now() - start, extras: {} };
}

/** @param {string} id */
function check(id) {
  const { entry } = installed(id);
  if (typeof require(entry).Mutex !== 'function') throw new Error(`wrong: no Mutex in ${entry}`);
}

/** @type {import('./index.js').Question<Record<string, never>>} */
const question = {
  name: 'require-time',
  title: 'the first require() of the package in a process',
  unit: 'ms',
  better: 'lower',
  rivals: ['ours', 'multithreading'],
  runs: 15,
  subject: 'package',
  chart: { kind: 'bars' },
  cases: () => [{ label: 'required', params: {} }],
  check,
  measure,
};

module.exports = { question };
