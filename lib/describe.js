// @ts-check
'use strict';

// How the primitives and their guards look: `console.log(mutex)` tells its state in words.

const { inspect } = require('node:util');
const { defineProperties } = require('./intrinsics.js');

/**
 * What an object looks like.
 *
 * @typedef {object} Description
 * @property {string} [name] what its user calls it
 * @property {string} state
 */

/**
 * Lets console.log and util.inspect show the objects of a class in words. It never throws, and changes nothing.
 *
 * @template {object} T
 * @param {{ name: string, prototype: T }} Class
 * @param {(value: T) => Description | undefined} describe none for what only inherits from the class
 */
function defineInspect({ name, prototype }, describe) {
  const custom = {
    configurable: true,
    writable: true,
    /**
     * @this {T}
     * @param {number} depth how many levels are left
     * @param {import('node:util').InspectOptionsStylized} options
     */
    value(depth, options) {
      const own = this.constructor?.name;
      const title = typeof own === 'string' && own !== '' ? own : name;
      // As Node shows what lies deeper than was asked for.
      if (depth < 0) return options.stylize(`[${title}]`, 'special');
      const description = describe(this);
      if (description === undefined) return `${title} {}`;
      const { name: label, state } = description;
      const named =
        label === undefined ? '' : ` ${options.stylize(JSON.stringify(label), 'string')}`;
      return `${title}${named} { ${options.stylize(state, 'special')} }`;
    },
  };
  defineProperties(prototype, {
    [inspect.custom]: custom,
    // For String(mutex), and for the messages of other libraries.
    [Symbol.toStringTag]: { configurable: true, value: name },
  });
}

/**
 * What messages call a primitive.
 * @param {string} kind the name of its class
 * @param {string | undefined} name
 * @param {Int32Array} cell
 */
function labelOf(kind, name, cell) {
  return name === undefined
    ? `${kind} in cell ${cell.byteOffset / cell.BYTES_PER_ELEMENT}`
    : `${kind} ${JSON.stringify(name)}`;
}

module.exports = { defineInspect, labelOf };
