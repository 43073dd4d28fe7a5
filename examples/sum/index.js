// @ts-check
'use strict';

const assert = require('node:assert/strict');
const os = require('node:os');
require('../shared/setup.js');
const { UsageError, command, count } = require('../../scripts/command.js');
const { bar, withProgress } = require('../shared/progress.js');
const { divide, generate, sizesOf } = require('./input.js');
const { MAX_NUMBER_BYTES } = require('./numbers.js');
const { ROUNDS, SAMPLE_BYTES, Sample } = require('./speed-up.js');
const { sumBlocks } = require('./sum-blocks.js');

const MIB = 1024 ** 2;
const MAX_WORKERS = 256;
const DEFAULT_WORKERS = Math.min(os.availableParallelism(), MAX_WORKERS);
const LAST_GENERATED = 4_000_000;

const USAGE = `Usage: node examples/sum [--workers N] [FILE... | -]

Sums the numbers in files, or for - in standard input. Prints their count, the sum,
the time and the speed-up. Draws a progress bar on standard error if that is a terminal.
Without arguments it sums the integers from 1 to ${LAST_GENERATED} and checks the result.

  --workers N  1 to ${MAX_WORKERS} (default: one for each processor, here ${DEFAULT_WORKERS})
  -h, --help   print this

Numbers are decimal and separated by white space: 12 -3.5 .5 +6.02e23. Anything else
is an error that names the file and the byte: 0x10, 1_000, Infinity, 1e999, or more
than ${MAX_NUMBER_BYTES} characters. Each number is rounded to a double. The sum is accurate to
about twice the precision of a double until it is printed, and does not depend on the
number of workers.

The time is from the common start of the workers to the result. For the speed-up the
first ${SAMPLE_BYTES / MIB} MiB of the input (all of it, if it is shorter) are summed again ${ROUNDS} times by
one worker and ${ROUNDS} times by all, in turn, and the best times count. Of standard input,
which cannot be read again, these are kept in memory.

Exit code: 0, or 1 after an error, with a message on standard error.`;

const OPTIONS = /** @type {const} */ ({
  workers: { type: 'string' },
});

command(USAGE, OPTIONS, async (values, files) => {
  const workers = count('--workers', values.workers ?? String(DEFAULT_WORKERS), 1, MAX_WORKERS);
  if (files.length > 0) {
    const sizes = sizesOf(files);
    const bytes = sizes.reduce((a, b) => a + b, 0); // NaN if the size of one is unknown
    await sumAndReport(workers, files, divide(files, sizes), bytes);
  } else if (values.workers === undefined) {
    const result = await sumAndReport(workers, ['generated'], generate(LAST_GENERATED));
    assert.equal(result.sum, String((LAST_GENERATED * (LAST_GENERATED + 1)) / 2));
  } else throw new UsageError('--workers needs files, or - for standard input');
});

/**
 * @param {number} workers
 * @param {string[]} files
 * @param {Iterable<import('./ring.js').Block> | AsyncIterable<import('./ring.js').Block>} blocks
 * @param {number} [size] of the input in bytes, NaN if it is unknown
 */
async function sumAndReport(workers, files, blocks, size = NaN) {
  const sample = new Sample();
  const summing = sumBlocks(workers, files, sample.keep(blocks));
  const result = await withProgress(progressOf(sample, size), summing);
  console.log(`count     ${result.count}`);
  console.log(`sum       ${result.sum}`);
  console.log(`time      ${inSeconds(result.ms)}`);
  if (workers === 1 || sample.isEmpty) console.log('speed-up  1.00 x');
  else {
    const { one, all } = await sample.measure(workers, files);
    const times = `1 worker ${inSeconds(one)}, ${workers} workers ${inSeconds(all)}`;
    console.log(`speed-up  ${(one / all).toFixed(2)} x (${times})`);
  }
  return result;
}

/**
 * @param {Sample} sample through which the input passes
 * @param {number} size
 */
function progressOf(sample, size) {
  const start = performance.now();
  return () => {
    const mib = sample.bytes / MIB;
    const seconds = (performance.now() - start) / 1000;
    const speed = `${mib.toFixed()} MiB, ${(mib / seconds).toFixed()} MiB/s`;
    return size > 0 ? `${bar(sample.bytes / size)}  ${speed}` : speed;
  };
}

/** @param {number} milliseconds */
const inSeconds = (milliseconds) => `${(milliseconds / 1000).toFixed(3)} s`;
