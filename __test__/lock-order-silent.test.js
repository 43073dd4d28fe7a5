// @ts-check
'use strict';

// Programs of which lock order tells nothing, since they cannot deadlock.

const test = require('ava').default;
const { silent } = require('./helpers/lock-order.js');

for (const start of ['at once', 'staggered']) {
  test(`50 tasks in crossed orders on disjoint locks, ${start}`, (t) =>
    silent(
      t,
      async ({ start }, { Mutex, sleep }) => {
        const cells = new SharedArrayBuffer(4 * 150);
        /** @param {number} i */
        const task = async (i) => {
          const locks = [0, 1, 2].map((j) => new Mutex(cells, 3 * i + j));
          if (i % 2 === 1) locks.reverse();
          for (let round = 0; round < 6; round++) {
            // The second lock of one round is the first of the next. So an edge to another task would soon be in a cycle.
            const outer = await locks[round % 2].lockAsync();
            await sleep(round % 3);
            const inner = await locks[(round % 2) + 1].lockAsync();
            await sleep(i % 3);
            inner.release();
            outer.release();
          }
        };
        const tasks = [];
        for (let i = 0; i < 50; i++) {
          tasks.push(task(i));
          if (start === 'staggered') await sleep(i % 4);
        }
        await Promise.all(tasks);
      },
      { start },
    ));
}

test('tasks that are started and not awaited in the context of another', (t) =>
  silent(t, async (_, { Mutex, sleep }) => {
    const cells = new SharedArrayBuffer(16);
    const [a, b, x, y] = ['a', 'b', 'x', 'y'].map((name, i) => new Mutex(cells, i, { name }));
    /** @param {any} first @param {any} second */
    const task = async (first, second) => {
      const outer = await first.lockAsync();
      await sleep(5);
      const inner = await second.lockAsync();
      await sleep(5);
      inner.release();
      outer.release();
    };
    const tasks = [task(a, b)];
    await sleep(2);
    tasks.push(task(x, y));
    await sleep(2);
    await Promise.all(tasks);
    // x > a would close a cycle with a false a > x.
    await task(x, a);
    await task(y, b);
  }));

test('readers in crossed order, and config.read with log, without a writer', (t) =>
  silent(t, (_, { Mutex, RwLock }) => {
    const cells = new SharedArrayBuffer(12);
    const a = new RwLock(cells, 0, { name: 'a' });
    const b = new RwLock(cells, 1, { name: 'b' });
    const log = new Mutex(cells, 2, { name: 'log' });
    for (const [first, second] of [
      [a, b],
      [b, a],
    ]) {
      const outer = first.read();
      second.read().release();
      outer.release();
    }
    log.runExclusive(() => a.read().release());
    const reading = a.read();
    log.runExclusive(() => {});
    reading.release();
  }));

test('200 workers one after the other, each with a buffer of its own, alternately a-b and b-a', (t) =>
  silent(t, async (_, { startWorker }) => {
    for (let i = 0; i < 200; i++) {
      const { done, exited } = startWorker(
        ({ reversed }, { Mutex }) => {
          const cells = new SharedArrayBuffer(8);
          const pair = ['a', 'b'].map((name, cell) => new Mutex(cells, cell, { name }));
          if (reversed) pair.reverse();
          pair[0].runExclusive(() => pair[1].runExclusive(() => {}));
        },
        { reversed: i % 2 === 1 },
      );
      await done;
      await exited;
    }
  }));

test('buffers that a thread drops, when it has used many others since', (t) =>
  silent(t, (_, { Mutex }) => {
    /** @param {boolean} reversed */
    const use = (reversed) => {
      const cells = new SharedArrayBuffer(8);
      const pair = ['a', 'b'].map((name, cell) => new Mutex(cells, cell, { name }));
      if (reversed) pair.reverse();
      pair[0].runExclusive(() => pair[1].runExclusive(() => {}));
    };
    for (let i = 0; i < 40_000; i++) use(i % 2 === 1);
  }));

test('a failed acquire leaves what is held as it was', (t) =>
  silent(t, async (_, { Mutex, startWorker, codeOf }) => {
    const cells = new SharedArrayBuffer(12);
    const [a, b, c] = ['a', 'b', 'c'].map((name, i) => new Mutex(cells, i, { name }));
    const { done, exited } = startWorker(
      ({ cells }, { Mutex, ready, stall }) => {
        new Mutex(cells, 1).lock();
        ready();
        stall(100);
      },
      { cells },
    );
    await done;
    await exited;
    codeOf(() => b.lock());
    const code = await b.lockAsync().then(String, (/** @type {any} */ error) => error.code);
    if (code !== 'ERR_ABANDONED') throw new Error('b was acquired');
    // If b counted as held, this would be b > a.
    a.runExclusive(() => {});
    b.recover();
    b.unlock();
    a.runExclusive(() => b.runExclusive(() => {}));
    // An unlock without an entry.
    codeOf(() => c.unlock());
  }));
