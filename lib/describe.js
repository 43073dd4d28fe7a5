// @ts-check
'use strict';

// Describes primitives and guards for console.log and util.inspect: `Mutex "jobs" { free }`.

const { inspect } = require('node:util');
const { defineProperties } = require('./intrinsics.js');

/**
 * What console.log shows of an object.
 *
 * @typedef {object} Description
 * @property {string} [name] the name that the program gave it
 * @property {string} state
 */

/**
 * Makes console.log and util.inspect show the state of the objects of a class. Showing never throws and changes nothing.
 *
 * @template {object} T
 * @param {{ name: string, prototype: T }} Class
 * @param {(value: T) => Description | undefined} describe returns undefined for an object that inherits from the class but was not
 *   constructed by it
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
      // Node shows objects below the requested depth this way.
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
 * Returns the label of a primitive in messages, such as `Mutex "jobs"`.
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
