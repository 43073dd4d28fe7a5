// @ts-check
'use strict';

const assert = require('node:assert/strict');
const { Condition, Mutex } = require('../../index.js');
const { cells, program, sleep } = require('./harness.js');

program(
  __filename,
  {
    consume({ view, times }) {
      const [mutex, filled, emptied] = [
        new Mutex(view, 0),
        new Condition(view, 1),
        new Condition(view, 2),
      ];
      let sum = 0;
      for (let i = 0; i < times; i++) {
        mutex.lock();
        filled.wait(mutex, () => view[3] !== 0);
        sum += view[3];
        view[3] = 0;
        mutex.unlock();
        emptied.notify();
      }
      return sum;
    },
    produce({ view, times }) {
      const [mutex, filled, emptied] = [
        new Mutex(view, 0),
        new Condition(view, 1),
        new Condition(view, 2),
      ];
      for (let i = 1; i <= times; i++) {
        mutex.lock();
        emptied.wait(mutex, () => view[3] === 0);
        view[3] = i;
        mutex.unlock();
        filled.notify();
      }
    },
    wait({ view }) {
      const mutex = new Mutex(view, 0).lock();
      view[2]++;
      new Condition(view, 1).wait(mutex, () => view[3] === 1);
      mutex.unlock();
      return true;
    },
  },
  {
    async 'Condition: everything that one worker makes, two others get'(start) {
      const view = cells(4);
      const producer = start('produce', { view, times: 1_000 });
      const consumers = [500, 500].map((times) => start('consume', { view, times }));
      await producer.done;
      const [a, b] = await Promise.all(consumers.map(({ done }) => done));
      assert.equal(a + b, 500_500);
    },
    async 'Condition: notifyAll wakes all'(start) {
      const view = cells(4);
      const waiting = [1, 2, 3].map(() => start('wait', { view }));
      const [mutex, condition] = [new Mutex(view, 0), new Condition(view, 1)];
      for (let arrived = 0; arrived < 3;) {
        await sleep(5);
        arrived = mutex.runExclusive(() => view[2]);
      }
      mutex.runExclusive(() => (view[3] = 1));
      condition.notifyAll();
      assert.deepEqual(await Promise.all(waiting.map(({ done }) => done)), [true, true, true]);
    },
    'Condition: waitFor gives up in time and owns the mutex'() {
      const view = cells(2);
      const mutex = new Mutex(view, 0).lock();
      const before = performance.now();
      assert.equal(
        new Condition(view, 1).waitFor(mutex, () => false, 50),
        false,
      );
      assert.ok(performance.now() - before >= 49);
      assert.equal(mutex.locked, true);
      mutex.unlock();
    },
  },
);
