// @ts-check
'use strict';

// How the primitives look: `console.log(mutex)` tells their state in words. The words are from src/node/words.rs.

const { inspect } = require('node:util');

/**
 * Lets console.log and util.inspect show the primitives of a class in words. It never throws, and changes nothing.
 *
 * @template {object} T
 * @param {{ name: string, prototype: T }} Class
 * @param {(value: T) => import('../binding.js').InWords | undefined} inWordsOf none for what only inherits from the class
 */
function defineWords({ name, prototype }, inWordsOf) {
  const inWords = {
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
      const words = inWordsOf(this);
      if (words === undefined) return `${title} {}`;
      const { name: label, state } = words;
      const named =
        label === undefined ? '' : ` ${options.stylize(JSON.stringify(label), 'string')}`;
      return `${title}${named} { ${options.stylize(state, 'special')} }`;
    },
  };
  Object.defineProperties(prototype, {
    [inspect.custom]: inWords,
    // For String(mutex), and for the messages of other libraries.
    [Symbol.toStringTag]: { configurable: true, value: name },
  });
}

module.exports = { defineWords };
