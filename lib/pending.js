// @ts-check
'use strict';

const { SyncError } = require('./errors.js');
const { Map } = require('./intrinsics.js');

/** @typedef {import('./wait.js').Wait} Wait */

/**
 * The waits by promise of this realm, by their numbers. An entry keeps the memory of the cell alive: it is set before the
 * wait begins and deleted after the wait has left the native queues.
 * @type {Map<number, Wait>}
 */
const pending = new Map();

/** Why a wait failed. The async function that waits makes the error, so that its stack names the callers. */
class Failure {
  #code;
  #message;
  #details;

  /**
   * @param {any} code
   * @param {string} message
   * @param {any} details
   */
  constructor(code, message, details) {
    this.#code = code;
    this.#message = message;
    this.#details = details;
  }

  get error() {
    return new SyncError(this.#message, this.#code, this.#details);
  }
}

/**
 * The native side calls this when a wait has ended with a value.
 * @param {number} number
 * @param {number} value
 */
function fulfil(number, value) {
  pending.get(number)?.settle(value);
}

/**
 * The native side calls this when a wait has failed.
 * @param {number} number
 * @param {string} code
 * @param {string} message
 * @param {object} details
 */
function reject(number, code, message, details) {
  pending.get(number)?.fail(new Failure(code, message, details));
}

module.exports = { fulfil, pending, reject };
