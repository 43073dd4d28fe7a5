// @ts-check
'use strict';

const assert = require('node:assert/strict');
const { Channel, Event, layout, select, selectAsync, trySelect } = require('../../index.js');
const { program } = require('./harness.js');

const queues = () =>
  layout({
    urgent: [Channel, { capacity: 256 }],
    jobs: [Channel, { capacity: 256 }],
    answers: [Channel, { capacity: 256 }],
    stop: Event,
  });

program(
  __filename,
  {
    work({ memory }) {
      const { urgent, jobs, answers, stop } = layout.from(memory);
      for (;;) {
        const { index, value } = select([urgent, jobs, stop]);
        if (index === 2) return;
        answers.send([index === 0 ? 'urgent' : 'job', value]);
      }
    },
  },
  {
    async 'select: a worker takes from two channels until an event is set'(start) {
      const app = queues();
      const worker = start('work', { memory: app.share() });
      app.jobs.send(1);
      assert.deepEqual((await selectAsync([app.answers])).value, ['job', 1]);
      app.urgent.send(2);
      assert.deepEqual((await selectAsync([app.answers])).value, ['urgent', 2]);
      assert.equal(trySelect([app.answers, app.stop], 5), undefined);
      app.stop.set();
      await worker.done;
    },
  },
);
