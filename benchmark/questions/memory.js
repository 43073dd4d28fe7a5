// @ts-check
'use strict';

const { installed, runAlone } = require('../harness/installed.js');
const { OURS } = require('../rivals/index.js');

/**
 * How much memory does a process take more, for the package and for its mutexes?
 */

/** @typedef {{ mutexes: number }} Params */

const KIB = 1024;

/** @type {Record<string, (Mutex: any, cells: Int32Array, index: number) => unknown>} */
const MAKE = {
  [OURS]: (Mutex, cells, index) => new Mutex(cells, index),
  multithreading: (Mutex) => new Mutex(),
};

/** What is resident after a collection, in bytes. */
function resident() {
  for (let i = 0; i < 3; i++) /** @type {any} */ (globalThis).gc();
  return process.memoryUsage.rss();
}

/**
 * @param {string} id
 * @param {Params} params
 */
function added(id, { mutexes }) {
  const { entry } = installed(id);
  const cells = new Int32Array(new SharedArrayBuffer(4 * Math.max(1, mutexes)));
  if (mutexes > 0) require(entry);
  const before = resident();
  const { Mutex } = require(entry);
  const kept = Array.from({ length: mutexes }, (_, i) => MAKE[id](Mutex, cells, i));
  return resident() - before + 0 * kept.length;
}

/** @param {string} id */
function check(id) {
  const { Mutex } = require(installed(id).entry);
  MAKE[id](Mutex, new Int32Array(new SharedArrayBuffer(4)), 0);
}

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'memory',
  title: 'resident memory of the process, added',
  unit: 'KiB',
  better: 'lower',
  rivals: ['ours', 'multithreading'],
  runs: 7,
  subject: 'by',
  chart: { kind: 'bars' },
  cases: () => [
    { label: 'require()', params: { mutexes: 0 } },
    { label: '10,000 mutexes', params: { mutexes: 10_000 } },
  ],
  check,
  measure: (id, { mutexes }) => ({
    figure: runAlone(__filename, id, mutexes) / KIB,
    extras: {},
  }),
};

module.exports = { question };

if (require.main === module) {
  const [, , id, mutexes] = process.argv;
  console.log(added(id, { mutexes: Number(mutexes) }));
}
