// @ts-check
'use strict';

const assert = require('node:assert/strict');
const { Barrier, Condition, Latch, Mutex, RwLock, Semaphore, inspect } = require('../../index.js');
const { cells, codeOf, program, skipped, until } = require('./harness.js');

/**
 * A check that a blocked worker ends. Skipped on runtimes that cannot end a worker which does not return to its event
 * loop.
 *
 * @template Check
 * @param {Check} check
 */
const unlessUnstoppable = (check) =>
  'deno' in process.versions ? skipped("Deno's terminate() ends no running thread") : check;

/**
 * The calls in which workers block. The main thread owns the mutex in cell 0, and writes under the lock in cell 2.
 *
 * @type {Record<string, (view: Int32Array<SharedArrayBuffer>) => unknown>}
 */
const waits = {
  'Mutex#lock': (view) => new Mutex(view, 0).lock(),
  'Condition#wait': (view) => new Condition(view, 1).wait(new Mutex(view, 3).lock()),
  'Barrier#wait': (view) => new Barrier(view, 1, 2).wait(),
  'Latch#await': (view) => new Latch(view, 1).await(),
  'Semaphore#acquire': (view) => new Semaphore(view, 1, 0, { max: 1 }).acquire(),
  'RwLock#read': (view) => new RwLock(view, 2).read(),
};

program(
  __filename,
  {
    wait: ({ view, name }) => void waits[name](view),
    hold({ view }) {
      new Mutex(view, 0).lock();
      Atomics.store(view, 1, 1);
      return new Promise((resolve) => setTimeout(resolve, 60_000));
    },
    count({ view, times }) {
      const mutex = new Mutex(view, 0);
      for (let i = 0; i < times; i++) mutex.runExclusive(() => view[1]++);
    },
  },
  {
    ...Object.fromEntries(
      Object.keys(waits).map((name) => [
        `terminate: a worker blocked in ${name} ends at once`,
        unlessUnstoppable(async (/** @type {any} */ start) => {
          const view = cells(4);
          new Mutex(view, 0).lock();
          new RwLock(view, 2).write();
          const { worker, exited } = start('wait', { view, name });
          await until(() => inspect().length > 0, 'the worker is blocked');
          const before = performance.now();
          await worker.terminate();
          assert.ok(performance.now() - before < 2_000, `${performance.now() - before} ms`);
          await exited;
          await until(() => inspect().length === 0, 'it waits no more');
        }),
      ]),
    ),
    async 'terminate: what the worker had locked is abandoned'(start) {
      const view = cells(2);
      const { worker } = start('hold', { view });
      await until(() => view[1] === 1, 'the worker holds the mutex');
      await worker.terminate();
      const mutex = new Mutex(view, 0);
      let told;
      await until(() => {
        told = codeOf(() => mutex.tryLock());
        return typeof told === 'string';
      }, 'the death is reported');
      assert.equal(told, 'ERR_ABANDONED');
      assert.equal(mutex.recover(), true);
      mutex.unlock();
    },
    'terminate: the others go on where a worker waited among them': unlessUnstoppable(
      async (start) => {
        const view = cells(2);
        const mutex = new Mutex(view, 0).lock();
        const [victim, ...others] = ['wait', 'count', 'count'].map((role) =>
          start(role, { view, name: 'Mutex#lock', times: 1_000 }),
        );
        await until(() => inspect().length === 3, 'all are blocked');
        await victim.worker.terminate();
        mutex.unlock();
        await Promise.all(others.map(({ done }) => done));
        assert.equal(view[1], 2_000);
      },
    ),
  },
);
