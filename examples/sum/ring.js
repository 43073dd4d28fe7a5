// @ts-check
'use strict';

const { addSum, Sum } = require('./compensated-sum.js');
const { BLOCK_BYTES, Cell, Field } = require('./layouts.js');

/**
 * A part of the input. Without `bytes` it is a part of a file, which the worker reads.
 *
 * @typedef {{ file: number, offset: number, length: number, bytes?: Uint8Array }} Block
 */

/**
 * A ring of blocks in shared memory. Blocks are numbered from 0; block n has place n modulo the number of places. All methods
 * except block() are called with the mutex owned: put() after hasRoom(), take() after hasBlock().
 */
class Ring {
  /** @param {import('./layouts.js').SumMemory} memory */
  constructor(memory) {
    this.memory = memory;
    this.places = memory.bytes.length / BLOCK_BYTES;
  }

  get isClosed() {
    return this.memory.cells[Cell.CLOSED] === 1;
  }

  /** How many blocks are added to the total. */
  get added() {
    return this.memory.cells[Cell.ADDED];
  }

  hasRoom = () => this.memory.cells[Cell.FILLED] - this.added < this.places;
  hasBlock = () => this.memory.cells[Cell.TAKEN] < this.memory.cells[Cell.FILLED];

  /** @param {Block} block */
  put({ file, offset, length, bytes }) {
    const { cells, fields, bytes: ringBytes } = this.memory;
    const place = cells[Cell.FILLED] % this.places;
    const field = place * Field.COUNT;
    if (bytes) ringBytes.set(bytes, place * BLOCK_BYTES);
    fields[field + Field.FILE] = file;
    fields[field + Field.OFFSET] = offset;
    fields[field + Field.LENGTH] = length;
    fields[field + Field.HAS_BYTES] = bytes ? 1 : 0;
    cells[Cell.FILLED]++;
  }

  close() {
    this.memory.cells[Cell.CLOSED] = 1;
  }

  /** Returns the number of the block that now belongs to the caller. */
  take() {
    return this.memory.cells[Cell.TAKEN]++;
  }

  /**
   * The block of this number, for the worker that has taken it. The bytes are not copied.
   *
   * @param {number} number
   */
  block(number) {
    const { fields, bytes } = this.memory;
    const place = number % this.places;
    const field = place * Field.COUNT;
    const length = fields[field + Field.LENGTH];
    const start = bytes.byteOffset + place * BLOCK_BYTES;
    const hasBytes = fields[field + Field.HAS_BYTES] === 1;
    return {
      file: fields[field + Field.FILE],
      offset: fields[field + Field.OFFSET],
      length,
      bytes: hasBytes ? Buffer.from(bytes.buffer, start, length) : undefined,
    };
  }

  /**
   * Stores the sum of a block. Then adds to the total, in the order of the blocks, each sum whose turn has come. The order makes
   * the total the same to the last bit whichever worker is faster.
   *
   * @param {number} number
   * @param {Float64Array} sum
   */
  addInOrder(number, sum) {
    const { cells, fields, sums, total } = this.memory;
    const summedField = (/** @type {number} */ n) => (n % this.places) * Field.COUNT + Field.SUMMED;
    sums.set(sum, (number % this.places) * Sum.COUNT);
    fields[summedField(number)] = 1;
    for (; fields[summedField(this.added)] === 1; cells[Cell.ADDED]++) {
      const first = (this.added % this.places) * Sum.COUNT;
      fields[summedField(this.added)] = 0;
      addSum(total, sums.subarray(first, first + Sum.COUNT));
    }
  }
}

module.exports = { Ring };
