// @ts-check
'use strict';

const assert = require('node:assert/strict');
const os = require('node:os');
const path = require('node:path');
require('../shared/setup.js');
const { layout } = require('../..');
const { bytes: parseBytes, command, count } = require('../../scripts/command.js');
const { bar, withProgress } = require('../shared/progress.js');
const { runWorkers } = require('../shared/workers.js');
const { Cell, runLayout, textLayout } = require('./layouts.js');
const { WordTable } = require('./table.js');
const { filePieces, generatedPieces } = require('./text.js');

const BLOCK_BYTES = 256 * 1024;
const MAX_BYTES = 2 ** 32 - 1; // positions are Uint32
const MAX_SLOTS = 2 ** 22;

const USAGE = `Usage: node examples/word-count [options] [FILE...]

Counts the words of a text in shared memory, by several workers and by one.

  --size 32m     how much text to generate, if no files are given; such as 512k, 1g
  --seed 1       what text to generate
  --workers ${os.availableParallelism()}    how many workers (here one for each processor)
  --rounds 3     how often to count by each; the best times count, since other programs run, too
  --top 10       how many of the most frequent words to print
  --help         print this`;

const OPTIONS = /** @type {const} */ ({
  size: { type: 'string', default: '32m' },
  seed: { type: 'string', default: '1' },
  workers: { type: 'string', default: String(os.availableParallelism()) },
  rounds: { type: 'string', default: '3' },
  top: { type: 'string', default: '10' },
});

command(USAGE, OPTIONS, async (values, files) => {
  const workers = count('--workers', values.workers, 1, 256);
  const top = count('--top', values.top, 1, 1000);
  const rounds = count('--rounds', values.rounds, 1, 100);
  const seed = count('--seed', values.seed, 0, 2 ** 31);
  const size = parseBytes('--size', values.size, MAX_BYTES);
  const pieces = files.length > 0 ? filePieces(files) : generatedPieces(size, seed);
  const bytes = pieces.at(-1)?.end ?? 0;
  assert(bytes <= MAX_BYTES, `${bytes} bytes are too many`);

  const memory = layout(textLayout(bytes));
  const writing = { bytes, pieces, memory: memory.share() };
  const share = () => (memory.written[0] - workers) / pieces.length;
  await withProgress(
    () => `${bar(share())}  of the text is written`,
    runWorkers(path.join(__dirname, 'writer.js'), workers, writing),
  );
  const many = await countBy(workers, memory);
  let best = { one: Infinity, many: many.ms };
  for (let round = 0; round < rounds; round++) {
    const one = await countBy(1, memory);
    assert.deepEqual(many.totals, one.totals, 'several workers count as one does');
    assert.deepEqual(many.table.top(top), one.table.top(top));
    const again = round + 1 < rounds ? await countBy(workers, memory) : many;
    best = { one: Math.min(best.one, one.ms), many: Math.min(best.many, again.ms) };
  }

  const { words, different } = many.totals;
  const from = files.length > 0 ? `in ${files.length} file(s)` : 'of generated text';
  console.log(
    `${inMib(bytes)} ${from}: ${inDigits(words)} words, ${inDigits(different)} different\n`,
  );
  for (const { word, count } of many.table.top(top)) {
    console.log(`${inDigits(count).padStart(14)}  ${word}`);
  }
  console.log(`\n1 worker   ${inSeconds(best.one, bytes)}`);
  console.log(`${workers} workers  ${inSeconds(best.many, bytes)}`);
  console.log(`speed-up   ${(best.one / best.many).toFixed(2)} x, with the same result`);
});

/**
 * @param {number} workers
 * @param {import('../..').Layout<ReturnType<typeof textLayout>>} memory
 */
async function countBy(workers, memory) {
  const bytes = memory.text.length;
  // A word takes two bytes, with what parts it from the next: half of the slots are enough for all.
  const slots = Math.min(2 ** Math.ceil(Math.log2(bytes + 2)), MAX_SLOTS);
  const run = layout(runLayout(workers, slots));
  const data = { workers, slots, bytes, blockBytes: BLOCK_BYTES };
  const ended = runWorkers(path.join(__dirname, 'worker.js'), workers, {
    ...data,
    run: run.share(),
    memory: memory.share(),
  });
  const share = () => (Atomics.load(run.cells, Cell.COUNTED) * BLOCK_BYTES) / bytes;
  const counted = Promise.all([run.done.awaitAsync(), ended]); // rejected if a worker dies
  await withProgress(() => `${bar(share())}  counted by ${workers} worker(s)`, counted);
  const table = new WordTable(memory.text, run.table);
  return { table, totals: table.totals(), ms: run.ms[0] };
}

/** @param {number} bytes */
const inMib = (bytes) => `${(bytes / 1024 ** 2).toFixed(1)} MiB`;

/** @param {number} number */
const inDigits = (number) => number.toLocaleString('en-US');

/**
 * @param {number} ms
 * @param {number} bytes
 */
const inSeconds = (ms, bytes) =>
  `${(ms / 1000).toFixed(3)} s, ${((bytes / 1024 ** 2 / ms) * 1000).toFixed(0)} MiB/s`;
