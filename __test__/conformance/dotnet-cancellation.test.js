// @ts-check
'use strict';

// What .NET promises of CancellationTokenSource and CancellationToken (.NET 9, System.Threading), and of the waits that take a
// token: SemaphoreSlim, ManualResetEventSlim, Barrier. A Cancel is both, the source and the token.

const { Barrier, Cancel, Latch, Semaphore } = require('../../index.js');
const { syncError } = require('../helpers/errors.js');
const stage = require('../helpers/conformance.js');
const { codeOf, endOf, sleep } = require('../helpers/waiting.js');

const source = stage.documented('.NET CancellationTokenSource');
const token = stage.documented('.NET CancellationToken');
const waits = stage.documented('.NET waits with a CancellationToken');

const cancelled = syncError('ERR_CANCELLED');

/** A worker that waits for a permit which no thread releases. @type {import('../helpers/types.js').Body} */
const acquires = ({ view }, { Cancel, Semaphore, codeOf }) =>
  codeOf(() => new Semaphore(view, 1, 0).acquire(1, { cancel: new Cancel(view, 0) }));

source('Cancel() communicates a request for cancellation to every token', async (t) => {
  const view = stage.cells();
  const workers = await Promise.all(
    Array.from({ length: 4 }, () => stage.party(acquires, { view })),
  );
  await stage.asleep(...workers);
  new Cancel(view, 0).abort();
  for (const { done } of workers) t.is(await done, 'ERR_CANCELLED');
});

source('Cancel() has no effect if cancellation was requested already', (t) => {
  const cancel = new Cancel(stage.cells());
  cancel.abort();
  t.notThrows(() => cancel.abort());
  t.true(cancel.aborted);
});

source(
  'IsCancellationRequested guarantees only that it was requested, at once after Cancel()',
  (t) => {
    const cancel = new Cancel(stage.cells());
    t.false(cancel.aborted);
    cancel.abort();
    t.true(cancel.aborted);
  },
);

source('CancelAfter(delay) schedules a cancel after that number of milliseconds', async (t) => {
  const view = stage.cells();
  const began = performance.now();
  new Cancel(view, 0).abortAfter(40);
  t.is(await stage.party(acquires, { view }).done, 'ERR_CANCELLED');
  t.true(performance.now() - began >= 40);
});

source('CancelAfter(Timeout.Infinite) never cancels', async (t) => {
  const cancel = new Cancel(stage.cells());
  cancel.abortAfter(Infinity);
  await sleep(20);
  t.false(cancel.aborted);
});

source('CancelAfter() of a negative delay, or one that is too long, is an error', (t) => {
  for (const ms of [-2, 2 ** 32]) {
    t.throws(() => new Cancel(stage.cells()).abortAfter(ms), { code: 'ERR_OUT_OF_RANGE' });
  }
});

source('all members are thread-safe: any number of threads cancel at once', async (t) => {
  const view = stage.cells();
  const ends = await stage.together(
    4,
    ({ view }, { Cancel }) => {
      const cancel = new Cancel(view, 0);
      cancel.abortAfter(5);
      cancel.abort();
      return cancel.aborted;
    },
    { view },
  );
  t.deepEqual(ends, [true, true, true, true]);
});

source('a linked source is cancelled when any of its tokens is', (t) => {
  const view = stage.cells();
  const [one, other] = [new Cancel(view, 0), new Cancel(view, 1)];
  const latch = new Latch(view, 2);
  t.false(latch.tryAwait(5, { cancel: [one, other] }));
  other.abort();
  t.throws(() => latch.await({ cancel: [one, other] }), cancelled);
  t.false(one.aborted);
});

token(
  'ThrowIfCancellationRequested() throws if cancellation was requested, and else does nothing',
  (t) => {
    const cancel = new Cancel(stage.cells());
    t.notThrows(() => cancel.throwIfAborted());
    cancel.abort();
    t.throws(() => cancel.throwIfAborted(), cancelled);
  },
);

token('a cancelled token stays cancelled', async (t) => {
  const cancel = new Cancel(stage.cells());
  cancel.abort();
  cancel.abortAfter(60_000);
  await sleep(5);
  t.true(cancel.aborted);
});

token(
  'Register(): the callback runs when the token is cancelled, and at once if it is already',
  async (t) => {
    const cancel = new Cancel(stage.cells());
    const runs = new Promise((resolve) => cancel.signal.addEventListener('abort', resolve));
    cancel.abort();
    await runs;
    t.true(cancel.signal.aborted);
    const late = new Cancel(stage.cells());
    late.abort();
    t.true(late.signal.aborted);
  },
);

token('what was written before Cancel() is visible to who finds it requested', async (t) => {
  const view = stage.cells();
  const reads = stage.party(
    ({ view }, { Cancel }) => {
      const cancel = new Cancel(view, 0);
      while (!cancel.aborted);
      return view[5];
    },
    { view },
  );
  await sleep(5);
  view[5] = 42;
  new Cancel(view, 0).abort();
  t.is(await reads.done, 42);
});

waits(
  'SemaphoreSlim.Wait(token) throws, and takes no permit, if the token was cancelled before',
  (t) => {
    const view = stage.cells();
    const cancel = new Cancel(view, 0);
    cancel.abort();
    const semaphore = new Semaphore(view, 1, 1);
    t.throws(() => semaphore.acquire(1, { cancel }), cancelled);
    t.is(semaphore.available, 1);
  },
);

waits(
  'SemaphoreSlim.Wait(timeout, token) returns false after the timeout, and throws if it is cancelled',
  (t) => {
    const view = stage.cells();
    const cancel = new Cancel(view, 0);
    const semaphore = new Semaphore(view, 1, 0);
    t.false(semaphore.tryAcquire(1, 10, { cancel }));
    cancel.abortAfter(10);
    t.is(
      codeOf(() => semaphore.tryAcquire(1, 10_000, { cancel })),
      'ERR_CANCELLED',
    );
  },
);

waits(
  'SemaphoreSlim.WaitAsync(token): the task is cancelled, and the permit goes to another',
  async (t) => {
    const view = stage.cells();
    const cancel = new Cancel(view, 0);
    const semaphore = new Semaphore(view, 1, 0);
    const first = semaphore.acquireAsync(1, { cancel, ref: true });
    const next = semaphore.acquireAsync(1, { ref: true });
    cancel.abort();
    t.is(await endOf(first), 'ERR_CANCELLED');
    semaphore.release();
    await next;
    t.is(semaphore.available, 0);
  },
);

waits(
  'ManualResetEventSlim.Wait(token) returns at once if it is set, unless the token was cancelled',
  (t) => {
    const view = stage.cells();
    const [latch, cancel] = [new Latch(view, 1), new Cancel(view, 0)];
    latch.release();
    t.notThrows(() => latch.await({ cancel }));
    cancel.abort();
    t.throws(() => latch.await({ cancel }), cancelled);
  },
);

waits('Barrier.SignalAndWait(token) throws if it is cancelled', async (t) => {
  const view = stage.cells();
  const party = stage.party(
    ({ view }, { Barrier, Cancel, codeOf }) =>
      codeOf(() => new Barrier(view, 1, 2).wait({ cancel: new Cancel(view, 0) })),
    { view },
  );
  await stage.asleep(party);
  new Cancel(view, 0).abort();
  t.is(await party.done, 'ERR_CANCELLED');
  // Other than there, the barrier is broken: the round can never be complete.
  t.true(new Barrier(view, 1, 2).broken);
});
