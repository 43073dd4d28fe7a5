// @ts-check
'use strict';

const { types } = require('node:util');
const { formatValue, integer } = require('./arguments.js');
const { outOfRange } = require('./errors.js');
const { makeFields } = require('./fields.js');
const { SharedArrayBuffer } = require('./intrinsics.js');
const { later } = require('./later.js');
const {
  LINE,
  assertNoFunctions,
  assertSame,
  notShared,
  shapeFrom,
  shapeOf,
  tooLarge,
} = require('./shape.js');

const names = later(() => require('./names.js'));

/**
 * Allocates named primitives and arrays in one buffer. The memory is zeroed, so the primitives are fresh.
 * @param {unknown} spec
 */
function layout(spec) {
  const shape = shapeOf(spec);
  return makeFields(allocate(shape.bytes), shape);
}

/**
 * Makes the same fields in another thread.
 * @param {unknown} shared
 * @param {unknown} [spec]
 */
layout.from = function from(shared, spec) {
  if (typeof shared !== 'object' || shared === null) throw notShared(`is ${formatValue(shared)}`);
  const { buffer, fields, offset } =
    /** @type {{ buffer?: unknown, fields?: unknown, offset?: unknown }} */ (shared);
  if (!types.isSharedArrayBuffer(buffer)) {
    throw notShared(
      `its buffer is ${formatValue(buffer)}`,
      fields === undefined
        ? undefined
        : 'Shared memory does not travel to another process: start a worker of node:worker_threads instead of a child process.',
    );
  }
  const there = shapeFrom(fields);
  // Functions do not travel, so take them from the spec of this thread.
  const shape = spec === undefined ? there : shapeOf(spec);
  if (spec === undefined) assertNoFunctions(there);
  else assertSame(there, shape);
  // A layout that was opened by name lies somewhere in a larger buffer.
  const start = offset === undefined ? 0 : integer(offset, 'shared.offset', 0, buffer.byteLength);
  const bytes = buffer.byteLength - start;
  if (offset === undefined ? bytes !== shape.bytes : bytes < shape.bytes || start % LINE !== 0) {
    throw outOfRange(
      `The buffer of shared has ${bytes} bytes, but its fields take ${shape.bytes}. Send what share() returns, unchanged.`,
    );
  }
  return makeFields(buffer, shape, offset === undefined ? undefined : start);
};

/**
 * Returns the layout of a name, and makes it if no thread has.
 * @param {unknown} name
 * @param {unknown} spec
 * @param {import('../index.js').OpenOptions} [options]
 */
layout.open = function open(name, spec, options) {
  return names().open(name, spec, options);
};

/** @param {number} bytes */
function allocate(bytes) {
  try {
    return new SharedArrayBuffer(bytes);
  } catch {
    throw tooLarge(bytes);
  }
}

module.exports = { layout };
