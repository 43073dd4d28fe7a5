// @ts-check
'use strict';

/**
 * Mini Map-Reduce: one program that needs every primitive of this package.
 *
 *   node mini-map-reduce.js                           eight numbers, and every phase is printed
 *   node mini-map-reduce.js --workers 4 FILE... (or -)  the same workflow on input of any size
 *
 * 1️⃣ All workers start together    Barrier
 * 2️⃣ Map phase runs in parallel    Mutex around what is shared, Condition to wait for a change of it
 * 3️⃣ Everyone waits (barrier)      Barrier, the same cell once more
 * 4️⃣ Reduce phase runs once        worker 0 alone
 * 5️⃣ All workers exit cleanly      Latch
 */

const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const { format, parseArgs } = require('node:util');
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const { Mutex, Condition, Barrier, Latch } = require('./index.js');

/**
 * A worker's console.log travels through the main thread and arrives whenever that has time. A
 * synchronous write keeps the lines of all threads in the order in which they were said.
 * @param {unknown[]} words
 */
const say = (...words) => fs.writeSync(1, `${format(...words)}\n`);

/* ===========================
   CONFIG
=========================== */

const WORKERS = 4;
const DATA = [1, 2, 3, 4, 5, 6, 7, 8];
const CHUNK = Math.ceil(DATA.length / WORKERS);

/** What each int32 of the shared buffer is for. Zero is a fresh primitive: nothing to initialise. */
const Slot = Object.freeze({
  MUTEX: 0,
  CONDITION: 1,
  BARRIER: 2,
  LATCH: 3,
  RESULT: 4,
  MAPPED: 5, // workers that have added their part to RESULT
  COUNT: 6,
});

/* ===========================
   MAIN THREAD
=========================== */

async function miniMapReduce() {
  const sab = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * Slot.COUNT);

  say('\n🚀 Mini Map-Reduce starting\n');

  await runWorkers(WORKERS, (id) => ({
    sab,
    data: DATA.slice(id * CHUNK, (id + 1) * CHUNK),
  }));
}

/* ===========================
   WORKER THREAD
=========================== */

/** @param {{ id: number, sab: SharedArrayBuffer, data: number[], total: number }} workerData */
function miniMapReduceWorker({ id, sab, data, total }) {
  const view = new Int32Array(sab);

  const mutex = new Mutex(view, Slot.MUTEX);
  const cond = new Condition(view, Slot.CONDITION);
  const barrier = new Barrier(view, Slot.BARRIER, total);
  const latch = new Latch(view, Slot.LATCH);

  /* ---------- START ---------- */

  barrier.wait();

  /* ---------- MAP PHASE ---------- */

  say(`🧵 Worker ${id} mapping`, data);

  const localSum = data.reduce((a, b) => a + b, 0);

  mutex.lock();
  view[Slot.RESULT] += localSum; // an ordinary += is safe while the mutex is held
  view[Slot.MAPPED] += 1;
  cond.notifyAll();
  mutex.unlock();

  /* ---------- BARRIER ---------- */

  say(`🧵 Worker ${id} waiting at barrier`);
  barrier.wait();

  /* ---------- REDUCE PHASE ---------- */

  if (id === 0) {
    mutex.lock();
    cond.wait(mutex, () => view[Slot.MAPPED] === total);
    say('\n📉 Reduce result =', view[Slot.RESULT], '\n');
    mutex.unlock();
    latch.release();
  }

  /* ---------- EXIT ---------- */

  latch.await();
  say(`✅ Worker ${id} exiting`);
}

/* ===========================
   THE SAME ON REAL INPUT

   The main thread divides the input into blocks and puts these into a ring in shared memory; workers
   take them out and sum them. A block of a file is read by the worker that takes it, a block of
   standard input lies in the ring itself. The sums of the blocks are added to the total in the order
   of the blocks, whichever is ready first: so the result is the same to the last bit whatever the
   number of workers, and of several mistakes in the input the first is the one that is reported.
=========================== */

const KIB = 1024;
const MIB = 1024 * KIB;
const BLOCK_BYTES = 256 * KIB;
const SAMPLE_BYTES = 64 * MIB;
const ROUNDS = 3; // of measuring the speed-up, of which the best counts: other programs run too
const MAX_NUMBER_BYTES = 4 * KIB;
const MAX_WORKERS = 256;

