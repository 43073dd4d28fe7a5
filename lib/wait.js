// @ts-check
'use strict';

const { newNumber } = require('./realm.js');

/**
 * Why a wait failed.
 *
 * @typedef {{ readonly error: unknown }} Rejection
 */

/**
 * One wait by promise. The native side knows it by its number. Many may be pending, so each costs only this one object:
 * what differs between the primitives is in the methods of the subclasses.
 */
class Wait {
  /** @param {Int32Array} cell */
  constructor(cell) {
    this.number = newNumber();
    this.cell = cell;
    /** The value that the wait ended with, above 0; 0 while it is pending. */
    this.value = 0;
    /** @type {((result: number | Rejection) => void) | undefined} */
    this.resolve = undefined;
    /** The listener to the signal that cancels it. @type {import('./signals.js').Listener | undefined} */
    this.listener = undefined;
  }

  /** Acquires without waiting, if that is possible. */
  tryAtOnce() {
    return false;
  }

  /**
   * Begins the native wait. Returns 0 if it is pending, or its value if it ended at once.
   * @param {number} _timeout
   * @param {boolean} _keepsAlive
   * @returns {number}
   */
  begin(_timeout, _keepsAlive) {
    return 0;
  }

  /** Gives back what was granted, because the promise rejects. */
  revoke() {}

  /** @param {number} value the value of the wait, above 0 */
  settle(value) {
    this.value = value;
    this.resolve?.(value);
  }

  /** @param {Rejection} rejection */
  fail(rejection) {
    this.resolve?.(rejection);
  }
}

module.exports = { Wait };
