// @ts-check
'use strict';

const { types } = require('node:util');
const { formatValue } = require('./arguments.js');
const { outOfRange } = require('./errors.js');
const { SharedArrayBuffer, defineProperty, freeze } = require('./intrinsics.js');
const {
  assertNoFunctions,
  assertSame,
  inField,
  notShared,
  shapeFrom,
  shapeOf,
  tooLarge,
  travelling,
} = require('./shape.js');
const { markAsUncloneable } = require('./uncloneable.js');

/**
 * Allocates named primitives and arrays in one buffer. The memory is zeroed, so the primitives are fresh.
 * @param {unknown} spec
 */
function layout(spec) {
  const shape = shapeOf(spec);
  return build(allocate(shape.bytes), shape);
}

/**
 * Makes the same fields in another thread.
 * @param {unknown} shared
 * @param {unknown} [spec]
 */
layout.from = function from(shared, spec) {
  if (typeof shared !== 'object' || shared === null) throw notShared(`is ${formatValue(shared)}`);
  const { buffer, fields } = /** @type {{ buffer?: unknown, fields?: unknown }} */ (shared);
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
  if (buffer.byteLength !== shape.bytes) {
    throw outOfRange(
      `The buffer of shared has ${buffer.byteLength} bytes, but its fields take ${shape.bytes}. Send what share() returns, ` +
        'unchanged.',
    );
  }
  return build(buffer, shape);
};

/** @param {number} bytes */
function allocate(bytes) {
  try {
    return new SharedArrayBuffer(bytes);
  } catch {
    throw tooLarge(bytes);
  }
}

/**
 * @param {SharedArrayBuffer} buffer
 * @param {import('./shape.js').Shape} shape
 */
function build(buffer, { fields }) {
  /** @type {Record<string, unknown>} */
  const made = {};
  for (const { name, kind, args, offset } of fields) {
    made[name] = inField(name, () => kind.make(buffer, offset, args, name));
  }
  // Not enumerable, so that a loop over the fields does not meet it. Uses no `this`, so that it can be destructured.
  defineProperty(made, 'share', {
    value: () => ({
      buffer,
      fields: fields.map(({ name, kind, args }) => [name, kind.name, ...travelling(args)]),
    }),
  });
  markAsUncloneable(made);
  return freeze(made);
}

module.exports = { layout };
