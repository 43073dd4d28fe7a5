// @ts-check
'use strict';

const fs = require('node:fs');
const { CommandError } = require('../../scripts/command.js');
const { BLOCK_BYTES } = require('./layouts.js');
const { MAX_NUMBER_BYTES, isSpace } = require('./numbers.js');

/**
 * Reads blocks of files. A block consists of the numbers that begin in it: one that began before it is skipped, the last one is
 * read to its end.
 */
class BlockReader {
  #file = '';
  #fd = -1;
  #buffer = Buffer.alloc(1 + BLOCK_BYTES + MAX_NUMBER_BYTES);

  /**
   * Returns the bytes, valid until the next call, and how many were skipped.
   *
   * @param {string} file
   * @param {number} offset
   * @param {number} length
   */
  read(file, offset, length) {
    const before = Math.min(offset, 1); // the byte before the block shows whether a number goes on into it
    const bytes = this.#readFrom(file, offset - before, before + length + MAX_NUMBER_BYTES);
    if (bytes.length < before + length) {
      throw new CommandError(`${file} became shorter while it was read`);
    }
    const start = before === 0 ? 0 : endOfNumber(bytes, 0);
    const end = endOfNumber(bytes, before + length - 1);
    return { bytes: bytes.subarray(start, end), skipped: start - before };
  }

  /**
   * Reads up to `length` bytes: fewer at the end of the file.
   *
   * @param {string} file
   * @param {number} position
   * @param {number} length
   */
  #readFrom(file, position, length) {
    let size = 0;
    try {
      this.#open(file);
      for (let read = -1; read !== 0 && size < length; size += read) {
        read = fs.readSync(this.#fd, this.#buffer, size, length - size, position + size);
      }
    } catch (error) {
      throw new CommandError(`${file}: ${/** @type {Error} */ (error).message}`);
    }
    return this.#buffer.subarray(0, size);
  }

  /** @param {string} file */
  #open(file) {
    if (file === this.#file) return;
    if (this.#fd !== -1) fs.closeSync(this.#fd);
    this.#fd = -1;
    this.#fd = fs.openSync(file, 'r');
    this.#file = file;
  }
}

/**
 * @param {Buffer} bytes
 * @param {number} from
 */
function endOfNumber(bytes, from) {
  let i = from;
  while (i < bytes.length && !isSpace(bytes[i])) i++;
  return i;
}

module.exports = { BlockReader };
