// @ts-check
'use strict';

// What the events of Python (3.13, threading.Event; asyncio.Event for the promise form) and Windows (event objects, Win32
// synchronization), and Rust's OnceLock and Once (std::sync, 1.90) promise. OnceLock holds a value; here the function prepares shared
// memory instead.

const { Event, Once } = require('../../index.js');
const stage = require('../helpers/conformance.js');

const python = stage.documented('Python threading.Event');
const asyncio = stage.documented('Python asyncio.Event');
const windows = stage.documented('Windows event objects');
const onceLock = stage.documented('Rust std::sync::OnceLock');
const rustOnce = stage.documented('Rust std::sync::Once');

/**
 * The body of a worker that waits for the event in cell 0, within `ms` if given.
 *
 * @type {import('../helpers/types.js').Body}
 */
const wait = ({ view, ms, autoReset }, { Event, codeOf }) => {
  const event = new Event(view, 0, { autoReset });
  return codeOf(() => (ms === undefined ? event.wait() : event.tryWait(ms)));
};
const passed = { returned: undefined };

python('the internal flag is initially false', (t) => {
  t.false(new Event(stage.cells()).isSet);
});

python('is_set() returns True if and only if the internal flag is true', (t) => {
  const event = new Event(stage.cells());
  event.set();
  t.true(event.isSet);
  event.reset();
  t.false(event.isSet);
});

python('set() awakens all threads waiting for it to become true', async (t) => {
  const view = stage.cells();
  const waiters = await stage.inOrder(3, wait, { view });
  new Event(view).set();
  t.deepEqual(await stage.answers(waiters), [passed, passed, passed]);
});

python('threads that call wait() once the flag is true will not block at all', async (t) => {
  const view = stage.cells();
  new Event(view).set();
  t.deepEqual(await stage.answer(wait, { view }), passed);
});

python('after clear(), threads calling wait() block until set() is called again', async (t) => {
  const view = stage.cells();
  const event = new Event(view);
  event.set();
  event.reset();
  const waiters = await stage.inOrder(1, wait, { view });
  event.set();
  t.deepEqual(await stage.answers(waiters), [passed]);
});

python(
  'wait(timeout) returns False only if the timeout is given and the wait times out',
  async (t) => {
    const view = stage.cells();
    t.deepEqual(await stage.answer(wait, { view, ms: 10 }), { returned: false });
    new Event(view).set();
    t.deepEqual(await stage.answer(wait, { view, ms: 10 }), { returned: true });
  },
);

asyncio(
  'wait() returns at once if the event is set, and otherwise blocks until another task calls set()',
  async (t) => {
    const event = new Event(stage.cells());
    let tasks = 0;
    const waiting = [event.waitAsync(), event.waitAsync()].map((wait) => wait.then(() => tasks++));
    await new Promise((resolve) => setImmediate(resolve));
    t.is(tasks, 0);
    event.set();
    await Promise.all(waiting);
    await event.waitAsync();
    t.is(tasks, 2);
  },
);

windows(
  'a manual-reset event remains signaled until it is set to nonsignaled explicitly',
  async (t) => {
    const view = stage.cells();
    new Event(view).set();
    for (let i = 0; i < 2; i++) t.deepEqual(await stage.answer(wait, { view }), passed);
    t.true(new Event(view).isSet);
  },
);

windows(
  'while a manual-reset event is signaled, any number of waiting threads is released',
  async (t) => {
    const view = stage.cells();
    const waiters = await stage.inOrder(4, wait, { view });
    new Event(view).set();
    t.is((await stage.answers(waiters)).length, 4);
  },
);

windows(
  'an auto-reset event remains signaled until a single waiting thread is released',
  async (t) => {
    const view = stage.cells();
    const autoReset = true;
    const event = new Event(view, 0, { autoReset });
    event.set();
    t.true(event.isSet);
    t.deepEqual(await stage.answer(wait, { view, autoReset }), passed);
    t.false(event.isSet);
  },
);

windows('a set auto-reset event releases exactly one of the waiting threads', async (t) => {
  const view = stage.cells();
  const autoReset = true;
  const event = new Event(view, 0, { autoReset });
  const waiters = await stage.inOrder(3, wait, { view, autoReset });
  for (const waiter of waiters) {
    event.set();
    t.deepEqual(await waiter.done, passed);
    t.false(event.isSet);
  }
});

windows('setting an event that is already set has no effect', (t) => {
  const event = new Event(stage.cells(), 0, { autoReset: true });
  event.set();
  event.set();
  t.true(event.tryWait());
  t.false(event.tryWait());
});

windows('resetting an event that is already reset has no effect', (t) => {
  const event = new Event(stage.cells());
  event.reset();
  event.reset();
  t.false(event.isSet);
});

/**
 * The body of a worker that prepares cell 1, or finds it prepared.
 *
 * @type {import('../helpers/types.js').Body}
 */
const prepare = ({ view }, { Once }) => {
  const ran = new Once(view, 0).run(() => {
    view[1]++;
  });
  return { ran, seen: view[1] };
};

onceLock(
  'get_or_init: many threads may call it concurrently, and only one function is executed',
  async (t) => {
    const view = stage.cells();
    const ran = await stage.together(4, prepare, { view });
    t.is(ran.filter(({ ran }) => ran).length, 1);
    t.true(ran.every(({ seen }) => seen === 1));
  },
);

onceLock(
  'if the function panics, the cell remains uninitialized, and the next call initializes it',
  (t) => {
    const once = new Once(stage.cells());
    t.throws(() =>
      once.run(() => {
        throw new Error('panic');
      }),
    );
    t.false(once.done);
    t.true(once.run(() => {}));
  },
);

onceLock(
  'get() returns None while the cell is uninitialized or being initialized, and never blocks',
  (t) => {
    const once = new Once(stage.cells());
    t.false(once.done);
    once.run(() => t.false(once.done));
    t.true(once.done);
  },
);

onceLock('wait() blocks the current thread until the cell is initialized', async (t) => {
  const view = stage.cells();
  const waiters = await stage.inOrder(
    2,
    ({ view }, { Once }) => {
      new Once(view, 0).wait();
      return view[1];
    },
    { view },
  );
  new Once(view).run(() => (view[1] = 7));
  t.deepEqual(await stage.answers(waiters), [7, 7]);
});

rustOnce(
  'call_once: the caller blocks if another initialization runs, and memory writes of the function are seen',
  async (t) => {
    const view = stage.cells();
    const runner = stage.party(
      ({ view }, { Once, ready }) =>
        new Once(view, 0).run(() => {
          ready();
          Atomics.wait(view, 2, 0);
          view[1] = 5;
        }),
      { view },
    );
    await runner.ready;
    const [late] = await stage.inOrder(1, prepare, { view });
    Atomics.store(view, 2, 1);
    Atomics.notify(view, 2);
    t.deepEqual(await late.done, { ran: false, seen: 5 });
    t.true(await runner.done);
  },
);

rustOnce(
  'is_completed returns false before, while it runs and after a failure, and true after a success',
  (t) => {
    const once = new Once(stage.cells());
    t.false(once.done);
    t.throws(
      () =>
        once.run(() => {
          throw new Error(`${once.done}`);
        }),
      { message: 'false' },
    );
    t.false(once.done);
    once.run(() => {});
    t.true(once.done);
  },
);
