// @ts-check
'use strict';

// A writer changes two values that belong together, each under its own lock, and a reader comes between the two stages. The
// right version holds the first lock through both.

const assert = require('node:assert/strict');
const { Mutex } = require('../../index.js');
const { program, times } = require('./program.js');

const [LOCK_1, LOCK_2, VALUE_1, VALUE_2] = [0, 1, 16, 17];

module.exports = program({
  sizes: [2, 20],
  create: ({ right, threads }) => ({
    threads: [
      ...times(threads - 1, ({ cells }) => {
        const [first, second] = [new Mutex(cells, LOCK_1), new Mutex(cells, LOCK_2)];
        first.lock();
        cells[VALUE_1] = 1;
        if (!right) first.unlock();
        second.lock();
        cells[VALUE_2] = cells[VALUE_1] + 1;
        second.unlock();
        if (right) first.unlock();
      }),
      ({ cells }) => {
        const [first, second] = [new Mutex(cells, LOCK_1), new Mutex(cells, LOCK_2)];
        first.lock();
        const value = cells[VALUE_1];
        first.unlock();
        if (value === 0) return;
        second.lock();
        const next = cells[VALUE_2];
        second.unlock();
        assert.equal(next, value + 1, 'the second stage is missing');
      },
    ],
  }),
});
