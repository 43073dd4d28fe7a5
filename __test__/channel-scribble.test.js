// @ts-check
'use strict';

// The memory of a Channel in use, written over by another thread: each cell of its header, the one of the front included,
// and records. Everything runs in a process of its own: a crash is an exit code, and a hang is a limit that has passed.

const test = require('ava').default;
const { runChild } = require('./helpers/child.js');

const CAPACITY = 1_024;
/** The cells of the header, of which the first eight are used. */
const HEADER = 8;
const RING = 16;
const USERS = 4;
const SCRIBBLE_MS = 2_500;

/**
 * Writes until it is told to stop: any values, those that the Channel might have written, and parts of each other.
 * @type {import('./helpers/types.js').Body}
 */
const scribble = ({ buffer, control, seed, cells, capacity, ring }) => {
  const words = new Int32Array(buffer);
  let state = seed;
  const random = () => {
    // Marsaglia's xorshift32.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const tag = () => random() % 12;
  const values = [
    () => random() | 0,
    () => random() % 16,
    () => -(random() % 16),
    // A position, a state of a record with a thread, and a length at a limit.
    () => (random() % (capacity / 4)) * 8,
    () => ((random() % 4) << 29) | tag(),
    () => capacity / 2 - 16 + (random() % 24) - 8,
    () => [1 << 29, 1 << 30, 1 << 31, 0x7fffffff, -1][random() % 5],
  ];
  let written = 0;
  while (Atomics.load(/** @type {Int32Array} */ (control), 0) === 0) {
    // Half of them into the header, others where records begin.
    const cell =
      random() & 1 ? random() % cells : ring + (random() % (capacity / 8)) * 2 + (random() % 3);
    words[Math.min(cell, words.length - 1)] = values[random() % values.length]();
    written++;
    if ((random() & 7) === 0) {
      Atomics.wait(control, 1, 0, random() % 4);
      // A fresh channel now and then: otherwise the first error would be all that is found.
      words.fill(0, 0, cells);
      Atomics.wait(control, 1, 0, random() % 4);
    }
  }
  return written;
};

/**
 * Sends and receives in all ways until the end, and then over fresh memory.
 * @type {import('./helpers/types.js').Body}
 */
const use = async ({ buffer, control, id, capacity, fresh, users }, { Channel }) => {
  const jobs = new Channel(buffer, 0, { capacity });
  const longest = capacity / 2 - 16;
  const bytes = new Uint8Array(capacity);
  const limit = { timeout: 5 };
  const operations = [
    () => jobs.trySend(bytes.subarray(0, 24)),
    () => jobs.trySend(bytes.subarray(0, longest), 3),
    () => jobs.send({ id }, limit),
    () => jobs.sendMany([bytes.subarray(0, 100), bytes.subarray(0, 200), 'text'], limit),
    () => jobs.sendAsync(bytes.subarray(0, 60), limit),
    () => jobs.reserve(40, limit).commit(),
    () => jobs.reserve(80, limit)[Symbol.dispose](),
    () => jobs.reserve(longest, limit).bytes.fill(1),
    () => jobs.tryReceive(),
    () => jobs.tryReceive(3),
    () => jobs.receive(limit),
    () => jobs.receiveInto(bytes, limit),
    () => jobs.receiveMany(8, limit),
    () => jobs.receiveAsync(limit),
    () => jobs.peek(limit).consume(),
    () => jobs.peek(limit)[Symbol.dispose](),
    () => jobs.peek(limit).bytes,
    () => jobs.length,
    () => jobs.closed,
    () => id === 0 && jobs.close(),
    () => id === 0 && jobs.close({ discard: true }),
    () => `${jobs}`,
  ];
  const codes = /** @type {Record<string, number>} */ ({});
  let longestMs = 0;
  let turn = id * 5;
  for (; Atomics.load(/** @type {Int32Array} */ (control), 0) === 0; turn++) {
    const start = performance.now();
    let code = 'none';
    try {
      const result = await operations[turn % operations.length]();
      for (const message of /** @type {unknown[]} */ ([result].flat())) {
        if (message instanceof Uint8Array && message.length > longest) code = 'too long';
      }
    } catch (/** @type {any} */ error) {
      // What a codec finds in the bytes of another message is not an error of the Channel.
      code =
        error.code ??
        (/serialize|Unable to deserialize|ERR_/.test(`${error.stack}`)
          ? 'codec'
          : `${error.stack}`);
    }
    codes[code] = (codes[code] ?? 0) + 1;
    longestMs = Math.max(longestMs, performance.now() - start);
  }

  // The threads work as before.
  const next = new Channel(fresh, 0, { capacity });
  let sum = 0;
  for (let i = 0; i < 100; i++) {
    if (id % 2 === 0) next.send(Uint8Array.of(i));
    else sum += next.receive({ timeout: 20_000 })[0];
  }
  return { codes, longestMs, sum, users };
};

/** @type {(data: any, tools: import('./helpers/types.js').Tools) => Promise<any>} */
const supervise = async (data, { Channel, startWorker, sleep, require: load }) => {
  const { inspect } = load('../../index.js');
  const source = (/** @type {string} */ text) => /** @type {any} */ ({ toString: () => text });
  const { CAPACITY: capacity, HEADER: cells, RING: ring, USERS: users, seed, scribbleMs } = data;
  const size = Channel.byteLength(capacity);
  const buffer = new SharedArrayBuffer(size);
  const fresh = new SharedArrayBuffer(size);
  const control = new Int32Array(new SharedArrayBuffer(8));
  const all = { buffer, fresh, control, capacity, cells, ring, users, seed };
  const scribbler = startWorker(source(data.scribble), all);
  const started = Array.from({ length: users }, (_, id) =>
    startWorker(source(data.use), { ...all, id }, { limit: 40_000 }),
  );
  for (const end = Date.now() + scribbleMs; Date.now() < end; await sleep(7)) inspect();
  Atomics.store(control, 0, 1);
  const written = await scribbler.done;
  // The lock may say that a thread owns it which lives and does not.
  new Int32Array(buffer).fill(0, 0, cells);
  const answers = await Promise.all(started.map(({ done }) => done));
  await Promise.all(started.map(({ exited }) => exited));
  return { written, answers, left: inspect().length };
};

const CODES =
  /^(none|codec|ERR_(CORRUPT_CELL|TIMEOUT|CLOSED|DEADLOCK|ABANDONED|NOT_OWNER|OUT_OF_RANGE))$/;

test('a Channel that a thread scribbles over gives errors, and threads that go on', async (t) => {
  t.timeout(120_000);
  const seed = Number(process.env.SHARED_SYNC_SEED ?? (Date.now() % 2 ** 31) | 1);
  t.log(`seed ${seed}`);
  const ended = await runChild(
    supervise,
    {
      ...{ scribble: scribble.toString(), use: use.toString() },
      ...{ CAPACITY, HEADER, RING, USERS, seed, scribbleMs: SCRIBBLE_MS },
    },
    { limit: 90_000 },
  );
  const how = JSON.stringify({ ...ended, seed });
  t.is(ended.signal, null, how);
  t.is(ended.code, 0, how);
  const { written, answers, left } = ended.value;
  t.true(written > 100, `${written}`);
  t.is(left, 0, how);
  let sum = 0;
  for (const answer of answers) {
    for (const code of Object.keys(answer.codes)) t.regex(code, CODES);
    t.true(
      answer.longestMs < 10_000,
      `an operation with a limit of 5 ms took ${answer.longestMs} ms`,
    );
    sum += answer.sum;
  }
  t.is(sum, (USERS / 2) * 4_950);
  t.log(answers.map((/** @type {any} */ { codes }) => JSON.stringify(codes)).join('\n'));
});
