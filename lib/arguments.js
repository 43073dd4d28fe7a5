// @ts-check
'use strict';

// Checks arguments before a call has any effect, with Node's own error codes.

const { inspect, types } = require('node:util');
const { invalidArgType, invalidArgValue, outOfRange } = require('./errors.js');
const { Int32Array, apply, getOwnPropertyDescriptor, getPrototypeOf } = require('./intrinsics.js');

/**
 * Formats a value for a message, on one short line.
 * @param {unknown} value
 */
function formatValue(value) {
  if (typeof value === 'function') {
    return typeof value.name === 'string' ? `function ${value.name}`.trimEnd() : 'a function';
  }
  const line = inspect(value, { depth: 0, breakLength: Infinity, maxArrayLength: 3 });
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
}

/**
 * Checks an integer in a range.
 *
 * @param {unknown} value
 * @param {string} name
 * @param {number} min
 * @param {number} max
 * @param {string} [why] what the upper bound means, for the message
 * @returns {number}
 */
function integer(value, name, min, max, why = '') {
  if (typeof value !== 'number') {
    throw invalidArgType(`${name} must be a number, but is ${formatValue(value)}.`);
  }
  if (!Number.isInteger(value) || value < min || value > max) {
    throw outOfRange(
      `${name} must be an integer from ${min} to ${max}${why}, but is ${formatValue(value)}.`,
    );
  }
  // -0 becomes 0.
  return value + 0;
}

/**
 * Checks a time limit in milliseconds; Infinity is no limit.
 * @param {unknown} value
 * @param {string} [name]
 * @returns {number}
 */
function milliseconds(value, name = 'ms') {
  if (typeof value !== 'number') {
    throw invalidArgType(`${name} must be a number of milliseconds, but is ${formatValue(value)}.`);
  }
  if (!(value >= 0)) {
    throw outOfRange(
      `${name} must be 0 or more milliseconds (Infinity for no limit), but is ${formatValue(value)}.`,
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
    throw invalidArgType(`${name} must be a function, but is ${formatValue(value)}.`);
  }
}

/**
 * Whether `await` would wait for a value: it is a promise, or has a `then` method.
 * @param {any} value
 */
function isThenable(value) {
  return typeof value?.then === 'function';
}

/**
 * Returns the result of a function, or throws if it is a promise: the function must be done when it returns.
 *
 * @template T
 * @param {T} value
 * @param {string} refusal the message of the error
 * @returns {T}
 */
function assertSynchronous(value, refusal) {
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
      `predicate must be a function that returns whether to stop waiting, but is ${formatValue(value)}.`,
    );
  }
}

/**
 * Whether an object without properties of its own is an instance of a class: then it stands in the place of the options by
 * mistake, such as a Cancel, a signal or an array.
 * @param {object} options
 */
function isInstance(options) {
  const prototype = getPrototypeOf(options);
  return (
    prototype !== null &&
    getPrototypeOf(prototype) !== null &&
    Object.hasOwn(prototype, 'constructor') &&
    Object.keys(options).length === 0
  );
}

/**
 * Whether a value may be the options of a call.
 * @param {unknown} value
 * @returns {value is object}
 */
function isOptions(value) {
  return typeof value === 'object' && value !== null && !isInstance(value);
}

/**
 * Throws if the options are not an object, or if one is unknown: a misspelt option would be ignored silently.
 *
 * @param {unknown} options
 * @param {readonly string[]} known
 * @param {string} example
 * @returns {asserts options is object}
 */
function assertOptions(options, known, example) {
  if (!isOptions(options)) {
    throw invalidArgType(
      `options must be an object such as ${example}, but is ${formatValue(options)}.`,
    );
  }
  for (const option of Object.keys(options)) {
    if (!known.includes(option)) {
      const names =
        known.length === 1 ? `only option is ${known[0]}` : `options are ${known.join(', ')}`;
      throw invalidArgValue(`options.${option} is not known here. The ${names}.`);
    }
  }
}

/**
 * Whether a value is an AbortSignal of any realm.
 * @param {any} value
 * @returns {value is import('../index.js').WaitSignal}
 */
function isAbortSignal(value) {
  return typeof value?.addEventListener === 'function' && typeof value.aborted === 'boolean';
}

/** The options that every constructor takes. */
const NAME_ONLY = ['name'];

/**
 * Checks the options of a constructor. Returns the name of the primitive in messages and in inspect().
 * @param {unknown} options
 * @param {readonly string[]} [known]
 * @returns {string | undefined}
 */
function nameOf(options, known = NAME_ONLY) {
  if (options === undefined) return undefined;
  assertOptions(options, known, "{ name: 'jobs' }");
  const { name } = /** @type {{ name?: unknown }} */ (options);
  if (name !== undefined && typeof name !== 'string') {
    throw invalidArgType(`options.name must be a string, but is ${formatValue(name)}.`);
  }
  return name;
}

const typedArray = getPrototypeOf(Int32Array.prototype);
/**
 * Returns a function that reads a property by the getter of all typed arrays. A view may have an own property of the
 * same name with another value.
 * @param {string} property
 * @returns {(view: Int32Array) => any}
 */
function typedArrayGetter(property) {
  const { get } = /** @type {PropertyDescriptor} */ (
    getOwnPropertyDescriptor(typedArray, property)
  );
  return (view) => apply(/** @type {() => any} */ (get), view, []);
}
const bufferOf = typedArrayGetter('buffer');
const byteOffsetOf = typedArrayGetter('byteOffset');
const lengthOf = typedArrayGetter('length');

/**
 * Makes the view of the one cell that a primitive works on. It has a fixed length of 1, for two reasons. V8 is slow on
 * views that track the length of a growable buffer. And the caller can use index 0 without a check.
 *
 * @param {unknown} view an Int32Array over a SharedArrayBuffer, or the SharedArrayBuffer
 * @param {unknown} index counts int32 cells
 * @returns {Int32Array}
 */
function cellOf(view, index) {
  if (types.isSharedArrayBuffer(view)) {
    return cellAt(view, 0, Math.floor(view.byteLength / Int32Array.BYTES_PER_ELEMENT), index);
  }
  if (!types.isInt32Array(view)) {
    throw invalidArgType(
      'view must be an Int32Array over a SharedArrayBuffer, or the SharedArrayBuffer, ' +
        `but is ${formatValue(view)}. Allocate with new Int32Array(new SharedArrayBuffer(bytes)).`,
    );
  }
  const buffer = bufferOf(view);
  if (!types.isSharedArrayBuffer(buffer)) {
    throw invalidArgType(
      'view must be an Int32Array over a SharedArrayBuffer, but this one lies over an ArrayBuffer, which other ' +
        'threads cannot see. Allocate with new Int32Array(new SharedArrayBuffer(bytes)).',
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
    throw outOfRange('view must have at least one int32 cell (4 bytes), but is empty.');
  }
  const cell = integer(index, 'index', 0, length - 1);
  return new Int32Array(buffer, byteOffset + cell * Int32Array.BYTES_PER_ELEMENT, 1);
}

module.exports = {
  assertFunction,
  assertOptions,
  assertPredicate,
  assertSynchronous,
  cellOf,
  formatValue,
  integer,
  isAbortSignal,
  isOptions,
  isThenable,
  milliseconds,
  nameOf,
};
