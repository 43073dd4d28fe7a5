// @ts-check
'use strict';

// Where this thread counts its reads of RwLocks: in chunks of slots, which the native side makes and looks at when the
// thread ends. See src/node/read_counts.rs.

const { Int32Array } = require('./intrinsics.js');
const { native } = require('./realm.js');

const SLOTS = native.READ_SLOTS;
const STRIDE = native.READ_STRIDE;
/** Where in a slot the reads of the thread itself are counted. */
const OWN = native.READ_OWN;
/** Where in a slot its generation stands. */
const GENERATION = native.READ_GENERATION;

/**
 * The slot of a lock, as long as its generation is the same.
 *
 * @typedef {object} Slot
 * @property {Int32Array} counts the numbers of the chunk
 * @property {Array<Int32Array | undefined>} cells the cells of the chunk whose own reads are counted now
 * @property {number} place where in the chunk the slot is
 * @property {number} own where in `counts` its own reads are counted
 * @property {number} generationAt where in `counts` its generation stands
 * @property {number} generation
 */

/** The slot of a lock that has not asked for one. @type {Slot} */
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
 * The slot in which this thread counts its reads of the lock in a cell.
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
