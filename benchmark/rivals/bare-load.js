// @ts-check
'use strict';

/** The limit of what only has to look: one atomic load. It waits for nobody, so it only answers questions about one thread. */

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
