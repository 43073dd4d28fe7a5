// @ts-check
'use strict';

// What the public documentation of four queues between threads promises: Go's channels (The Go Programming Language
// Specification, Go 1.25), Java's ArrayBlockingQueue (Java SE 21), Python's queue.Queue (3.13), and Rust's
// crossbeam-channel (0.5, bounded).

const { Channel, layout } = require('../../index.js');
const { syncError } = require('../helpers/errors.js');
const stage = require('../helpers/conformance.js');
const { codeOf } = require('../helpers/waiting.js');

const go = stage.documented('Go channel');
const java = stage.documented('Java ArrayBlockingQueue');
const python = stage.documented('Python queue.Queue');
const crossbeam = stage.documented('crossbeam-channel');

const closed = syncError('ERR_CLOSED');
/** Room for exactly two numbers: each takes 24 bytes. */
const spec = /** @type {const} */ ({ numbers: [Channel, { capacity: 64, codec: 'json' }] });

/** @type {import('../helpers/types.js').Body} */
const receives = ({ shared }, { layout }) => layout.from(shared).numbers.receive();
/** @type {import('../helpers/types.js').Body} */
const sends = ({ shared, value }, { layout }) => layout.from(shared).numbers.send(value);

function twoNumbers() {
  const { numbers, share } = layout(spec);
  return { numbers, shared: share() };
}

go('acts as a first-in-first-out queue', (t) => {
  const { numbers } = twoNumbers();
  numbers.send(1);
  numbers.send(2);
  t.deepEqual([numbers.receive(), numbers.receive()], [1, 2]);
});

go(
  'a send succeeds without blocking while the buffer is not full, and blocks when it is',
  async (t) => {
    const { numbers, shared } = twoNumbers();
    numbers.send(1);
    numbers.send(2);
    const sender = stage.party(sends, { shared, value: 3 });
    await stage.asleep(sender);
    t.is(numbers.receive(), 1);
    await sender.done;
    t.deepEqual(numbers.receiveMany(), [2, 3]);
  },
);

go('a receive blocks while the buffer is empty', async (t) => {
  const { numbers, shared } = twoNumbers();
  const receiver = stage.party(receives, { shared });
  await stage.asleep(receiver);
  numbers.send(7);
  t.is(await receiver.done, 7);
});

go('sending to a closed channel is an error', (t) => {
  const { numbers } = twoNumbers();
  numbers.close();
  t.throws(() => numbers.send(1), closed);
});

go('values sent before close are received, and then receiving does not block', (t) => {
  const { numbers } = twoNumbers();
  numbers.send(1);
  numbers.close();
  t.is(numbers.receive(), 1);
  t.throws(() => numbers.receive(), closed);
});

go('range over a channel yields the values until it is closed', (t) => {
  const { numbers } = twoNumbers();
  numbers.sendMany([1, 2]);
  numbers.close();
  t.deepEqual([...numbers], [1, 2]);
});

go('may be used for sends and receives by any number of goroutines', async (t) => {
  const { numbers, shared } = twoNumbers();
  const senders = [1, 2, 3].map((value) => stage.party(sends, { shared, value }));
  const receivers = [1, 2, 3].map(() => stage.party(receives, { shared }));
  const all = await stage.answers(receivers);
  t.deepEqual(all.sort(), [1, 2, 3]);
  await stage.answers(senders);
  t.is(numbers.length, 0);
});

go('a send happens before the corresponding receive completes', async (t) => {
  const { numbers, data, share } = layout({ ...spec, data: [Int32Array, 1] });
  const reader = stage.party(
    ({ shared }, { layout }) => {
      const { numbers, data } = layout.from(shared);
      numbers.receive();
      return data[0];
    },
    { shared: share() },
  );
  await stage.asleep(reader);
  data[0] = 42;
  numbers.send(0);
  t.is(await reader.done, 42);
});

java('offer() returns false at once if the queue is full', (t) => {
  const { numbers } = twoNumbers();
  t.true(numbers.trySend(1));
  t.true(numbers.trySend(2));
  t.false(numbers.trySend(3));
});

java('offer(e, timeout) waits up to the time for space', (t) => {
  const { numbers } = twoNumbers();
  numbers.sendMany([1, 2]);
  const began = performance.now();
  t.false(numbers.trySend(3, 50));
  t.true(performance.now() - began >= 49);
});

java('poll() returns null at once if the queue is empty', (t) => {
  t.is(twoNumbers().numbers.tryReceive(), undefined);
});

java('poll(timeout) waits up to the time for an element', (t) => {
  const began = performance.now();
  t.is(twoNumbers().numbers.tryReceive(50), undefined);
  t.true(performance.now() - began >= 49);
});

java('null elements are refused', (t) => {
  // The value that poll() returns if there is none. Here that is undefined.
  t.throws(() => twoNumbers().numbers.send(undefined), { code: 'ERR_INVALID_ARG_TYPE' });
});

