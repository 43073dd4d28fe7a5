// @ts-check
'use strict';

const assert = require('node:assert/strict');
const { Channel, layout } = require('../../index.js');
const { program, throwsCode } = require('./harness.js');

const queues = () =>
  layout({ jobs: [Channel, { capacity: 1_024 }], results: [Channel, { capacity: 1_024 }] });
const COUNT = 1_000;

program(
  __filename,
  {
    square({ memory }) {
      const { jobs, results } = layout.from(memory);
      for (const n of jobs) results.send(n * n);
    },
    relay({ memory }) {
      const { jobs, results } = layout.from(memory);
      const seen = jobs.peek();
      const sent = results.reserve(seen.bytes.length);
      sent.bytes.set(seen.bytes);
      sent.commit();
    },
  },
  {
    async 'Channel: four workers square what they receive, until the channel is closed'(start) {
      const app = queues();
      const workers = [1, 2, 3, 4].map(() => start('square', { memory: app.share() }));
      const sending = (async () => {
        for (let n = 0; n < COUNT; n++) await app.jobs.sendAsync(n);
        app.jobs.close();
        await Promise.all(workers.map((worker) => worker.done));
        app.results.close();
      })();
      let sum = 0;
      for await (const square of app.results) sum += square;
      await sending;
      assert.equal(sum, ((COUNT - 1) * COUNT * (2 * COUNT - 1)) / 6);
      throwsCode(() => app.jobs.send(1), 'ERR_CLOSED');
      throwsCode(() => app.results.receive(), 'ERR_CLOSED');
    },
    async 'Channel: a message that is only peeked at outlives the worker that did'(start) {
      const app = queues();
      app.jobs.send(Uint8Array.of(1, 2, 3));
      const worker = start('relay', { memory: app.share() });
      assert.deepEqual([...app.results.receive({ timeout: 10_000 })], [1, 2, 3]);
      await worker.done;
      await worker.worker.terminate();
      assert.deepEqual([...app.jobs.receive({ timeout: 10_000 })], [1, 2, 3]);
      assert.equal(app.jobs.tryReceive(5), undefined);
    },
  },
);
