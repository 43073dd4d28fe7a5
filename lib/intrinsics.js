// @ts-check
'use strict';

// The globals that the package uses, read once when it is loaded, because programs replace globals and test runners replace
// the clock. Time limits are kept natively and use none of these.

const { compareExchange, load, or, store } = Atomics;
const { defineProperties, defineProperty, freeze, getOwnPropertyDescriptor, getPrototypeOf } =
  Object;
const { apply } = Reflect;

/** How long a pause is where the runtime has no Atomics.pause(): turns of an empty loop, about ten nanoseconds. */
const TURNS = 25;

function loop() {
  for (let turn = 0; turn < TURNS; turn++);
}

/**
 * Lets a little time pass between two attempts of a thread that spins. It gives the core to a thread that shares it, where the
 * runtime has Atomics.pause() for that.
 * @type {() => void}
 */
const pause = /** @type {any} */ (Atomics).pause ?? loop;

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
  pause,
  store,
};
