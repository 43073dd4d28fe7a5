// @ts-check
'use strict';

const { newNumber } = require('./realm.js');

/**
 * Why a wait did not come to what it was for.
 *
 * @typedef {{ readonly error: unknown }} Rejection
 */

/**
 * One wait by promise: what the native side knows by its number. Many may be pending, so this is the one object that each
 * costs: what differs between the primitives is in the methods of its subclasses.
 */
class Wait {
  /** @param {Int32Array} cell */
  constructor(cell) {
    this.number = newNumber();
    this.cell = cell;
    /** What it came to, above 0; 0 until then. */
    this.value = 0;
    /** @type {((result: number | Rejection) => void) | undefined} */
    this.resolve = undefined;
    /** To the signal that ends it. @type {import('./signals.js').Listener | undefined} */
    this.listener = undefined;
  }

  /** Takes what it is for, if that takes no waiting. */
  tryAtOnce() {
    return false;
  }

  /**
   * Begins it natively: 0 where it waits, or what it came to at once.
   * @param {number} _timeout
   * @param {boolean} _keepsAlive
   * @returns {number}
   */
  begin(_timeout, _keepsAlive) {
    return 0;
  }

  /** Gives back what it came to: its promise is rejected all the same. */
  undo() {}

  /** @param {number} value what it came to */
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
