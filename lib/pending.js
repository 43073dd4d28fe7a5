// @ts-check
'use strict';

const { SyncError } = require('./errors.js');
const { Map } = require('./intrinsics.js');

/** @typedef {import('./wait.js').Wait} Wait */

/**
 * The promises of this realm that wait natively, by their numbers. A wait keeps the memory of its cells: it is entered here
 * before it begins, and goes after it has left the queues.
 * @type {Map<number, Wait>}
 */
const pending = new Map();

/** Why a wait failed. Its error is made in the async function that waits, whose stack names the callers. */
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
 * Called by the native side when a wait is over.
 * @param {number} number
 * @param {number} value
 */
function fulfil(number, value) {
  pending.get(number)?.settle(value);
}

/**
 * Called by the native side when a wait has failed.
 * @param {number} number
 * @param {string} code
 * @param {string} message
 * @param {object} details
 */
function reject(number, code, message, details) {
  pending.get(number)?.fail(new Failure(code, message, details));
}

module.exports = { fulfil, pending, reject };
