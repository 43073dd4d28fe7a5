// @ts-check
'use strict';

/**
 * The kinds of view that a user may bring. They cost differently: through one that tracks the length
 * of a growable buffer every access reads that length first.
 */

const CELL = Int32Array.BYTES_PER_ELEMENT;
const LINE = 128;

/** @typedef {'plain' | 'growable' | 'offset'} ViewKind */

/** @type {Record<ViewKind, (cells: number) => SharedArrayBuffer>} */
const BUFFERS = {
  plain: (cells) => new SharedArrayBuffer(cells * CELL),
  growable: (cells) =>
    // `maxByteLength` is younger than the library that TypeScript checks against.
    new /** @type {any} */ (SharedArrayBuffer)(cells * CELL, { maxByteLength: 2 * cells * CELL }),
  offset: (cells) => new SharedArrayBuffer(LINE + cells * CELL),
};

/**
 * @param {ViewKind} kind
 * @param {number} cells
 */
function createBuffer(kind, cells) {
  return BUFFERS[kind](cells);
}

/**
 * @param {ViewKind} kind
 * @param {SharedArrayBuffer} buffer one made for this kind
 */
function viewOf(kind, buffer) {
  return kind === 'offset' ? new Int32Array(buffer, LINE) : new Int32Array(buffer);
}

module.exports = { createBuffer, viewOf };
