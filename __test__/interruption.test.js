// @ts-check
'use strict';

const test = require('ava').default;
const { isDeepStrictEqual } = require('node:util');
const { runChild } = require('./helpers/child.js');
const { waits } = require('./helpers/blocking.js');

// Each of these runs in a process of its own that is killed after a while: a worker that cannot be ended would
// otherwise keep the test run from ending. The limits are loose: they tell "ends" from "hangs".
const LIMIT = 5_000;

/** @param {import('./helpers/child.js').Ended} ended */
const summary = ({ code, signal, timedOut, ms, stderr }) =>
  JSON.stringify({ code, signal, timedOut, ms, stderr });

for (const name of Object.keys(waits)) {
  test(`terminate() ends a worker blocked in ${name}, early or late`, async (t) => {
    const ended = await runChild(
      async ({ name }, { Mutex, cells, sleep, startBlocked }) => {
        const times = [];
        // From the first instant of the wait to long after the thread has gone to sleep.
        for (const delay of [0, 1, 5, 50, 200]) {
          const view = cells();
          new Mutex(view, 0).lock();
          const started = await startBlocked(name, view);
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
      async ({ name }, { Mutex, cells, startBlocked, leaving }) => {
        const view = cells();
        new Mutex(view, 0).lock();
        for (let i = 0; i < 3; i++) await startBlocked(name, view);
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
  const ended = await runChild(async (_, { Mutex, cells, startBlocked, leaving, waits }) => {
    for (const name of Object.keys(waits)) {
      const view = cells();
      new Mutex(view, 0).lock();
      await startBlocked(name, view);
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
      const start = (body) => startWorker(body, { view }, { limit: 30_000 });
      /** @type {Parameters<typeof startWorker>[0]} */
      const body = ({ view }, { Mutex, ready }) => {
        ready();
        new Mutex(view, 0).lock().unlock();
        return true;
      };
      const first = start(body);
      await first.blocked();
      const second = start(body);
      await second.blocked();
      // The unlock wakes the first waiter, which is being terminated.
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
      await third.blocked();
      await third.worker.terminate();
      const fourth = start(waiting);
      await fourth.blocked();
      new Condition(view, 1).notify();
      const notified = await fourth.done.catch(codeOrText);
      results.push(freed, notified);
    }
    return results;
  });
  t.is(ended.code, 0, summary(ended));
  // A worker that owned the mutex when it died leaves it abandoned. The next lock() throws, so nothing is lost.
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

// Several that spun would use each core that there is all the time.
for (const { title, messages, ms, most } of [
  { title: 'blocked workers burn no CPU', messages: 0, ms: 300, most: 60 },
  {
    title: 'blocked workers that were sent messages burn next to no CPU',
    messages: 10,
    ms: 1_000,
    most: 150,
  },
]) {
  test(title, async (t) => {
    const ended = await runChild(
      async ({ messages, ms }, { Mutex, cells, startBlocked, sleep }) => {
        const names = [
          'Mutex#lock',
          'Condition#wait',
          'Barrier#wait',
          'Latch#await',
          'Semaphore#acquire',
          'RwLock#write',
        ];
        for (const name of names) {
          const view = cells();
          new Mutex(view, 0).lock();
          const { worker } = await startBlocked(name, view);
          for (let i = 0; i < messages; i++) worker.postMessage('news');
        }
        await sleep(100);
        const before = process.cpuUsage();
        await sleep(ms);
        const { user, system } = process.cpuUsage(before);
        setTimeout(() => process.exit(), 0);
        return (user + system) / 1_000;
      },
      { messages, ms },
    );
    t.is(ended.code, 0, summary(ended));
    t.true(ended.value < most, `${ended.value} ms of CPU in ${ms} ms`);
  });
}

test('terminate() in the first millisecond of a wait ends the worker', async (t) => {
  const ended = await runChild(
    async (_, { Mutex, startWorker }) => {
      const names = ['Mutex#lock', 'Condition#wait', 'Barrier#wait', 'Latch#await'];
      const times = [];
      for (let i = 0; i < 60; i++) {
        const view = new Int32Array(new SharedArrayBuffer(32));
        new Mutex(view, 0).lock();
        const { worker } = startWorker(
          ({ view, name }, { wait }) => {
            Atomics.store(view, 7, 1);
            wait(name, view);
          },
          { view, name: names[i % 4] },
        );
        await new Promise((resolve) => worker.once('online', resolve));
        while (Atomics.load(view, 7) === 0);
        const moment = performance.now() + (i % 6) / 5;
        while (performance.now() < moment);
        const start = performance.now();
        await worker.terminate();
        times.push(performance.now() - start);
      }
      return times;
    },
    {},
    { limit: 60_000 },
  );
  t.is(ended.code, 0, summary(ended));
  for (const time of ended.value) t.true(time < LIMIT, `terminate() took ${time} ms`);
});

for (const name of ['Mutex#lock', 'Condition#wait', 'Barrier#wait', 'Latch#await']) {
  test(`getHeapSnapshot() of a worker blocked in ${name} resolves, and it waits on`, async (t) => {
    const ended = await runChild(
      async ({ name }, { require: load, Mutex, cells, startBlocked, sleep }) => {
        const { inspect } = load('../../index.js');
        const view = cells();
        new Mutex(view, 0).lock();
        const { worker } = await startBlocked(name, view);
        let bytes = 0;
        for (let i = 0; i < 2; i++) {
          // Read to the end before anything else: Node itself crashes when the worker is terminated before.
          for await (const chunk of await worker.getHeapSnapshot()) bytes += chunk.length;
          await sleep(100);
        }
        const [wait, ...rest] = inspect();
        const waitsOn = wait?.threadId === worker.threadId && rest.length === 0;
        const start = performance.now();
        await worker.terminate();
        const ms = performance.now() - start;
        return { bytes, waitsOn, waitedMs: wait?.waitedMs, ms, left: inspect().length };
      },
      { name },
    );
    t.is(ended.code, 0, summary(ended));
    const { bytes, waitsOn, waitedMs, ms, left } = ended.value;
    t.true(bytes > 100_000);
    t.true(waitsOn);
    t.true(waitedMs > 200, 'it is the same wait');
    t.true(ms < LIMIT, `terminate() took ${ms} ms`);
    t.is(left, 0);
  });
}

/**
 * In which order blocked workers lock a mutex that is unlocked after each was sent messages, and one a request for a snapshot.
 * @param {number} workers
 */
const placesAfterInterrupts = (workers) =>
  runChild(
    async ({ workers }, { Mutex, startWorker, sleep }) => {
      const view = new Int32Array(new SharedArrayBuffer(16));
      const mutex = new Mutex(view, 0).lock();
      const waiters = [];
      for (let i = 0; i < workers; i++) {
        const started = startWorker(
          async ({ view }, { Mutex, worker_threads, ready, sleep }) => {
            const port = /** @type {import('node:worker_threads').MessagePort} */ (
              worker_threads.parentPort
            );
            const messages = /** @type {any[]} */ ([]);
            port.on('message', (message) => messages.push(message));
            const mutex = new Mutex(view, 0);
            ready();
            mutex.lock();
            const place = Atomics.add(view, 1, 1);
            const early = messages.length;
            mutex.unlock();
            while (messages.length < 100) await sleep(1);
            port.unref();
            return { place, early, inOrder: messages.every((message, i) => message === i) };
          },
          { view },
        );
        await started.blocked();
        waiters.push(started);
      }
      for (let i = 0; i < 100; i++) {
        for (const { worker } of waiters) worker.postMessage(i);
        if (i % 10 === 0) await sleep(5);
        if (i === 50) (await waiters[0].worker.getHeapSnapshot()).resume();
      }
      await sleep(200);
      mutex.unlock();
      return Promise.all(waiters.map(({ done }) => done));
    },
    { workers },
  );

test('messages, snapshots and garbage collections leave a blocked worker its place in the queue', async (t) => {
  const workers = 5;
  const inOrder = Array.from({ length: workers }, (_, place) => place);
  /** @type {number[][]} */
  const seen = [];
  // A worker that serves an interrupt at the very moment of an unlock is passed over. By chance, one of 120 orders is the right one.
  while (seen.length < 3 && !isDeepStrictEqual(seen.at(-1), inOrder)) {
    const ended = await placesAfterInterrupts(workers);
    t.is(ended.code, 0, summary(ended));
    for (const { early, inOrder: messagesInOrder } of ended.value) {
      t.deepEqual({ early, messagesInOrder }, { early: 0, messagesInOrder: true });
    }
    seen.push(ended.value.map((/** @type {{ place: number }} */ { place }) => place));
  }
  t.deepEqual(seen.at(-1), inOrder);
});

/**
 * Waits that no other thread ends, and what must be true after they were interrupted in a thread that lives on.
 *
 * @type {Record<string, (data: any, tools: any) => unknown>}
 */
const cutShort = {
  'Mutex#lock': ({ view, ms }, { Mutex, cut, threadId }) => {
    const mutex = new Mutex(view, 0);
    const error = cut(() => mutex.lock(), ms);
    // The main thread owns it without waiters: its unlock needs no native call.
    return { error, right: mutex.ownerThreadId !== threadId && view[0] === 1 };
  },
  'Mutex#recover': ({ view, ms }, { Mutex, cut, threadId }) => {
    const mutex = new Mutex(view, 0);
    const error = cut(() => mutex.recover(), ms);
    return { error, right: mutex.ownerThreadId !== threadId && view[0] === 1 };
  },
  'Condition#wait': ({ view, ms }, { Mutex, Condition, cut }) => {
    const mutex = new Mutex(view, 2).lock();
    const condition = new Condition(view, 1);
    const error = cut(() => condition.wait(mutex), ms);
    return { error, right: !mutex.locked && view[1] === 0 && condition.notify() === 0 };
  },
  'Barrier#wait': ({ view, ms }, { Barrier, cut, codeOf }) => {
    const barrier = new Barrier(view, 1, 3);
    const error = cut(() => barrier.wait(), ms);
    return { error, right: codeOf(() => barrier.wait()) === 'ERR_BROKEN_BARRIER' };
  },
  'Latch#await': ({ view, ms }, { Latch, cut }) => {
    const latch = new Latch(view, 1);
    const error = cut(() => latch.await(), ms);
    const closed = !latch.tryAwait(5);
    latch.release();
    latch.await();
    return { error, right: closed };
  },
};

/**
 * Runs one of them in a worker. Its tool `cut` ends a wait by a time limit of `vm`.
 *
 * @type {import('./helpers/types.js').Body}
 */
const cutByVm = async ({ view, source }, tools) => {
  const vm = tools.require('node:vm');
  const cut = (/** @type {() => void} */ wait, /** @type {number} */ timeout) =>
    tools.errorOf(() => vm.runInContext('wait(); 1', vm.createContext({ wait }), { timeout }));
  const body = vm.runInThisContext(`(${source})`);
  const start = performance.now();
  const { error, right } = body({ view, ms: 100 }, { ...tools, ...pick(tools), cut });
  const ms = performance.now() - start;
  // The thread continues as before: it waits again, and its event loop turns.
  await tools.sleep(1);
  const timedOut = !new tools.Mutex(view, 0).tryLock(20);
  tools.ready();
  new tools.Mutex(view, 0).lock().unlock();
  return { error, right, ms, timedOut };

  // The classes are getters.
  function pick(/** @type {any} */ { Mutex, Condition, Barrier, Latch }) {
    return { Mutex, Condition, Barrier, Latch };
  }
};

for (const [name, body] of Object.entries(cutShort)) {
  test(`a vm time limit around ${name} ends that wait with its error, and the thread lives on`, async (t) => {
    const ended = await runChild(
      async ({ worker, body }, { require: load, Mutex, startWorker }) => {
        const { inspect } = load('../../index.js');
        const view = new Int32Array(new SharedArrayBuffer(16));
        const mutex = new Mutex(view, 0).lock();
        const { ready, done } = startWorker(
          /** @type {any} */ ({ toString: () => worker }),
          { view, source: body },
          { limit: 30_000 },
        );
        await Promise.race([ready, done]);
        mutex.unlock();
        return { ...(await done), left: inspect().length, word: view[0] };
      },
      { worker: cutByVm.toString(), body: body.toString() },
    );
    t.is(ended.code, 0, summary(ended));
    const { error, right, ms, timedOut, left, word } = ended.value;
    t.is(error?.code, 'ERR_SCRIPT_EXECUTION_TIMEOUT', JSON.stringify(error));
    t.true(ms >= 100 && ms < 5_000, `${ms} ms`);
    t.true(right, 'the thread owns nothing and waits for nothing');
    t.true(timedOut);
    t.is(left, 0);
    t.is(word, 0);
  });
}

test('a stack that overflows when a notified thread locks the mutex again leaves the mutex locked: it was free', async (t) => {
  const ended = await runChild(
    async (_, { startWorker }) => {
      const view = new Int32Array(new SharedArrayBuffer(12));
      const notifies = startWorker(
        ({ view }, { Mutex, Condition, ready }) => {
          const [mutex, condition] = [new Mutex(view, 0), new Condition(view, 1)];
          ready();
          while (!Atomics.load(view, 2)) mutex.runExclusive(() => condition.notifyAll());
        },
        { view },
        { limit: 15_000 },
      );
      const waits = startWorker(
        ({ view }, { Mutex, Condition, threadId }) => {
          const [mutex, condition] = [new Mutex(view, 0), new Condition(view, 1)];
          const cut = { locked: 0, free: 0 };
          /** When the wait began that an error has ended. */
          let began = 0;
          let notified = 0;
          const settle = () => {
            const isLocked = mutex.ownerThreadId === threadId;
            // A longer wait calls into JavaScript. If the stack overflows there, the thread does not own the mutex.
            if (began > 0 && (isLocked || performance.now() - began < 4))
              cut[isLocked ? 'locked' : 'free']++;
            began = 0;
            if (isLocked) mutex.unlock();
          };
          const dive = () => {
            try {
              dive();
            } catch (error) {
              if (!(error instanceof RangeError)) throw error;
            }
            settle();
            // From the frame in which the call itself fails to those in which nothing does.
            if (notified === 3) return;
            const start = performance.now();
            mutex.lock();
            began = start;
            condition.wait(mutex);
            began = 0;
            mutex.unlock();
            notified++;
          };
          /** The stack ends elsewhere in the frames above. @type {(depth: number, ...rest: number[]) => void} */
          const shift = (depth, ...rest) => {
            if (depth > 0) return shift(depth - 1, ...rest, depth);
            notified = 0;
            return dive();
          };
          for (let depth = 0; depth < 60; depth++) {
            shift(depth);
          }
          Atomics.store(view, 2, 1);
          return cut;
        },
        { view },
        { limit: 15_000 },
      );
      const cut = await waits.done;
      await notifies.done;
      return cut;
    },
    {},
    { limit: 20_000 },
  );
  t.is(ended.code, 0, ended.stderr);
  // On a busy machine some waits check for interrupts early, and the stack overflows there.
  const { locked, free } = ended.value;
  t.true(locked > 5 * free, `${locked} locked, ${free} free`);
});

for (const which of ['Mutex#tryLock', 'Condition#waitFor', 'Latch#tryAwait']) {
  test(`a stack that overflows near ${which} ends that wait only`, async (t) => {
    const ended = await runChild(
      async ({ which }, { require: load, Mutex, startWorker }) => {
        const { inspect } = load('../../index.js');
        const view = new Int32Array(new SharedArrayBuffer(32));
        const mutex = new Mutex(view, 0).lock();
        const { ready, done } = startWorker(
          ({ view, which }, { Mutex, Condition, Latch, ready, threadId }) => {
            const mutex = new Mutex(view, 0);
            const own = new Mutex(view, 2);
            const condition = new Condition(view, 1);
            const latch = new Latch(view, 3);
            const wait = {
              'Mutex#tryLock': () => mutex.tryLock(30),
              'Condition#waitFor': () => {
                // After an interrupted wait the thread does not own the mutex.
                if (own.ownerThreadId !== threadId) own.lock();
                return condition.waitFor(own, undefined, 30);
              },
              'Latch#tryAwait': () => latch.tryAwait(30),
            }[/** @type {string} */ (which)];
            const answers = /** @type {Record<string, number>} */ ({});
            let cut = 0;
            let quiet = 0;
            const dive = () => {
              try {
                dive();
              } catch (error) {
                if (!(error instanceof RangeError)) throw error;
              }
              // The deepest frames: in the deepest the call itself fails, above it the wait at its check, and further
              // up nothing fails.
              if (quiet === 3) return;
              const start = performance.now();
              let answer;
              try {
                answer = String(wait?.());
                quiet++;
              } catch (/** @type {any} */ error) {
                answer = error.code ?? error.name;
                if (performance.now() - start > 4) cut++;
              }
              answers[answer] = (answers[answer] ?? 0) + 1;
            };
            dive();
            if (own.ownerThreadId === threadId) own.unlock();
            const words = [...view];
            ready();
            mutex.lock();
            const mine = mutex.ownerThreadId === threadId;
            mutex.unlock();
            return { answers, cut, words, mine };
          },
          { view, which },
          { limit: 15_000 },
        );
        await Promise.race([ready, done]);
        mutex.unlock();
        return { ...(await done), left: inspect().length };
      },
      { which },
    );
    t.is(ended.code, 0, summary(ended));
    const { answers, cut, words, mine, left } = ended.value;
    t.log(answers, cut);
    for (const answer of Object.keys(answers)) {
      t.true(['false', 'RangeError'].includes(answer), answer);
    }
    t.true(cut > 0, 'the stack may end where a blocked thread looks');
    t.true(answers.false > 0);
    // Neither the mutex nor the condition has a waiter; the latch may keep its bit, which costs nothing.
    t.deepEqual(words.slice(0, 3), [1, 0, 0]);
    t.true(mine);
    t.is(left, 0);
  });
}
