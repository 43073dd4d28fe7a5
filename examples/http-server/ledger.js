// @ts-check
'use strict';

const { Latch, Mutex, RwLock } = require('../..');

const INITIAL_BALANCE = 1000;

/** The last report, and how many there were. */
const Report = Object.freeze({ NUMBER: 0, GINI: 1, COUNT: 2 });

/**
 * What the main thread and the workers share.
 *
 * @param {number} accounts
 */
const ledgerLayout = (accounts) =>
  /** @type {const} */ ({
    table: RwLock, // guards the balances and the report
    balances: [Int32Array, accounts],
    report: [Float64Array, Report.COUNT],
    journal: Mutex, // guards the file that the main thread writes
    stop: Latch, // released when the workers are to end
  });

/** @typedef {import('../..').Layout<ReturnType<typeof ledgerLayout>>} LedgerMemory */

/** Accounts between which money moves, so that their total stays. The caller has the table, to read or to write. */
class Ledger {
  /** @param {LedgerMemory} memory */
  constructor({ balances, report }) {
    this.balances = balances;
    this.report = report;
  }

  /** The total that there has to be at every moment. */
  get due() {
    return this.balances.length * INITIAL_BALANCE;
  }

  get total() {
    return this.balances.reduce((a, b) => a + b, 0);
  }

  open() {
    this.balances.fill(INITIAL_BALANCE);
  }

  /**
   * @param {number} from
   * @param {number} to
   * @param {number} amount
   * @returns {boolean} whether there was enough
   */
  transfer(from, to, amount) {
    if (this.balances[from] < amount) return false;
    this.balances[from] -= amount;
    this.balances[to] += amount;
    return true;
  }

  /** How unequal the balances are: 0 if all are the same, nearly 1 if one account has all. */
  gini() {
    const sorted = Int32Array.from(this.balances).sort();
    const n = sorted.length;
    const weighted = sorted.reduce((sum, balance, i) => sum + (i + 1) * balance, 0);
    return (2 * weighted) / (n * this.due) - (n + 1) / n;
  }
}

module.exports = { Ledger, Report, ledgerLayout };
