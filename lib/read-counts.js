// @ts-check
'use strict';

// Where this thread counts its reads of RwLocks: in chunks of slots. The native side makes them, and reads them when the
// thread ends. See src/node/read_counts.rs.

const { Int32Array } = require('./intrinsics.js');
const { native } = require('./realm.js');

const SLOTS = native.READ_SLOTS;
const STRIDE = native.READ_STRIDE;
/** The offset in a slot of the count of the thread's own reads. */
const OWN = native.READ_OWN;
/** The offset in a slot of its generation. */
const GENERATION = native.READ_GENERATION;

/**
 * The slot of a lock. It is valid while its generation stays the same.
 *
 * @typedef {object} Slot
 * @property {Int32Array} counts the numbers of the chunk
 * @property {Array<Int32Array | undefined>} cells for each slot of the chunk the cell of its lock, while own
 *   reads are counted
 * @property {number} place the index of the slot in the chunk
 * @property {number} own the index in `counts` of the count of own reads
 * @property {number} generationAt the index in `counts` of the generation
 * @property {number} generation
 */

/** The slot before the first read. Its generation is never valid. @type {Slot} */
const NO_SLOT = {
  counts: new Int32Array(STRIDE),
  cells: [],
  place: 0,
  own: OWN,
  generationAt: GENERATION,
  generation: -1,
};

/** @type {Array<[Int32Array, Array<Int32Array | undefined>]>} */
const chunks = [];

/**
 * Returns the slot in which this thread counts its reads of the lock in a cell.
 * @param {Int32Array} cell
 * @returns {Slot}
 */
function slotOf(cell) {
  const slot = native.readSlot(cell);
  const chunk = Math.floor(slot / SLOTS);
  const place = slot % SLOTS;
  const [counts, cells] = (chunks[chunk] ??= native.readChunk(chunk));
  const generationAt = place * STRIDE + GENERATION;
  return {
    counts,
    cells,
    place,
    own: place * STRIDE + OWN,
    generationAt,
    generation: counts[generationAt],
  };
}

module.exports = { NO_SLOT, slotOf };
