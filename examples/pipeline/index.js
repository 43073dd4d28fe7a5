// @ts-check
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const zlib = require('node:zlib');
require('../shared/setup.js');
const { layout } = require('../..');
const { bytes, command, count } = require('../../scripts/command.js');
const { runWorkers } = require('../shared/workers.js');
const { Count, pipelineLayout } = require('./layouts.js');

const USAGE = `Usage: node examples/pipeline [options]

Reads records, parses, compresses and writes them: each stage in workers of its own, with a queue before the next one.
Ctrl-C stops the reading, and what was read is written.

  --records 20000   how many records
  --workers 2       how many workers parse, and how many compress
  --capacity 64k    the size of each queue; a full one makes the stage before it wait
  --out FILE        where to write; a file in the folder for temporary files by default
  --help            print this`;

const OPTIONS = /** @type {const} */ ({
  records: { type: 'string', default: '20000' },
  workers: { type: 'string', default: '2' },
  capacity: { type: 'string', default: '64k' },
  out: { type: 'string', default: path.join(os.tmpdir(), `pipeline-${process.pid}.csv.gz`) },
});

command(USAGE, OPTIONS, async (values) => {
  const records = count('--records', values.records, 1, 1e8);
  const workers = count('--workers', values.workers, 1, 64);
  const capacity = bytes('--capacity', values.capacity, 2 ** 29);
  const { out } = values;

  const memory = layout(pipelineLayout(capacity));
  const { lines, rows, packed, stop, counts, share } = memory;
  process.once('SIGINT', () => stop.abort());

  const data = { capacity, share: share(), job: { records, out } };
  const run = (/** @type {string} */ stage, /** @type {number} */ threads) =>
    runWorkers(path.join(__dirname, 'worker.js'), threads, { ...data, stage });
  // When all workers of a stage have ended, the queue behind them ends.
  await Promise.all([
    run('read', 1).then(() => lines.close()),
    run('parse', workers).then(() => rows.close()),
    run('compress', workers).then(() => packed.close()),
    run('write', 1),
  ]);

  const [read, written] = [counts[Count.READ], counts[Count.WRITTEN]];
  if (stop.aborted) console.log('stopped by Ctrl-C');
  console.log(`${read} records were read, ${written} written to ${out}`);
  check(out, read);
});

/**
 * Checks that the file has each record once, and each as a whole.
 *
 * @param {string} file
 * @param {number} read
 */
function check(file, read) {
  const table = zlib.gunzipSync(fs.readFileSync(file)).toString();
  const rows = table.split('\n').slice(0, -1);
  const ids = new Set(rows.map((row) => Number(row.split(',', 1)[0])));
  assert.equal(rows.length, read, 'a record is missing, or there twice');
  assert.equal(ids.size, read, 'a record is there twice');
  for (const row of rows) assert.match(row, /^\d+,name \d+,x*$/);
  console.log(`the file has each of the ${read} records once, and each as a whole`);
}
