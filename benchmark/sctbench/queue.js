// @ts-check
'use strict';

// A consumer compares what it takes from a queue with the list of all elements, at the place of its round and not of the
// element. In the right version its rounds are the elements, and both threads spin for the lock.

const assert = require('node:assert/strict');
const { Mutex } = require('../../index.js');
const { program } = require('./program.js');

const [LOCK, ADDED, TAKEN, READY, QUEUE, LIST] = [0, 16, 17, 18, 24, 40];
const ELEMENTS = 8;

module.exports = program({
  sizes: [2],
  create({ right }) {
    const lock = (/** @type {Mutex} */ mutex) => {
      if (right) while (!mutex.tryLock());
      else mutex.lock();
    };
    return {
      threads: {
        producer({ cells }) {
          const mutex = new Mutex(cells, LOCK);
          for (let round = 0; round < ELEMENTS; round++) {
            lock(mutex);
            if (cells[READY] === 0) {
              cells[QUEUE + cells[ADDED]] = cells[LIST + cells[ADDED]] = 100 + cells[ADDED];
              cells[ADDED]++;
              cells[READY] = 1;
            }
            mutex.unlock();
          }
        },
        consumer({ cells }) {
          const mutex = new Mutex(cells, LOCK);
          for (let round = 0; round < ELEMENTS; round++) {
            lock(mutex);
            if (cells[READY] === 1) {
              const place = right ? cells[TAKEN] : round;
              assert.equal(cells[QUEUE + cells[TAKEN]], cells[LIST + place]);
              cells[TAKEN]++;
              cells[READY] = 0;
            }
            mutex.unlock();
          }
        },
      },
    };
  },
});
