// @ts-check
'use strict';

const { types } = require('node:util');
const { shown } = require('./arguments.js');
const { outOfRange } = require('./errors.js');
const { assertSame, inField, notShared, shapeFrom, shapeOf, tooLarge } = require('./shape.js');

/**
 * Named primitives and arrays in one allocation, zeroed and so fresh.
 * @param {unknown} spec
 */
function layout(spec) {
  const shape = shapeOf(spec);
  return build(allocate(shape.bytes), shape);
}

/**
 * The same fields in another thread.
 * @param {unknown} shared
 * @param {unknown} [spec]
 */
layout.from = function from(shared, spec) {
  if (typeof shared !== 'object' || shared === null) throw notShared(`is ${shown(shared)}`);
  const { buffer, fields } = /** @type {{ buffer?: unknown, fields?: unknown }} */ (shared);
  if (!types.isSharedArrayBuffer(buffer)) throw notShared(`its buffer is ${shown(buffer)}`);
  const shape = shapeFrom(fields);
  if (spec !== undefined) assertSame(shape, shapeOf(spec));
  if (buffer.byteLength !== shape.bytes) {
    throw outOfRange(
      `The buffer of shared has ${buffer.byteLength} bytes, and its fields take ${shape.bytes}. Send what share() returns ` +
        'as it is.',
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
  // Not enumerable: whoever looks at the fields is not shown it. No method: it may be taken off the layout.
  Object.defineProperty(made, 'share', {
    value: () => ({
      buffer,
      fields: fields.map(({ name, kind, args }) => [name, kind.name, ...args]),
    }),
  });
  return Object.freeze(made);
}

module.exports = { layout };
