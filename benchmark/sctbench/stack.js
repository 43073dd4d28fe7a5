// @ts-check
'use strict';

// A flag says that the stack was not empty once, and a consumer pops for as long as the flag is set. The right version asks
// the stack.

const assert = require('node:assert/strict');
const { Mutex } = require('../../index.js');
const { program } = require('./program.js');

const [LOCK, TOP, WAS_FILLED, STACK] = [0, 16, 17, 32];
const ROUNDS = 10;

module.exports = program({
  sizes: [2],
  create: ({ right }) => ({
    threads: {
      pusher({ cells }) {
        const mutex = new Mutex(cells, LOCK);
        for (let round = 0; round < ROUNDS; round++) {
          mutex.lock();
          cells[STACK + cells[TOP]++] = round;
          cells[WAS_FILLED] = 1;
          mutex.unlock();
        }
      },
      popper({ cells }) {
        const mutex = new Mutex(cells, LOCK);
        for (let round = 0; round < ROUNDS; round++) {
          mutex.lock();
          if (right ? cells[TOP] > 0 : cells[WAS_FILLED] === 1) {
            assert.ok(cells[TOP] > 0, 'the stack is empty');
            cells[TOP]--;
          }
          mutex.unlock();
        }
      },
    },
  }),
});
