// @ts-check
'use strict';

// The globals that the package uses, read once when it is loaded, because programs replace globals and test runners replace
// the clock. Time limits are kept natively and use none of these.

const { compareExchange, load, or, store } = Atomics;
const { defineProperties, defineProperty, freeze, getOwnPropertyDescriptor, getPrototypeOf } =
  Object;
const { apply } = Reflect;

module.exports = {
  /** Missing in a bare realm of `vm`. */
  AbortController: globalThis.AbortController,
  ArrayBuffer,
  Date,
  FinalizationRegistry,
  Int32Array,
  Map,
  Promise,
  Set,
  SharedArrayBuffer,
  Uint8Array,
  WeakMap,
  apply,
  compareExchange,
  defineProperties,
  defineProperty,
  emitWarning: process.emitWarning,
  freeze,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  load,
  or,
  store,
};
