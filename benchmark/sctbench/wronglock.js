// @ts-check
'use strict';

// One thread guards a counter with one lock, and all others with another one.

const assert = require('node:assert/strict');
const { Mutex } = require('../../index.js');
const { program, times } = require('./program.js');

const [LOCK, WRONG_LOCK, COUNTER] = [0, 1, 16];

module.exports = program({
  sizes: [4, 8],
  create({ right, threads }) {
    const increment = (/** @type {Int32Array} */ cells) => {
      const before = Atomics.load(cells, COUNTER);
      Atomics.store(cells, COUNTER, before + 1);
      return before;
    };
    return {
      threads: [
        ({ cells }) => {
          const mutex = new Mutex(cells, LOCK);
          mutex.lock();
          const before = increment(cells);
          assert.equal(Atomics.load(cells, COUNTER), before + 1, 'another thread has counted');
          mutex.unlock();
        },
        ...times(threads - 1, ({ cells }) => {
          const mutex = new Mutex(cells, right ? LOCK : WRONG_LOCK);
          mutex.lock();
          increment(cells);
          mutex.unlock();
        }),
      ],
    };
  },
});
