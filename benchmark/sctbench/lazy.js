// @ts-check
'use strict';

// Two threads fill a value under a lock, and a third takes for granted that it comes before they are done. In the right
// version it waits until they are.

const assert = require('node:assert/strict');
const { Condition, Mutex } = require('../../index.js');
const { program } = require('./program.js');

const [LOCK, FILLED, VALUE] = [0, 1, 16];
const FULL = 3;

module.exports = program({
  sizes: [3],
  create({ right }) {
    const fill =
      (/** @type {number} */ share) =>
      (/** @type {import('./program.js').Data} */ { cells }) => {
        const mutex = new Mutex(cells, LOCK);
        mutex.lock();
        cells[VALUE] += share;
        mutex.unlock();
        new Condition(cells, FILLED).notifyAll();
      };
    return {
      threads: {
        one: fill(1),
        two: fill(2),
        reader({ cells }) {
          const mutex = new Mutex(cells, LOCK);
          mutex.lock();
          if (right) new Condition(cells, FILLED).wait(mutex, () => cells[VALUE] >= FULL);
          else assert.ok(cells[VALUE] < FULL, 'the value is full already');
          mutex.unlock();
        },
      },
    };
  },
});
