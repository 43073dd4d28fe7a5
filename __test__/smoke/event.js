// @ts-check
'use strict';

const assert = require('node:assert/strict');
const { Event, Latch } = require('../../index.js');
const { cells, program } = require('./harness.js');

program(
  __filename,
  {
    work({ view }) {
      new Event(view, 0).wait();
      new Event(view, 1, { autoReset: true }).wait();
      view[3]++; // not atomic: the event lets one thread in
      new Event(view, 1, { autoReset: true }).set();
      new Latch(view, 2, 4).countDown();
    },
  },
  {
    async 'Event: four workers pass a gate together, and then one after another'(start) {
      const view = cells(4);
      const workers = [1, 2, 3, 4].map(() => start('work', { view }));
      new Event(view, 1, { autoReset: true }).set();
      new Event(view, 0).set();
      await new Latch(view, 2, 4).awaitAsync();
      assert.equal(view[3], 4);
      assert.equal(new Event(view, 1, { autoReset: true }).tryWait(), true);
      assert.equal(new Event(view, 1, { autoReset: true }).tryWait(5), false);
      await Promise.all(workers.map((worker) => worker.done));
    },
  },
);
