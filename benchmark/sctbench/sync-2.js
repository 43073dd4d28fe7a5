// @ts-check
'use strict';

// A producer and a consumer of equally many items. Two are there from the beginning, so that the consumer ends early and
// the producer waits for a place for ever. The right version begins empty.

const { Condition, Mutex } = require('../../index.js');
const { program } = require('./program.js');

const [LOCK, EMPTY, FULL, ITEMS] = [0, 1, 2, 16];
const ROUNDS = 2;

module.exports = program({
  sizes: [2],
  initial: { [ITEMS]: 2 },
  create({ right }) {
    // What the items are counted from.
    const none = right ? 2 : 0;
    return {
      threads: {
        producer({ cells }) {
          const mutex = new Mutex(cells, LOCK);
          for (let round = 0; round < ROUNDS; round++) {
            mutex.lock();
            new Condition(cells, EMPTY, { name: 'empty' }).wait(mutex, () => cells[ITEMS] <= none);
            cells[ITEMS]++;
            mutex.unlock();
            new Condition(cells, FULL, { name: 'full' }).notify();
          }
        },
        consumer({ cells }) {
          const mutex = new Mutex(cells, LOCK);
          for (let round = 0; round < ROUNDS; round++) {
            mutex.lock();
            new Condition(cells, FULL, { name: 'full' }).wait(mutex, () => cells[ITEMS] > none);
            cells[ITEMS]--;
            mutex.unlock();
            new Condition(cells, EMPTY, { name: 'empty' }).notify();
          }
        },
      },
    };
  },
});
