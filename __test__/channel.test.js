// @ts-check
'use strict';

const test = require('ava').default;
const { inspect } = require('node:util');
const { Cancel, Channel, Event, layout, select, trySelect } = require('../index.js');
const { bytes, channel } = require('./helpers/channel.js');
const { syncError } = require('./helpers/errors.js');
const { startWorker, inWorkers, sleep } = require('./helpers/threads.js');

test('messages arrive in order, bytes as bytes and values as values', (t) => {
  for (const codec of ['clone', 'json']) {
    const jobs = channel(1_024, { codec });
    jobs.send({ id: 1 });
    jobs.send(bytes(5));
    jobs.send('text');
    jobs.send(Buffer.from('buffer'));
    t.is(jobs.length, 4);
    t.deepEqual(jobs.receive(), { id: 1 });
    t.deepEqual(jobs.receive(), bytes(5));
    t.is(jobs.receive(), 'text');
    t.deepEqual(jobs.receive(), new Uint8Array(Buffer.from('buffer')));
    t.is(jobs.tryReceive(), undefined);
    t.is(jobs.length, 0);
  }
});

test('a codec of the caller', (t) => {
  const codec = {
    encode: (/** @type {number} */ value) => Uint8Array.of(value),
    decode: (/** @type {Uint8Array} */ [value]) => value,
  };
  const numbers = channel(64, { codec });
  numbers.send(7);
  t.is(numbers.receive(), 7);
  const wrong = channel(64, { codec: { ...codec, encode: () => 'text' } });
  t.throws(() => wrong.send(7), {
    code: 'ERR_INVALID_ARG_TYPE',
    message: /encode of options.codec/,
  });
});

test('messages of every length go through every position of the ring', (t) => {
  const jobs = channel(256);
  for (let turn = 0; turn < 40; turn++) {
    for (let length = 0; length <= 112; length++) {
      const message = bytes(length);
      jobs.send(message);
      const other = length < 40 && jobs.trySend(bytes(3));
      t.deepEqual(jobs.receive(), message);
      if (other) t.deepEqual(jobs.receive(), bytes(3));
    }
  }
  t.is(jobs.length, 0);
});

test('a message of half the capacity fits an empty ring at any position, and one more byte never does', (t) => {
  const jobs = channel(1_024);
  for (let position = 0; position < 200; position++) {
    t.true(jobs.trySend(bytes(496)), `at position ${position}`);
    t.is(jobs.receive().length, 496);
    jobs.send(bytes(position % 24));
    jobs.receive();
  }
  const error = t.throws(() => jobs.send(bytes(497)), { instanceOf: RangeError });
  t.is(/** @type {any} */ (error).code, 'ERR_OUT_OF_RANGE');
  t.throws(() => jobs.reserve(497), { instanceOf: RangeError });
});

test('a full channel takes no more, and room comes back', (t) => {
  const jobs = channel(256);
  let sent = 0;
  while (jobs.trySend(bytes(16))) sent++;
  t.is(sent, 8);
  t.throws(() => jobs.send(bytes(16), { timeout: 20 }), { code: 'ERR_TIMEOUT' });
  t.false(jobs.trySend(bytes(16), 20));
  jobs.receive();
  t.true(jobs.trySend(bytes(16)));
  t.is(jobs.length, 8);
});

test('received bytes stay as they are, share no memory that could be transferred, and are their own on demand', (t) => {
  const jobs = channel(1 << 16);
  jobs.sendMany([bytes(10), bytes(20)]);
  const [first, second] = jobs.receiveMany(2);
  for (let i = 0; i < 5_000; i++) {
    jobs.send(new Uint8Array(64).fill(9));
    jobs.receive();
  }
  t.deepEqual(first, bytes(10));
  t.deepEqual(second, bytes(20));
  try {
    structuredClone(first, { transfer: [first.buffer] });
  } catch {
    // Node 21 and later throw, earlier versions copy.
  }
  t.is(first.length, 10);
  const own = jobs.tryReceive(0, { own: true });
  t.is(own, undefined);
  jobs.send(bytes(10));
  const { buffer } = jobs.receive({ own: true });
  t.is(buffer.byteLength, 10);
  jobs.send(bytes(5_000));
  t.is(jobs.receive().buffer.byteLength, 5_000);
});

