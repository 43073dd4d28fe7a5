// @ts-check
'use strict';

// Copies of messages, into the ring and out of it, and the memory of the received ones. A new Uint8Array with a buffer of
// its own costs more than all the rest of receiving a small message. So small ones are slices of a pool, which no message
// shares with another.

const { Buffer } = require('node:buffer');
const threads = /** @type {any} */ (require('node:worker_threads'));
const { ArrayBuffer, Int32Array, Uint8Array } = require('../intrinsics.js');
const { NONE } = require('./ring.js');

/** The bytes of the pool. */
const POOL = 64 * 1024;
/** The longest message in the pool. */
const MAX_POOLED = 4 * 1024;
/** Up to so many bytes, copying cell by cell is faster than a call of set(). */
const MAX_BY_CELLS = 128;
/** V8 keeps shorter typed arrays in its own heap, until their `buffer` is read: that moves them, for longer than all the rest takes. */
const MAX_IN_HEAP = 64;

/** `Buffer.prototype.copy`, called with the source first. It copies to any Uint8Array. */
const copyPart = Function.prototype.call.bind(Buffer.prototype.copy);
/**
 * From so many bytes on it is faster to copy a part of a Uint8Array by `copyPart`, which Node.js from 22 on does by memmove.
 * V8 copies to and from shared memory in a loop, 8 bytes at a time.
 */
const MIN_BY_PARTS = Number.parseInt(process.versions.node, 10) >= 22 ? 512 : Infinity;
/** From so many bytes on it is faster even if that takes two calls. */
const MIN_BY_TWO_PARTS = 4 * MIN_BY_PARTS;

/**
 * Where a thread gets a small message ready before it locks the ring, or has it until it is decoded.
 * @type {any}
 */
const stage = Buffer.alloc(4 * 1024);
/** So many UTF-16 units fit there, whatever they are. */
const MAX_STAGED_UNITS = Math.floor(stage.length / 3);
const stageCells = new Int32Array(stage.buffer, stage.byteOffset, stage.length / 4);

/** @typedef {{ words: Int32Array, bytes: Uint8Array }} Ring two views of the same memory */

/** @type {ArrayBuffer} */
let pool;
/** @type {Uint8Array} */
let poolBytes;
/** @type {Int32Array} */
let cells;
/** How much of the pool is used. */
let used = POOL;

function newPool() {
  pool = new ArrayBuffer(POOL);
  // A transferred slice would take the other messages of the pool with it.
  threads.markAsUntransferable(pool);
  poolBytes = new Uint8Array(pool);
  cells = new Int32Array(pool);
  used = 0;
}

/**
 * Reserves bytes in the pool. Returns the offset at which they begin: aligned as the payloads are, since that is what makes
 * copying fast.
 * @param {number} length
 */
function reserve(length) {
  const size = (length + 7) & ~7;
  if (used + size > POOL) newPool();
  const offset = used;
  used += size;
  return offset;
}

/**
 * Copies a message out of the ring, to the pool. Returns the offset at which it begins there, for `fromPool`.
 *
 * @param {Ring} ring
 * @param {number} at the cell at which the payload begins
 * @param {number} length in bytes, at most MAX_POOLED
 */
function copyToPool(ring, at, length) {
  const offset = reserve(length);
  if (length > MAX_BY_CELLS) {
    copyBytes(ring, at, length, poolBytes, offset);
  } else {
    const { words } = ring;
    const from = offset >> 2;
    const count = (length + 3) >> 2;
    for (let i = 0; i < count; i++) cells[from + i] = words[at + i];
  }
  return offset;
}

/**
 * The message that `copyToPool` has copied last.
 * @param {number} offset
 * @param {number} length
 */
const fromPool = (offset, length) => new Uint8Array(pool, offset, length);

/**
 * Copies records out of the ring, to the pool. Returns where they begin there.
 *
 * @param {Ring} ring
 * @param {number} at the cell at which the first record begins
 * @param {number} size in bytes
 */
function copyRun(ring, at, size) {
  const offset = reserve(size);
  copyBytes(ring, at, size, poolBytes, offset);
  return { buffer: pool, offset };
}

