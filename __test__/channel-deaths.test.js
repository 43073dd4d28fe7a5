// @ts-check
'use strict';

// Threads that end in the middle: the threads that waited for them go on.

const { inspect } = require('node:util');
const test = require('ava').default;
const { Channel, layout } = require('../index.js');
const { startWorker, sleep } = require('./helpers/threads.js');

const spec = /** @type {const} */ ({ jobs: [Channel, { capacity: 256, codec: 'json' }] });

/** A worker that fills the first message in place, and never commits it. */
function startFiller(/** @type {any} */ shared) {
  return startWorker(
    ({ shared }, { layout, ready }) => {
      const { jobs } = layout.from(shared);
      jobs.reserve(40).bytes.fill(1);
      ready();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    },
    { shared: shared.share() },
  );
}

/** A worker that peeks at the first message, and never consumes it. */
function startPeeker(/** @type {any} */ shared) {
  return startWorker(
    ({ shared }, { layout, ready }) => {
      const { jobs } = layout.from(shared);
      jobs.peek();
      ready();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    },
    { shared: shared.share() },
  );
}

/** @param {any} shared */
function startReceiver(shared) {
  return startWorker(
    ({ shared }, { layout, ready }) => {
      const { jobs } = layout.from(shared);
      ready();
      return jobs.receive();
    },
    { shared: shared.share() },
  );
}

/** A worker that sends one message. */
function startSender(/** @type {any} */ shared, /** @type {unknown} */ message) {
  return startWorker(
    ({ shared, message }, { layout, ready }) => {
      const { jobs } = layout.from(shared);
      ready();
      jobs.send(message);
    },
    { shared: shared.share(), message },
  );
}

/**
 * Ends a worker that holds the Mutex of the channel, which is its third cell.
 * @param {SharedArrayBuffer} buffer
 * @param {[index: number, values: number[]][]} [written] what it writes into the words before
 */
async function dieUnderTheLock(buffer, written = []) {
  const holder = startWorker(
    ({ buffer, written }, { Mutex, ready }) => {
      new Mutex(buffer, 2).lock();
      const words = new Int32Array(buffer);
      for (const [index, values] of written) words.set(values, index);
      ready();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    },
    { buffer, written },
  );
  await holder.ready;
  await holder.worker.terminate();
}

test('a filler dies while all receivers sleep, threads and promises', async (t) => {
  const shared = layout(spec);
  const filler = startFiller(shared);
  await filler.ready;
  shared.jobs.send('behind it');
  shared.jobs.send('last');
  const receiver = startReceiver(shared);
  const promise = shared.jobs.receiveAsync({ timeout: 20_000 });
  await receiver.blocked();
  await filler.worker.terminate();
  t.deepEqual([await receiver.done, await promise].sort(), ['behind it', 'last']);
});

test('a filler that died is found by later calls', async (t) => {
  const shared = layout(spec);
  const filler = startFiller(shared);
  await filler.ready;
  await filler.worker.terminate();
  t.is(shared.jobs.tryReceive(), undefined);
  shared.jobs.send(1);
  t.is(shared.jobs.receive({ timeout: 1_000 }), 1);
});

test('a peeker dies while all senders sleep: its message is not lost, and they go on', async (t) => {
  const shared = layout(spec);
  const { jobs } = shared;
  jobs.send('first');
  const peeker = startPeeker(shared);
  await peeker.ready;
  while (jobs.trySend('fills'));
  const sender = startSender(shared, 'slept');
  await sender.blocked();
  t.is(jobs.tryReceive(), undefined);
  await peeker.worker.terminate();
  t.is(jobs.receive({ timeout: 5_000 }), 'first');
  await sender.done;
  const all = jobs.receiveMany();
  t.is(all.at(-1), 'slept');
});

test('a thread that dies under the lock keeps no receiver waiting', async (t) => {
  const shared = layout(spec);
  const { buffer } = shared.share();
  const receiver = startReceiver(shared);
  const promise = shared.jobs.receiveAsync({ timeout: 20_000 });
  await receiver.blocked();
  await dieUnderTheLock(buffer);
  shared.jobs.sendMany([1, 2]);
  t.deepEqual([await receiver.done, await promise].sort(), [1, 2]);
});

test('a thread that dies under the lock after it has published, and before it told a waiter', async (t) => {
  const shared = layout(spec);
  const { buffer } = shared.share();
  const receiver = startReceiver(shared);
  await receiver.blocked();
  await dieUnderTheLock(buffer, [
    // A record with the payload "7" as JSON, and then the tail.
    [16, [3, 1, 1, 0, '7'.charCodeAt(0)]],
    [5, [24]],
  ]);
  t.is(await receiver.done, 7);
});

test('a sender at the front dies: the next one goes on', async (t) => {
  const shared = layout(spec);
  const { jobs } = shared;
  while (jobs.trySend('fills'));
  const large = startSender(shared, new Uint8Array(112));
  await large.blocked();
  await sleep(30);
  jobs.receive();
  jobs.receive();
  // What was freed stays free for the one at the front, which has waited for long.
  t.false(jobs.trySend('x'));
  const next = startSender(shared, 'next');
  await next.blocked();
  await large.worker.terminate();
  await next.done;
  t.true(jobs.trySend('x'));
});

