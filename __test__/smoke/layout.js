// @ts-check
'use strict';

const assert = require('node:assert/strict');
const { Latch, Mutex, layout } = require('../../index.js');
const { program } = require('./harness.js');

const spec = /** @type {const} */ ({ jobs: Mutex, done: [Latch, 2], totals: [Float64Array, 4] });

program(
  __filename,
  {
    add(shared) {
      const { jobs, done, totals } = layout.from(shared, spec);
      for (let i = 0; i < 1_000; i++) jobs.runExclusive(() => (totals[0] += 0.5));
      done.countDown();
    },
  },
  {
    async 'layout: two workers find everything by name'(start) {
      const { jobs, done, totals, share } = layout(spec);
      for (let i = 0; i < 2; i++) start('add', share());
      await done.awaitAsync({ ref: true });
      assert.equal(totals[0], 1_000);
      assert.equal(String(require('node:util').inspect(jobs)), 'Mutex "jobs" { free }');
    },
  },
);
