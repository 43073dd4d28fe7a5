// @ts-check
'use strict';

const { workerData } = require('node:worker_threads');
const { layout } = require('../..');
const { CommandError } = require('../../scripts/command.js');
const { BlockReader } = require('./block-reader.js');
const { Sum, valueOf } = require('./compensated-sum.js');
const { sumLayout } = require('./layouts.js');
const { blankByteOrderMark, sumNumbers } = require('./numbers.js');
const { Ring } = require('./ring.js');
const { nameOf } = require('./stream.js');

/** @type {{ id: number, workers: number, places: number, files: string[], share: unknown }} */
const { id, workers, places, files, share } = workerData;
const memory = layout.from(share, sumLayout(workers, places));
const { mutex, blockReady, blockAdded, phase, done, total, ms, finished } = memory;
const ring = new Ring(memory);
const reader = new BlockReader();

/* ---------- START ---------- */

phase.wait();
const start = performance.now();

/* ---------- MAP PHASE ---------- */

for (let block = takeBlock(); block !== null; block = takeBlock()) sumBlock(block);

/* ---------- BARRIER ---------- */

phase.wait();

/* ---------- REDUCE PHASE ---------- */

if (id === 0) {
  if (!Number.isFinite(valueOf(total))) {
    throw new CommandError('the sum, or a part of it, is too large for a double');
  }
  ms[0] = performance.now() - start;
  done.release();
}

/* ---------- EXIT ---------- */

done.await();
finished[id] = 1;

/** Returns the number of a block, or null at the end of the input. */
function takeBlock() {
  return mutex.runExclusive(() => {
    blockReady.wait(mutex, () => ring.hasBlock() || ring.isClosed);
    return ring.hasBlock() ? ring.take() : null;
  });
}

/** @param {number} block */
function sumBlock(block) {
  const { file, offset, length, bytes: ringBytes } = ring.block(block);
  const { bytes, skipped } = ringBytes
    ? { bytes: ringBytes, skipped: 0 }
    : reader.read(files[file], offset, length);
  if (offset === 0) blankByteOrderMark(bytes);
  const sum = new Float64Array(Sum.COUNT);
  const mistake = sumNumbers(bytes, sum);

  mutex.runExclusive(() => {
    if (mistake) {
      // Only the first mistake of the input is reported, and an earlier block may have one, too.
      blockAdded.wait(mutex, () => ring.added === block);
      const place = `${nameOf(files[file])}, byte ${offset + skipped + mistake.index}`;
      throw new CommandError(`${place}: ${quote(mistake.token)} is not a number`);
    }
    ring.addInOrder(block, sum);
    blockAdded.notifyAll();
  });
}

/** @param {string} token */
function quote(token) {
  return JSON.stringify(token.length > 40 ? `${token.slice(0, 40)}…` : token);
}
