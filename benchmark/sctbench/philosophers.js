// @ts-check
'use strict';

// Philosophers at a round table: each philosopher takes the left fork first. In the right version the last one takes the
// right fork first.

const { Mutex } = require('../../index.js');
const { program } = require('./program.js');

module.exports = program({
  sizes: [2, 3, 4, 5, 6, 7],
  create({ right, threads }) {
    const seat = (/** @type {number} */ place) => {
      const forks = [place, (place + 1) % threads];
      if (right && place === threads - 1) forks.reverse();
      return (/** @type {import('./program.js').Data} */ { cells }) => {
        const [first, second] = forks.map(
          (cell) => new Mutex(cells, cell, { name: `fork ${cell}` }),
        );
        first.lock();
        second.lock();
        second.unlock();
        first.unlock();
      };
    };
    return { threads: Array.from({ length: threads }, (_, place) => seat(place)) };
  },
});
