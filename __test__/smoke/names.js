// @ts-check
'use strict';

const assert = require('node:assert/strict');
const { Latch, Mutex, layout } = require('../../index.js');
const { program } = require('./harness.js');

const open = () => layout.open('smoke', { jobs: Mutex, count: [Int32Array, 1], done: [Latch, 4] });

program(
  __filename,
  {
    work() {
      const { jobs, count, done } = open();
      jobs.runExclusive(() => count[0]++);
      done.countDown();
    },
  },
  {
    async 'layout.open: four workers find the memory of the main thread by its name'(start) {
      const { count, done } = open();
      const workers = [1, 2, 3, 4].map(() => start('work', {}));
      await done.awaitAsync();
      assert.equal(count[0], 4);
      await Promise.all(workers.map((worker) => worker.done));
    },
  },
);