test('large messages, which are copied outside the lock', (t) => {
  const jobs = channel(1 << 18);
  const large = new Uint8Array(100_000).map((_, i) => i * 7);
  for (let i = 0; i < 5; i++) {
    jobs.send(large);
    t.true(jobs.trySend(bytes(3)));
    t.deepEqual(jobs.receive(), large);
    t.deepEqual(jobs.receiveMany(), [bytes(3)]);
    jobs.send(large);
    const into = new Uint8Array(100_001);
    t.is(jobs.receiveInto(into), 100_000);
    t.deepEqual(into.subarray(0, 100_000), large);
  }
  jobs.send({ large });
  t.deepEqual(jobs.receive(), { large });
  t.is(jobs.length, 0);
});

test('receiveInto copies the message, or leaves it where it is too long', (t) => {
  const jobs = channel();
  jobs.send(bytes(20));
  t.throws(() => jobs.receiveInto(new Uint8Array(19)), { code: 'ERR_OUT_OF_RANGE' });
  const into = new Uint8Array(32);
  t.is(jobs.receiveInto(into), 20);
  t.deepEqual(into.subarray(0, 20), bytes(20));
});

test('sendMany and receiveMany keep the order, whatever the room', async (t) => {
  const jobs = channel(256);
  const shared = layout({ jobs: [Channel, { capacity: 256 }] });
  const { done } = startWorker(
    ({ shared }, { layout }) => {
      const all = [];
      const { jobs } = layout.from(shared);
      while (all.length < 1_000) all.push(...jobs.receiveMany(7));
      return all;
    },
    { shared: shared.share() },
  );
  const values = Array.from({ length: 1_000 }, (_, i) => i);
  shared.jobs.sendMany(values);
  t.deepEqual(await done, values);
  const error = t.throws(() => jobs.sendMany(values, { timeout: 20 }), { code: 'ERR_TIMEOUT' });
  t.is(/** @type {any} */ (error).sent, jobs.length);
  t.deepEqual(jobs.receiveMany(3), [0, 1, 2]);
});

test('batches of all lengths and kinds, as slices of the pool and in buffers of their own', (t) => {
  const jobs = channel(1 << 18, { codec: 'json' });
  const sent = Array.from({ length: 300 }, (_, i) => {
    const length = (i * 37) % (i % 50 === 0 ? 70_000 : 300);
    return i % 3 === 0 ? { i, text: 'x'.repeat(length) } : bytes(length);
  });
  for (const own of [false, true]) {
    for (const max of [1, 7, 64]) {
      const received = [];
      for (let next = 0; next < sent.length; next += 20) {
        jobs.sendMany(sent.slice(next, next + 20));
        while (jobs.length > 0) received.push(...jobs.receiveMany(max, { own }));
      }
      t.deepEqual(received, sent);
      if (own) {
        const arrays = received.filter((each) => each instanceof Uint8Array);
        t.true(arrays.every((each) => each.buffer.byteLength === each.length));
      }
    }
  }
});

test('texts of all lengths, also such as are not ASCII', (t) => {
  const jobs = channel(1 << 16, { codec: 'json' });
  for (const unit of ['a', 'é', '€', '😀', '\ud800']) {
    for (const length of [0, 1, 60, 130, 1_360, 1_366, 4_100]) {
      const value = { text: unit.repeat(length) };
      jobs.send(value);
      t.deepEqual(jobs.receive(), value);
    }
  }
  const small = channel(64, { codec: 'json' });
  t.throws(() => small.send('longer than 16 bytes'), { code: 'ERR_OUT_OF_RANGE' });
  t.is(small.length, 0);
});

