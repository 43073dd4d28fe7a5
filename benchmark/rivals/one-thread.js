// @ts-check
'use strict';

/** All of the work in one thread. */

/** @type {import('./index.js').Rival} */
module.exports = { name: 'one thread', style: 'alone', singleThreaded: true };
