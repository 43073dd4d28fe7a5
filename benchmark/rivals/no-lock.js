// @ts-check
'use strict';

/** No lock at all: the same work, with nobody excluded. For what a lock costs those who do something else meanwhile. */
const nothing = { lock() {}, unlock() {} };

/** @type {import('./index.js').Rival} */
module.exports = {
  name: 'no lock',
  style: 'pair',
  singleThreaded: true,
  mutex: () => nothing,
};
