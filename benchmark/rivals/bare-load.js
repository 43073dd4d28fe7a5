// @ts-check
'use strict';

/** The limit of a call that only reads: one atomic load. It never waits, so it only answers questions about one thread. */

/** @type {import('./index.js').Rival} */
module.exports = {
  name: 'bare load',
  style: 'pair',
  singleThreaded: true,
  condition(view, index) {
    const look = () => Atomics.load(view, index);
    return { wait: look, notify: look, notifyAll: look };
  },
  latch(view, index) {
    return { await: () => Atomics.load(view, index), release: () => Atomics.store(view, index, 1) };
  },
};
