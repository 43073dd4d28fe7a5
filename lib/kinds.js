// @ts-check
'use strict';

// The kinds of fields of a layout.

const { integer } = require('./arguments.js');
const { Barrier } = require('./barrier.js');
const { Condition } = require('./condition.js');
const { invalidArgType } = require('./errors.js');
const { Latch } = require('./latch.js');
const { Mutex } = require('./mutex.js');
const { RwLock } = require('./rwlock.js');
const { Semaphore } = require('./semaphore.js');

/**
 * @typedef {object} Kind
 * @property {string} name
 * @property {(Class: any) => boolean} accepts whether a class in a spec means this kind
 * @property {(args: unknown[]) => number} bytes the size of the field in bytes; throws if there are too many arguments
 * @property {(buffer: SharedArrayBuffer, byteOffset: number, args: unknown[], name: string) => unknown} make
 */

/**
 * The kind of a class of primitives.
 * @param {new (...args: any[]) => object} Class
 * @param {number} arity how many arguments its constructor takes between the index and the options
 * @returns {Kind}
 */
function primitive(Class, arity) {
  return {
    name: Class.name,
    accepts: (other) => other === Class,
    bytes(args) {
      atMost(arity + 1, args, Class.name);
      return Int32Array.BYTES_PER_ELEMENT;
    },
    make(buffer, byteOffset, args, name) {
      const positional = Array.from({ length: arity }, (_, i) => args[i]);
      const options = args[arity] ?? {};
      // If the options are not an object, the constructor throws.
      const named = typeof options === 'object' ? { name, ...options } : options;
      return new Class(buffer, byteOffset / Int32Array.BYTES_PER_ELEMENT, ...positional, named);
    },
  };
}

/**
 * The kind of a class of typed arrays.
 * @param {{ name: string, BYTES_PER_ELEMENT: number, new (buffer: SharedArrayBuffer, byteOffset: number, length: number): object }} Class
 * @returns {Kind}
 */
function typedArray(Class) {
  const { name, BYTES_PER_ELEMENT } = Class;
  return {
    name,
    // Accepts the class of another realm, too.
    accepts: (other) => other?.name === name && other.BYTES_PER_ELEMENT === BYTES_PER_ELEMENT,
    bytes(args) {
      atMost(1, args, name);
      const max = Math.floor(Number.MAX_SAFE_INTEGER / BYTES_PER_ELEMENT);
      return integer(args[0], 'length', 0, max) * BYTES_PER_ELEMENT;
    },
    make: (buffer, byteOffset, [length]) =>
      new Class(buffer, byteOffset, /** @type {number} */ (length)),
  };
}

/**
 * Throws if there are more than `max` arguments.
 *
 * @param {number} max
 * @param {unknown[]} args
 * @param {string} name
 */
function atMost(max, args, name) {
  if (args.length > max) {
    const most = max === 1 ? 'one argument' : `${max} arguments`;
    throw invalidArgType(`${name} takes at most ${most} here, but has ${args.length}.`);
  }
}

/** Present in Node 24 and later. */
const float16 = /** @type {any} */ (globalThis).Float16Array;

const kinds = [
  primitive(Mutex, 0),
  primitive(Condition, 0),
  primitive(Barrier, 1),
  primitive(Latch, 1),
  primitive(Semaphore, 1),
  primitive(RwLock, 0),
  ...[
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    .../** @type {any[]} */ (float16 === undefined ? [] : [float16]),
  ].map(typedArray),
];

module.exports = {
  /**
   * Returns the kind of a class.
   * @param {unknown} Class
   */
  kindOf: (Class) =>
    typeof Class === 'function' ? kinds.find((kind) => kind.accepts(Class)) : undefined,
  /**
   * Returns the kind with a name.
   * @param {unknown} name
   */
  kindByName: (name) => kinds.find((kind) => kind.name === name),
  /**
   * Lists the names of all kinds.
   *
   * @param {'and' | 'or'} word
   */
  kindNames(word) {
    const names = kinds.map(({ name }) => name);
    return `${names.slice(0, -1).join(', ')} ${word} ${names.at(-1)}`;
  },
};