test('a message that is sent while another is encoded', (t) => {
  const jobs = channel(1_024, { codec: 'json' });
  const other = {
    toJSON() {
      jobs.send({ inner: 1 });
      jobs.send(bytes(40));
      return 'outer';
    },
  };
  jobs.send({ other });
  t.deepEqual(jobs.receiveMany(), [{ inner: 1 }, bytes(40), { other: 'outer' }]);
});

test('in place: reserve and commit, peek and consume', (t) => {
  const jobs = channel(256);
  const reservation = jobs.reserve(16);
  reservation.bytes.set(bytes(16));
  jobs.send('behind');
  t.is(jobs.length, 1);
  t.is(jobs.tryReceive(), undefined);
  t.throws(() => jobs.receive(), { code: 'ERR_DEADLOCK' });
  reservation.commit();
  t.throws(() => reservation.commit(), { code: 'ERR_NOT_OWNER' });
  const peek = jobs.peek();
  t.deepEqual(new Uint8Array(peek.bytes), bytes(16));
  t.throws(() => jobs.peek(), { code: 'ERR_DEADLOCK' });
  peek[Symbol.dispose]();
  t.is(jobs.length, 2);
  const again = jobs.peek();
  again.consume();
  again[Symbol.dispose]();
  t.throws(() => again.consume(), { code: 'ERR_NOT_OWNER' });
  t.is(jobs.receive(), 'behind');
  jobs.reserve(100)[Symbol.dispose]();
  t.is(jobs.length, 0);
  t.true(jobs.trySend(bytes(112)));
});

test('a full ring behind the own peek is a deadlock for send(), not for trySend()', (t) => {
  const jobs = channel(64);
  jobs.send(bytes(16));
  jobs.send(bytes(16));
  const peek = jobs.peek();
  t.false(jobs.trySend(bytes(16)));
  t.throws(() => jobs.send(bytes(16)), { code: 'ERR_DEADLOCK' });
  peek.consume();
  jobs.send(bytes(16));
  t.is(jobs.length, 2);
});

test('close: senders throw, receivers drain, loops end', async (t) => {
  const jobs = channel();
  jobs.sendMany([1, 2, 3]);
  const reservation = jobs.reserve(4);
  jobs.close();
  jobs.close();
  t.true(jobs.closed);
  for (const send of [
    () => jobs.send(4),
    () => jobs.trySend(4),
    () => jobs.sendMany([4]),
    () => jobs.reserve(4),
  ]) {
    t.throws(send, { code: 'ERR_CLOSED' });
  }
  await t.throwsAsync(() => jobs.sendAsync(4), { code: 'ERR_CLOSED' });
  t.is(jobs.receive(), 1);
  reservation.bytes.set([1, 2, 3, 4]);
  reservation.commit();
  t.deepEqual([...jobs], [2, 3, Uint8Array.of(1, 2, 3, 4)]);
  for (const receive of [
    () => jobs.receive(),
    () => jobs.tryReceive(),
    () => jobs.peek(),
    () => jobs.receiveInto(new Uint8Array(4)),
    () => jobs.receiveMany(),
  ]) {
    t.throws(receive, { code: 'ERR_CLOSED' });
  }
  await t.throwsAsync(() => jobs.receiveAsync(), { code: 'ERR_CLOSED' });
});

test('close({ discard: true }) drops what is left, and what is committed later', (t) => {
  const jobs = channel();
  jobs.sendMany([1, 2, 3]);
  const reservation = jobs.reserve(4);
  jobs.close({ discard: true });
  t.is(jobs.length, 0);
  reservation.commit();
  t.deepEqual([...jobs], []);
});

