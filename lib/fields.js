// @ts-check
'use strict';

const { defineProperty, freeze } = require('./intrinsics.js');
const { inField, travelling } = require('./shape.js');
const { markAsUncloneable } = require('./uncloneable.js');

/**
 * Makes the primitives and arrays of a layout in a buffer.
 *
 * @param {SharedArrayBuffer} buffer
 * @param {import('./shape.js').Shape} shape
 * @param {number} [offset] the byte offset of the layout, for one that shares its buffer with others
 */
function makeFields(buffer, { fields }, offset) {
  /** @type {Record<string, unknown>} */
  const made = {};
  for (const field of fields) {
    const { name, kind, args } = field;
    made[name] = inField(name, () => kind.make(buffer, (offset ?? 0) + field.offset, args, name));
  }
  // Not enumerable, so that a loop over the fields does not meet it. Uses no `this`, so that it can be destructured.
  defineProperty(made, 'share', {
    value: () => ({
      buffer,
      fields: fields.map(({ name, kind, args }) => [name, kind.name, ...travelling(args)]),
      ...(offset !== undefined && { offset }),
    }),
  });
  markAsUncloneable(made);
  return freeze(made);
}

module.exports = { makeFields };
