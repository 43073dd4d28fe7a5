// @ts-check
'use strict';

/** No lock at all: the same work without exclusion. Shows what a lock costs the threads that do something else meanwhile. */
const nothing = { lock() {}, unlock() {} };

/** @type {import('./index.js').Rival} */
module.exports = {
  name: 'no lock',
  style: 'pair',
  singleThreaded: true,
  mutex: () => nothing,
};
