// @ts-check
'use strict';

const { FOLDED } = require('./table.js');

const HASH_SEED = 0x811c9dc5; // FNV-1a
const HASH_FACTOR = 0x01000193;

/**
 * Counts the words that begin in a block of the text. One that goes on past its end is read to its own end, and one that
 * began before it belongs to the block before.
 *
 * @param {Uint8Array} text
 * @param {number} start
 * @param {number} end
 * @param {import('./table.js').WordTable} table
 */
function countWords(text, start, end, table) {
  let i = start;
  if (i > 0 && FOLDED[text[i - 1]] !== 0) {
    while (i < end && FOLDED[text[i]] !== 0) i++;
  }
  for (;;) {
    while (i < end && FOLDED[text[i]] === 0) i++;
    if (i >= end) return;
    const first = i;
    let hash = HASH_SEED;
    for (; i < text.length; i++) {
      const letter = FOLDED[text[i]];
      if (letter === 0) break;
      hash = Math.imul(hash ^ letter, HASH_FACTOR);
    }
    hash ^= hash >>> 15; // the low bits choose the slot
    table.add(hash >>> 0, first, i - first, 1);
  }
}

module.exports = { countWords };
