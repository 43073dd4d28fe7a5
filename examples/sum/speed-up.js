// @ts-check
'use strict';

const assert = require('node:assert/strict');
const { sumBlocks } = require('./sum-blocks.js');

const SAMPLE_BYTES = 64 * 1024 ** 2;
const ROUNDS = 3;

/** The first blocks of the input, kept to be summed again: standard input cannot be read twice. */
class Sample {
  /** @type {import('./ring.js').Block[]} */
  #blocks = [];
  /** How many bytes of input have passed through, beyond the sample, too. */
  bytes = 0;

  get isEmpty() {
    return this.#blocks.length === 0;
  }

  /**
   * Passes blocks on and keeps a copy of the first ones.
   *
   * @param {Iterable<import('./ring.js').Block> | AsyncIterable<import('./ring.js').Block>} blocks
   */
  async *keep(blocks) {
    for await (const block of blocks) {
      if (this.bytes < SAMPLE_BYTES) {
        this.#blocks.push({ ...block, bytes: block.bytes && new Uint8Array(block.bytes) });
      }
      this.bytes += block.length;
      yield block;
    }
  }

  /**
   * Sums the sample by one worker and by all, in turn. Returns the best times of each: other programs run, too.
   *
   * @param {number} workers
   * @param {string[]} files
   */
  async measure(workers, files) {
    const best = { one: Infinity, all: Infinity };
    for (let round = 0; round < ROUNDS; round++) {
      const one = await sumBlocks(1, files, this.#blocks);
      const all = await sumBlocks(workers, files, this.#blocks);
      assert.equal(all.sum, one.sum, 'several workers find the same sum as one');
      best.one = Math.min(best.one, one.ms);
      best.all = Math.min(best.all, all.ms);
    }
    return best;
  }
}

module.exports = { ROUNDS, SAMPLE_BYTES, Sample };
