// @ts-check
'use strict';

const test = require('ava').default;
const { Mutex } = require('../index.js');
const { startWorker } = require('./helpers/threads.js');

test('a worker that is terminated in a wait does not go on as if it had what it waited for', async (t) => {
  const waits = {
    lock: (/** @type {any} */ view, /** @type {any} */ { Mutex }) => {
      new Mutex(view, 0).lock();
      view[5] = 1;
    },
    wait: (/** @type {any} */ view, /** @type {any} */ { Mutex, Condition }) => {
      new Condition(view, 2).wait(new Mutex(view, 1).lock());
      view[5] = 1;
    },
    arrive: (/** @type {any} */ view, /** @type {any} */ { Barrier }) => {
      new Barrier(view, 3, 2).wait();
      view[5] = 1;
    },
    await: (/** @type {any} */ view, /** @type {any} */ { Latch }) => {
      new Latch(view, 4).await();
      view[5] = 1;
    },
  };
  for (const [name, wait] of Object.entries(waits)) {
    for (let round = 0; round < 5; round++) {
      const view = new Int32Array(new SharedArrayBuffer(24));
      new Mutex(view, 0).lock();
      const waiter = startWorker(
        ({ view, source }, tools) => {
          const wait = (0, eval)(source);
          tools.ready();
          wait(view, tools);
        },
        { view, source: `(${wait})` },
      );
      await waiter.blocked();
      await waiter.worker.terminate();
      t.is(view[5], 0, name);
    }
  }
});
