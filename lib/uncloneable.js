// @ts-check
'use strict';

const threads = /** @type {any} */ (require('node:worker_threads'));

/**
 * Makes `postMessage` and `structuredClone` throw for an object, which would arrive as `{}`. Needs Node 22.10 or later.
 * @type {(object: object) => void}
 */
// eslint-disable-next-line n/no-unsupported-features/node-builtins -- does nothing if Node lacks it
const markAsUncloneable = threads.markAsUncloneable ?? (() => {});

module.exports = { markAsUncloneable };