test('close wakes all waiters, threads and promises', async (t) => {
  const shared = layout({ jobs: [Channel, { capacity: 64 }] });
  const { jobs } = shared;
  const { done, blocked } = startWorker(
    ({ shared }, { layout, ready, codeOf }) => {
      const { jobs } = layout.from(shared);
      ready();
      return codeOf(() => jobs.receive());
    },
    { shared: shared.share() },
  );
  const promise = jobs.receiveAsync();
  await blocked();
  jobs.close();
  t.is(await done, 'ERR_CLOSED');
  await t.throwsAsync(promise, { code: 'ERR_CLOSED' });
});

test('limits and cancels end waits, and take nothing', async (t) => {
  const { jobs, stop } = layout({ jobs: [Channel, { capacity: 64 }], stop: Cancel });
  t.throws(() => jobs.receive({ timeout: 20 }), { code: 'ERR_TIMEOUT' });
  t.is(jobs.tryReceive(20), undefined);
  await t.throwsAsync(jobs.receiveAsync({ timeout: 20 }), { code: 'ERR_TIMEOUT' });
  const controller = new AbortController();
  const aborted = jobs.receiveAsync({ signal: controller.signal });
  controller.abort(new Error('no more'));
  await t.throwsAsync(aborted, { message: 'no more' });
  stop.abortAfter(30);
  t.throws(() => jobs.receive({ cancel: stop }), { code: 'ERR_CANCELLED' });
  jobs.send(1);
  t.throws(() => jobs.receive({ cancel: stop }), { code: 'ERR_CANCELLED' });
  t.throws(() => jobs.tryReceive(0, { cancel: stop }), { code: 'ERR_CANCELLED' });
  t.throws(() => jobs.send(2, { cancel: stop }), { code: 'ERR_CANCELLED' });
  await t.throwsAsync(jobs.receiveAsync({ cancel: stop }), { code: 'ERR_CANCELLED' });
  t.is(jobs.length, 1);
  t.is(jobs.receive(), 1);
});

test('a full ring with nothing but dropped reservations in it took no message: their room was freed by none', async (t) => {
  const jobs = channel(256);
  jobs.send(bytes(8));
  const dropped = jobs.reserve(112);
  dropped[Symbol.dispose]();
  jobs.receive();
  t.true(jobs.trySend(bytes(112)));
});

test('senders slept beside an empty ring: what was dropped behind the last message had told none of them', async (t) => {
  const jobs = channel(256);
  jobs.send(bytes(8));
  const dropped = [jobs.reserve(80), jobs.reserve(80)];
  const sent = jobs.sendAsync(bytes(112), { timeout: 20_000 });
  for (const reservation of dropped) reservation[Symbol.dispose]();
  jobs.receive();
  await sent;
  t.is(jobs.receive().length, 112);
});

test('a large message gets through beside small ones', async (t) => {
  const shared = layout({ jobs: [Channel, { capacity: 4_096 }], stop: [Int32Array, 1] });
  const small = [0, 1].map(() =>
    startWorker(
      ({ shared }, { layout, ready }) => {
        const { jobs, stop } = layout.from(shared);
        const message = new Uint8Array(16);
        let sent = 0;
        ready();
        while (Atomics.load(/** @type {Int32Array} */ (stop), 0) === 0) {
          jobs.send(message);
          sent++;
        }
        return sent;
      },
      { shared: shared.share() },
    ),
  );
  const receiver = startWorker(
    ({ shared }, { layout }) => {
      const { jobs } = layout.from(shared);
      let large = 0;
      for (const message of jobs) if (message.length > 1_000) large++;
      return large;
    },
    { shared: shared.share() },
  );
  for (const { ready } of small) await ready;
  await sleep(100);
  const large = new Uint8Array(2_032);
  for (let i = 0; i < 20; i++) shared.jobs.send(large, { timeout: 10_000 });
  Atomics.store(shared.stop, 0, 1);
  for (const { done } of small) t.true((await done) > 0);
  shared.jobs.close();
  t.is(await receiver.done, 20);
});

