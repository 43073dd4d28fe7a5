// @ts-check
'use strict';

// Senders and receivers that are terminated at random moments, in each way to send and to receive. Each message arrives
// once, in the order of its sender, but for at most one of each receiver that died.

const test = require('ava').default;
const { layout, Channel } = require('../index.js');
const { Random } = require('./chaos/random.js');
const { startWorker, sleep } = require('./helpers/threads.js');

/** @typedef {import('./helpers/types.js').Body} Body */
/** @typedef {ReturnType<typeof startWorker>} Started */

const SEED = 20_261_129;
/** The senders, and as many receivers. */
const SIDE = 3;
/** How many threads are terminated. */
const KILLS = 12;
const MOST = 1 << 20;

const spec = /** @type {const} */ ({
  jobs: [Channel, { capacity: 1_024 }],
  /** For each sender the number of its next message. It adds one when the message is sent for certain. */
  sent: [Int32Array, SIDE],
  /** For each sender the message that it began to send last. */
  begun: [Int32Array, SIDE],
  seen: [Uint8Array, MOST],
  disorder: [Int32Array, 1],
  stop: [Int32Array, 1],
});

/**
 * Sends (sender, number) pairs, in a way that depends on the thread.
 * @param {any} data
 * @param {import('./helpers/types.js').Tools} tools
 */
async function sends({ shared, id, MOST, SIDE, way }, { layout }) {
  const { jobs, sent, begun, stop } = layout.from(shared);
  const pair = new Int32Array(way === 3 ? 100 : 4);
  const message = new Uint8Array(pair.buffer);
  // The message that was begun last may be in the ring: its number is not used again.
  for (let number = begun[id]; number < MOST / SIDE - 20;) {
    if (Atomics.load(/** @type {Int32Array} */ (stop), 0) === 1) return;
    const count = way === 2 ? 4 : 1;
    begun[id] = number + count;
    pair[0] = id;
    pair[1] = number;
    if (way === 0) jobs.send(message);
    else if (way === 1) {
      const reservation = jobs.reserve(message.length);
      reservation.bytes.set(message);
      reservation.commit();
    } else if (way === 2) {
      jobs.sendMany(
        Array.from({ length: count }, (_, i) => {
          const copy = message.slice();
          new Int32Array(copy.buffer)[1] = number + i;
          return copy;
        }),
      );
    } else await jobs.sendAsync(message);
    Atomics.add(sent, id, count);
    number += count;
  }
}

/**
 * Receives in a way that depends on the thread, and notes each message.
 * @param {any} data
 * @param {import('./helpers/types.js').Tools} tools
 */
async function receives({ shared, MOST, SIDE, way }, { layout }) {
  const { jobs, seen, disorder } = layout.from(shared);
  const last = Array(SIDE).fill(-1);
  const pair = new Int32Array(100);
  const into = new Uint8Array(pair.buffer);
  const note = (/** @type {number} */ id, /** @type {number} */ number) => {
    if (number <= last[id]) Atomics.add(disorder, 0, 1);
    last[id] = number;
    Atomics.add(seen, id * Math.floor(MOST / SIDE) + number, 1);
  };
  if (way === 0) {
    for await (const { buffer, byteOffset } of jobs) {
      const [sender, number] = new Int32Array(buffer, byteOffset, 2);
      note(sender, number);
    }
  }
  try {
    for (;;) {
      if (way === 1) {
        const peek = jobs.peek();
        into.set(peek.bytes);
        peek.consume();
      } else jobs.receiveInto(into);
      note(pair[0], pair[1]);
    }
  } catch (error) {
    if (/** @type {any} */ (error).code !== 'ERR_CLOSED') throw error;
  }
}

test('each message arrives once, whichever worker is terminated', async (t) => {
  t.timeout(240_000);
  const random = new Random(SEED);
  const memory = layout(spec);
  const shared = memory.share();
  let ways = 0;
  let killed = 0;
  const start = (/** @type {Body} */ body, /** @type {number} */ id) =>
    startWorker(body, { shared, id, MOST, SIDE, way: ways++ % 4 }, { limit: 200_000 });
  const senders = Array.from({ length: SIDE }, (_, id) => start(sends, id));
  const receivers = Array.from({ length: SIDE }, (_, id) => start(receives, id));

  const total = () => memory.sent.reduce((a, b) => a + b);
  /** @param {number} least */
  const progress = async (least) => {
    const from = total();
    for (const end = Date.now() + 30_000; total() < from + least; await sleep(2)) {
      if (Date.now() > end) throw new Error(`no worker sends any more: ${from}`);
    }
  };
  await progress(100);
  for (let kill = 0; kill < KILLS; kill++) {
    const isSender = kill % 2 === 0;
    const [side, body] = isSender
      ? /** @type {const} */ ([senders, sends])
      : /** @type {const} */ ([receivers, receives]);
    const id = random.integer(0, SIDE - 1);
    await sleep(random.integer(0, 19));
    const { worker, exited } = side[id];
    worker.terminate();
    await exited;
    if (!isSender) killed++;
    side[id] = start(body, id);
    // The others go on at once: no thread waits for the dead.
    await progress(200);
  }
  Atomics.store(memory.stop, 0, 1);
  for (const { done } of senders) await done;
  memory.jobs.close();
  for (const { done } of receivers) await done;

  t.is(memory.disorder[0], 0);
  let missing = 0;
  for (let id = 0; id < SIDE; id++) {
    const from = id * Math.floor(MOST / SIDE);
    for (let number = 0; number < memory.begun[id]; number++) {
      const times = memory.seen[from + number];
      if (times > 1) t.fail(`message ${number} of sender ${id} arrived ${times} times`);
      if (times === 0) missing++;
    }
  }
  // A killed sender had begun a batch of at most four, a killed receiver had taken at most one.
  t.true(missing <= 4 * (KILLS - killed) + killed, `${missing} messages are missing`);
});
