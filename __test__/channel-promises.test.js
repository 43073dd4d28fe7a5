// @ts-check
'use strict';

// The promise forms of a Channel: their place among the messages of their thread, and beside blocked threads.

const test = require('ava').default;
const { Channel, layout } = require('../index.js');
const { bytes, channel } = require('./helpers/channel.js');
const { startWorker } = require('./helpers/threads.js');

test('what a thread has sent by promise goes before what it sends later', async (t) => {
  const jobs = channel(64, { codec: 'json' });
  jobs.sendMany([1, 2]);
  const pending = [jobs.sendAsync(3), jobs.sendAsync(4)];
  t.false(jobs.trySend(5));
  t.is(jobs.receive(), 1);
  // There is room for one more, which is the oldest pending one.
  t.false(jobs.trySend(5));
  t.is(jobs.receive(), 2);
  t.is(jobs.receive(), 3);
  jobs.send(5);
  t.is(jobs.receive(), 4);
  t.is(jobs.receive(), 5);
  await Promise.all(pending);
  t.is(jobs.length, 0);
});

test('the bytes of sendAsync are those at the call', async (t) => {
  const jobs = channel(64);
  jobs.send(bytes(32 - 16));
  jobs.send(bytes(32 - 16));
  const message = bytes(8);
  const pending = jobs.sendAsync(message);
  message.fill(0);
  jobs.receive();
  await pending;
  jobs.receive();
  t.deepEqual(jobs.receive(), bytes(8));
});

test('a pending promise that is cancelled is gone, and those behind it go on', async (t) => {
  const jobs = channel(64, { codec: 'json' });
  jobs.sendMany([1, 2]);
  const controller = new AbortController();
  const first = jobs.sendAsync(3, { signal: controller.signal });
  const second = jobs.sendAsync(4);
  controller.abort(new Error('not this one'));
  await t.throwsAsync(first, { message: 'not this one' });
  t.is(jobs.receive(), 1);
  await second;
  t.deepEqual(jobs.receiveMany(), [2, 4]);
});

test('a loop by promise ends early without a loss', async (t) => {
  const jobs = channel();
  jobs.sendMany([1, 2, 3, 4]);
  for await (const job of jobs) if (job === 2) break;
  for (const job of jobs) if (job === 3) break;
  t.deepEqual(jobs.receiveMany(), [4]);
  setTimeout(() => jobs.close(), 20);
  for await (const job of jobs) t.fail(`${job} was not sent`);
});

test('a blocked receiver gets the message at which a promise of a busy thread waits', async (t) => {
  const shared = layout({ jobs: [Channel, { capacity: 256 }] });
  const promise = shared.jobs.receiveAsync();
  const { done, blocked } = startWorker(
    ({ shared }, { layout, ready }) => {
      const { jobs } = layout.from(shared);
      ready();
      const message = jobs.receive();
      return { message, at: Date.now() };
    },
    { shared: shared.share() },
  );
  await blocked();
  const sentAt = Date.now();
  shared.jobs.send('for the worker');
  while (Date.now() - sentAt < 3_000);
  const { message, at } = await done;
  t.is(message, 'for the worker');
  t.true(at - sentAt < 2_500, `it slept for ${at - sentAt} ms`);
  shared.jobs.send('for the promise');
  t.is(await promise, 'for the promise');
});

test('a promise of a thread that blocks keeps no message from others', async (t) => {
  const shared = layout({
    jobs: [Channel, { capacity: 256 }],
    results: [Channel, { capacity: 256 }],
  });
  const { jobs, results } = shared;
  const promise = jobs.receiveAsync();
  const { done } = startWorker(
    ({ shared }, { layout }) => {
      const { jobs, results } = layout.from(shared);
      jobs.send('job');
      results.send(jobs.receive());
    },
    { shared: shared.share() },
  );
  t.is(results.receive({ timeout: 20_000 }), 'job');
  await done;
  jobs.send('later');
  t.is(await promise, 'later');
});

test('others pass a sender at the front by promise while its thread is blocked', async (t) => {
  const shared = layout({
    jobs: [Channel, { capacity: 256 }],
    results: [Channel, { capacity: 256 }],
  });
  const { jobs, results } = shared;
  for (let i = 0; i < 7; i++) jobs.send(bytes(16));
  const large = jobs.sendAsync(bytes(112));
  const { blocked, done } = startWorker(
    ({ shared }, { layout, ready, sleep }) => {
      const { jobs, results } = layout.from(shared);
      return sleep(50).then(() => {
        ready();
        jobs.send(new Uint8Array(16));
        results.send('passed');
      });
    },
    { shared: shared.share() },
  );
  await blocked();
  t.is(results.length, 0);
  t.is(results.receive({ timeout: 10_000 }), 'passed');
  await done;
  t.is(jobs.receiveMany(8).length, 8);
  await large;
  t.is(jobs.receive().length, 112);
});