/**
 * Copies a message out of the ring.
 *
 * @param {Ring} ring
 * @param {number} at the cell at which the payload begins
 * @param {number} length in bytes
 * @param {boolean} own whether the message needs a buffer of its own
 * @returns {Uint8Array}
 */
function copyOut(ring, at, length, own) {
  if (!own && length <= MAX_POOLED) return fromPool(copyToPool(ring, at, length), length);
  const message = new Uint8Array(length);
  copyInto(ring, at, length, message);
  return message;
}

/**
 * Copies a message out of the ring, to the beginning of `target`.
 *
 * @param {Ring} ring
 * @param {number} at the cell at which the payload begins
 * @param {number} length in bytes
 * @param {Uint8Array} target
 */
function copyInto(ring, at, length, target) {
  copyBytes(ring, at, length, target, 0);
}

/**
 * @param {Ring} ring
 * @param {number} at the cell at which the bytes begin
 * @param {number} length
 * @param {Uint8Array} target
 * @param {number} offset in the target
 */
function copyBytes(ring, at, length, target, offset) {
  if (length >= MIN_BY_PARTS) {
    copyPart(ring.bytes, target, offset, at * 4, at * 4 + length);
  } else {
    // Not by subarray(), which takes longer.
    target.set(new Uint8Array(ring.words.buffer, ring.words.byteOffset + at * 4, length), offset);
  }
}

/**
 * Copies a message out of the ring, to the stage.
 *
 * @param {Ring} ring
 * @param {number} at the cell at which the payload begins
 * @param {number} length in bytes, at most those of the stage
 */
function copyToStage(ring, at, length) {
  if (length > MAX_BY_CELLS) {
    copyInto(ring, at, length, stage);
  } else {
    const { words } = ring;
    const count = (length + 3) >> 2;
    for (let i = 0; i < count; i++) stageCells[i] = words[at + i];
  }
}

/**
 * Copies what is on the stage into the ring.
 *
 * @param {Ring} ring
 * @param {number} at the cell at which the payload begins
 * @param {number} length in bytes
 */
function copyFromStage(ring, at, length) {
  if (length > MAX_BY_CELLS) {
    ring.bytes.set(new Uint8Array(stage.buffer, stage.byteOffset, length), at * 4);
  } else {
    const { words } = ring;
    const count = (length + 3) >> 2;
    for (let i = 0; i < count; i++) words[at + i] = stageCells[i];
  }
}

/**
 * Copies a message into the ring.
 *
 * @param {Ring} ring
 * @param {number} at the cell at which the payload begins
 * @param {number} length in bytes
 * @param {Uint8Array} bytes
 */
function copyIn(ring, at, length, bytes) {
  if (length <= MAX_IN_HEAP) {
    toStage(bytes);
    copyFromStage(ring, at, length);
  } else if (length >= MIN_BY_TWO_PARTS) {
    const last = length - 8;
    copyPart(bytes, ring.bytes, at * 4, 0, last);
    copyPart(bytes, ring.bytes, at * 4 + last, last, length);
  } else {
    ring.bytes.set(bytes, at * 4);
  }
}

/**
 * Copies a message of at most MAX_IN_HEAP bytes to the stage. Another thread may make it longer meanwhile: its first bytes
 * are those of the message all the same.
 * @param {Uint8Array} bytes
 */
function toStage(bytes) {
  stage.set(bytes);
}

/**
 * Writes a text to the stage, in UTF-8. Returns its bytes, or NONE if it may not fit.
 * @param {string | undefined} text
 * @returns {number}
 */
function toStageAsText(text) {
  return text !== undefined && text.length <= MAX_STAGED_UNITS ? stage.utf8Write(text) : NONE;
}

/**
 * Reads a text of so many bytes from the stage.
 * @param {number} length
 * @returns {string}
 */
function textFromStage(length) {
  return stage.utf8Slice(0, length);
}

module.exports = {
  MAX_IN_HEAP,
  MAX_POOLED,
  MAX_STAGED: stage.length,
  copyFromStage,
  copyIn,
  copyInto,
  copyOut,
  copyRun,
  copyToPool,
  copyToStage,
  fromPool,
  textFromStage,
  toStage,
  toStageAsText,
};
