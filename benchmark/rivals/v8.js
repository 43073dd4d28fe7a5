// @ts-check
'use strict';

/**
 * V8's own mutex and condition, an experiment behind a flag. They lie in a heap shared by all threads, not in a view, and
 * the mutex knows no unlock: the critical section is a callback.
 */

// Not in TypeScript's library: these exist under the flag only.
const { Atomics: atomics, SharedStructType } = /** @type {any} */ (globalThis);

/** @type {Record<string, () => unknown>} */
const MADE = {
  mutex: () => new atomics.Mutex(),
  condition: () => new atomics.Condition(),
};

/** @type {import('./index.js').Rival} */
module.exports = {
  name: "V8's Atomics.Mutex",
  style: 'callback',
  nodeFlags: ['--harmony-struct'],
  isAvailable: () => typeof atomics.Mutex === 'function' && typeof SharedStructType === 'function',
  share(kind) {
    const Holder = SharedStructType(['made']);
    const holder = new Holder();
    holder.made = MADE[kind]();
    return holder;
  },
  mutex(_view, _index, holder) {
    const { made } = /** @type {any} */ (holder);
    return {
      made,
      /** @param {() => void} section */
      exclusively: (section) => atomics.Mutex.lock(made, section),
      /** @param {() => void} section */
      tryExclusively(section) {
        const answer = atomics.Mutex.tryLock(made, section);
        // Newer versions answer with an object.
        return answer === true || answer.success === true;
      },
    };
  },
  condition(_view, _index, holder) {
    const { made } = /** @type {any} */ (holder);
    return {
      wait(mutex, predicate) {
        while (!predicate()) atomics.Condition.wait(made, mutex.made);
      },
      notify: () => atomics.Condition.notify(made, 1),
      notifyAll: () => atomics.Condition.notify(made),
    };
  },
};
