// @ts-check
'use strict';

/** A place where threads wait for each other, as often as they like, each time as many. Over one cell of zeros. */
class Meeting {
  #left = 0;

  /**
   * @param {Int32Array} cells
   * @param {number} cell
   * @param {number} size how many threads
   */
  constructor(cells, cell, size) {
    this.cells = cells;
    this.cell = cell;
    this.size = size;
  }

  /** Waits until all threads have called this as often. */
  meet() {
    const { cells, cell, size } = this;
    this.#left += size;
    let arrived = Atomics.add(cells, cell, 1) + 1;
    if (arrived === this.#left) Atomics.notify(cells, cell);
    for (; arrived < this.#left; arrived = Atomics.load(cells, cell)) {
      Atomics.wait(cells, cell, arrived);
    }
  }
}

module.exports = { Meeting };
