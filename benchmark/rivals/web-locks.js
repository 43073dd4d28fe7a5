// @ts-check
'use strict';

/* eslint-disable n/no-unsupported-features/node-builtins -- where they are missing, this rival is */

/** The Web Locks API of Node 24.5 and later: locks by name, in no shared memory, always by promise. */

// Not in the types of the Node that this is checked with.
const { locks } = /** @type {any} */ (require('node:worker_threads'));

/** @type {import('./index.js').Rival} */
module.exports = {
  name: 'Web Locks',
  style: 'promise',
  isAvailable: () => typeof locks?.request === 'function',
  mutex(_view, index) {
    const name = `mutex ${index}`;
    return {
      /** @param {() => unknown} section */
      exclusively: (section) => locks.request(name, section),
    };
  },
  lockAsync: (_view, index) => (signal) =>
    new Promise((resolve, reject) => {
      const hold = () => new Promise((release) => resolve({ release: () => release(undefined) }));
      locks.request(`mutex ${index}`, { signal }, hold).catch(reject);
    }),
};