test('many senders and receivers: each message once, in the order of each sender', async (t) => {
  const shared = layout({ jobs: [Channel, { capacity: 2_048, codec: 'json' }] });
  const COUNT = 4_000;
  const receivers = Array.from({ length: 3 }, (_, id) =>
    startWorker(
      async ({ shared, id }, { layout }) => {
        const { jobs } = layout.from(shared);
        /** @type {[number, number][]} */
        const all = [];
        if (id === 0) for await (const job of jobs) all.push(job);
        else if (id === 1) for (const job of jobs) all.push(job);
        else {
          try {
            for (;;) all.push(...jobs.receiveMany(5));
          } catch {
            // closed
          }
        }
        return all;
      },
      { shared: shared.share(), id },
    ),
  );
  await inWorkers(
    3,
    async ({ shared, id, COUNT }, { layout }) => {
      const { jobs } = layout.from(shared);
      for (let i = 0; i < COUNT; i++) {
        if (id === 0) await jobs.sendAsync([id, i]);
        else jobs.send([id, i]);
      }
    },
    { shared: shared.share(), COUNT },
    { limit: 120_000 },
  );
  shared.jobs.close();
  const received = await Promise.all(receivers.map(({ done }) => done));
  const seen = new Set();
  for (const all of received) {
    const last = [-1, -1, -1];
    for (const [sender, i] of all) {
      t.true(i > last[sender], 'a sender was overtaken by itself');
      last[sender] = i;
      seen.add(sender * COUNT + i);
    }
  }
  t.is(seen.size, 3 * COUNT);
  t.is(received.flat().length, 3 * COUNT);
});

test('memory that was written over gives an error, never a hang or a read elsewhere', (t) => {
  const capacity = 256;
  for (let cell = 3; cell < 32; cell++) {
    for (const word of [1, -1, 7, 8, 0x7fffffff, 1 << 29, (1 << 29) | 5, 3 << 29, 248]) {
      const buffer = new SharedArrayBuffer(Channel.byteLength(capacity));
      const jobs = new Channel(buffer, 0, { capacity });
      jobs.send(bytes(8));
      jobs.send(bytes(8));
      new Int32Array(buffer)[cell] = word;
      for (const use of [
        () => jobs.trySend(bytes(8)),
        () => jobs.tryReceive(),
        () => jobs.length,
        () => inspect(jobs),
        () => jobs.receive({ timeout: 1 }),
      ]) {
        try {
          use();
        } catch (error) {
          const { code, message } = /** @type {any} */ (error);
          // The payload was written over.
          if (/deserialize/.test(message)) continue;
          t.true(
            ['ERR_CORRUPT_CELL', 'ERR_CLOSED', 'ERR_TIMEOUT', 'ERR_DEADLOCK'].includes(code),
            `${code} with ${word} in cell ${cell}: ${error}`,
          );
        }
      }
    }
  }
});

