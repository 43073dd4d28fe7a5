// @ts-check
'use strict';

const assert = require('node:assert/strict');
const { Barrier } = require('../../index.js');
const { cells, codeOf, program, throwsCode, until } = require('./harness.js');

program(
  __filename,
  {
    /** @param {{ view: Int32Array, rounds: number }} data */
    rounds({ view, rounds }) {
      const barrier = new Barrier(view, 0, 4);
      let wrong = 0;
      for (let round = 1; round <= rounds; round++) {
        Atomics.add(view, 1, 1);
        barrier.wait();
        if (Atomics.load(view, 1) !== 4 * round) wrong++;
        barrier.wait();
      }
      return wrong;
    },
    wait({ view }) {
      return codeOf(() => new Barrier(view, 0, 3).wait());
    },
  },
  {
    async 'Barrier: four workers stay in step for 200 rounds'(start) {
      const view = cells(2);
      const workers = [1, 2, 3, 4].map(() => start('rounds', { view, rounds: 200 }));
      assert.deepEqual(await Promise.all(workers.map(({ done }) => done)), [0, 0, 0, 0]);
    },
    async 'Barrier: a time limit breaks it for all parties, until reset()'(start) {
      const view = cells(1);
      const barrier = new Barrier(view, 0, 3);
      const waiting = start('wait', { view });
      await until(() => barrier.waiting === 1, 'the worker waits');
      throwsCode(() => barrier.waitFor(20), 'ERR_TIMEOUT');
      assert.equal(await waiting.done, 'ERR_BROKEN_BARRIER');
      assert.equal(barrier.broken, true);
      barrier.reset();
      assert.equal(barrier.broken, false);
    },
  },
);