test('a promise whose message went with a later trySend() kept its place at the front: other threads sent nothing', async (t) => {
  const buffer = new SharedArrayBuffer(Channel.byteLength(256));
  const jobs = new Channel(buffer, 0, { capacity: 256 });
  while (jobs.trySend(bytes(8)));
  const sent = jobs.sendAsync(bytes(8));
  jobs.receive();
  jobs.receive();
  t.true(jobs.trySend(bytes(8)));
  // The cell FRONT.
  t.is(new Int32Array(buffer)[6], 0);
  await sent;
});

/**
 * Runs calls with a limit in a worker whose promise waits at the same channel, and returns what each gave. The worker may
 * use only little CPU meanwhile.
 *
 * @param {import('ava').ExecutionContext} t
 * @param {import('./helpers/types.js').Body} body
 */
async function besidesAPromise(t, body) {
  const { ends, ms, cpuMs } = await startWorker(
    async ({ source }, tools) => {
      const before = process.cpuUsage();
      const began = performance.now();
      const ends = [];
      for (const call of (0, eval)(`(${source})`)({}, tools)) {
        for (let i = 0; i < 3; i++) ends.push(tools.codeOf(call));
      }
      const { user, system } = process.cpuUsage(before);
      return { ends, ms: performance.now() - began, cpuMs: (user + system) / 1_000 };
    },
    { source: body.toString() },
  ).done;
  t.true(ms > 45 * ends.length, `${ms} ms`);
  t.true(cpuMs < ms * 0.8, `${cpuMs} ms of CPU in ${ms} ms`);
  return ends;
}

const TIMED_OUT = 'ERR_TIMEOUT';

test('a receiver with a limit beside a promise of its own thread looked again and again, and never ended', async (t) => {
  const ends = await besidesAPromise(t, (_, { Channel, Event, layout, trySelect }) => {
    const { jobs, event } = layout({ jobs: [Channel, { capacity: 256 }], event: Event });
    jobs.receiveAsync({ ref: false });
    return [
      () => jobs.tryReceive(50),
      () => jobs.receive({ timeout: 50 }),
      () => jobs.receiveMany(2, { timeout: 50 }),
      () => jobs.peek({ timeout: 50 }),
      () => trySelect([jobs, event], 50),
    ];
  });
  const none = { returned: undefined };
  t.deepEqual(
    ends,
    [none, TIMED_OUT, TIMED_OUT, TIMED_OUT, none].flatMap((end) => [end, end, end]),
  );
});

test('a sender with a limit beside a promise of its own thread looked again and again, and never ended', async (t) => {
  const ends = await besidesAPromise(t, (_, { Channel, layout }) => {
    const { jobs } = layout({ jobs: [Channel, { capacity: 64 }] });
    while (jobs.trySend(1));
    jobs.sendAsync(2, { ref: false });
    return [
      () => jobs.trySend(3, 50),
      () => jobs.send(3, { timeout: 50 }),
      () => jobs.sendMany([3], { timeout: 50 }),
      () => jobs.reserve(8, { timeout: 50 }),
    ];
  });
  t.deepEqual(
    ends,
    [{ returned: false }, TIMED_OUT, TIMED_OUT, TIMED_OUT].flatMap((end) => [end, end, end]),
  );
});

test('two threads with a pending promise and a blocked call at one channel let each other sleep', async (t) => {
  const shared = layout({ jobs: [Channel, { capacity: 64 }] });
  while (shared.jobs.trySend(1));
  const cpu = process.cpuUsage();
  const workers = [1, 2].map(() =>
    startWorker(
      ({ shared }, { layout, codeOf }) => {
        const { jobs } = layout.from(shared);
        jobs.sendAsync(2, { ref: false });
        return codeOf(() => jobs.send(3, { timeout: 1_000 }));
      },
      { shared: shared.share() },
    ),
  );
  for (const { done } of workers) t.is(await done, TIMED_OUT);
  const { user, system } = process.cpuUsage(cpu);
  t.true(user + system < 1_500_000, `${(user + system) / 1_000} ms of CPU in a second`);
});
