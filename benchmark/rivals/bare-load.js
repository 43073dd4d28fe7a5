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
  once(view, index) {
    return {
      run(fn) {
        if (Atomics.load(view, index) === 1) return false;
        fn();
        Atomics.store(view, index, 1);
        return true;
      },
    };
  },
  latch(view, index) {
    return { await: () => Atomics.load(view, index), release: () => Atomics.store(view, index, 1) };
  },
};
