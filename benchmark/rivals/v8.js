// @ts-check
'use strict';

/**
 * V8's own mutex, an experiment behind a flag. It lies in a heap shared by all threads, not in a view,
 * and it knows no unlock: the critical section is a callback.
 */

// Not in TypeScript's library: `Atomics.Mutex` and `SharedStructType` exist under the flag only.
const { Atomics: atomics, SharedStructType } = /** @type {any} */ (globalThis);

/** @type {import('./index.js').Rival} */
module.exports = {
  name: "V8's Atomics.Mutex",
  style: 'callback',
  nodeFlags: ['--harmony-struct'],
  isAvailable: () => typeof atomics.Mutex === 'function' && typeof SharedStructType === 'function',
  shareMutex() {
    const Holder = SharedStructType(['mutex']);
    const holder = new Holder();
    holder.mutex = new atomics.Mutex();
    return holder;
  },
  mutex(_view, _index, holder) {
    const { mutex } = /** @type {any} */ (holder);
    return {
      /** @param {() => void} section */
      exclusively: (section) => atomics.Mutex.lock(mutex, section),
    };
  },
};
