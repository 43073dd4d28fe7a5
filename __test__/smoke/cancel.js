// @ts-check
'use strict';

const assert = require('node:assert/strict');
const { Cancel, Latch } = require('../../index.js');
const { cells, program } = require('./harness.js');

program(
  __filename,
  {
    wait({ view }) {
      try {
        new Latch(view, 1).await({ cancel: new Cancel(view, 0) });
        return 'returned';
      } catch (error) {
        return /** @type {any} */ (error).code;
      }
    },
  },
  {
    async 'Cancel: a time that the main thread sets ends the wait of a worker'(start) {
      const view = cells(2);
      const worker = start('wait', { view });
      new Cancel(view, 0).abortAfter(50);
      assert.equal(await worker.done, 'ERR_CANCELLED');
    },
    async 'Cancel: an abort ends the waits of workers, and a promise'(start) {
      const view = cells(2);
      const cancel = new Cancel(view, 0);
      const workers = [1, 2].map(() => start('wait', { view }));
      const promise = new Latch(view, 1).awaitAsync({ cancel });
      const { signal } = cancel;
      cancel.abort();
      await assert.rejects(promise, { code: 'ERR_CANCELLED' });
      for (const { done } of workers) assert.equal(await done, 'ERR_CANCELLED');
      if (!signal.aborted) {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      }
      assert.equal(signal.reason.code, 'ERR_CANCELLED');
    },
  },
);
