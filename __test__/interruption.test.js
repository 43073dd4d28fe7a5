// @ts-check
'use strict';

const test = require('ava').default;
const { runChild } = require('./helpers/child.js');
const { waits } = require('./helpers/blocking.js');

// Each of these runs in a process of its own that is killed after a while: a worker that cannot be ended would
// otherwise keep the test run from ending. The limits are loose: they tell "ends" from "hangs".
const LIMIT = 2_000;

/** @param {import('./helpers/child.js').Ended} ended */
const summary = ({ code, signal, timedOut, ms, stderr }) =>
  JSON.stringify({ code, signal, timedOut, ms, stderr });

for (const name of Object.keys(waits)) {
  test(`terminate() ends a worker blocked in ${name}, early or late`, async (t) => {
    const ended = await runChild(
      async ({ name }, { Mutex, startWorker, sleep }) => {
        const times = [];
        // From the first instant of the wait to long after the thread has gone to sleep.
        for (const delay of [0, 1, 5, 50, 200]) {
          const view = new Int32Array(new SharedArrayBuffer(16));
          new Mutex(view, 0).lock();
          const started = startWorker(
            ({ view, name }, { wait, ready }) => {
              ready();
              wait(name, view);
              throw new Error('it did not wait');
            },
            { view, name },
          );
          await started.ready;
          await sleep(delay);
          const start = performance.now();
          await started.worker.terminate();
          times.push(performance.now() - start);
          const error = await started.done.catch((error) => error);
          if (!/ended with code 1/.test(error.message)) throw error;
        }
        return times;
      },
      { name },
    );
    t.is(ended.code, 0, summary(ended));
    for (const time of ended.value) t.true(time < LIMIT, `terminate() took ${time} ms`);
  });

  test(`process.exit() in the main thread ends the process with workers blocked in ${name}`, async (t) => {
    const ended = await runChild(
      async ({ name }, { Mutex, startWorker, leaving }) => {
        const view = new Int32Array(new SharedArrayBuffer(16));
        new Mutex(view, 0).lock();
        for (let i = 0; i < 3; i++) {
          const started = startWorker(
            ({ view, name }, { wait, ready }) => {
              ready();
              wait(name, view);
            },
            { view, name },
          );
          await started.blocked(i === 0 ? 200 : 20);
        }
        leaving();
        process.exit(7);
      },
      { name },
    );
    t.is(ended.code, 7, summary(ended));
    t.true(ended.exitMs < LIMIT, `process.exit() took ${ended.exitMs} ms`);
  });
}

test('an uncaught error in the main thread ends the process though workers are blocked', async (t) => {
  const ended = await runChild(async (_, { Mutex, startWorker, leaving, waits }) => {
    const view = new Int32Array(new SharedArrayBuffer(16));
    new Mutex(view, 0).lock();
    for (const name of Object.keys(waits)) {
      const started = startWorker(
        ({ view, name }, { wait, ready }) => {
          ready();
          wait(name, view);
        },
        { view, name },
      );
      await started.ready;
    }
    setTimeout(() => {
      leaving();
      throw new Error('on purpose');
    }, 200);
  });
  t.is(ended.code, 1, summary(ended));
  t.regex(ended.stderr, /on purpose/);
  t.true(ended.exitMs < LIMIT, `the end took ${ended.exitMs} ms`);
});

test('process.exit() in one worker ends that worker and leaves a blocked one waiting', async (t) => {
  const ended = await runChild(async (_, { Latch, startWorker, sleep }) => {
    const view = new Int32Array(new SharedArrayBuffer(16));
    const waiter = startWorker(
      ({ view }, { Latch, ready }) => {
        ready();
        new Latch(view, 3).await();
        return 'released';
      },
      { view },
    );
    await waiter.blocked();
    const leaver = startWorker(
      ({ view }, { Latch }) => {
        new Latch(view, 3).tryAwait(5);
        process.exit(9);
      },
      { view },
    );
    const start = performance.now();
    const code = await leaver.exited;
    const ms = performance.now() - start;
    const early = await Promise.race([waiter.done, sleep(200).then(() => 'waiting')]);
    new Latch(view, 3).release();
    return { code, ms, early, late: await waiter.done };
  });
  t.is(ended.code, 0, summary(ended));
  const { code, ms, early, late } = ended.value;
  t.is(code, 9);
  t.true(ms < LIMIT, `process.exit() took ${ms} ms`);
  t.is(early, 'waiting');
  t.is(late, 'released');
});

