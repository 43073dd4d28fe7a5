// @ts-check
'use strict';

const { Barrier, Condition, Latch, Mutex, RwLock, Semaphore } = require('../../index.js');

/** @type {import('./index.js').Rival} */
module.exports = {
  name: 'ours',
  style: 'pair',
  mutex: (view, index) => new Mutex(view, index),
  condition: (view, index) => new Condition(view, index),
  barrier: (view, index, total) => new Barrier(view, index, total),
  semaphore: (view, index, permits) => new Semaphore(view, index, permits),
  latch: (view, index) => new Latch(view, index),
  rwLock: (view, index) => new RwLock(view, index),
  limitedWait(view, index) {
    const latch = new Latch(view, index);
    return (ms) => latch.tryAwait(ms);
  },
  lockAsync(view, index) {
    const mutex = new Mutex(view, index);
    return () => mutex.lockAsync({ ref: true });
  },
};
