// @ts-check
'use strict';

/**
 * Something for the processor to do that it cannot leave out.
 * @param {number} turns
 * @param {number} seed
 */
function toil(turns, seed) {
  let x = seed;
  for (let i = 0; i < turns; i++) {
    x = (Math.imul(x, 1103515245) + 12345) | 0;
  }
  return x;
}

module.exports = { toil };
