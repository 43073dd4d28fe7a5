// @ts-check
'use strict';

const { buildNative, runNative } = require('../harness/native.js');

/** The same work in Rust, on the bare system call: the limit of what sleeps in the kernel. */

/** @type {import('./index.js').Rival} */
module.exports = {
  name: 'bare futex (Rust)',
  style: 'program',
  prepare: () =>
    process.platform === 'linux' ? buildNative() : 'not on this system: only Linux has them',
  carryOut: (order) => runNative('futex', order),
};
