// @ts-check
'use strict';

const path = require('node:path');
const { layout } = require('../..');
const { CommandError } = require('../../scripts/command.js');
const { runWorkers } = require('../shared/workers.js');
const { Sum, format } = require('./compensated-sum.js');
const { sumLayout } = require('./layouts.js');
const { Ring } = require('./ring.js');

/** Room for more blocks than workers: a worker that waits for a CPU does not hold up the others at once. */
const MIN_PLACES = 64;

/**
 * Sums blocks by workers.
 *
 * @param {number} workers
 * @param {string[]} files
 * @param {Iterable<import('./ring.js').Block> | AsyncIterable<import('./ring.js').Block>} blocks
 */
async function sumBlocks(workers, files, blocks) {
  const places = Math.max(MIN_PLACES, 2 * workers);
  const memory = layout(sumLayout(workers, places));
  const running = runWorkers(
    path.join(__dirname, 'worker.js'),
    workers,
    { workers, places, files, share: memory.share() },
    { hasFinished: (id) => memory.finished[id] === 1 },
  ).catch((error) => {
    throw new CommandError(error.message);
  });
  await Promise.race([fillRing(memory, blocks), running]); // a worker that dies ends the reading
  await running;
  return { sum: format(memory.total), count: memory.total[Sum.NUMBERS], ms: memory.ms[0] };
}

/**
 * Puts blocks into the ring. Reading needs the event loop, so this thread awaits room in the ring and never blocks.
 *
 * @param {import('./layouts.js').SumMemory} memory
 * @param {Iterable<import('./ring.js').Block> | AsyncIterable<import('./ring.js').Block>} blocks
 */
async function fillRing(memory, blocks) {
  const { mutex, blockReady, blockAdded } = memory;
  const ring = new Ring(memory);
  for await (const block of blocks) {
    await mutex.runExclusiveAsync(async (guard) => {
      await blockAdded.waitAsync(guard, ring.hasRoom);
      ring.put(block);
      blockReady.notify();
    });
  }
  await mutex.runExclusiveAsync(() => {
    ring.close();
    blockReady.notifyAll();
  });
}

module.exports = { sumBlocks };
