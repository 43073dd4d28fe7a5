// @ts-check
'use strict';

const assert = require('node:assert/strict');
const { Semaphore } = require('../../index.js');
const { cells, program, throwsCode } = require('./harness.js');

program(
  __filename,
  {
    work({ view, times }) {
      const semaphore = new Semaphore(view, 0, 2);
      let most = 0;
      for (let i = 0; i < times; i++) {
        semaphore.acquire();
        most = Math.max(most, Atomics.add(view, 1, 1) + 1);
        Atomics.sub(view, 1, 1);
        semaphore.release();
      }
      return most;
    },
    take({ view }) {
      new Semaphore(view, 0, 0, { max: 5 }).acquire(3);
      return true;
    },
  },
  {
    async 'Semaphore: four workers, and never more than two inside'(start) {
      const view = cells(2);
      const workers = [1, 2, 3, 4].map(() => start('work', { view, times: 2_000 }));
      const most = await Promise.all(workers.map(({ done }) => done));
      assert.ok(Math.max(...most) <= 2, String(most));
      assert.equal(new Semaphore(view, 0, 2).available, 2);
    },
    async 'Semaphore: a request for several is served when there are enough'(start) {
      const view = cells(1);
      const semaphore = new Semaphore(view, 0, 0, { max: 5 });
      const taker = start('take', { view });
      semaphore.release(2);
      assert.equal(semaphore.tryAcquire(4, 20), false);
      semaphore.release(1);
      assert.equal(await taker.done, true);
      assert.equal(semaphore.available, 0);
      throwsCode(() => semaphore.release(9), 'ERR_OUT_OF_RANGE');
    },
  },
);
