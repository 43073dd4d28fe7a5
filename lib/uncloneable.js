// @ts-check
'use strict';

const threads = /** @type {any} */ (require('node:worker_threads'));

/**
 * Has `postMessage` and `structuredClone` refuse an object, which would arrive as `{}`. Known to Node from 22.10 on.
 * @type {(object: object) => void}
 */
// eslint-disable-next-line n/no-unsupported-features/node-builtins -- does nothing where Node does not know it
const markAsUncloneable = threads.markAsUncloneable ?? (() => {});

module.exports = { markAsUncloneable };
