// @ts-check
'use strict';

const { installed, runAlone } = require('../harness/installed.js');
const { OURS } = require('../rivals/index.js');

/**
 * How long does the first `require` take, with the first read of the classes that a program uses?
 */

/** @typedef {{ names: string[] }} Params the exports that are read; all of them if none is named */

/**
 * @param {string} id
 * @param {Params} params
 */
function measure(id, { names }) {
  return { figure: runAlone(__filename, installed(id).entry, ...names), extras: {} };
}

/**
 * @param {string} id
 * @param {Params} params
 */
function check(id, { names }) {
  const { entry } = installed(id);
  const exported = require(entry);
  for (const name of names) {
    if (typeof exported[name] !== 'function') throw new Error(`wrong: no ${name} in ${entry}`);
  }
}

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'require-time',
  title: 'the first require() of the package in a process, and the first read of these exports',
  unit: 'ms',
  better: 'lower',
  rivals: [OURS, 'multithreading'],
  runs: 15,
  subject: 'exports',
  chart: { kind: 'bars' },
  cases: () => [
    { label: 'Mutex', params: { names: ['Mutex'] } },
    {
      label: 'six classes',
      params: { names: ['Mutex', 'Condition', 'Barrier', 'Latch', 'Semaphore', 'RwLock'] },
      rivals: [OURS],
    },
    { label: 'all', params: { names: [] }, rivals: [OURS] },
  ],
  check,
  measure,
};

module.exports = { question };

if (require.main === module) {
  const [, , entry, ...names] = process.argv;
  const start = performance.now();
  const exported = require(entry);
  for (const name of names.length > 0 ? names : Object.keys(exported)) void exported[name];
  console.log(performance.now() - start);
}
