// @ts-check
'use strict';

/**
 * Fresh cells in shared memory.
 *
 * @param {number} [length]
 */
const cells = (length = 16) => new Int32Array(new SharedArrayBuffer(4 * length));

module.exports = { cells };