test('a sender at the front gives up: the next one goes on', async (t) => {
  const shared = layout(spec);
  const { jobs } = shared;
  while (jobs.trySend('fills'));
  const waiting = jobs.sendAsync(new Uint8Array(112), { timeout: 2_000 });
  const timedOut = t.throwsAsync(waiting, { code: 'ERR_TIMEOUT' });
  const next = startSender(shared, 'next');
  await next.blocked();
  jobs.receive();
  jobs.receive();
  await timedOut;
  await next.done;
  t.pass();
});

test('the next sender at the front did not fit, and no thread told it: trySend() passed it as often as it liked', async (t) => {
  const shared = layout(spec);
  const { jobs } = shared;
  const small = new Uint8Array(8);
  while (jobs.trySend(small));
  const start = (/** @type {number} */ length) =>
    startWorker(
      ({ shared, length }, { layout, ready }) => {
        const { jobs } = layout.from(shared);
        ready();
        jobs.send(new Uint8Array(length));
        // The end of a thread would tell all waiters.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      },
      { shared: shared.share(), length },
    );
  const waiting = (/** @type {number} */ count) =>
    inspect(jobs).includes(`${count} waiting sending`);
  const front = start(8);
  while (!waiting(1)) await sleep(5);
  const next = start(112);
  while (!waiting(2)) await sleep(5);
  await sleep(30);
  jobs.receive();
  // The next one looks, finds no room, and takes the place at the front.
  while (!waiting(1)) await sleep(5);
  await sleep(100);
  jobs.receive();
  t.false(jobs.trySend(small));
  // It arrives behind those that are still there.
  while (jobs.receive({ timeout: 20_000 }).length !== 112);
  t.true(jobs.trySend(small));
  await Promise.all([front, next].map(({ worker }) => worker.terminate()));
});

// Serial: the end of any thread of the process tells all waiters.
test.serial(
  'room was freed twice before the next sender at the front had run: two that came later passed it',
  async (t) => {
    const shared = layout({ jobs: [Channel, { capacity: 64 }] });
    const { jobs } = shared;
    while (jobs.trySend(Uint8Array.of(0)));
    const view = new Int32Array(new SharedArrayBuffer(8));
    const start = (/** @type {number} */ id) =>
      startWorker(
        ({ shared, view, id, side }, { layout, ready, require }) => {
          const { Side } = require(side);
          const { wait } = Side.prototype;
          // The second one does not run when it has been told, until it may.
          Side.prototype.wait = function (/** @type {any} */ ...args) {
            const result = wait.apply(this, args);
            if (id === 2 && Atomics.exchange(view, 0, 1) === 0) Atomics.wait(view, 1, 0);
            return result;
          };
          ready();
          layout.from(shared).jobs.send(Uint8Array.of(id));
          // The end of the first one would tell all waiters.
          if (id === 1) Atomics.wait(view, 1, 0);
        },
        { shared: shared.share(), view, id, side: require.resolve('../lib/channel/side.js') },
      );
    /** @type {ReturnType<typeof start>[]} */
    const senders = [];
    t.teardown(() => Promise.all(senders.map(({ worker }) => worker.terminate())));
    for (let id = 1; id <= 3; id++) {
      senders.push(start(id));
      await senders[id - 1].blocked();
    }
    await sleep(30);
    const received = [jobs.receive()[0]];
    while (jobs.length < 2 || Atomics.load(view, 0) === 0) await sleep(1);
    received.push(jobs.receive()[0]);
    t.false(jobs.trySend(Uint8Array.of(9)));
    Atomics.store(view, 1, 1);
    Atomics.notify(view, 1);
    while (received.length < 5) received.push(jobs.receive({ timeout: 20_000 })[0]);
    t.deepEqual(received, [0, 0, 1, 2, 3]);
    await Promise.all(senders.map(({ done }) => done));
  },
);

test('a receiver that ends in the middle of its loop takes at most one message with it', async (t) => {
  const shared = layout(spec);
  const { jobs } = shared;
  const COUNT = 3_000;
  let sent = 0;
  const received = new Set();
  let killed = 0;
  for (; killed < 8; killed++) {
    const receiver = startWorker(
      ({ shared, seen }, { layout, ready }) => {
        const { jobs } = layout.from(shared);
        ready();
        for (const job of jobs) Atomics.add(seen, job, 1);
      },
      { shared: shared.share(), seen: counts(COUNT) },
    );
    await receiver.ready;
    const end = sent + COUNT / 10;
    while (sent < end) jobs.send(sent++);
    receiver.worker.terminate();
    await receiver.exited;
    await sleep(0);
  }
  while (jobs.length > 0) received.add(jobs.receive());
  const seen = counts(COUNT);
  const missing = Array.from({ length: sent }, (_, i) => seen[i] + Number(received.has(i)));
  t.true(missing.every((times) => times <= 1));
  t.true(missing.filter((times) => times === 0).length <= killed);
});

/** @type {Int32Array | undefined} */
let memory;
/** @param {number} count */
function counts(count) {
  memory ??= new Int32Array(new SharedArrayBuffer(4 * count));
  return memory;
}
