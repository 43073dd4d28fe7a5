// @ts-check
'use strict';

// Threads that select are terminated at random moments, blocked and by promise. Each message arrives once, but for at most
// one of each thread that died, and no thread sleeps beside a message.

const test = require('ava').default;
const { Cancel, Channel, Event, layout } = require('../index.js');
const { Random } = require('./chaos/random.js');
const { startWorker, sleep } = require('./helpers/threads.js');

const SEED = 20_261_130;
const SELECTS = 4;
const KILLS = 16;
const MOST = 1 << 20;

const spec = /** @type {const} */ ({
  left: [Channel, { capacity: 1_024, codec: 'json' }],
  right: [Channel, { capacity: 1_024, codec: 'json' }],
  wake: [Event, { autoReset: true }],
  stop: Cancel,
  sent: [Int32Array, 1],
  received: [Int32Array, 1],
  seen: [Uint8Array, MOST],
});

/** @type {import('./helpers/types.js').Body} */
async function selects({ shared, way }, { layout, select, selectAsync }) {
  const { left, right, wake, stop, seen, received } = layout.from(shared);
  for (;;) {
    /** @type {any[]} */
    const cases = way % 2 === 0 ? [left, right, wake, stop] : [right, left, wake, stop];
    // Some give up from time to time, and select anew.
    const options = way === 2 ? { timeout: 1 } : undefined;
    try {
      const { index, value } = way === 1 ? await selectAsync(cases) : select(cases, options);
      if (index === 3) return;
      if (index === 2) continue;
      Atomics.add(seen, /** @type {number} */ (value), 1);
      Atomics.add(received, 0, 1);
    } catch (error) {
      if (/** @type {any} */ (error).code !== 'ERR_TIMEOUT') throw error;
    }
  }
}

/** @type {import('./helpers/types.js').Body} */
function sends({ shared, MOST }, { layout }) {
  const { left, right, wake, stop, sent } = layout.from(shared);
  for (let i = 0; i < MOST && !stop.aborted; i++) {
    (i % 3 === 0 ? left : right).send(i, { timeout: 60_000 });
    if (i % 7 === 0) wake.set();
    Atomics.store(sent, 0, i + 1);
    // Now and then all of them sleep.
    if (i % 100 === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
  }
}

test('each message arrives once, whichever of the threads that select are terminated', async (t) => {
  t.timeout(170_000);
  const random = new Random(SEED);
  const memory = layout(spec);
  const shared = memory.share();
  const start = (/** @type {number} */ way) =>
    startWorker(selects, { shared, way: way % 4 }, { limit: 150_000 });
  const workers = Array.from({ length: SELECTS }, (_, way) => start(way));
  const sender = startWorker(sends, { shared, MOST }, { limit: 150_000 });
  /** @param {number} least */
  const progress = async (least) => {
    const from = memory.received[0];
    for (const end = Date.now() + 30_000; memory.received[0] < from + least; await sleep(2)) {
      if (Date.now() > end) throw new Error(`nothing is received any more: ${from}`);
    }
  };
  await progress(50);
  for (let kill = 0; kill < KILLS; kill++) {
    const way = random.integer(0, SELECTS - 1);
    await sleep(random.integer(0, 19));
    const { worker, exited } = workers[way];
    worker.terminate();
    await exited;
    workers[way] = start(way);
    await progress(50);
  }
  // All that was sent is received, although nothing is sent any more.
  memory.stop.abort();
  await sender.done;
  for (const { done } of workers) await done;
  const rest = memory.left.length + memory.right.length;
  const counts = memory.seen.subarray(0, memory.sent[0]);
  const missing = counts.filter((count) => count === 0).length;
  t.false(counts.some((count) => count > 1));
  t.true(missing <= KILLS + rest, `${missing} are missing, ${rest} of them in the channels`);
});
