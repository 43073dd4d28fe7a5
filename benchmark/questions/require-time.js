// @ts-check
'use strict';

const { installed, runAlone } = require('../harness/installed.js');

/**
 * How long does the first `require` take?
 */

/** @param {string} id */
function measure(id) {
  return { figure: runAlone(__filename, installed(id).entry), extras: {} };
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

if (require.main === module) {
  const start = performance.now();
  require(process.argv[2]);
  console.log(performance.now() - start);
}