/** The int32 cells: five primitives, then the numbers that the mutex protects. */
const Cell = Object.freeze({
  MUTEX: 0,
  WORK: 1, // Condition: there is a block to take, or there will be none
  TURN: 2, // Condition: blocks were added to the total
  BARRIER: 3,
  LATCH: 4,
  FILLED: 5, // blocks put into the ring
  TAKEN: 6, // blocks taken by workers
  ADDED: 7, // blocks added to the total
  CLOSED: 8, // 1 once the input has ended
  COUNT: 9,
});

/** The float64 fields of a block in the ring. */
const Job = Object.freeze({
  FILE: 0,
  OFFSET: 1,
  LENGTH: 2,
  HAS_BYTES: 3, // 1 when they lie in the ring
  SUMMED: 4, // 1 from when its sum is known until that is added to the total
  COUNT: 5,
});

/** The float64 fields of the sum of a block, and of the total. The sum is SUM + LOST, see add(). */
const Total = Object.freeze({ SUM: 0, LOST: 1, NUMBERS: 2, MILLISECONDS: 3, COUNT: 4 });

/**
 * @typedef {{ file: number, offset: number, length: number, bytes?: Uint8Array }} Block
 * @typedef {object} Shared
 * @property {Int32Array} cells
 * @property {Float64Array} jobs
 * @property {Float64Array} sums
 * @property {Uint8Array} ring
 * @property {Float64Array} totals
 */

/**
 * @param {number} workers
 * @param {string[]} files
 * @param {Iterable<Block> | AsyncIterable<Block>} blocks
 * @returns {Promise<Float64Array>} indexed by Total
 */
async function sumBlocks(workers, files, blocks) {
  // So many that nobody has to wait for a worker that is just not running.
  const places = Math.max(64, 2 * workers);
  const cells = new Int32Array(new SharedArrayBuffer(4 * Cell.COUNT));
  const jobs = new Float64Array(new SharedArrayBuffer(8 * Job.COUNT * places));
  const sums = new Float64Array(new SharedArrayBuffer(8 * Total.COUNT * places));
  const ring = new Uint8Array(new SharedArrayBuffer(BLOCK_BYTES * places));
  const totals = new Float64Array(new SharedArrayBuffer(8 * Total.COUNT));
  const mutex = new Mutex(cells, Cell.MUTEX);
  const work = new Condition(cells, Cell.WORK);

  // Reading needs the event loop, so this thread must not sleep in a Condition until a place is free.
  // It holds the mutex for an instant only, and workers tell it by message how many they added.
  let added = 0;
  let wake = () => {};
  /** @param {number} blocks */
  const onAdded = (blocks) => {
    added += blocks;
    wake();
  };

  async function fillRing() {
    let filled = 0;
    for await (const { file, offset, length, bytes } of blocks) {
      while (filled - added === places) {
        await new Promise((resolve) => (wake = () => resolve(undefined)));
      }
      const place = filled % places;
      const job = place * Job.COUNT;
      if (bytes) ring.set(bytes, place * BLOCK_BYTES);
      jobs[job + Job.FILE] = file;
      jobs[job + Job.OFFSET] = offset;
      jobs[job + Job.LENGTH] = length;
      jobs[job + Job.HAS_BYTES] = bytes ? 1 : 0;
      filled += 1;
      withLock(mutex, () => {
        cells[Cell.FILLED] = filled;
        work.notifyAll();
      });
    }
    withLock(mutex, () => {
      cells[Cell.CLOSED] = 1;
      work.notifyAll();
    });
  }

  const done = runWorkers(workers, () => ({ cells, jobs, sums, ring, totals, files }), onAdded);
  await Promise.race([fillRing(), done]); // a worker that dies ends the reading
  await done;
  return totals;
}

