// @ts-check
'use strict';

// The kinds of fields of a layout.

const { formatValue, integer, isOptions } = require('./arguments.js');
const { invalidArgType } = require('./errors.js');
const { primitives } = require('./exports.js');

/**
 * @typedef {object} Kind
 * @property {string} name
 * @property {(Class: any) => boolean} accepts whether a class in a spec means this kind
 * @property {(args: unknown[]) => number} bytes the size of the field in bytes; throws if there are too many arguments
 * @property {(buffer: SharedArrayBuffer, byteOffset: number, args: unknown[], name: string) => unknown} make
 */

/**
 * Returns whether a class is the one of a name. Loads only the class that it is likely to be.
 * @param {keyof typeof primitives} name
 * @returns {(Class: any) => boolean}
 */
function classCalled(name) {
  const load = primitives[name];
  return (Class) => Class === load.loaded() || (Class.name === name && Class === load());
}

/**
 * The kind of a class of primitives.
 * @param {Exclude<keyof typeof primitives, 'Channel'>} name
 * @param {number} arity how many arguments its constructor takes between the index and the options
 * @returns {Kind}
 */
function primitive(name, arity) {
  return {
    name,
    accepts: classCalled(name),
    bytes(args) {
      atMost(arity + 1, args, name);
      return Int32Array.BYTES_PER_ELEMENT;
    },
    make(buffer, byteOffset, args, label) {
      /** @type {new (...args: any[]) => object} */
      const Class = primitives[name]();
      const positional = Array.from({ length: arity }, (_, i) => args[i]);
      const named = withName(label, args[arity]);
      return new Class(buffer, byteOffset / Int32Array.BYTES_PER_ELEMENT, ...positional, named);
    },
  };
}

/**
 * The options of a field, which has the name of the field unless they have one. What the constructor would refuse stays as it is.
 * @param {string} name
 * @param {unknown} options
 */
function withName(name, options) {
  if (options === undefined) return { name };
  return isOptions(options) ? { name, ...options } : options;
}

/** @type {Kind} */
const channel = {
  name: 'Channel',
  accepts: classCalled('Channel'),
  bytes(args) {
    atMost(1, args, 'Channel');
    const [options] = /** @type {any[]} */ (args);
    if (typeof options !== 'object' || options === null) {
      throw invalidArgType(
        `Channel must have options such as { capacity: 65536 } here, but has ${formatValue(options)}.`,
      );
    }
    return primitives.Channel().byteLength(options.capacity);
  },
  make(buffer, byteOffset, [options], name) {
    const Channel = primitives.Channel();
    const named = /** @type {any} */ (withName(name, options));
    return new Channel(buffer, byteOffset / Int32Array.BYTES_PER_ELEMENT, named);
  },
};

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
  primitive('Mutex', 0),
  primitive('Condition', 0),
  primitive('Barrier', 1),
  primitive('Latch', 1),
  primitive('Semaphore', 1),
  primitive('RwLock', 0),
  primitive('Event', 0),
  primitive('Once', 0),
  primitive('Cancel', 0),
  channel,
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
