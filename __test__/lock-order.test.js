// @ts-check
'use strict';

// What lock order tells: the cycles of locks, once each. See also lock-order-silent.test.js and lock-order-reports.test.js.

const test = require('ava').default;
const { observe, silent, told } = require('./helpers/lock-order.js');

test('three locks in three orders, by workers that never overlap and a main thread that uses none', async (t) => {
  const { edges, stderr } = await told(t, ['a', 'b', 'c'], async (_, { startWorker }) => {
    const cells = new SharedArrayBuffer(12);
    for (const order of ['ab', 'bc', 'ca']) {
      const { done, exited } = startWorker(
        ({ cells, order }, { Mutex }) => {
          const [outer, inner] = [...order].map(
            (name) => new Mutex(cells, 'abc'.indexOf(name), { name }),
          );
          outer.lock();
          inner.lock();
          inner.unlock();
          outer.unlock();
        },
        { cells, order },
      );
      await done;
      await exited;
    }
  });
  t.deepEqual(
    edges.map((/** @type {any} */ { threadId, holds, acquires }) => [threadId, holds, acquires]),
    [
      [3, 'Mutex "c"', 'Mutex "a"'],
      [1, 'Mutex "a"', 'Mutex "b"'],
      [2, 'Mutex "b"', 'Mutex "c"'],
    ],
  );
  for (const worker of [1, 2, 3]) t.true(stderr.includes(`Worker ${worker} owned the Mutex`));
  for (const { stack } of edges) t.regex(stack, /^at .*:\d+:\d+/);
});

test('two requests of a server that acquire two locks by guards in crossed order', (t) =>
  told(t, ['a', 'b'], async (_, { Mutex, sleep }) => {
    const cells = new SharedArrayBuffer(8);
    const a = new Mutex(cells, 0, { name: 'a' });
    const b = new Mutex(cells, 1, { name: 'b' });
    /** @param {any} first @param {any} second */
    const request = async (first, second) => {
      const outer = await first.lockAsync();
      await sleep(1);
      const inner = await second.lockAsync();
      await sleep(1);
      inner.release();
      outer.release();
    };
    await new Promise((resolve) => setImmediate(() => resolve(request(a, b))));
    await new Promise((resolve) => setImmediate(() => resolve(request(b, a))));
  }));

test('config.read inside log, and the reverse, once a thread writes config', async (t) => {
  const { value } = await told(t, ['config', 'log'], (_, { Mutex, RwLock, require: load }) => {
    const cells = new SharedArrayBuffer(8);
    const config = new RwLock(cells, 0, { name: 'config' });
    const log = new Mutex(cells, 1, { name: 'log' });
    log.runExclusive(() => config.read().release());
    const reading = config.read();
    log.runExclusive(() => {});
    reading.release();
    const { inversions } = load('../../lock-order.js');
    const before = inversions().length;
    config.write().release();
    return [before, inversions().length];
  });
  t.deepEqual(value, [0, 1]);
});

test('a guard of one task and lock() of another, against the reverse in a worker', (t) =>
  told(t, ['a', 'b'], async (_, { Mutex, startWorker }) => {
    const cells = new SharedArrayBuffer(8);
    const a = new Mutex(cells, 0, { name: 'a' });
    const b = new Mutex(cells, 1, { name: 'b' });
    const guard = await a.lockAsync();
    b.lock();
    b.unlock();
    guard.release();
    await startWorker(
      ({ cells }, { Mutex }) => {
        const a = new Mutex(cells, 0, { name: 'a' });
        const b = new Mutex(cells, 1, { name: 'b' });
        b.runExclusive(() => a.runExclusive(() => {}));
      },
      { cells },
    ).done;
  }));

for (const form of ['wait', 'waitFor', 'waitAsync']) {
  test(`Condition.${form} while a second lock is held that was acquired after the mutex`, (t) =>
    told(
      t,
      ['jobs', 'log'],
      async ({ form }, { Mutex, Condition }) => {
        const cells = new SharedArrayBuffer(12);
        const jobs = new Mutex(cells, 0, { name: 'jobs' });
        const log = new Mutex(cells, 1, { name: 'log' });
        const ready = new Condition(cells, 2);
        if (form === 'waitAsync') {
          const outer = await jobs.lockAsync();
          const inner = await log.lockAsync();
          await ready.waitAsync(outer, () => false, { timeout: 5 });
          inner.release();
          outer.release();
        } else {
          jobs.lock();
          log.lock();
          if (form === 'wait') ready.wait(jobs, () => true);
          else ready.waitFor(jobs, () => false, 5);
          log.unlock();
          jobs.unlock();
        }
      },
      { form },
    ));
}

