// @ts-check
'use strict';

const { loadRival } = require('../rivals/index.js');
const { createBuffer, viewOf } = require('../views.js');
const contended = require('./contended.js');

/**
 * What does a mutex cost that nobody else wants?
 */

/** @typedef {{ view: import('../views.js').ViewKind }} Params */

const CELLS = 32;
const WARM_UP_MS = 60;
const BATCHES = 12;
const BATCH_MS = 10;

/** One loop for each style; a process runs one of them, for one rival, so its calls are inlined. */
const LOOPS = {
  /** @type {(mutex: import('../rivals/index.js').PairMutex, pairs: number) => void} */
  pair(mutex, pairs) {
    for (let i = 0; i < pairs; i++) {
      mutex.lock();
      mutex.unlock();
    }
  },
  /** @type {(mutex: import('../rivals/index.js').CallbackMutex, pairs: number) => void} */
  callback(mutex, pairs) {
    const nothing = () => {};
    for (let i = 0; i < pairs; i++) {
      mutex.exclusively(nothing);
    }
  },
};

/**
 * @param {string} id
 * @param {Params} params
 * @param {boolean} quick
 */
function measure(id, { view }, quick) {
  const rival = loadRival(id);
  const cells = viewOf(view, createBuffer(view, CELLS));
  const mutex = rival.mutex(cells, 0, rival.shareMutex?.());
  const loop = LOOPS[rival.style];

  let pairs = 1000;
  const started = performance.now();
  while (performance.now() - started < WARM_UP_MS) {
    loop(mutex, pairs);
  }
  while (timed(loop, mutex, pairs) < BATCH_MS) {
    pairs *= 2;
  }
  // The fastest batch: one thread's work does not vary, so whatever a batch takes longer is the machine's.
  const batches = Array.from({ length: quick ? BATCHES / 3 : BATCHES }, () =>
    timed(loop, mutex, pairs),
  );
  return { figure: (Math.min(...batches) * 1e6) / pairs, extras: {} };
}

/**
 * @param {(mutex: any, pairs: number) => void} loop
 * @param {unknown} mutex
 * @param {number} pairs
 * @returns {number} milliseconds
 */
function timed(loop, mutex, pairs) {
  const start = performance.now();
  loop(mutex, pairs);
  return performance.now() - start;
}

/**
 * A lock that is right must also exclude; only one that claims to be none is excused.
 * @param {string} id
 * @param {Params} params
 */
function check(id, { view }) {
  const workers = loadRival(id).singleThreaded ? 1 : 2;
  return contended.question.check(id, { workers, inside: 0, outside: 0, view });
}

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'uncontended',
  title: 'lock() and unlock() of a mutex that nobody else wants',
  unit: 'ns a pair',
  better: 'lower',
  rivals: ['ours', 'bare-cas', 'hand-rolled', 'v8'],
  runs: 15,
  subject: 'view',
  limit: { rival: 'bare-cas', case: 'plain', title: 'x CAS pair, plain' },
  cases: () => [
    { label: 'plain', params: { view: 'plain' } },
    { label: 'growable, length-tracking', params: { view: 'growable' } },
    { label: 'with a byteOffset', params: { view: 'offset' } },
  ],
  check,
  measure,
};

module.exports = { question };
