// @ts-check
'use strict';

// A producer waits for an empty place. The consumer sees that the place is full, and does not empty it.

const { Condition, Mutex } = require('../../index.js');
const { program } = require('./program.js');

const [LOCK, EMPTY, FULL, PLACE] = [0, 1, 2, 16];

module.exports = program({
  sizes: [2],
  initial: { [PLACE]: 1 },
  create: ({ right }) => ({
    threads: {
      producer({ cells }) {
        const mutex = new Mutex(cells, LOCK);
        mutex.lock();
        new Condition(cells, EMPTY, { name: 'empty' }).wait(mutex, () => cells[PLACE] === 0);
        cells[PLACE] = 1;
        mutex.unlock();
        new Condition(cells, FULL, { name: 'full' }).notify();
      },
      consumer({ cells }) {
        const mutex = new Mutex(cells, LOCK);
        mutex.lock();
        new Condition(cells, FULL, { name: 'full' }).wait(mutex, () => cells[PLACE] === 1);
        if (right) cells[PLACE] = 0;
        mutex.unlock();
        new Condition(cells, EMPTY, { name: 'empty' }).notify();
      },
    },
  }),
});