test('a terminated waiter takes no wake-up with it', async (t) => {
  const ended = await runChild(async (_, { Mutex, Condition, startWorker }) => {
    const codeOrText = (/** @type {any} */ error) => error.code ?? String(error);
    const results = [];
    for (let round = 0; round < 10; round++) {
      const view = new Int32Array(new SharedArrayBuffer(32));
      const mutex = new Mutex(view, 0).lock();
      /** @param {Parameters<typeof startWorker>[0]} body */
      const start = (body) => startWorker(body, { view }, { limit: 5_000 });
      /** @type {Parameters<typeof startWorker>[0]} */
      const body = ({ view }, { Mutex, ready }) => {
        ready();
        new Mutex(view, 0).lock().unlock();
        return true;
      };
      const first = start(body);
      await first.blocked(30);
      const second = start(body);
      await second.blocked(30);
      // The unlock wakes the first, which is on its way out.
      const end = first.worker.terminate();
      mutex.unlock();
      await end;
      const freed = await second.done.catch(codeOrText);

      /** @type {Parameters<typeof startWorker>[0]} */
      const waiting = ({ view }, { Mutex, Condition, ready }) => {
        const mutex = new Mutex(view, 2).lock();
        ready();
        new Condition(view, 1).wait(mutex);
        mutex.unlock();
        return true;
      };
      const third = start(waiting);
      await third.blocked(30);
      await third.worker.terminate();
      const fourth = start(waiting);
      await fourth.blocked(30);
      new Condition(view, 1).notify();
      const notified = await fourth.done.catch(codeOrText);
      results.push(freed, notified);
    }
    return results;
  });
  t.is(ended.code, 0, summary(ended));
  // One that already had the mutex when it died leaves it abandoned, which is told: nothing is lost.
  for (const result of ended.value)
    t.true(result === true || result === 'ERR_ABANDONED', String(result));
});

test('a worker that is terminated over and over leaves the others working', async (t) => {
  const ended = await runChild(async (_, { Latch, startWorker, sleep }) => {
    const view = new Int32Array(new SharedArrayBuffer(16));
    const waiter = startWorker(
      ({ view }, { Latch, ready }) => {
        ready();
        new Latch(view, 3).await();
        return true;
      },
      { view },
    );
    await waiter.blocked();
    for (let i = 0; i < 40; i++) {
      const other = startWorker(
        ({ view }, { Latch, ready }) => {
          ready();
          new Latch(view, 3).await();
        },
        { view },
      );
      await other.ready;
      await sleep(i % 4);
      await other.worker.terminate();
    }
    new Latch(view, 3).release();
    return waiter.done;
  });
  t.is(ended.code, 0, summary(ended));
  t.true(ended.value);
});

test('blocked workers burn no CPU', async (t) => {
  const ended = await runChild(async (_, { Mutex, startWorker, sleep }) => {
    const view = new Int32Array(new SharedArrayBuffer(16));
    new Mutex(view, 0).lock();
    const names = [
      'Mutex#lock',
      'Condition#wait',
      'Barrier#wait',
      'Latch#await',
      'Semaphore#acquire',
      'RwLock#write',
    ];
    for (const name of names) {
      const started = startWorker(
        ({ view, name }, { wait, ready }) => {
          ready();
          wait(name, view);
        },
        { view, name },
      );
      await started.blocked();
    }
    const before = process.cpuUsage();
    await sleep(300);
    const { user, system } = process.cpuUsage(before);
    setTimeout(() => process.exit(), 0);
    return (user + system) / 1_000;
  });
  t.is(ended.code, 0, summary(ended));
  // Four that spun would use 300 ms of each core that there is.
  t.true(ended.value < 60, `${ended.value} ms of CPU in 300 ms`);
});
