// @ts-check
'use strict';

const { defineProperty } = require('./intrinsics.js');

/**
 * Makes a class disposable, for `using`. Does nothing if the realm has no Symbol.dispose (a jest realm on Node 20 and
 * 22).
 *
 * The `dispose` functions do nothing if the lock is no longer owned, so that they hide no error that leaves the block.
 *
 * @template T
 * @param {T} prototype
 * @param {(this: T) => void} dispose
 */
function defineDispose(prototype, dispose) {
  if (typeof Symbol.dispose !== 'symbol') return;
  defineProperty(prototype, Symbol.dispose, {
    configurable: true,
    writable: true,
    value: dispose,
  });
}

module.exports = { defineDispose };
