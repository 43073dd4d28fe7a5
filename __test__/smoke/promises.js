// @ts-check
'use strict';

const assert = require('node:assert/strict');
const { Barrier, Condition, Latch, Mutex, RwLock, Semaphore } = require('../../index.js');
const { cells, endOf, program, sleep, until } = require('./harness.js');

program(
  __filename,
  {
    /** @param {{ view: Int32Array }} data */
    hold({ view }) {
      const mutex = new Mutex(view, 0).lock();
      Atomics.store(view, 1, 1);
      while (Atomics.load(view, 2) === 0) Atomics.wait(view, 2, 0, 5);
      mutex.unlock();
    },
    async count({ view, times }) {
      const mutex = new Mutex(view, 0);
      for (let i = 0; i < times; i++) {
        const guard = await mutex.lockAsync();
        view[1]++;
        guard.release();
      }
    },
    make({ view }) {
      const mutex = new Mutex(view, 0);
      mutex.runExclusive(() => view[2]++);
      new Condition(view, 1).notify();
    },
    open({ view }) {
      new Latch(view, 0).release();
    },
    meet({ view }) {
      new Barrier(view, 0, 2).wait();
    },
  },
  {
    async 'promises: the event loop turns while lockAsync() waits for a worker'(start) {
      const view = cells(3);
      const holder = start('hold', { view });
      await until(() => view[1] === 1, 'the worker holds the mutex');
      // The worker unlocks only after some turns of this loop.
      let turns = 0;
      const timer = setInterval(() => {
        if (++turns === 4) Atomics.store(view, 2, 1);
      }, 5);
      const mutex = new Mutex(view, 0);
      const guard = await mutex.lockAsync();
      clearInterval(timer);
      assert.ok(turns >= 4, `${turns} turns`);
      assert.equal(guard.held, true);
      guard.release();
      assert.equal(mutex.locked, false);
      await holder.done;
    },
    async 'promises: two workers and the main thread count by lockAsync()'(start) {
      const view = cells(2);
      const workers = [1, 2].map(() => start('count', { view, times: 500 }));
      const mutex = new Mutex(view, 0);
      for (let i = 0; i < 500; i++) await mutex.runExclusiveAsync(() => view[1]++);
      await Promise.all(workers.map(({ done }) => done));
      assert.equal(view[1], 1_500);
    },
    async 'promises: a time limit and a signal end the wait'() {
      const view = cells(1);
      const mutex = new Mutex(view, 0).lock();
      assert.equal(await endOf(mutex.lockAsync({ timeout: 20 })), 'ERR_TIMEOUT');
      const controller = new AbortController();
      const ended = endOf(mutex.lockAsync({ signal: controller.signal }));
      await sleep(10);
      controller.abort();
      assert.equal(await ended, 'AbortError');
      mutex.unlock();
      assert.equal(mutex.locked, false);
    },
    async 'promises: Condition, Latch, Barrier, Semaphore and RwLock wait for workers'(start) {
      const view = cells(3);
      const mutex = new Mutex(view, 0);
      const guard = await mutex.lockAsync();
      start('make', { view });
      await new Condition(view, 1).waitAsync(guard, () => view[2] > 0);
      guard.release();

      const gate = cells(1);
      start('open', { view: gate });
      await new Latch(gate).awaitAsync({ ref: true });

      const phase = cells(1);
      start('meet', { view: phase });
      const missing = await new Barrier(phase, 0, 2).waitAsync({ ref: true });
      assert.ok(missing === 0 || missing === 1);

      const semaphore = new Semaphore(cells(1), 0, 1);
      semaphore.acquire();
      setTimeout(() => semaphore.release(), 10);
      await semaphore.acquireAsync(1, { ref: true });
      assert.equal(semaphore.available, 0);

      const lock = new RwLock(cells(1));
      const reads = [await lock.readAsync(), await lock.readAsync()];
      const writes = lock.writeAsync({ ref: true });
      for (const read of reads) read.release();
      (await writes).release();
    },
  },
);