test('two readers in crossed order once both locks are written', async (t) => {
  const { value } = await told(t, ['a', 'b'], (_, { RwLock, require: load }) => {
    const { inversions } = load('../../lock-order.js');
    const cells = new SharedArrayBuffer(8);
    const a = new RwLock(cells, 0, { name: 'a' });
    const b = new RwLock(cells, 1, { name: 'b' });
    for (const [first, second] of [
      [a, b],
      [b, a],
    ]) {
      const outer = first.read();
      second.read().release();
      outer.release();
    }
    const counts = [inversions().length];
    for (const lock of [a, b]) {
      lock.write().release();
      counts.push(inversions().length);
    }
    return counts;
  });
  t.deepEqual(value, [0, 0, 1]);
});

test('a read inside a read of the same lock, once', async (t) => {
  const { stderr } = await told(t, ['config'], (_, { RwLock }) => {
    const config = new RwLock(new SharedArrayBuffer(4), 0, { name: 'config' });
    for (let i = 0; i < 3; i++) {
      const outer = config.read();
      config.read().release();
      outer.release();
    }
  });
  t.regex(stderr, /RwLock "config" was read inside a read of it/);
});

test('runExclusiveAsync inside the function of another, at once', async (t) => {
  await told(t, ['a', 'b'], async (_, { Mutex, sleep }) => {
    const cells = new SharedArrayBuffer(8);
    const a = new Mutex(cells, 0, { name: 'a' });
    const b = new Mutex(cells, 1, { name: 'b' });
    await a.runExclusiveAsync(async () => {
      await sleep(1);
      await b.runExclusiveAsync(() => {});
    });
    await b.runExclusiveAsync(async () => {
      await sleep(1);
      await a.runExclusiveAsync(() => {});
    });
  });
});

test('hand over hand by guards: each lock and the next, and no other pair', async (t) => {
  const { edges } = await told(t, ['a', 'b', 'c'], async (_, { Mutex, sleep }) => {
    const cells = new SharedArrayBuffer(12);
    const [a, b, c] = ['a', 'b', 'c'].map((name, i) => new Mutex(cells, i, { name }));
    /** @param {any[]} locks */
    const walk = async (...locks) => {
      let held = await locks[0].lockAsync();
      for (const lock of locks.slice(1)) {
        await sleep(1);
        const next = await lock.lockAsync();
        held.release();
        held = next;
      }
      held.release();
    };
    await walk(a, b, c);
    // a and c were never held together, so this is no inversion of two.
    await walk(c, a);
  });
  t.is(edges.length, 3);
});

test('a lock that is held while others are acquired and released one after the other', async (t) => {
  await told(t, ['a', 'b'], async (_, { Mutex }) => {
    const cells = new SharedArrayBuffer(12);
    const [a, b, c] = ['a', 'b', 'c'].map((name, i) => new Mutex(cells, i, { name }));
    const outer = await a.lockAsync();
    for (const lock of [b, c]) {
      const inner = await lock.lockAsync();
      inner.release();
    }
    outer.release();
    b.runExclusive(() => a.runExclusive(() => {}));
  });
});

test('an upgrade of the order by a downgraded write', (t) =>
  told(t, ['config', 'log'], async (_, { Mutex, RwLock }) => {
    const cells = new SharedArrayBuffer(8);
    const config = new RwLock(cells, 0, { name: 'config' });
    const log = new Mutex(cells, 1, { name: 'log' });
    const reading = config.write().downgrade();
    log.runExclusive(() => {});
    reading.release();
    log.runExclusive(() => config.read().release());
  }));

test('tryLock without waiting makes no edge to what it takes, and one from it', async (t) => {
  await silent(t, (_, { Mutex }) => {
    const cells = new SharedArrayBuffer(8);
    const a = new Mutex(cells, 0, { name: 'a' });
    const b = new Mutex(cells, 1, { name: 'b' });
    a.runExclusive(() => b.runExclusive(() => {}));
    b.lock();
    if (a.tryLock()) a.unlock();
    b.unlock();
  });
  await told(t, ['a', 'b'], (_, { Mutex }) => {
    const cells = new SharedArrayBuffer(8);
    const a = new Mutex(cells, 0, { name: 'a' });
    const b = new Mutex(cells, 1, { name: 'b' });
    a.runExclusive(() => b.runExclusive(() => {}));
    if (b.tryLock()) a.runExclusive(() => {});
    b.unlock();
  });
});

