// @ts-check
'use strict';

const { buildNative, runNative } = require('../harness/native.js');

/** The same work in Rust, on the primitives of its standard library: what is left of a lock where there is no JavaScript. */

/** @type {import('./index.js').Rival} */
module.exports = {
  name: "Rust's std::sync",
  style: 'program',
  prepare: buildNative,
  carryOut: (order) => runNative('std', order),
};
