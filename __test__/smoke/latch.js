// @ts-check
'use strict';

const assert = require('node:assert/strict');
const { Latch } = require('../../index.js');
const { cells, program } = require('./harness.js');

program(
  __filename,
  {
    work({ view }) {
      new Latch(view, 0).await();
      Atomics.add(view, 2, 1);
      new Latch(view, 1, 4).countDown();
    },
  },
  {
    async 'Latch: a gate holds four workers, and counts them'(start) {
      const view = cells(3);
      const [gate, done] = [new Latch(view, 0), new Latch(view, 1, 4)];
      const workers = [1, 2, 3, 4].map(() => start('work', { view }));
      assert.equal(done.tryAwait(50), false);
      assert.equal(view[2], 0);
      gate.release();
      // Uses the promise form: in some runtimes a worker can start only while the main thread is free.
      await done.awaitAsync();
      assert.equal(view[2], 4);
      assert.equal(done.remaining, 0);
      assert.equal(done.tryAwait(), true);
      await Promise.all(workers.map((worker) => worker.done));
    },
  },
);
