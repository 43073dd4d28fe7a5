// @ts-check
'use strict';

const { Map } = require('./intrinsics.js');

/**
 * A promise that waits natively. The entry keeps the memory of the cells. It is made before the wait begins, and goes after
 * the wait has left the queues.
 *
 * @typedef {object} Entry
 * @property {number} number what the native side knows the promise by
 * @property {(value: number | Failure) => void} resolve
 * @property {(reason: unknown) => void} reject
 * @property {number} value what the wait came to, above 0; 0 until then
 * @property {Int32Array} cell
 * @property {Int32Array | undefined} mutexCell of a Condition's wait
 * @property {object | undefined} guard of a Condition's wait
 * @property {import('./signals.js').Listener | undefined} listener to the signal of the wait
 */

/** @type {Map<number, Entry>} */
const pending = new Map();

/** Why a wait failed: its error is made in the async method that waits, whose stack names the callers. */
class Failure {
  /**
   * @param {any} code
   * @param {string} message
   * @param {any} details
   */
  constructor(code, message, details) {
    this.code = code;
    this.message = message;
    this.details = details;
  }
}

/**
 * Called by the native side when a wait is over.
 * @param {number} number
 * @param {number} value
 */
function fulfil(number, value) {
  const entry = pending.get(number);
  if (entry === undefined) return;
  entry.value = value;
  entry.resolve(value);
}

/**
 * Called by the native side when a wait has failed.
 * @param {number} number
 * @param {string} code
 * @param {string} message
 * @param {object} details
 */
function reject(number, code, message, details) {
  pending.get(number)?.resolve(new Failure(code, message, details));
}

module.exports = { Failure, fulfil, pending, reject };
