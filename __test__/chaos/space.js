// @ts-check
'use strict';

/** Reserves cells of the shared memory while the plan is made. The memory itself is allocated afterwards. */
class Space {
  /** The number of reserved cells. */
  size = 0;

  /**
   * Reserves adjacent cells, and returns the index of the first.
   *
   * @param {number} cells
   */
  take(cells) {
    const first = this.size;
    this.size += cells;
    return first;
  }

  /** Reserves a cell for a primitive. Some share their cache line with other cells, and some do not. */
  takePrimitive() {
    if (this.size % 3 === 0) this.size = Math.ceil(this.size / 16) * 16;
    return this.take(1);
  }
}

module.exports = { Space };