test('with throw, the call that would close the cycle throws and acquires nothing, each time', async (t) => {
  const { value, inversions } = await observe(t, async (_, { Mutex, require: load, codeOf }) => {
    const lockOrder = load('../../lock-order.js');
    lockOrder.start({ throw: true });
    const cells = new SharedArrayBuffer(8);
    const a = new Mutex(cells, 0, { name: 'a' });
    const b = new Mutex(cells, 1, { name: 'b' });
    a.runExclusive(() => b.runExclusive(() => {}));
    b.lock();
    const codes = [codeOf(() => a.lock()), codeOf(() => a.tryLock(1)), a.locked];
    b.unlock();
    codes.push(
      await b.runExclusiveAsync(() =>
        a.runExclusiveAsync(() => 'acquired').catch((/** @type {any} */ error) => error.code),
      ),
      a.locked,
      b.locked,
    );
    return codes;
  });
  const code = 'SHARED_SYNC_LOCK_ORDER';
  t.deepEqual(value, [code, code, false, code, false, false]);
  t.is(inversions.length, 1);
});

test('with throw, a Condition throws while its mutex is still owned', async (t) => {
  const { value } = await observe(t, (_, { Mutex, Condition, require: load, codeOf }) => {
    load('../../lock-order.js').start({ throw: true });
    const cells = new SharedArrayBuffer(12);
    const jobs = new Mutex(cells, 0, { name: 'jobs' });
    const log = new Mutex(cells, 1, { name: 'log' });
    const ready = new Condition(cells, 2);
    jobs.lock();
    log.lock();
    return [codeOf(() => ready.wait(jobs)), jobs.ownerThreadId, log.ownerThreadId];
  });
  t.deepEqual(value, ['SHARED_SYNC_LOCK_ORDER', 0, 0]);
});

test('classes by name: an order that two pairs of the same names break', async (t) => {
  /** @param {any} data @param {any} tools */
  const body = ({ classes, allow }, { Mutex, require: load }) => {
    load('../../lock-order.js').start({ classes, allow });
    const [first, second] = [0, 1].map(() => {
      const cells = new SharedArrayBuffer(8);
      return ['a', 'b'].map((name, cell) => new Mutex(cells, cell, { name }));
    });
    first[0].runExclusive(() => first[1].runExclusive(() => {}));
    second[1].runExclusive(() => second[0].runExclusive(() => {}));
  };
  t.is((await observe(t, body, { classes: 'instance' })).inversions.length, 0);
  t.is((await observe(t, body, { classes: 'name' })).inversions.length, 1);
  const allowed = await observe(t, body, { classes: 'name', allow: [['b', 'a']] });
  t.is(allowed.inversions.length, 0);
});

test('classes by name: unnamed locks are those of one place', async (t) => {
  const { inversions } = await observe(t, (_, { Mutex, require: load }) => {
    load('../../lock-order.js').start({ classes: 'name' });
    const account = () => new Mutex(new SharedArrayBuffer(4));
    const [one, two] = [account(), account()];
    one.runExclusive(() => two.runExclusive(() => {}));
    two.runExclusive(() => one.runExclusive(() => {}));
  });
  t.is(inversions.length, 1);
  t.regex(inversions[0].locks[0], /^"Mutex made at .*:\d+:\d+"$/);
});

test('a mutex whose buffer was received twice is one lock: a wait with it made a cycle with itself', (t) =>
  silent(t, async (_, { Condition, Mutex, require: load }) => {
    const { MessageChannel, receiveMessageOnPort } = load('node:worker_threads');
    const buffer = new SharedArrayBuffer(8);
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(buffer);
    const again = receiveMessageOnPort(port2).message;
    port1.close();
    const mutex = new Mutex(buffer, 0, { name: 'm' });
    mutex.lock();
    new Condition(again, 1).waitFor(new Mutex(again, 0, { name: 'm' }), undefined, 5);
    mutex.unlock();
  }));

test('a pair that is allowed later is allowed, though its edge is known', (t) =>
  silent(t, (_, { Mutex, require: load }) => {
    const { start } = load('../../lock-order.js');
    const cells = new SharedArrayBuffer(8);
    const accounts = new Mutex(cells, 0, { name: 'accounts' });
    const log = new Mutex(cells, 1, { name: 'log' });
    accounts.runExclusive(() => log.runExclusive(() => {}));
    start({ allow: [['accounts', 'log']], throw: true });
    log.runExclusive(() => accounts.runExclusive(() => {}));
    accounts.runExclusive(() => log.runExclusive(() => {}));
  }));
