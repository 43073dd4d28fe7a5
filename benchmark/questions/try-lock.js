// @ts-check
'use strict';

const { nanosecondsEach } = require('../harness/nanoseconds.js');
const { loadRival, makerOf } = require('../rivals/index.js');

/**
 * What does it cost to try for a mutex that is free, and to give it back?
 */

/** @type {Record<string, (mutex: any) => (pairs: number) => unknown>} */
const LOOPS = {
  pair: (/** @type {Required<import('../rivals/index.js').PairMutex>} */ mutex) => (pairs) => {
    for (let i = 0; i < pairs; i++) {
      if (mutex.tryLock()) mutex.unlock();
    }
  },
  callback:
    (/** @type {Required<import('../rivals/index.js').CallbackMutex>} */ mutex) => (pairs) => {
      const nothing = () => {};
      for (let i = 0; i < pairs; i++) {
        mutex.tryExclusively(nothing);
      }
    },
};

/** Whether a try succeeds, with another try inside of it: that must fail. @type {Record<string, (mutex: any) => boolean>} */
const TRIES = {
  pair(mutex) {
    const isMine = mutex.tryLock();
    const isMineTwice = mutex.tryLock();
    if (isMine) mutex.unlock();
    return isMine && !isMineTwice;
  },
  callback(mutex) {
    let isMineTwice = false;
    const again = () => (isMineTwice = mutex.tryExclusively(() => {}));
    return mutex.tryExclusively(again) && !isMineTwice;
  },
};

/** @param {string} id */
function create(id) {
  const rival = loadRival(id);
  const cells = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  return { style: rival.style, mutex: makerOf(rival, 'mutex')(cells, 0, rival.share?.('mutex')) };
}

/** @param {string} id */
function check(id) {
  const { style, mutex } = create(id);
  for (let i = 0; i < 3; i++) {
    if (!TRIES[style](mutex)) throw new Error('wrong: not locked, or locked twice');
  }
}

/**
 * @param {string} id
 * @param {object} _params
 * @param {boolean} quick
 */
async function measure(id, _params, quick) {
  const { style, mutex } = create(id);
  return { figure: await nanosecondsEach(LOOPS[style](mutex), quick), extras: {} };
}

/** @type {import('./index.js').Question<Record<string, never>>} */
const question = {
  name: 'try-lock',
  title: 'tryLock() and unlock() of a mutex that is free',
  unit: 'ns a pair',
  better: 'lower',
  rivals: ['ours', 'bare-cas', 'atomics', 'v8', 'rust-std', 'rust-futex'],
  runs: 9,
  subject: 'mutex',
  limit: { rival: 'bare-cas', case: 'free', title: 'x CAS pair' },
  chart: { kind: 'bars' },
  cases: () => [{ label: 'free', params: {} }],
  check,
  measure,
};

module.exports = { question };
