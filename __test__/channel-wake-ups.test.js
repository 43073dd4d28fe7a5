// @ts-check
'use strict';

// A waiter is only told to look. One that was told and does not take passes the word on.

const test = require('ava').default;
const { Channel, Latch, layout } = require('../index.js');
const { bytes, channel } = require('./helpers/channel.js');
const { sleep, startWorker } = require('./helpers/threads.js');

const spec = /** @type {const} */ ({ jobs: [Channel, { capacity: 1_024 }] });

test('a receiver whose bytes were too short kept the only wake-up, and another one slept beside the message', async (t) => {
  const shared = layout(spec);
  const first = startWorker(
    ({ shared, view }, { layout, codeOf, ready }) => {
      const { jobs } = layout.from(shared);
      ready();
      view[0] = codeOf(() => jobs.receiveInto(new Uint8Array(4))) === 'ERR_OUT_OF_RANGE' ? 1 : 2;
      // Its end would tell all waiters.
      Atomics.wait(view, 1, 0);
    },
    { shared: shared.share(), view: new Int32Array(new SharedArrayBuffer(8)) },
  );
  await first.blocked();
  const second = shared.jobs.receiveAsync({ timeout: 5_000 });
  shared.jobs.send(bytes(10));
  t.is((await second).length, 10);
  await first.worker.terminate();
});

test('a promise that was told of a message, and rejects, passes the word on', async (t) => {
  const jobs = channel(1_024);
  const signal = {
    aborted: false,
    reason: undefined,
    addEventListener() {},
    removeEventListener() {
      throw new Error('cannot be removed');
    },
  };
  const first = t.throwsAsync(jobs.receiveAsync({ signal }), { message: 'cannot be removed' });
  const second = jobs.receiveAsync({ timeout: 5_000 });
  jobs.send(bytes(10));
  await first;
  t.is((await second).length, 10);
});

/** @type {Record<string, (jobs: any, tools: any) => unknown>} */
const WAITS = {
  'to receive': (jobs) => jobs.receive(),
  'to send': (jobs) => jobs.send(new Uint8Array(440)),
  'by select': (jobs, { select }) => select([jobs]),
};

for (const [how, wait] of Object.entries(WAITS)) {
  test(`a thread that waits ${how} learns that its own reservation has become the first`, async (t) => {
    const shared = layout(spec);
    const first = shared.jobs.reserve(200);
    const worker = startWorker(
      ({ shared, wait }, tools) => {
        const { layout, codeOf, ready } = tools;
        const { jobs } = layout.from(shared);
        jobs.reserve(400);
        ready();
        return codeOf(() => new Function(`return ${wait}`)()(jobs, tools));
      },
      { shared: shared.share(), wait: wait.toString() },
    );
    await worker.blocked();
    await sleep(20);
    /** @type {any} */ (first)[Symbol.dispose]();
    t.is(await worker.done, 'ERR_DEADLOCK');
  });
}

test('the thread of the sender at the front blocks while another one looks: the other slept beside the room', async (t) => {
  const app = layout({ jobs: [Channel, { capacity: 1_024 }], sent: Latch });
  const { jobs, sent } = app;
  jobs.send(new Uint8Array(400));
  jobs.send(new Uint8Array(400));
  const front = jobs.sendAsync(new Uint8Array(400), { timeout: 20_000 });
  await sleep(30);
  const view = new Int32Array(new SharedArrayBuffer(8));
  const sender = startWorker(
    ({ shared, view, binding }, { layout, ready, require }) => {
      const native = require(binding);
      const { jobs, sent } = layout.from(shared);
      const { channelWait, threadState } = native;
      let hasBeenTold = false;
      native.channelWait = (/** @type {any[]} */ ...args) => {
        const status = channelWait(...args);
        hasBeenTold = true;
        return status;
      };
      // Between the two it is suspended, once.
      native.threadState = (/** @type {number} */ thread) => {
        const state = threadState(thread);
        if (hasBeenTold && Atomics.compareExchange(view, 0, 0, 1) === 0)
          Atomics.wait(view, 1, 0, 200);
        return state;
      };
      ready();
      jobs.send(new Uint8Array(8));
      sent.release();
    },
    { shared: app.share(), view, binding: require.resolve('../binding.js') },
  );
  await sender.blocked();
  await sleep(30);
  const receiver = startWorker(
    ({ shared }, { layout }) => layout.from(shared).jobs.receive().length,
    {
      shared: app.share(),
    },
  );
  while (Atomics.load(view, 0) === 0);
  // This thread blocks, so its promise at the front counts as absent.
  t.true(sent.tryAwait(20_000));
  await receiver.done;
  jobs.receive();
  await front;
});
