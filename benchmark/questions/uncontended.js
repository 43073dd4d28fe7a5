// @ts-check
'use strict';

const { nanosecondsEach } = require('../harness/nanoseconds.js');
const { loadRival, makerOf } = require('../rivals/index.js');
const { createBuffer, viewOf } = require('../views.js');
const contended = require('./contended.js');

/**
 * What does a mutex cost that no other thread wants?
 */

/** @typedef {{ view: import('../views.js').ViewKind }} Params */

const CELLS = 32;

/** One loop for each style. @type {Record<string, (mutex: any) => (pairs: number) => unknown>} */
const LOOPS = {
  pair: (/** @type {import('../rivals/index.js').PairMutex} */ mutex) => (pairs) => {
    for (let i = 0; i < pairs; i++) {
      mutex.lock();
      mutex.unlock();
    }
  },
  callback: (/** @type {import('../rivals/index.js').CallbackMutex} */ mutex) => (pairs) => {
    const nothing = () => {};
    for (let i = 0; i < pairs; i++) {
      mutex.exclusively(nothing);
    }
  },
  promise: (/** @type {import('../rivals/index.js').PromiseMutex} */ mutex) => async (pairs) => {
    const nothing = () => {};
    for (let i = 0; i < pairs; i++) {
      await mutex.exclusively(nothing);
    }
  },
};

/**
 * @param {string} id
 * @param {Params} params
 * @param {boolean} quick
 */
async function measure(id, { view }, quick) {
  const rival = loadRival(id);
  const cells = viewOf(view, createBuffer(view, CELLS));
  const mutex = makerOf(rival, 'mutex')(cells, 0, rival.share?.('mutex'));
  return { figure: await nanosecondsEach(LOOPS[rival.style](mutex), quick), extras: {} };
}

/**
 * A lock that is right must also exclude; only one that claims to be none is excused.
 * @param {string} id
 * @param {Params} params
 */
function check(id, { view }) {
  const workers = loadRival(id).singleThreaded ? 1 : 2;
  return contended.contendBriefly(id, { workers, inside: 0, outside: 0, view });
}

/** Those whose locks lie in the view. */
const IN_THE_VIEW = ['ours', 'bare-cas', 'hand-rolled', 'atomics'];

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'uncontended',
  title: 'lock() and unlock() of a mutex that no other thread wants',
  unit: 'ns a pair',
  better: 'lower',
  rivals: [...IN_THE_VIEW, 'v8', 'multithreading', 'web-locks', 'rust-std', 'rust-futex'],
  runs: 15,
  subject: 'view',
  limit: { rival: 'bare-cas', case: 'plain', title: 'x CAS pair, plain' },
  chart: { kind: 'bars', scale: 'log' },
  cases: () => [
    { label: 'plain', params: { view: 'plain' } },
    { label: 'growable, length-tracking', params: { view: 'growable' }, rivals: IN_THE_VIEW },
    { label: 'with a byteOffset', params: { view: 'offset' }, rivals: IN_THE_VIEW },
  ],
  check,
  measure,
};

module.exports = { question };
