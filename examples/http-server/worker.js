// @ts-check
'use strict';

const assert = require('node:assert/strict');
const { workerData } = require('node:worker_threads');
const { layout } = require('../..');
const { Ledger, Report, ledgerLayout } = require('./ledger.js');

const PAUSE_MS = 5;
const LARGEST = 100;

/** @type {{ accounts: number, ledger: unknown }} */
const { accounts, ledger: share } = workerData;
const memory = layout.from(share, ledgerLayout(accounts));
const { table, stop } = memory;
const ledger = new Ledger(memory);

while (!stop.tryAwait(PAUSE_MS)) {
  const gini = reading(() => {
    assert.equal(ledger.total, ledger.due, 'no transfer is seen half done');
    return ledger.gini();
  });
  writing(() => {
    for (let from = 0; from < accounts; from++) {
      const to = Math.floor(Math.random() * accounts);
      ledger.transfer(from, to, Math.floor(Math.random() * LARGEST));
    }
    ledger.report[Report.GINI] = gini;
    ledger.report[Report.NUMBER]++;
  });
}

/**
 * @template T
 * @param {() => T} section
 */
function reading(section) {
  table.read();
  try {
    return section();
  } finally {
    table.unlockRead();
  }
}

/** @param {() => void} section */
function writing(section) {
  table.write();
  try {
    section();
  } finally {
    table.unlockWrite();
  }
}