/** @param {Shared & { id: number, total: number, files: string[] }} workerData */
function sumBlocksWorker({ id, total, files, cells, jobs, sums, ring, totals }) {
  const mutex = new Mutex(cells, Cell.MUTEX);
  const work = new Condition(cells, Cell.WORK);
  const turn = new Condition(cells, Cell.TURN);
  const barrier = new Barrier(cells, Cell.BARRIER, total);
  const latch = new Latch(cells, Cell.LATCH);
  const places = ring.length / BLOCK_BYTES;
  const readBlock = blockReader();

  const hasBlock = () => cells[Cell.TAKEN] < cells[Cell.FILLED];
  const takeBlock = () =>
    withLock(mutex, () => {
      work.wait(mutex, () => hasBlock() || cells[Cell.CLOSED] === 1);
      return hasBlock() ? cells[Cell.TAKEN]++ : null;
    });

  /** Adds what is summed and next in order to the total; returns the number of blocks. */
  const addSummed = () => {
    const first = cells[Cell.ADDED];
    const isSummed = () => jobs[(cells[Cell.ADDED] % places) * Job.COUNT + Job.SUMMED] === 1;
    for (; isSummed(); cells[Cell.ADDED] += 1) {
      const place = cells[Cell.ADDED] % places;
      jobs[place * Job.COUNT + Job.SUMMED] = 0;
      add(totals, sums[place * Total.COUNT + Total.SUM]);
      add(totals, sums[place * Total.COUNT + Total.LOST]);
      totals[Total.NUMBERS] += sums[place * Total.COUNT + Total.NUMBERS];
    }
    turn.notifyAll();
    return cells[Cell.ADDED] - first;
  };

  barrier.wait(); // 1️⃣ all workers start together
  const start = performance.now();

  for (let block = takeBlock(); block !== null; block = takeBlock()) {
    const place = block % places; // 2️⃣ map phase runs in parallel
    const job = place * Job.COUNT;
    const file = files[jobs[job + Job.FILE]];
    const offset = jobs[job + Job.OFFSET];
    const length = jobs[job + Job.LENGTH];
    const { bytes, skipped } = jobs[job + Job.HAS_BYTES]
      ? { bytes: Buffer.from(ring.buffer, place * BLOCK_BYTES, length), skipped: 0 }
      : readBlock(file, offset, length);
    if (offset === 0 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK)) bytes.fill(SPACE, 0, 3);
    const sum = new Float64Array(Total.COUNT);
    const wrong = sumNumbers(bytes, sum);

    const added = withLock(mutex, () => {
      if (wrong) {
        turn.wait(mutex, () => cells[Cell.ADDED] === block); // there may be a mistake before this one
        const where = `${nameOf(file)}, byte ${offset + skipped + wrong.index}`;
        throw new InputError(`${where}: ${quote(wrong.token)} is not a number`);
      }
      sums.set(sum, place * Total.COUNT);
      jobs[job + Job.SUMMED] = 1;
      return addSummed();
    });
    parentPort?.postMessage(added);
  }

  barrier.wait(); // 3️⃣ everyone waits
  if (id === 0) {
    const sum = totals[Total.SUM] + totals[Total.LOST]; // 4️⃣ reduce phase runs once
    if (!Number.isFinite(sum))
      throw new InputError('the sum, or a part of it, is too large for a double');
    totals[Total.MILLISECONDS] = performance.now() - start;
    latch.release();
  }
  latch.await(); // 5️⃣ all workers exit cleanly
}

/* ---------- NUMBERS ---------- */

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const EXACT_DIGITS = 15; // an integer of so many digits is a double without rounding
const POWERS_OF_TEN = Array.from({ length: EXACT_DIGITS + 1 }, (_, i) => 10 ** i);
const [TAB, RETURN, SPACE, PLUS, MINUS, POINT, ZERO, NINE] = Buffer.from('\t\r +-.09');

/** @param {number} byte */
const isSpace = (byte) => byte === SPACE || (byte >= TAB && byte <= RETURN);

/**
 * Adds the numbers in bytes to totals, up to a token that is not one, which it returns.
 * @param {Buffer} bytes
 * @param {Float64Array} totals
 */
