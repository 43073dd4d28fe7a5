// @ts-check
'use strict';

const assert = require('node:assert/strict');
const { RwLock } = require('../../index.js');
const { cells, program, throwsCode, until } = require('./harness.js');

program(
  __filename,
  {
    write({ view, times }) {
      const lock = new RwLock(view, 0);
      for (let i = 0; i < times; i++) {
        lock.write();
        view[1]++;
        view[2]++;
        lock.unlockWrite();
      }
    },
    read({ view, times }) {
      const lock = new RwLock(view, 0);
      let wrong = 0;
      for (let i = 0; i < times; i++) {
        lock.read();
        if (view[1] !== view[2]) wrong++;
        lock.unlockRead();
      }
      return wrong;
    },
    /** @param {{ view: Int32Array }} data */
    hold({ view }) {
      new RwLock(view, 0).read();
      Atomics.store(view, 1, 1);
      while (Atomics.load(view, 2) === 0) Atomics.wait(view, 2, 0, 5);
      new RwLock(view, 0).unlockRead();
    },
    die({ view }) {
      new RwLock(view, 0).read();
    },
  },
  {
    async 'RwLock: two write, two read, and no reader sees half of a write'(start) {
      const view = cells(3);
      const roles = ['write', 'read', 'write', 'read'];
      const workers = roles.map((role) => start(role, { view, times: 2_000 }));
      const [, a, , b] = await Promise.all(workers.map(({ done }) => done));
      assert.deepEqual([a, b, view[1], view[2]], [0, 0, 4_000, 4_000]);
    },
    async 'RwLock: a thread reads beside another reader, and no thread writes then'(start) {
      const view = cells(3);
      const holder = start('hold', { view });
      await until(() => view[1] === 1, 'the worker reads');
      const lock = new RwLock(view, 0);
      assert.equal(Boolean(lock.tryRead()), true);
      lock.unlockRead();
      assert.equal(Boolean(lock.tryWrite(20)), false);
      Atomics.store(view, 2, 1);
      await holder.done;
      assert.equal(Boolean(lock.tryWrite()), true);
      throwsCode(() => lock.read(), 'ERR_DEADLOCK');
      lock.unlockWrite();
    },
    async 'RwLock: write() throws ERR_ABANDONED after the death of a reader'(start) {
      const view = cells(1);
      const dead = start('die', { view });
      await dead.exited;
      const lock = new RwLock(view, 0);
      throwsCode(() => lock.write(), 'ERR_ABANDONED');
      assert.equal(lock.recover(), true);
      lock.unlockWrite();
    },
  },
);
