// @ts-check
'use strict';

const { workerData } = require('node:worker_threads');
const { layout } = require('../..');
const { countWords } = require('./count.js');
const { Cell, runLayout, textLayout } = require('./layouts.js');
const { WordTable } = require('./table.js');

/**
 * @type {{
 *   id: number, workers: number, slots: number, bytes: number, blockBytes: number,
 *   run: unknown, memory: unknown,
 * }}
 */
const { id, workers, slots, bytes, blockBytes, run, memory } = workerData;
const { text } = layout.from(memory, textLayout(bytes));
const { phase, merging, done, cells, ms, table } = layout.from(run, runLayout(workers, slots));

phase.wait(); // all workers start together
const start = performance.now();

/* ---------- MAP ---------- */

const own = new WordTable(text);
const blocks = Math.ceil(bytes / blockBytes);
for (let i = nextBlock(); i < blocks; i = nextBlock()) {
  countWords(text, i * blockBytes, Math.min((i + 1) * blockBytes, bytes), own);
  Atomics.add(cells, Cell.COUNTED, 1);
}

/* ---------- REDUCE ---------- */

merging.runExclusive(() => new WordTable(text, table).addAll(own));
phase.wait();
if (id === 0) ms[0] = performance.now() - start;
done.countDown();

/** Each block goes to one worker, whichever is free. */
function nextBlock() {
  return Atomics.add(cells, Cell.BEGUN, 1);
}
