// @ts-check
'use strict';

// A consumer sums what a producer hands over one at a time, and adds one number too many at the end.

const assert = require('node:assert/strict');
const { Condition, Mutex } = require('../../index.js');
const { program } = require('./program.js');

const [LOCK, EMPTY, FULL, PLACE, TOTAL] = [0, 1, 2, 16, 17];
const LAST = 3;

module.exports = program({
  sizes: [2],
  create: ({ right }) => ({
    threads: {
      producer({ cells }) {
        const mutex = new Mutex(cells, LOCK);
        for (let number = 1; number <= LAST; number++) {
          mutex.lock();
          new Condition(cells, EMPTY).wait(mutex, () => cells[PLACE] === 0);
          cells[PLACE] = number;
          mutex.unlock();
          new Condition(cells, FULL).notify();
        }
      },
      consumer({ cells }) {
        const mutex = new Mutex(cells, LOCK);
        let number = 0;
        while (number < LAST) {
          mutex.lock();
          new Condition(cells, FULL).wait(mutex, () => cells[PLACE] !== 0);
          number = cells[PLACE];
          cells[TOTAL] += number;
          cells[PLACE] = 0;
          mutex.unlock();
          new Condition(cells, EMPTY).notify();
        }
        if (!right) cells[TOTAL] += number;
      },
    },
    check: ({ cells }) => assert.equal(cells[TOTAL], (LAST * (LAST + 1)) / 2),
  }),
});
