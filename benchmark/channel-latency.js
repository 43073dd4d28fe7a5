// @ts-check
'use strict';

// How long messages of a Channel wait in bad moments: node benchmark/channel-latency.js. Prints figures and asserts that
// no message is lost.

const { setTimeout: sleep } = require('node:timers/promises');
const { Worker, isMainThread, workerData } = require('node:worker_threads');
const { Channel, layout } = require('../index.js');
const { command, count } = require('../scripts/command.js');

const USAGE = `Usage: node benchmark/channel-latency.js [options]

Prints how long messages wait: beside a promise of a thread that computes, and large ones under back-pressure. Breaks off
loops by promise, and counts the messages.

  --seconds 5     for how long the main thread computes, and large messages are sent
  --loops 100000  how many loops by promise are broken off
  --help          print this`;

const OPTIONS = /** @type {const} */ ({
  seconds: { type: 'string', default: '5' },
  loops: { type: 'string', default: '100000' },
});

const PAIRS = 4;
const CAPACITY = 64 * 1024;
/** Just below half the capacity. */
const LARGE = 31 * 1024;
/** How long a message is that carries the time. */
const SMALL = 64;

const spec = /** @type {const} */ ({
  jobs: [Channel, { capacity: CAPACITY }],
  stop: [Int32Array, 1],
  ready: [Int32Array, 1],
  sent: [Int32Array, 1],
  received: [Int32Array, 1],
  /** In microseconds: the longest of all, and how many took longer than 20 ms. */
  longest: [Int32Array, 1],
  late: [Int32Array, 1],
  /** How many were measured. */
  measured: [Int32Array, 1],
});

/** A longer wait counts as late, in microseconds. */
const LIMIT_US = 20_000;

/** The time in microseconds, the same in all threads, modulo 2^31. */
const now = () => Number(process.hrtime.bigint() / 1_000n) & 0x7fffffff;

/** Notes the longest wait. @param {any} memory @param {number} us */
function note({ longest, late, measured }, us) {
  Atomics.add(measured, 0, 1);
  for (let old = longest[0]; us > old;) old = Atomics.compareExchange(longest, 0, old, us);
  if (us > LIMIT_US) Atomics.add(late, 0, 1);
}

/** What the workers do, by name. @type {Record<string, (memory: any) => void>} */
const roles = {
  /** Sends the time, a message every now and then, so that they wait for nothing but a receiver. */
  paced({ jobs, stop, sent }) {
    const cells = new Int32Array(SMALL / 4);
    const message = new Uint8Array(cells.buffer);
    const never = new Int32Array(new SharedArrayBuffer(4));
    while (Atomics.load(/** @type {Int32Array} */ (stop), 0) === 0) {
      cells[0] = now();
      jobs.send(message);
      Atomics.add(sent, 0, 1);
      Atomics.wait(never, 0, 0, 1);
    }
  },
  receives(memory) {
    const { jobs, received } = memory;
    for (const bytes of jobs) {
      if (bytes.length === SMALL) {
        const [at] = new Int32Array(bytes.buffer, bytes.byteOffset, 1);
        note(memory, (now() - at) & 0x7fffffff);
      }
      Atomics.add(received, 0, 1);
    }
  },
  /** Keeps the ring full of small messages. */
  floods({ jobs, stop, sent }) {
    const message = new Uint8Array(48);
    while (Atomics.load(/** @type {Int32Array} */ (stop), 0) === 0) {
      jobs.send(message);
      Atomics.add(sent, 0, 1);
    }
  },
  /** Sends large messages, and notes how long each call takes. */
  large(memory) {
    const { jobs, stop, sent } = memory;
    const message = new Uint8Array(LARGE);
    while (Atomics.load(/** @type {Int32Array} */ (stop), 0) === 0) {
      const start = now();
      jobs.send(message);
      note(memory, (now() - start) & 0x7fffffff);
      Atomics.add(sent, 0, 1);
    }
  },
};

