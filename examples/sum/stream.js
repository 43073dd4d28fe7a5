// @ts-check
'use strict';

const fs = require('node:fs');
const net = require('node:net');
const { CommandError } = require('../../scripts/command.js');
const { BLOCK_BYTES } = require('./layouts.js');
const { isSpace } = require('./numbers.js');

/** The name that stands for standard input. */
const STDIN = '-';

/** @param {string} file */
const nameOf = (file) => (file === STDIN ? 'standard input' : file);

/**
 * Reads input of unknown size in blocks that end between two numbers. The bytes of a block are valid until the next block is
 * requested.
 *
 * @param {number} file
 * @param {string} name
 * @returns {AsyncGenerator<import('./ring.js').Block>}
 */
async function* readStream(file, name) {
  const buffer = Buffer.alloc(BLOCK_BYTES);
  let used = 0;
  let offset = 0; // of the buffer in the stream
  for await (let chunk of chunksOf(name)) {
    while (chunk.length > 0) {
      const copied = chunk.copy(buffer, used);
      chunk = chunk.subarray(copied);
      used += copied;
      if (used < BLOCK_BYTES) break;

      let end = BLOCK_BYTES;
      while (end > 0 && !isSpace(buffer[end - 1])) end--;
      if (end === 0) end = BLOCK_BYTES; // no space at all: the worker reports that the number is too long
      yield { file, offset, length: end, bytes: buffer.subarray(0, end) };
      used = buffer.copy(buffer, 0, end);
      offset += end;
    }
  }
  if (used > 0) yield { file, offset, length: used, bytes: buffer.subarray(0, used) };
}

/**
 * @param {string} name
 * @returns {AsyncGenerator<Buffer>}
 */
async function* chunksOf(name) {
  try {
    yield* open(name);
  } catch (error) {
    throw new CommandError(`${nameOf(name)}: ${/** @type {Error} */ (error).message}`);
  }
}

/** @param {string} name */
function open(name) {
  if (name === STDIN) return process.stdin;
  // A named pipe is read as a socket: reading it as a file blocks a thread of libuv, and process.exit() waits for that thread.
  if (fs.statSync(name).isFIFO()) {
    return new net.Socket({ fd: fs.openSync(name, 'r'), readable: true });
  }
  return fs.createReadStream(name);
}

module.exports = { STDIN, nameOf, readStream };
