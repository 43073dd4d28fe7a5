// @ts-check
'use strict';

// The shape of a layout: its fields in order, each with a name, a kind and the arguments of that kind. The shape and the
// buffer travel to another thread. The offset of each field follows from the shape, so no wrong offset can arrive.

const { inspect, isDeepStrictEqual } = require('node:util');
const { formatValue } = require('./arguments.js');
const { invalidArgType, invalidArgValue, outOfRange } = require('./errors.js');
const { kindByName, kindOf, kindNames } = require('./kinds.js');

/** @typedef {import('./kinds.js').Kind} Kind */
/** @typedef {{ name: string, kind: Kind, args: unknown[], offset: number }} Field */
/** @typedef {{ fields: Field[], bytes: number }} Shape */

/** The bytes of a cache line. No two fields share one, so that threads which use different fields do not contend. */
const LINE = 64;
/** A buffer may begin at any multiple of 16 bytes of a line. With this gap between them no two fields share a line. */
const GAP = LINE - 16;
/** The placeholder for a function in a shape that travels to another thread. */
const FUNCTION = '(a function)';

/**
 * Returns the shape of a spec.
 * @param {unknown} spec
 * @returns {Shape}
 */
function shapeOf(spec) {
  if (!isPlain(spec)) {
    throw invalidArgType(
      `spec must be an object such as { jobs: Mutex, phase: [Barrier, 4] }, but is ${formatValue(spec)}.`,
    );
  }
  const builder = new Builder();
  for (const key of Reflect.ownKeys(spec)) {
    if (typeof key === 'symbol') {
      throw invalidArgValue(
        `A field must be named by a string, but one is named by ${String(key)}.`,
      );
    }
    const value = /** @type {Record<string, unknown>} */ (spec)[key];
    const [Class, ...given] = Array.isArray(value) ? value : [value];
    // -0 and 0 make the same field.
    const args = given.map((arg) => (arg === 0 ? 0 : arg));
    const kind = kindOf(Class);
    if (kind === undefined) {
      throw invalidArgType(
        `${key} must be ${kindNames('or')}, or an array of one of these and its arguments, such as [Float64Array, 16], ` +
          `but is ${formatValue(value)}.`,
      );
    }
    builder.add(key, kind, args);
  }
  return builder.done();
}

/**
 * Whether a value is a plain object of any realm. `{ __proto__: Mutex }` is not: it has no field.
 * @param {unknown} value
 * @returns {value is object}
 */
function isPlain(value) {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.hasOwn(prototype, 'hasOwnProperty');
}

/**
 * Returns the arguments of a field as they travel to another thread: a placeholder stands for each function.
 * @param {unknown[]} args
 */
function travelling(args) {
  return args.map(withoutFunctions);
}

/**
 * @param {unknown} value
 * @returns {unknown}
 */
function withoutFunctions(value) {
  if (typeof value === 'function') return FUNCTION;
  if (!hasFunction(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withoutFunctions(inner)]),
  );
}

/**
 * @param {unknown} arg
 * @returns {arg is object}
 */
function hasFunction(arg) {
  return (
    typeof arg === 'object' &&
    arg !== null &&
    Object.values(arg).some((value) => typeof value === 'function' || hasFunction(value))
  );
}

/**
 * Throws if the shape has a placeholder for a function: only the spec of this thread has the function.
 * @param {Shape} shape
 */
function assertNoFunctions({ fields }) {
  for (const { name, args } of fields) {
    for (const arg of args) {
      const [option] = Object.entries(arg ?? {}).find(([, value]) => isPlaceholder(value)) ?? [];
      if (option !== undefined) {
        throw invalidArgValue(
          `${name} has ${/^[aeiou]/.test(option) ? 'an' : 'a'} ${option}, but a function cannot travel to another thread. Call layout.from(shared, spec): ` +
            'the spec has the function.',
        );
      }
    }
  }
}

/**
 * Whether a value stands for a function, or for an object with one.
 * @param {unknown} value
 * @returns {boolean}
 */
function isPlaceholder(value) {
  return (
    value === FUNCTION ||
    (typeof value === 'object' && value !== null && Object.values(value).some(isPlaceholder))
  );
}

/**
 * Checks the fields that arrived from another thread, and returns their shape.
 * @param {unknown} fields
 * @returns {Shape}
 */
