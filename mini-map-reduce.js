// @ts-check
'use strict';

/**
 * Mini Map-Reduce: one program that uses four primitives of this package.
 *
 *   node mini-map-reduce.js                        sums eight numbers and prints every phase
 *   node mini-map-reduce.js [--workers N] FILE...  sums the numbers in files: runs examples/sum
 *
 * 1️⃣ All workers start together    Barrier
 * 2️⃣ Map phase runs in parallel    Mutex around the result, Condition to announce each change of it
 * 3️⃣ Everyone waits (barrier)      the same Barrier again
 * 4️⃣ Reduce phase runs once        in worker 0
 * 5️⃣ All workers exit cleanly      Latch
 */

const fs = require('node:fs');
const path = require('node:path');
const { format } = require('node:util');
const { Worker, isMainThread, workerData } = require('node:worker_threads');

/* ===========================
   SHARED PRIMITIVES
=========================== */

const { Mutex, Condition, Barrier, Latch } = require('./index.js');

/* ===========================
   CONFIG
=========================== */

const WORKERS = 4;
const DATA = [1, 2, 3, 4, 5, 6, 7, 8];
const CHUNK = Math.ceil(DATA.length / WORKERS);

/* ===========================
   MAIN THREAD
=========================== */

if (isMainThread && process.argv.length > 2) {
  if (fs.existsSync(path.join(__dirname, 'examples/sum/index.js'))) {
    require('./examples/sum/index.js');
  } else {
    fail('options and files are for examples/sum, which is in the repository of this package only');
  }
} else if (isMainThread) {
  /**
   * Layout, where a zeroed cell is a fresh primitive:
   * 0 → mutex
   * 1 → condition
   * 2 → barrier
   * 3 → latch
   * 4 → reduce result
   * 5 → number of workers that have added to the result
   */
  const sab = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * 6);

  process.stdout.on('error', fail);
  console.log('\n🚀 Mini Map-Reduce starting\n');

  for (let i = 0; i < WORKERS; i++) {
    const worker = new Worker(__filename, {
      workerData: { id: i, sab, data: DATA.slice(i * CHUNK, (i + 1) * CHUNK), total: WORKERS },
    });
    // A worker that dies ends the program: the others may wait for it at the barrier for ever.
    worker.on('error', (error) => fail(error, `worker ${i} died: `));
    worker.on('exit', (code) => code !== 0 && fail(`worker ${i} died with exit code ${code}`));
  }
} else {
  /* ===========================
     WORKER THREAD
  =========================== */

  const { id, sab, data, total } = workerData;
  const view = new Int32Array(sab);

  const mutex = new Mutex(view, 0);
  const cond = new Condition(view, 1);
  const barrier = new Barrier(view, 2, total);
  const latch = new Latch(view, 3);

  /* ---------- START ---------- */

  barrier.wait();

  /* ---------- MAP PHASE ---------- */

  say(`🧵 Worker ${id} mapping`, data);

  const localSum = data.reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b, 0);

  mutex.lock();
  view[4] += localSum; // shared reduce accumulator: the mutex makes an ordinary += safe
  view[5] += 1;
  cond.notifyAll();
  mutex.unlock();

  /* ---------- BARRIER ---------- */

  say(`🧵 Worker ${id} waiting at barrier`);
  barrier.wait();

  /* ---------- REDUCE PHASE ---------- */

  if (id === 0) {
    mutex.lock();
    cond.wait(mutex, () => view[5] === total);
    say('\n📉 Reduce result =', view[4], '\n');
    mutex.unlock();
    latch.release();
  }

  /* ---------- EXIT ---------- */

  latch.await();
  say(`✅ Worker ${id} exiting`);
}

/** Writes at once. A worker's console.log would reach the output late, and out of order. */
function say(/** @type {unknown[]} */ ...values) {
  fs.writeSync(1, `${format(...values)}\n`);
}

function fail(/** @type {any} */ error, place = '') {
  if (error?.code === 'EPIPE') process.exit(0); // the reader of the output has left (| head)
  console.error(`mini-map-reduce: ${place}${error}`);
  process.exit(1);
}
