// @ts-check
'use strict';

const threads = /** @type {any} */ (require('node:worker_threads'));

/**
 * Makes `postMessage` and `structuredClone` throw for an object, which would arrive as `{}`. Needs Node 22.10 or later.
 * @type {(object: object) => void}
 */
// eslint-disable-next-line n/no-unsupported-features/node-builtins -- does nothing if Node lacks it
const mark = threads.markAsUncloneable ?? (() => {});

/** What each constructor does with its object. */
let finish = mark;

module.exports = {
  /**
   * Each constructor of a primitive calls this with its object, as the last thing.
   * @param {object} primitive
   */
  markAsUncloneable(primitive) {
    finish(primitive);
  },
  /**
   * Calls `observe` with each primitive that is constructed from here on.
   * @param {(primitive: object) => void} observe
   */
  observeConstruction(observe) {
    const before = finish;
    finish = (primitive) => {
      before(primitive);
      observe(primitive);
    };
  },
};