test('wrong arguments', (t) => {
  const buffer = new SharedArrayBuffer(1_024);
  const make = (/** @type {any[]} */ ...args) => t.throws(() => Reflect.construct(Channel, args));
  const codes = [
    make(buffer, 0),
    make(buffer, 0, { capacity: '64' }),
    make(buffer, 0, { capacity: 72 }),
    make(buffer, 0, { capacity: 32 }),
    make(buffer, 0, { capacity: 1_024 }),
    make(buffer, 1, { capacity: 64 }),
    make(new Int32Array(buffer, 0, 16), 0, { capacity: 64 }),
    make(buffer, 0, { capacity: 64, codec: 'xml' }),
    make(buffer, 0, { capacity: 64, codec: 5 }),
    make(buffer, 0, { capacity: 64, size: 5 }),
  ].map((error) => /** @type {any} */ (error).code);
  t.deepEqual(codes, [
    'ERR_INVALID_ARG_TYPE',
    'ERR_INVALID_ARG_TYPE',
    ...Array(5).fill('ERR_OUT_OF_RANGE'),
    'ERR_INVALID_ARG_VALUE',
    'ERR_INVALID_ARG_TYPE',
    'ERR_INVALID_ARG_VALUE',
  ]);
  const jobs = /** @type {any} */ (new Channel(buffer, 0, { capacity: 64 }));
  for (const use of [
    () => jobs.send(undefined),
    () => jobs.reserve('1'),
    () => jobs.receiveInto([]),
    () => jobs.receiveMany('1'),
    () => jobs.receive({ own: 1 }),
    () => jobs.close({ discard: 1 }),
    () => jobs.send(() => {}),
    () => jobs.send(new SharedArrayBuffer(8)),
    () => jobs.sendMany(5),
    () => jobs.sendMany(),
  ]) {
    t.throws(use, { code: 'ERR_INVALID_ARG_TYPE' });
  }
  const texts = /** @type {any} */ (channel(64, { codec: 'json' }));
  for (const value of [() => {}, 5n, Symbol('text')]) {
    t.throws(() => texts.send(value), { code: 'ERR_INVALID_ARG_TYPE', message: /codec/ });
    t.throws(() => texts.sendMany([value]), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  t.throws(() => jobs.receive({ timeOut: 1 }), {
    code: 'ERR_INVALID_ARG_VALUE',
    message: /cancel, timeout, own/,
  });
  t.throws(() => jobs.tryReceive(0, { timeout: 1 }), { message: /cancel, own/ });
  t.throws(() => jobs.receive({ timeout: NaN }), { code: 'ERR_OUT_OF_RANGE' });
  t.throws(() => jobs.close({ discrad: true }), { code: 'ERR_INVALID_ARG_VALUE' });
});

test('inspect shows how full it is', (t) => {
  const jobs = channel(256);
  jobs.send(bytes(16));
  t.is(inspect(jobs), 'Channel "jobs" { 32 of 256 bytes used }');
  jobs.close();
  t.is(inspect(jobs), 'Channel "jobs" { 32 of 256 bytes used, closed }');
});

test('a layout with a codec of the caller needs its spec in each thread', (t) => {
  const spec = {
    numbers: [
      Channel,
      {
        capacity: 64,
        codec: {
          encode: (/** @type {number} */ n) => Uint8Array.of(n),
          decode: (/** @type {Uint8Array} */ [n]) => n,
        },
      },
    ],
  };
  const there = layout(/** @type {any} */ (spec));
  const shared = structuredClone(there.share());
  t.throws(() => layout.from(shared), { code: 'ERR_INVALID_ARG_VALUE' });
  const here = layout.from(shared, /** @type {any} */ (spec));
  there.numbers.send(5);
  t.is(here.numbers.receive(), 5);
});

test('sendMany says how many were sent, also if it fails before the first', (t) => {
  const stop = new Cancel(new SharedArrayBuffer(4));
  const full = channel(64);
  stop.abort();
  const closed = channel(64);
  closed.close();
  for (const send of [
    () => full.sendMany([1, 2], { cancel: stop }),
    () => closed.sendMany([1, 2]),
    () => full.sendMany(Array(5).fill(bytes(8)), { timeout: 5 }),
  ]) {
    const error = /** @type {any} */ (t.throws(send));
    t.true(Number.isInteger(error.sent), error.code);
  }
});

test('a message of a batch that cannot be decoded keeps none of the others back', (t) => {
  const codec = {
    encode: (/** @type {number} */ value) => Uint8Array.of(value),
    decode(/** @type {Uint8Array} */ [value]) {
      if (value === 1) throw new Error('bad');
      return value;
    },
  };
  const jobs = channel(256, { codec });
  jobs.sendMany([0, 1, 2, 3]);
  const error = /** @type {any} */ (t.throws(() => jobs.receiveMany(), { message: 'bad' }));
  t.deepEqual(error.received, [0, 2, 3]);
  t.is(jobs.length, 0);
});

test('a message of another codec is an error with a code, and the messages beside it are not lost', (t) => {
  const buffer = new SharedArrayBuffer(Channel.byteLength(1_024));
  const [json, clone] = ['json', 'clone'].map(
    (codec) => new Channel(buffer, 0, { capacity: 1_024, codec: /** @type {'json'} */ (codec) }),
  );
  for (const [from, to] of [
    [json, clone],
    [clone, json],
  ]) {
    from.send({ x: 1 });
    t.truthy(t.throws(() => to.receive(), syncError('ERR_CORRUPT_CELL'))?.cause);
    from.sendMany([Uint8Array.of(7), { x: 1 }, Uint8Array.of(8)]);
    const error = /** @type {any} */ (
      t.throws(() => to.receiveMany(), syncError('ERR_CORRUPT_CELL'))
    );
    t.deepEqual(error.received.map(Number), [7, 8]);
    t.is(to.length, 0);
  }
});

test('a call that a Cancel ended before it began names the Cancel', async (t) => {
  const app = layout({ jobs: [Channel, { capacity: 64 }], stop: Cancel, ready: Event });
  const cancel = [app.stop];
  app.stop.abort();
  const message = /^The Cancel "stop" was aborted/;
  for (const call of [
    () => app.jobs.send(1, { cancel }),
    () => app.jobs.trySend(1, 0, { cancel }),
    () => app.jobs.sendMany([1], { cancel }),
    () => app.jobs.reserve(1, { cancel }),
    () => app.jobs.receive({ cancel }),
    () => app.jobs.tryReceive(0, { cancel }),
    () => app.jobs.receiveMany(1, { cancel }),
    () => app.jobs.peek({ cancel }),
    () => select([app.ready], { cancel }),
  ]) {
    t.throws(call, { code: 'ERR_CANCELLED', message });
  }
  await t.throwsAsync(app.jobs.receiveAsync({ cancel }), { code: 'ERR_CANCELLED', message });
  await t.throwsAsync(app.jobs.sendAsync(1, { cancel }), { code: 'ERR_CANCELLED', message });
  t.is(app.jobs.length, 0);
});

test('a generator may fill the bytes of one message again for the next', (t) => {
  const jobs = channel(1_024);
  const one = new Uint8Array(1);
  jobs.sendMany(
    (function* () {
      for (one[0] = 1; one[0] <= 3; one[0]++) yield one;
    })(),
  );
  t.deepEqual(
    jobs.receiveMany().map(([first]) => first),
    [1, 2, 3],
  );
});

test('a message that grows after its length was checked is refused, and does not break the ring', (t) => {
  const jobs = channel(1_024);
  const growing = new /** @type {any} */ (ArrayBuffer)(16, { maxByteLength: 2_048 });
  const values = [new Uint8Array(growing), bytes(1)];
  Object.defineProperty(values, 1, {
    get() {
      growing.resize(800);
      return bytes(1);
    },
  });
  t.throws(() => jobs.sendMany(values), { code: 'ERR_OUT_OF_RANGE' });
  jobs.send('next');
  t.is(jobs.receive(), 'next');
});

test('a call that only tries finds nothing, with options too: it threw ERR_DEADLOCK', (t) => {
  const { jobs, stop } = layout({ jobs: [Channel, { capacity: 1_024 }], stop: Cancel });
  const cancel = stop;
  jobs.send(bytes(3));
  const peek = jobs.peek();
  t.is(jobs.tryReceive(0), undefined);
  t.is(jobs.tryReceive(0, {}), undefined);
  t.is(jobs.tryReceive(0, { cancel }), undefined);
  t.is(trySelect([jobs], 0, { cancel }), undefined);
  peek.consume();
  jobs.reserve(400);
  jobs.reserve(400);
  t.false(jobs.trySend(bytes(400)));
  t.false(jobs.trySend(bytes(400), 0, { cancel }));
  t.regex(inspect(jobs), /used\b(?!.*waiting)/);
});