function sumNumbers(bytes, totals) {
  const end = bytes.length;
  for (let i = 0; ; totals[Total.NUMBERS]++) {
    while (i < end && isSpace(bytes[i])) i++;
    if (i === end) return null;

    const index = i;
    const sign = bytes[i];
    if (sign === PLUS || sign === MINUS) i++;
    let value = 0;
    let digits = 0;
    let whole = -1; // digits before the point, once there is one
    for (; i < end; i++) {
      const byte = bytes[i];
      if (byte >= ZERO && byte <= NINE) {
        value = value * 10 + (byte - ZERO);
        digits++;
      } else if (byte === POINT && whole === -1) whole = digits;
      else break;
    }

    if (digits > 0 && digits <= EXACT_DIGITS && (i === end || isSpace(bytes[i]))) {
      if (whole !== -1) value /= POWERS_OF_TEN[digits - whole]; // of two exact doubles: correctly rounded
      if (sign === MINUS) value = -value;
    } else {
      while (i < end && !isSpace(bytes[i])) i++;
      const token = bytes.toString('utf8', index, i);
      value = token.length <= MAX_NUMBER_BYTES && DECIMAL.test(token) ? Number(token) : NaN;
      if (!Number.isFinite(value)) return { index, token };
    }
    add(totals, value);
  }
}

/**
 * Neumaier's summation: LOST collects what rounding takes from SUM.
 * @param {Float64Array} totals
 * @param {number} value
 */
function add(totals, value) {
  const sum = totals[Total.SUM];
  const next = sum + value;
  totals[Total.LOST] += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
  totals[Total.SUM] = next;
}

/**
 * Integers with all their digits, beyond 2 ** 53 too.
 * @param {Float64Array} totals
 */
function formatSum(totals) {
  const sum = totals[Total.SUM];
  const lost = totals[Total.LOST];
  const isInteger = Number.isInteger(sum) && Number.isInteger(lost) && Math.abs(sum) < 1e21;
  return String(isInteger ? BigInt(sum) + BigInt(lost) : sum + lost);
}

/* ---------- READING ---------- */

const STDIN = '-';
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/** What the user has to put right: the message says it all. */
class InputError extends Error {
  code = 'ERR_INPUT'; // unlike the class, this survives the way from a worker to the main thread
}

/** @param {string} file */
const nameOf = (file) => (file === STDIN ? 'standard input' : file);

/** @param {string} token */
const quote = (token) => JSON.stringify(token.length > 40 ? `${token.slice(0, 40)}…` : token);

/**
 * Finds what cannot be read before any work is done.
 *
 * @param {string[]} files
 * @returns {number[]} the size of each file, NaN where the end is not known: pipes, devices, /proc
 */
function sizesOf(files) {
  if (files.indexOf(STDIN) !== files.lastIndexOf(STDIN)) {
    throw new InputError('standard input can be read only once');
  }
  return files.map((file) => {
    const stats = file === STDIN ? fs.fstatSync(0) : fs.statSync(file);
    if (stats.isDirectory()) throw new InputError(`${nameOf(file)} is a directory`);
    if (file !== STDIN) fs.accessSync(file, fs.constants.R_OK);
    return file !== STDIN && stats.isFile() && stats.size > 0 ? stats.size : NaN;
  });
}

/**
 * @param {string[]} files
 * @param {number[]} sizes
 * @returns {AsyncGenerator<Block>}
 */
async function* divide(files, sizes) {
  for (const [file, size] of sizes.entries()) {
    if (Number.isNaN(size)) yield* readStream(file, files[file]);
    for (let offset = 0; offset < size; offset += BLOCK_BYTES) {
      yield { file, offset, length: Math.min(BLOCK_BYTES, size - offset) };
    }
  }
}

/**
 * Reads a block of a file: every number that begins in it, and none that began before.
 */
function blockReader() {
  const buffer = Buffer.alloc(1 + BLOCK_BYTES + MAX_NUMBER_BYTES);
  let open = { file: '', fd: -1 };

  /** @param {string} file @param {number} offset @param {number} length */
  return (file, offset, length) => {
    const before = Math.min(offset, 1); // one byte more, to see whether a number goes on
    let size = 0;
    try {
      if (file !== open.file) {
        if (open.fd !== -1) fs.closeSync(open.fd);
        open = { file, fd: fs.openSync(file, 'r') };
      }
      const end = before + length + MAX_NUMBER_BYTES;
      for (let read = -1; read !== 0 && size < end; size += read) {
        read = fs.readSync(open.fd, buffer, size, end - size, offset - before + size);
      }
    } catch (error) {
      throw new InputError(`${file}: ${error instanceof Error ? error.message : error}`);
    }
    if (size < before + length) throw new InputError(`${file} became shorter while it was read`);

    /** @param {number} from */
    const endOfNumber = (from) => {
      while (from < size && !isSpace(buffer[from])) from++;
      return from;
    };
    const start = before === 0 ? 0 : endOfNumber(0);
    const bytes = buffer.subarray(start, endOfNumber(before + length - 1));
    return { bytes, skipped: start - before };
  };
}

