// @ts-check
'use strict';

const { defineProperty } = require('./intrinsics.js');

/**
 * Writes the code into the first line of the stack, as `SyncError [ERR_TIMEOUT]: ...`: structured clone makes a plain
 * Error in the other thread, without the code, but keeps the text of the stack. Engines write that line at the first read.
 * The name is the error's own only meanwhile, so that a clone keeps its class where that is a built-in one.
 *
 * @template {Error} T
 * @param {T} error
 * @param {string} code
 * @returns {T}
 */
function writeCode(error, code) {
  const name = `${error.name} [${code}]`;
  defineProperty(error, 'name', { value: name, configurable: true });
  try {
    void error.stack;
  } catch {
    // The program's own Error.prepareStackTrace has failed.
  }
  delete (/** @type {{ name?: string }} */ (error).name);
  return error;
}

/**
 * What a primitive reports about the state of things. Its `code` is stable, its message says what to do next.
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

  // The prototype's, as for the built-in errors: stack traces and test runners show it.
  get name() {
    return 'SyncError';
  }

  /**
   * The code of an error of this package, also of one that came from another thread.
   * @param {any} error
   * @returns {string | undefined}
   */
  static codeOf(error) {
    if (typeof error !== 'object' || error === null) return undefined;
    const { code, stack } = error;
    if (typeof code === 'string') return code;
    if (typeof stack !== 'string') return undefined;
    return /^\w*Error \[(ERR_[A-Z_]+)\]/.exec(stack)?.[1];
  }
}

/**
 * @template {Error} T
 * @param {T} error
 * @param {string} code
 */
function coded(error, code) {
  return writeCode(Object.assign(error, { code }), code);
}

/**
 * An argument of the wrong type, with Node's own code.
 * @param {string} message
 */
function invalidArgType(message) {
  return coded(new TypeError(message), 'ERR_INVALID_ARG_TYPE');
}

/**
 * An argument of the right type that does not fit what it stands for or belongs with, with Node's own code.
 * @param {string} message
 */
function invalidArgValue(message) {
  return coded(new TypeError(message), 'ERR_INVALID_ARG_VALUE');
}

/**
 * An argument of the right type and a value that cannot be, with Node's own code.
 * @param {string} message
 */
function outOfRange(message) {
  return coded(new RangeError(message), 'ERR_OUT_OF_RANGE');
}

module.exports = { SyncError, invalidArgType, invalidArgValue, outOfRange };
