// @ts-check
'use strict';

// What Go promises of a Context (Go 1.25, package context), and of what takes one (golang.org/x/sync/semaphore).

const { Cancel, Latch, Semaphore } = require('../../index.js');
const { syncError } = require('../helpers/errors.js');
const stage = require('../helpers/conformance.js');
const { codeOf, sleep } = require('../helpers/waiting.js');

const context = stage.documented('Go context');
const weighted = stage.documented('Go x/sync/semaphore');

const cancelled = syncError('ERR_CANCELLED');

context(
  'Background is never cancelled: a fresh one has no deadline, and Err() is nil',
  async (t) => {
    const cancel = new Cancel(stage.cells());
    await sleep(10);
    t.false(cancel.aborted);
    t.notThrows(() => cancel.throwIfAborted());
  },
);

context(
  'a CancelFunc tells an operation to abandon its work, and does not wait for the work to stop',
  async (t) => {
    const view = stage.cells();
    const works = stage.party(
      ({ view }, { Cancel, stall }) => {
        while (!new Cancel(view, 0).aborted);
        stall(100);
        return Atomics.load(view, 1);
      },
      { view },
    );
    await sleep(5);
    new Cancel(view, 0).abort();
    Atomics.store(view, 1, 1); // before the worker has stopped
    t.is(await works.done, 1);
  },
);

context(
  'a CancelFunc may be called by multiple goroutines, and calls after the first do nothing',
  async (t) => {
    const view = stage.cells();
    await stage.together(4, ({ view }, { Cancel }) => new Cancel(view, 0).abort(), { view });
    const word = view[0];
    new Cancel(view, 0).abort();
    t.is(view[0], word);
    t.true(new Cancel(view, 0).aborted);
  },
);

context(
  'Done() is closed when the deadline expires or cancel is called, whichever is first',
  async (t) => {
    const [early, late] = [new Cancel(stage.cells()), new Cancel(stage.cells())];
    for (const cancel of [early, late]) cancel.abortAfter(cancel === early ? 20 : 60_000);
    late.abort();
    const closed = (/** @type {Cancel} */ cancel) =>
      new Promise((resolve) => {
        if (cancel.signal.aborted) resolve(undefined);
        else cancel.signal.addEventListener('abort', resolve);
      });
    const alive = setInterval(() => {}, 1_000);
    await Promise.all([early, late].map(closed));
    clearInterval(alive);
    t.true(early.aborted && late.aborted);
  },
);

context('successive calls to Done return the same value', (t) => {
  const cancel = new Cancel(stage.cells());
  t.is(cancel.signal, cancel.signal);
});

context('after Err returns an error, successive calls return the same error', (t) => {
  const cancel = new Cancel(stage.cells());
  cancel.abort();
  for (let i = 0; i < 3; i++) t.throws(() => cancel.throwIfAborted(), cancelled);
});

context(
  'WithDeadline: if the deadline is already later than that of the parent, that of the parent counts',
  async (t) => {
    const cancel = new Cancel(stage.cells());
    cancel.abortAfter(20);
    cancel.abortAfter(60_000);
    await sleep(30);
    t.true(cancel.aborted);
  },
);

context('WithTimeout(0) is done at once', (t) => {
  const cancel = new Cancel(stage.cells());
  cancel.abortAfter(0);
  t.throws(() => new Latch(stage.cells()).await({ cancel }), cancelled);
});

context('a Context is safe for simultaneous use by multiple goroutines', async (t) => {
  const view = stage.cells();
  const ends = await stage.together(
    4,
    ({ view }, { Cancel, Latch, codeOf }) =>
      codeOf(() =>
        new Latch(view, 1).await({ cancel: [new Cancel(view, 0), new Cancel(view, 0)] }),
      ),
    // An abort in the middle of their waits, by its time.
    (new Cancel(view, 0).abortAfter(300), { view }),
  );
  t.deepEqual(ends, Array(4).fill('ERR_CANCELLED'));
});

context('AfterFunc: f is called once, after ctx is done', async (t) => {
  const cancel = new Cancel(stage.cells());
  let calls = 0;
  cancel.signal.addEventListener('abort', () => calls++);
  await sleep(5);
  t.is(calls, 0);
  cancel.abort();
  cancel.abort();
  await sleep(20);
  t.is(calls, 1);
});

weighted(
  'Acquire blocks until resources are available or ctx is done; on failure it leaves the semaphore unchanged',
  async (t) => {
    const view = stage.cells();
    const semaphore = new Semaphore(view, 1, 2);
    semaphore.acquire(2);
    const waits = stage.party(
      ({ view }, { Cancel, Semaphore, codeOf }) =>
        codeOf(() => new Semaphore(view, 1, 2).acquire(1, { cancel: new Cancel(view, 0) })),
      { view },
    );
    await stage.asleep(waits);
    new Cancel(view, 0).abort();
    t.is(await waits.done, 'ERR_CANCELLED');
    semaphore.release(2);
    t.is(semaphore.available, 2);
  },
);

weighted('if ctx is already done, Acquire fails even if it could succeed without blocking', (t) => {
  const view = stage.cells();
  const [semaphore, cancel] = [new Semaphore(view, 1, 2), new Cancel(view, 0)];
  cancel.abort();
  t.is(
    codeOf(() => semaphore.acquire(1, { cancel })),
    'ERR_CANCELLED',
  );
  t.is(semaphore.available, 2);
});

weighted('a large request that is cancelled lets the smaller ones behind it pass', async (t) => {
  const view = stage.cells();
  const semaphore = new Semaphore(view, 1, 2);
  semaphore.acquire();
  const large = stage.party(
    ({ view }, { Cancel, Semaphore, codeOf }) =>
      codeOf(() => new Semaphore(view, 1, 2).acquire(2, { cancel: new Cancel(view, 0) })),
    { view },
  );
  await stage.asleep(large);
  const small = semaphore.acquireAsync(1, { ref: true });
  new Cancel(view, 0).abort();
  await small;
  t.is(await large.done, 'ERR_CANCELLED');
  t.is(semaphore.available, 0);
});