/**
 * Reads what has no known size, in blocks that end between two numbers. The bytes of one are good until
 * the next.
 *
 * @param {number} file
 * @param {string} name
 * @returns {AsyncGenerator<Block>}
 */
async function* readStream(file, name) {
  const buffer = Buffer.alloc(BLOCK_BYTES);
  let used = 0;
  let offset = 0; // of the buffer in the stream
  for await (let chunk of openStream(name)) {
    while (chunk.length > 0) {
      const copied = chunk.copy(buffer, used);
      chunk = chunk.subarray(copied);
      used += copied;
      if (used < BLOCK_BYTES) break;

      let end = BLOCK_BYTES;
      while (end > 0 && !isSpace(buffer[end - 1])) end--;
      if (end === 0) end = BLOCK_BYTES; // too long for a number anyway
      yield { file, offset, length: end, bytes: buffer.subarray(0, end) };
      used = buffer.copy(buffer, 0, end);
      offset += end;
    }
  }
  if (used > 0) yield { file, offset, length: used, bytes: buffer.subarray(0, used) };
}

/** @param {string} name */
function openStream(name) {
  if (name === STDIN) return process.stdin;
  // Reading a named pipe as a file would hold a thread that nothing can interrupt.
  const stream = fs.statSync(name).isFIFO()
    ? new net.Socket({ fd: fs.openSync(name, 'r'), readable: true })
    : fs.createReadStream(name);
  return stream.on(
    'error',
    (/** @type {Error} */ error) => (error.message = `${name}: ${error.message}`),
  );
}

/* ---------- MEASURING ---------- */

/**
 * Passes blocks on and keeps a copy of the first ones: standard input cannot be read twice.
 * @param {AsyncIterable<Block>} blocks
 * @param {Block[]} sample
 * @param {(bytes: number) => void} progress
 */
async function* keepSample(blocks, sample, progress) {
  let total = 0;
  for await (const block of blocks) {
    if (total < SAMPLE_BYTES)
      sample.push({ ...block, bytes: block.bytes && new Uint8Array(block.bytes) });
    total += block.length;
    progress(total);
    yield block;
  }
}

/**
 * @param {number} size of the input in bytes, NaN when unknown
 * @returns {(bytes: number) => void} draws the bar on standard error, if that is a terminal
 */
function progressBar(size) {
  if (!process.stderr.isTTY) return () => {};
  const WIDTH = 30;
  const REDRAW_MILLISECONDS = 100;
  const start = performance.now();
  let drawn = -Infinity;
  return (bytes) => {
    const now = performance.now();
    if (now - drawn < REDRAW_MILLISECONDS) return;
    drawn = now;
    const done = Math.min(bytes / size, 1);
    const bar = '█'.repeat(done * WIDTH).padEnd(WIDTH, '░');
    const share = `${bar} ${(done * 100).toFixed(0).padStart(3)} %  `;
    const mib = bytes / MIB;
    const speed = `${mib.toFixed(0)} MiB, ${((mib / (now - start)) * 1000).toFixed(0)} MiB/s`;
    process.stderr.write(`${CLEAR_LINE}${size > 0 ? share : ''}${speed}`);
  };
}

const CLEAR_LINE = '\r\x1b[K';

/** @param {number} milliseconds */
const inSeconds = (milliseconds) => `${(milliseconds / 1000).toFixed(3)} s`;

/**
 * @param {number} workers
 * @param {string[]} files
 */
async function sumFiles(workers, files) {
  const sizes = sizesOf(files);
  const progress = progressBar(sizes.reduce((a, b) => a + b, 0));
  /** @type {Block[]} */
  const sample = [];
  const blocks = keepSample(divide(files, sizes), sample, progress);
  const totals = await sumBlocks(workers, files, blocks).finally(() => {
    if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE);
  });
  say(`count     ${totals[Total.NUMBERS]}`);
  say(`sum       ${formatSum(totals)}`);
  say(`time      ${inSeconds(totals[Total.MILLISECONDS])}`);
  if (workers === 1 || sample.length === 0) return void say('speed-up  1.00 x');

  let one = Infinity;
  let all = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    one = Math.min(one, (await sumBlocks(1, files, sample))[Total.MILLISECONDS]);
    all = Math.min(all, (await sumBlocks(workers, files, sample))[Total.MILLISECONDS]);
  }
  const times = `1 worker ${inSeconds(one)}, ${workers} workers ${inSeconds(all)}`;
  say(`speed-up  ${(one / all).toFixed(2)} x (${times})`);
}

