// @ts-check
'use strict';

const { defineProperty } = require('./intrinsics.js');

/**
 * Writes the code, and where docs/errors.md explains it, into the head of the stack: `SyncError [ERR_TIMEOUT]: ...`.
 * The message stays as it is. Structured clone makes a plain Error without the code, but keeps the text of the stack.
 * Engines write the head when `stack` is first read, so name and message hold the additions until then. Afterwards the
 * own name is deleted, so that a clone of a built-in error keeps its class.
 *
 * @template {Error} T
 * @param {T} error
 * @param {string} code
 * @returns {T}
 */
function writeCode(error, code) {
  const { message, name } = error;
  defineProperty(error, 'name', { value: `${name} [${code}]`, configurable: true });
  error.message = `${message}\n    See @x/shared-sync/docs/errors.md#${code.toLowerCase()}`;
  try {
    void error.stack;
  } catch {
    // Error.prepareStackTrace of the program threw.
  }
  delete (/** @type {{ name?: string }} */ (error).name);
  error.message = message;
  return error;
}

/**
 * The error of the primitives. Its `code` is stable; its message says what to do next.
 */
class SyncError extends Error {
  /**
   * @param {string} message
   * @param {import('../index.js').SyncErrorCode} code
   * @param {{ ownerThreadId?: number, cycle?: import('../index.js').CycleLink[] }} [details]
   */
  constructor(message, code, details) {
    super(message);
    this.code = code;
    Object.assign(this, details);
    writeCode(this, code);
  }

  // On the prototype, as for the built-in errors. Stack traces and test runners show it.
  get name() {
    return 'SyncError';
  }

  /**
   * Returns the code of an error of this package, even if the error came from another thread.
   * @param {any} error
   * @returns {string | undefined}
   */
  static codeOf(error) {
    if (typeof error !== 'object' || error === null) return undefined;
    const { code, stack } = error;
    if (typeof code === 'string') return code;
    if (typeof stack !== 'string') return undefined;
    return /^\w*Error \[((?:ERR|SHARED_SYNC)_[A-Z_]+)\]/.exec(stack)?.[1];
  }
}

/**
 * Gives an error its code.
 *
 * @template {Error} T
 * @param {T} error
 * @param {string} code
 */
function coded(error, code) {
  return writeCode(Object.assign(error, { code }), code);
}

/**
 * Makes the error for an argument of the wrong type, with Node's own code.
 * @param {string} message
 */
function invalidArgType(message) {
  return coded(new TypeError(message), 'ERR_INVALID_ARG_TYPE');
}

/**
 * Makes the error for an argument of the right type that does not fit the others, with Node's own code.
 * @param {string} message
 */
function invalidArgValue(message) {
  return coded(new TypeError(message), 'ERR_INVALID_ARG_VALUE');
}

/**
 * Makes the error for a number out of its range, with Node's own code.
 * @param {string} message
 */
function outOfRange(message) {
  return coded(new RangeError(message), 'ERR_OUT_OF_RANGE');
}

module.exports = { SyncError, coded, invalidArgType, invalidArgValue, outOfRange };
