// @ts-check
'use strict';

const assert = require('node:assert/strict');
const { Latch, Once } = require('../../index.js');
const { cells, program } = require('./harness.js');

program(
  __filename,
  {
    work({ view }) {
      new Once(view, 0).run(() => {
        view[2]++;
      });
      if (view[2] !== 1) throw new Error(`prepared ${view[2]} times`);
      new Latch(view, 1, 4).countDown();
    },
  },
  {
    async 'Once: one of four workers runs the function, and the others see what it wrote'(start) {
      const view = cells(3);
      const workers = [1, 2, 3, 4].map(() => start('work', { view }));
      await new Latch(view, 1, 4).awaitAsync();
      assert.equal(view[2], 1);
      assert.equal(new Once(view, 0).done, true);
      await Promise.all(workers.map((worker) => worker.done));
    },
  },
);