/* ===========================
   WORKERS AND LOCKS
=========================== */

const DONE = 'done';

/**
 * Resolves when all workers have done their work and are gone. Rejects as soon as one dies: the others
 * may wait for it at the barrier for ever.
 * @param {number} total
 * @param {(id: number) => object} dataFor
 * @param {(message: any) => void} [onMessage]
 */
const runWorkers = (total, dataFor, onMessage) =>
  Promise.all(
    Array.from({ length: total }, (_, id) => {
      const worker = new Worker(__filename, { workerData: { id, total, ...dataFor(id) } });
      return new Promise((resolve, reject) => {
        let done = false;
        worker.on('message', (message) => {
          if (message === DONE) done = true;
          else onMessage?.(message);
        });
        worker.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
          const isKnown = error?.code === 'ERR_INPUT' || error?.code === 'EPIPE';
          reject(isKnown ? error : new Error(`worker ${id} died: ${error}`));
        });
        worker.on('exit', (code) => {
          if (done) resolve(undefined);
          else reject(new Error(`worker ${id} died with exit code ${code}`));
        });
      });
    }),
  );

/**
 * @template T
 * @param {Mutex} mutex
 * @param {() => T} section what to do while holding the mutex
 */
function withLock(mutex, section) {
  mutex.lock();
  try {
    return section();
  } finally {
    mutex.unlock();
  }
}

/* ===========================
   COMMAND LINE
=========================== */

const DEFAULT_WORKERS = Math.min(os.availableParallelism(), MAX_WORKERS);

const HELP = `Usage: node mini-map-reduce.js [--workers N] [FILE... | -]

Without arguments: sums eight numbers with four workers and prints every phase.
With files, or - for standard input: sums the numbers in them. Prints count, sum,
time and speed-up; the progress goes to standard error if that is a terminal.

  --workers N  1 to ${MAX_WORKERS} (default: one for each processor, here ${DEFAULT_WORKERS})
  -h, --help   print this

Numbers are decimal and separated by white space: 12 -3.5 .5 +6.02e23. Anything else
is an error that names the file and the byte: 0x10, 1_000, Infinity, 1e999, or more
than ${MAX_NUMBER_BYTES} characters. Each number is rounded to a double. The sum is accurate to
about twice the precision of a double until it is printed, and does not depend on the
number of workers.

The time is from the moment when all workers start together to the result.
The speed-up is measured: the first ${SAMPLE_BYTES / MIB} MiB of the input (all of it, if it is shorter)
are summed again ${ROUNDS} times by one worker and ${ROUNDS} times by all of them, in turn, and the
best times count. Of standard input, which cannot be read again, they are kept in memory.

Exit code: 0, or 1 after an error, with a message on standard error.`;

async function main() {
  const { values, positionals: files } = parseArgs({
    allowPositionals: true,
    options: { workers: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) return void say(HELP);

  const given = values.workers ?? String(DEFAULT_WORKERS);
  const workers = /^\d+$/.test(given) ? Number(given) : NaN;
  if (!(workers >= 1 && workers <= MAX_WORKERS)) {
    const rule = `--workers must be an integer from 1 to ${MAX_WORKERS}`;
    throw new InputError(`${rule}, not ${JSON.stringify(given)}`);
  }
  if (files.length > 0) return sumFiles(workers, files);
  if (values.workers === undefined) return miniMapReduce();
  throw new InputError('--workers needs files, or - for standard input');
}

if (isMainThread) {
  main().catch((error) => {
    // Whoever reads the output has seen enough of it (| head): nothing to complain about.
    if (error.code === 'EPIPE') process.exit(0);
    console.error(`mini-map-reduce: ${error.message}`);
    process.exit(1); // ends the workers too, wherever they wait
  });
} else {
  if (workerData.ring) sumBlocksWorker(workerData);
  else miniMapReduceWorker(workerData);
  parentPort?.postMessage(DONE);
}
