// @ts-check
'use strict';

// A driver counts the requests under way, itself included. A request looks whether the driver is stopping before it counts
// itself, so that the driver can stop in between. The right version counts first and looks second; there the one who stops
// spins until all requests are done.

const assert = require('node:assert/strict');
const { program } = require('./program.js');

const [PENDING, STOPPING, IDLE, STOPPED] = [16, 17, 18, 19];

/** @param {Int32Array} cells */
function leave(cells) {
  if (Atomics.sub(cells, PENDING, 1) === 1) Atomics.store(cells, IDLE, 1);
}

module.exports = program({
  sizes: [2],
  initial: { [PENDING]: 1 },
  create: ({ right }) => ({
    threads: {
      stopper({ cells }) {
        Atomics.store(cells, STOPPING, 1);
        leave(cells);
        if (right) while (Atomics.load(cells, IDLE) === 0);
        if (Atomics.load(cells, IDLE) === 1) Atomics.store(cells, STOPPED, 1);
      },
      request({ cells }) {
        if (right) {
          Atomics.add(cells, PENDING, 1);
          if (Atomics.load(cells, STOPPING) === 1) return leave(cells);
        } else {
          if (Atomics.load(cells, STOPPING) === 1) return;
          Atomics.add(cells, PENDING, 1);
        }
        assert.equal(Atomics.load(cells, STOPPED), 0, 'a request met a stopped driver');
        leave(cells);
      },
    },
  }),
});
