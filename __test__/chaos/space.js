// @ts-check
'use strict';

/** Gives out cells of the shared memory while the plan is made; the memory itself is allocated afterwards. */
class Space {
  /** How many cells have been given out. */
  size = 0;

  /**
   * The first of so many adjacent cells.
   *
   * @param {number} cells
   */
  take(cells) {
    const first = this.size;
    this.size += cells;
    return first;
  }

  /** A cell for a primitive, some of them with others on their cache line and some not. */
  takePrimitive() {
    if (this.size % 3 === 0) this.size = Math.ceil(this.size / 16) * 16;
    return this.take(1);
  }
}

module.exports = { Space };
