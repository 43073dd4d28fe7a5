// @ts-check
'use strict';

const assert = require('node:assert/strict');
const { Mutex, inspect } = require('../../index.js');
const { cells, codeOf, program, throwsCode, until } = require('./harness.js');

program(
  __filename,
  {
    count({ view, times }) {
      const mutex = new Mutex(view, 0);
      for (let i = 0; i < times; i++) {
        mutex.lock();
        view[1]++;
        mutex.unlock();
      }
    },
    /** @param {{ view: Int32Array }} data */
    hold({ view }) {
      new Mutex(view, 0).lock();
      Atomics.store(view, 1, 1);
      while (Atomics.load(view, 2) === 0) Atomics.wait(view, 2, 0, 5);
      new Mutex(view, 0).unlock();
    },
    die({ view }) {
      new Mutex(view, 0).lock();
    },
    lock({ view }) {
      return codeOf(() => new Mutex(view, 0).lock() && 'locked');
    },
    // Locks one mutex, waits until the other worker has locked the other mutex, and locks that.
    /** @param {{ view: Int32Array, first: number }} data */
    cross({ view, first }) {
      const [own, other] = [new Mutex(view, first), new Mutex(view, 1 - first)];
      own.lock();
      Atomics.add(view, 2, 1);
      while (Atomics.load(view, 2) < 2) Atomics.wait(view, 2, 1, 5);
      const end = codeOf(() => other.lock().unlock());
      own.unlock();
      return end;
    },
  },
  {
    async 'Mutex: four workers count to 40000 and lose nothing'(start) {
      const view = cells(2);
      await Promise.all([1, 2, 3, 4].map(() => start('count', { view, times: 10_000 }).done));
      assert.equal(view[1], 40_000);
      assert.equal(view[0], 0);
    },
    'Mutex: what one thread does wrong throws an error'() {
      const mutex = new Mutex(cells(1));
      throwsCode(() => mutex.unlock(), 'ERR_NOT_OWNER');
      mutex.lock();
      throwsCode(() => mutex.lock(), 'ERR_DEADLOCK');
      mutex.unlock();
      assert.equal(
        mutex.runExclusive(() => mutex.locked),
        true,
      );
      assert.equal(mutex.locked, false);
      throwsCode(() => new Mutex(/** @type {any} */ (5)), 'ERR_INVALID_ARG_TYPE');
    },
    async 'Mutex: tryLock gives up in time'(start) {
      const view = cells(3);
      const holder = start('hold', { view });
      await until(() => view[1] === 1, 'the worker holds the mutex');
      const mutex = new Mutex(view, 0);
      assert.equal(mutex.ownerThreadId, holder.worker.threadId);
      const before = performance.now();
      assert.equal(mutex.tryLock(50), false);
      assert.ok(performance.now() - before >= 49);
      Atomics.store(view, 2, 1);
      await holder.done;
      assert.equal(mutex.tryLock(), true);
      mutex.unlock();
    },
    async 'Mutex: the death of its owner is reported, and another thread recovers it'(start) {
      const view = cells(1);
      const dead = start('die', { view });
      await dead.done;
      const waiting = start('lock', { view });
      assert.equal(await waiting.done, 'ERR_ABANDONED');
      await dead.exited;
      const mutex = new Mutex(view, 0);
      throwsCode(() => mutex.lock(), 'ERR_ABANDONED');
      assert.equal(mutex.recover(), true);
      mutex.unlock();
      assert.equal(mutex.lock().locked, true);
      mutex.unlock();
    },
    async 'Mutex: a cycle of two workers throws ERR_DEADLOCK in one of them'(start) {
      const view = cells(3);
      const ends = await Promise.all([0, 1].map((first) => start('cross', { view, first }).done));
      const deadlocks = ends.filter((end) => end === 'ERR_DEADLOCK');
      assert.equal(deadlocks.length, 1, JSON.stringify(ends));
    },
    async 'inspect: a blocked worker is listed'(start) {
      const view = cells(1);
      const mutex = new Mutex(view, 0).lock();
      const waiting = start('lock', { view });
      await until(() => inspect().length === 1, 'it is listed');
      assert.equal(inspect()[0].threadId, waiting.worker.threadId);
      mutex.unlock();
      assert.deepEqual(await waiting.done, { returned: 'locked' });
      assert.deepEqual(inspect(), []);
    },
  },
);
