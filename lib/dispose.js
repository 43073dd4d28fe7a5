// @ts-check
'use strict';

const { defineProperty } = require('./intrinsics.js');

/**
 * Makes a class disposable, for `using`. Where the realm has no Symbol.dispose (a jest realm on Node 20 and 22), there
 * is nothing to define.
 *
 * Dispose of what is no longer owned is silent, so that leaving a block hides no error.
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
