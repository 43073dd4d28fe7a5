// @ts-check
'use strict';

// Threads go through two phases, each under a lock of its own, and do not unlock that of the first after its second use.

const { Mutex } = require('../../index.js');
const { program, times } = require('./program.js');

const [FIRST, SECOND] = [0, 1];

module.exports = program({
  sizes: [2],
  create: ({ right, threads }) => ({
    threads: times(threads, ({ cells }) => {
      const first = new Mutex(cells, FIRST, { name: 'first phase' });
      const second = new Mutex(cells, SECOND, { name: 'second phase' });
      first.lock();
      first.unlock();
      first.lock();
      if (right) first.unlock();
      second.lock();
      second.unlock();
    }),
  }),
});
