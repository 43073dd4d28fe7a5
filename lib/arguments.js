// @ts-check
'use strict';

// Arguments are checked before anything happens, with Node's own error codes.

const { inspect, types } = require('node:util');
const { invalidArgType, outOfRange } = require('./errors.js');

/**
 * A value as a message shows it, on one short line.
 * @param {unknown} value
 */
function shown(value) {
  if (typeof value === 'function') return `function ${value.name}`.trimEnd();
  const line = inspect(value, { depth: 0, breakLength: Infinity, maxArrayLength: 3 });
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {number} min
 * @param {number} max
 * @param {string} [why] why there is no larger one
 * @returns {number}
 */
function integer(value, name, min, max, why = '') {
  if (typeof value !== 'number') {
    throw invalidArgType(`${name} must be a number, and is ${shown(value)}.`);
  }
  if (!Number.isInteger(value) || value < min || value > max) {
    throw outOfRange(
      `${name} must be an integer from ${min} to ${max}${why}, and is ${shown(value)}.`,
    );
  }
  return value;
}

/**
 * A time limit in milliseconds; Infinity means none.
 * @param {unknown} value
 * @param {string} [name]
 * @returns {number}
 */
function milliseconds(value, name = 'ms') {
  if (typeof value !== 'number') {
    throw invalidArgType(`${name} must be a number of milliseconds, and is ${shown(value)}.`);
  }
  if (!(value >= 0)) {
    throw outOfRange(
      `${name} must be 0 or more milliseconds (Infinity for no limit), and is ${shown(value)}.`,
    );
  }
  return value;
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function assertFunction(value, name) {
  if (typeof value !== 'function') {
    throw invalidArgType(`${name} must be a function, and is ${shown(value)}.`);
  }
}

/**
 * Whether a value is a promise, or anything that `await` would wait for.
 * @param {any} value
 */
function isThenable(value) {
  return typeof value?.then === 'function';
}

/**
 * What a function returned that must be done when it returns.
 *
 * @template T
 * @param {T} value
 * @param {string} refusal what to tell where it is a promise
 * @returns {T}
 */
function atOnce(value, refusal) {
  if (isThenable(value)) throw invalidArgType(refusal);
  return value;
}

/**
 * @param {unknown} value
 * @returns {asserts value is (() => unknown) | undefined}
 */
function assertPredicate(value) {
  if (value !== undefined && typeof value !== 'function') {
    throw invalidArgType(
      `predicate must be a function that tells whether to stop waiting, and is ${shown(value)}.`,
    );
  }
}

/**
 * The options that every constructor takes: what messages and inspect() call the primitive.
 * @param {unknown} options
 * @returns {string | undefined}
 */
function nameOf(options) {
  if (options === undefined) return undefined;
  if (typeof options !== 'object' || options === null) {
    throw invalidArgType(
      `options must be an object such as { name: 'jobs' }, and is ${shown(options)}.`,
    );
  }
  const { name } = /** @type {{ name?: unknown }} */ (options);
  if (name !== undefined && typeof name !== 'string') {
    throw invalidArgType(`options.name must be a string, and is ${shown(name)}.`);
  }
  return name;
}

const typedArray = Object.getPrototypeOf(Int32Array.prototype);
/**
 * Reads a property off the prototype of all typed arrays: a view may have an own one that lies.
 * @param {string} property
 * @returns {(view: Int32Array) => any}
 */
function trueProperty(property) {
  const { get } = /** @type {PropertyDescriptor} */ (
    Object.getOwnPropertyDescriptor(typedArray, property)
  );
  return (view) => Reflect.apply(/** @type {() => any} */ (get), view, []);
}
const bufferOf = trueProperty('buffer');
const byteOffsetOf = trueProperty('byteOffset');
const lengthOf = trueProperty('length');

/**
 * The view of one cell that a primitive works on: with a length of its own, since V8 is slow on views that track the
 * length of a growable buffer, and so that index 0 needs no further check.
 *
 * @param {unknown} view an Int32Array over a SharedArrayBuffer, or the SharedArrayBuffer
 * @param {unknown} index counts int32 cells
 * @returns {Int32Array}
 */
function cellOf(view, index) {
  if (types.isSharedArrayBuffer(view)) return cellAt(view, 0, view.byteLength >>> 2, index);
  if (!types.isInt32Array(view)) {
    throw invalidArgType(
      'view must be an Int32Array over a SharedArrayBuffer, or the SharedArrayBuffer, ' +
        `and is ${shown(view)}. Allocate with new Int32Array(new SharedArrayBuffer(bytes)).`,
    );
  }
  const buffer = bufferOf(view);
  if (!types.isSharedArrayBuffer(buffer)) {
    throw invalidArgType(
      'view must be an Int32Array over a SharedArrayBuffer, and this one is over an ArrayBuffer, which no other ' +
        'thread can see. Allocate with new Int32Array(new SharedArrayBuffer(bytes)).',
    );
  }
  return cellAt(buffer, byteOffsetOf(view), lengthOf(view), index);
}

/**
 * @param {SharedArrayBuffer} buffer
 * @param {number} byteOffset
 * @param {number} length in cells
 * @param {unknown} index
 */
function cellAt(buffer, byteOffset, length, index) {
  if (length === 0) {
    throw outOfRange('view must have at least one int32 cell (4 bytes), and is empty.');
  }
  const cell = integer(index, 'index', 0, length - 1);
  return new Int32Array(buffer, byteOffset + cell * Int32Array.BYTES_PER_ELEMENT, 1);
}

module.exports = {
  assertFunction,
  assertPredicate,
  atOnce,
  cellOf,
  integer,
  isThenable,
  milliseconds,
  nameOf,
  shown,
};
