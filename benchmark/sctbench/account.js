// @ts-check
'use strict';

// The auditor expects a wrong balance, and sees the real one only if it comes after both of the others.

const assert = require('node:assert/strict');
const { Mutex } = require('../../index.js');
const { program } = require('./program.js');

const [LOCK, BALANCE, PAID_IN, PAID_OUT] = [0, 16, 17, 18];
const [OPENING, DEPOSIT, WITHDRAWAL] = [10, 5, 3];

module.exports = program({
  sizes: [3],
  initial: { [BALANCE]: OPENING },
  create: ({ right }) => ({
    threads: {
      auditor({ cells }) {
        const mutex = new Mutex(cells, LOCK);
        mutex.lock();
        if (cells[PAID_IN] === 1 && cells[PAID_OUT] === 1) {
          const change = right ? DEPOSIT - WITHDRAWAL : -DEPOSIT - WITHDRAWAL;
          assert.equal(cells[BALANCE], OPENING + change);
        }
        mutex.unlock();
      },
      depositor({ cells }) {
        const mutex = new Mutex(cells, LOCK);
        mutex.lock();
        cells[BALANCE] += DEPOSIT;
        cells[PAID_IN] = 1;
        mutex.unlock();
      },
      withdrawer({ cells }) {
        const mutex = new Mutex(cells, LOCK);
        mutex.lock();
        cells[BALANCE] -= WITHDRAWAL;
        cells[PAID_OUT] = 1;
        mutex.unlock();
      },
    },
  }),
});
