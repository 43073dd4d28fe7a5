// @ts-check
'use strict';

// The globals that the package uses, read once when it is loaded, because programs replace globals and test runners replace
// the clock. Time limits are kept natively and use none of these.

const { compareExchange, load } = Atomics;
const { defineProperties, defineProperty, freeze, getOwnPropertyDescriptor, getPrototypeOf } =
  Object;
const { apply } = Reflect;

module.exports = {
  Date,
  FinalizationRegistry,
  Int32Array,
  Map,
  Promise,
  Set,
  SharedArrayBuffer,
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
};
