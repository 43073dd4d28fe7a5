// @ts-check
'use strict';

const { native, newNumber } = require('./realm.js');

const { PENDING } = native;

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
    /** The number that the wait ended with, above 0; PENDING while it waits. @type {number} */
    this.value = PENDING;
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
   * Begins the native wait. Returns PENDING if it waits, or its value if it ended at once.
   * @param {import('../binding.js').Limit} _limit
   * @param {boolean} _keepsAlive
   * @returns {number}
   */
  begin(_limit, _keepsAlive) {
    return PENDING;
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
