// @ts-check
'use strict';

/**
 * The limit: the two atomic instructions without which no lock can be acquired and released. It does not exclude a second
 * thread, so it only answers questions about one.
 */
class CasPair {
  /**
   * @param {Int32Array} view
   * @param {number} index
   */
  constructor(view, index) {
    this.view = view;
    this.index = index;
  }

  lock() {
    Atomics.compareExchange(this.view, this.index, 0, 1);
  }

  tryLock() {
    return Atomics.compareExchange(this.view, this.index, 0, 1) === 0;
  }

  unlock() {
    Atomics.compareExchange(this.view, this.index, 1, 0);
  }
}

/** @type {import('./index.js').Rival} */
module.exports = {
  name: 'bare CAS pair',
  style: 'pair',
  singleThreaded: true,
  mutex: (view, index) => new CasPair(view, index),
  semaphore(view, index) {
    const pair = new CasPair(view, index);
    return { acquire: () => pair.lock(), release: () => pair.unlock() };
  },
  event(view, index) {
    const pair = new CasPair(view, index);
    return { set: () => pair.lock(), wait: () => pair.unlock() };
  },
  rwLock(view, index) {
    const pair = new CasPair(view, index);
    const [take, give] = [() => pair.lock(), () => pair.unlock()];
    return { read: take, unlockRead: give, write: take, unlockWrite: give };
  },
};
