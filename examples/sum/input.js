// @ts-check
'use strict';

const fs = require('node:fs');
const { CommandError, UsageError } = require('../../scripts/command.js');
const { BLOCK_BYTES } = require('./layouts.js');
const { STDIN, nameOf, readStream } = require('./stream.js');

/**
 * Checks all files before any work is done.
 *
 * @param {string[]} files
 * @returns {number[]} the size of each file, NaN if it is unknown: a pipe, a device, a file of /proc
 */
function sizesOf(files) {
  if (files.indexOf(STDIN) !== files.lastIndexOf(STDIN)) {
    throw new UsageError('standard input can be read only once');
  }
  return files.map((file) => {
    try {
      const stats = file === STDIN ? fs.fstatSync(0) : fs.statSync(file);
      if (stats.isDirectory()) throw new Error(`${nameOf(file)} is a directory`);
      if (file !== STDIN) fs.accessSync(file, fs.constants.R_OK);
      return file !== STDIN && stats.isFile() && stats.size > 0 ? stats.size : NaN;
    } catch (error) {
      throw new CommandError(/** @type {Error} */ (error).message);
    }
  });
}

/**
 * Divides files into blocks. Those of a file with a known size are read by the workers.
 *
 * @param {string[]} files
 * @param {number[]} sizes
 * @returns {AsyncGenerator<import('./ring.js').Block>}
 */
async function* divide(files, sizes) {
  for (const [file, size] of sizes.entries()) {
    if (Number.isNaN(size)) yield* readStream(file, files[file]);
    for (let offset = 0; offset < size; offset += BLOCK_BYTES) {
      yield { file, offset, length: Math.min(BLOCK_BYTES, size - offset) };
    }
  }
}

/** The numbers in a generated block: with at most 8 digits and a space each they fit. */
const GENERATED_NUMBERS = 20_000;

/**
 * Generates the integers from 1 to `last` as text.
 *
 * @param {number} last
 * @returns {Generator<import('./ring.js').Block>}
 */
function* generate(last) {
  for (let first = 1, offset = 0; first <= last; first += GENERATED_NUMBERS) {
    const length = Math.min(GENERATED_NUMBERS, last - first + 1);
    const bytes = Buffer.from(`${Array.from({ length }, (_, i) => first + i).join(' ')} `);
    yield { file: 0, offset, length: bytes.length, bytes };
    offset += bytes.length;
  }
}

module.exports = { divide, generate, sizesOf };