java('drainTo() removes the available elements in order', (t) => {
  const { numbers } = twoNumbers();
  numbers.sendMany([1, 2]);
  t.deepEqual(numbers.receiveMany(10), [1, 2]);
  t.is(numbers.length, 0);
});

java('drainTo(c, max) removes at most the given number', (t) => {
  const { numbers } = twoNumbers();
  numbers.sendMany([1, 2]);
  t.deepEqual(numbers.receiveMany(1), [1]);
  t.is(numbers.length, 1);
});

// Serial: the end of any thread of the process tells all waiters, and a waiter that looks then has no place in the order.
java.serial('with fairness, blocked producers are served in FIFO order', async (t) => {
  const { numbers, shared } = twoNumbers();
  numbers.sendMany([0, 0]);
  const senders = [];
  for (let value = 1; value <= 3; value++) {
    const sender = stage.party(sends, { shared, value });
    await stage.asleep(sender);
    senders.push(sender);
  }
  // One place at a time: it goes to the sender that has waited longest.
  const all = [];
  for (const { done } of senders) {
    all.push(numbers.receive());
    await done;
  }
  t.deepEqual([...all, ...numbers.receiveMany()], [0, 0, 1, 2, 3]);
  await stage.answers(senders);
});

python('get() blocks until an item is available, get(timeout) raises Empty', async (t) => {
  const { numbers, shared } = twoNumbers();
  t.throws(() => numbers.receive({ timeout: 10 }), syncError('ERR_TIMEOUT'));
  const receiver = stage.party(receives, { shared });
  await stage.asleep(receiver);
  numbers.send(1);
  t.is(await receiver.done, 1);
});

python('put(timeout) raises Full', (t) => {
  const { numbers } = twoNumbers();
  numbers.sendMany([1, 2]);
  t.throws(() => numbers.send(3, { timeout: 10 }), syncError('ERR_TIMEOUT'));
});

python('qsize() is the number of items', (t) => {
  const { numbers } = twoNumbers();
  numbers.send(1);
  t.is(numbers.length, 1);
});

python('shutdown(): put() raises ShutDown, get() drains and then raises it', (t) => {
  const { numbers } = twoNumbers();
  numbers.send(1);
  numbers.close();
  t.throws(() => numbers.send(2), closed);
  t.is(numbers.receive(), 1);
  t.throws(() => numbers.receive(), closed);
});

python('shutdown() unblocks all callers of put() and get()', async (t) => {
  const full = twoNumbers();
  const empty = twoNumbers();
  full.numbers.sendMany([1, 2]);
  const sender = stage.party(
    ({ shared }, { layout, codeOf }) => codeOf(() => layout.from(shared).numbers.send(3)),
    { shared: full.shared },
  );
  const receiver = stage.party(
    ({ shared }, { layout, codeOf }) => codeOf(() => layout.from(shared).numbers.receive()),
    { shared: empty.shared },
  );
  await stage.asleep(sender, receiver);
  full.numbers.close();
  empty.numbers.close();
  t.deepEqual(await stage.answers([sender, receiver]), ['ERR_CLOSED', 'ERR_CLOSED']);
});

python('shutdown(immediate=True) drains the queue', (t) => {
  const { numbers } = twoNumbers();
  numbers.send(1);
  numbers.close({ discard: true });
  t.is(numbers.length, 0);
  t.is(
    codeOf(() => numbers.receive()),
    'ERR_CLOSED',
  );
});

crossbeam('try_send() and try_recv() never block', (t) => {
  const { numbers } = twoNumbers();
  t.is(numbers.tryReceive(), undefined);
  t.true(numbers.trySend(1));
  t.true(numbers.trySend(2));
  t.false(numbers.trySend(3));
});

crossbeam('recv_timeout() waits for a message for a limited time', (t) => {
  t.throws(() => twoNumbers().numbers.receive({ timeout: 20 }), syncError('ERR_TIMEOUT'));
});

crossbeam('each message is received by exactly one receiver', async (t) => {
  const { numbers, shared } = twoNumbers();
  /** @type {import('../helpers/types.js').Body} */
  const drain = ({ shared }, { layout }) => [...layout.from(shared).numbers];
  const receivers = [0, 1].map(() => stage.party(drain, { shared }));
  for (let i = 0; i < 200; i++) numbers.send(i);
  numbers.close();
  const all = (await stage.answers(receivers)).flat();
  t.is(all.length, 200);
  t.is(new Set(all).size, 200);
});

crossbeam(
  'iter() blocks for the next message and ends when the channel is disconnected and empty',
  async (t) => {
    const { numbers, shared } = twoNumbers();
    const receiver = stage.party(({ shared }, { layout }) => [...layout.from(shared).numbers], {
      shared,
    });
    await stage.asleep(receiver);
    numbers.send(1);
    numbers.close();
    t.deepEqual(await receiver.done, [1]);
  },
);

crossbeam('try_iter() takes what is there without waiting for more', (t) => {
  const { numbers } = twoNumbers();
  numbers.sendMany([1, 2]);
  t.deepEqual(numbers.receiveMany(100), [1, 2]);
});
