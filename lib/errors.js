// @ts-check
'use strict';

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
  }

  // The prototype's, as for the built-in errors: stack traces and test runners show it.
  get name() {
    return 'SyncError';
  }
}

/**
 * An argument of the wrong type, with Node's own code.
 * @param {string} message
 */
function invalidArgType(message) {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' });
}

/**
 * An argument of the right type that does not fit what it stands for or belongs with, with Node's own code.
 * @param {string} message
 */
function invalidArgValue(message) {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_VALUE' });
}

/**
 * An argument of the right type and a value that cannot be, with Node's own code.
 * @param {string} message
 */
function outOfRange(message) {
  return Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE' });
}

module.exports = { SyncError, invalidArgType, invalidArgValue, outOfRange };
