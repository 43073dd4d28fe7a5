// @ts-check
'use strict';

const { buildNative, runNative } = require('../harness/native.js');

/** The same work in Rust, over the channels of crossbeam: what is left of a queue where there is no JavaScript. */

/** @type {import('./index.js').Rival} */
module.exports = {
  name: 'crossbeam-channel (Rust)',
  style: 'program',
  prepare: buildNative,
  carryOut: (order) => runNative('crossbeam', order),
};