/** @param {any} memory @param {string[]} names */
async function withWorkers(memory, names, /** @type {() => unknown} */ body) {
  const workers = names.map(
    (role) => new Worker(__filename, { workerData: { role, shared: memory.share() } }),
  );
  const exits = workers.map(
    (worker) =>
      new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject)),
  );
  while (memory.ready[0] < names.length) await sleep(5);
  await body();
  Atomics.store(memory.stop, 0, 1);
  await Promise.all(exits.slice(0, names.filter((name) => name !== 'receives').length));
  memory.jobs.close();
  await Promise.all(exits);
}

/** @param {number} ms */
function compute(ms) {
  let sum = 0;
  for (const end = performance.now() + ms; performance.now() < end;) sum += Math.sqrt(sum + 1);
  return sum;
}

/** @param {any} memory */
function assertNoneLost({ sent, received }, taken = 0) {
  if (sent[0] !== received[0] + taken) {
    throw new Error(`${sent[0]} messages were sent, and ${received[0] + taken} received`);
  }
}

/** @param {string} what @param {any} memory */
function print(what, { longest, late, measured }) {
  console.log(
    `${what}: ${measured[0]} messages, longest ${(longest[0] / 1_000).toFixed(1)} ms, ${late[0]} longer than ${LIMIT_US / 1_000} ms`,
  );
}

/** @param {number} seconds */
async function besideBusyPromise(seconds) {
  const memory = layout(spec);
  let taken = 0;
  const names = [...Array(PAIRS).fill('paced'), ...Array(PAIRS).fill('receives')];
  await withWorkers(memory, names, async () => {
    await sleep(300);
    Atomics.store(memory.longest, 0, 0);
    Atomics.store(memory.late, 0, 0);
    Atomics.store(memory.measured, 0, 0);
    const own = memory.jobs.receiveAsync().then(() => taken++);
    compute(seconds * 1_000);
    await own;
  });
  print(`A promise is pending in a thread that computes for ${seconds} s`, memory);
  assertNoneLost(memory, taken);
}

/** @param {number} seconds */
async function largeUnderPressure(seconds) {
  const memory = layout(spec);
  const names = ['large', ...Array(PAIRS - 1).fill('floods'), ...Array(PAIRS).fill('receives')];
  await withWorkers(memory, names, () => sleep(seconds * 1_000));
  print(`send() of ${LARGE} bytes beside ${PAIRS - 1} senders of small messages`, memory);
  assertNoneLost(memory);
}

/** Loops by promise that end after a few messages, at an await or by an error. @param {number} loops */
async function brokenOff(loops) {
  const memory = layout(spec);
  const { jobs } = memory;
  let taken = 0;
  let next = 0;
  await withWorkers(memory, ['floods'], async () => {
    for (let loop = 0; loop < loops; loop++) {
      const left = (loop * 7) % 4;
      try {
        let i = 0;
        for await (const message of jobs) {
          taken += message.length / 48;
          if (i++ === left) {
            if (loop % 3 === 0) throw new Error('broken off');
            break;
          }
        }
      } catch (error) {
        if (/** @type {Error} */ (error).message !== 'broken off') throw error;
      }
      next++;
    }
    Atomics.store(memory.stop, 0, 1);
    // The sender may be blocked in a full ring.
    for (let sent = -1; sent !== memory.sent[0] || jobs.length > 0;) {
      sent = memory.sent[0];
      while (jobs.tryReceive(20) !== undefined) taken++;
    }
  });
  console.log(`${next} loops by promise were broken off: ${taken} messages`);
  assertNoneLost(memory, taken);
}

if (isMainThread) {
  command(USAGE, OPTIONS, async (values) => {
    const seconds = count('--seconds', values.seconds);
    await besideBusyPromise(seconds);
    await largeUnderPressure(seconds);
    await brokenOff(count('--loops', values.loops));
  });
} else {
  const memory = layout.from(workerData.shared);
  Atomics.add(memory.ready, 0, 1);
  roles[workerData.role](memory);
}