function shapeFrom(fields) {
  if (!Array.isArray(fields)) throw notShared(`its fields are ${formatValue(fields)}`);
  const builder = new Builder();
  for (const field of fields) {
    if (!Array.isArray(field)) throw notShared(`one of its fields is ${formatValue(field)}`);
    const [name, kindName, ...args] = field;
    if (typeof name !== 'string') throw notShared(`the name of a field is ${formatValue(name)}`);
    const kind = kindByName(kindName);
    if (kind === undefined) {
      throw invalidArgValue(
        `${name} is of the kind ${formatValue(kindName)} in shared, but this thread knows only ${kindNames('and')}. Use the same ` +
          'version of the package and of the runtime in all threads.',
      );
    }
    builder.add(name, kind, args);
  }
  return builder.done();
}

/**
 * @param {string} why
 * @param {string} [advice]
 */
function notShared(why, advice = 'Send the result of share(), not the layout itself.') {
  return invalidArgType(`shared must be what share() of a layout returns, but ${why}. ${advice}`);
}

/** Places one field after another. */
class Builder {
  /** @type {Field[]} */
  #fields = [];
  #names = new Set();
  #bytes = 0;

  /**
   * @param {string} name
   * @param {Kind} kind
   * @param {unknown[]} args
   */
  add(name, kind, args) {
    if (name === 'share' || name in Object.prototype) {
      throw invalidArgValue(
        `A field cannot be called ${name}, which every layout has already. Choose another name.`,
      );
    }
    if (this.#names.has(name))
      throw invalidArgValue(
        `There are two fields called ${name}. Send what share() returns, unchanged.`,
      );
    this.#names.add(name);
    const bytes = inField(name, () => kind.bytes(args));
    this.#fields.push({ name, kind, args, offset: this.#bytes });
    this.#bytes += Math.ceil((bytes + GAP) / LINE) * LINE;
  }

  done() {
    if (!Number.isSafeInteger(this.#bytes)) throw tooLarge(this.#bytes);
    return { fields: this.#fields, bytes: this.#bytes };
  }
}

/**
 * Calls a function, and adds the name of the field to its error.
 * @template T
 * @param {string} name
 * @param {() => T} fn
 * @returns {T}
 */
function inField(name, fn) {
  try {
    return fn();
  } catch (error) {
    const { code, message } = /** @type {any} */ (error);
    const full = `In the field ${name}: ${message}`;
    if (code === 'ERR_INVALID_ARG_TYPE') throw invalidArgType(full);
    if (code === 'ERR_INVALID_ARG_VALUE') throw invalidArgValue(full);
    if (code === 'ERR_OUT_OF_RANGE') throw outOfRange(full);
    throw error;
  }
}

/** @param {number} bytes */
function tooLarge(bytes) {
  return outOfRange(
    `The fields take ${bytes} bytes, more than a SharedArrayBuffer can have here. Make the arrays shorter.`,
  );
}

/**
 * Throws unless both shapes are the same.
 * @param {Shape} there the shape that came with shared
 * @param {Shape} here the shape of spec
 */
function assertSame(there, here) {
  const found = differences(there.fields, here.fields);
  if (found.length === 0) return;
  throw invalidArgValue(
    `shared and spec differ: ${found.join('; ')}. Keep the spec in one module that every thread requires.`,
  );
}

/**
 * Describes each difference between two lists of fields.
 *
 * @param {Field[]} there
 * @param {Field[]} here
 * @param {string} [other] what has the fields that are there
 */
function differences(there, here, other = 'shared') {
  const wanted = new Map(here.map((field) => [field.name, field]));
  const found = [];
  for (const field of there) {
    const same = wanted.get(field.name);
    wanted.delete(field.name);
    if (same === undefined) {
      found.push(`${field.name} (${describe(field)}) is only in ${other}`);
    } else if (field.kind !== same.kind || !isDeepStrictEqual(field.args, travelling(same.args))) {
      found.push(`${field.name} is ${describe(field)} in ${other} and ${describe(same)} in spec`);
    }
  }
  for (const field of wanted.values()) {
    found.push(`${field.name} (${describe(field)}) is only in spec`);
  }
  if (found.length > 0) return found;
  const moved = there.findIndex(({ name }, i) => name !== here[i].name);
  if (moved >= 0) {
    const names = `${there[moved].name} in ${other} and ${here[moved].name} in spec`;
    found.push(`the order: field number ${moved + 1} is ${names}`);
  }
  return found;
}

/** @param {Field} field */
function describe({ kind, args }) {
  if (args.length === 0) return kind.name;
  const list = args.map((arg) => inspect(arg, { depth: 1, breakLength: Infinity }));
  return `[${[kind.name, ...list].join(', ')}]`;
}

module.exports = {
  LINE,
  assertNoFunctions,
  assertSame,
  differences,
  inField,
  notShared,
  shapeFrom,
  shapeOf,
  tooLarge,
  travelling,
};
