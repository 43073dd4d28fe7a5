// @ts-check
'use strict';

const { Mutex } = require('../../index.js');

/** So long that no wait reaches it. */
const LIMIT_MS = 60_000;

/** Our mutex with a time limit at each wait: such a wait is never part of a cycle, so no search for one starts. */
class LimitedMutex {
  /**
   * @param {Int32Array} view
   * @param {number} index
   */
  constructor(view, index) {
    this.mutex = new Mutex(view, index);
  }

  lock() {
    if (!this.mutex.tryLock(LIMIT_MS)) throw new Error('a wait has reached its limit');
  }

  unlock() {
    this.mutex.unlock();
  }
}

/** @type {import('./index.js').Rival} */
module.exports = {
  name: 'ours, with a limit',
  style: 'pair',
  mutex: (view, index) => new LimitedMutex(view, index),
};
