// @ts-check
'use strict';

const assert = require('node:assert/strict');
const os = require('node:os');
require('../shared/setup.js');
const { command, count } = require('../../scripts/command.js');
const { Pool } = require('./pool.js');

/**
 * The jobs whose worker is to die at the first attempt, and how.
 *
 * @type {Map<number, 'exit' | 'error' | 'taking'>}
 */
const CRASHES = new Map([
  [5, 'exit'], // process.exit() while it works on the job
  [9, 'error'], // an uncaught error likewise
  [14, 'taking'], // process.exit() while it takes the job from the queue
]);

const WORKERS = Math.max(2, os.availableParallelism());

const USAGE = `Usage: node examples/worker-pool [options]

Counts primes by jobs in a pool of workers, three of which die on the way.

  --workers ${WORKERS}      how many workers
  --capacity 1024  the size of the queue in bytes, a multiple of 16
  --jobs 40        how many jobs
  --limit 1000000  count the primes below this
  --help           print this`;

const OPTIONS = /** @type {const} */ ({
  workers: { type: 'string', default: String(WORKERS) },
  capacity: { type: 'string', default: '1024' },
  jobs: { type: 'string', default: '40' },
  limit: { type: 'string', default: '1000000' },
});

command(USAGE, OPTIONS, async (values) => {
  const workers = count('--workers', values.workers, 1, 64);
  const capacity = count('--capacity', values.capacity, 512, 1_000_000);
  const jobs = count('--jobs', values.jobs, 1, 100_000);
  const limit = count('--limit', values.limit, 1, 2 ** 31);

  const pool = new Pool(workers, capacity);
  const done = tell(pool, workers);
  pool.start();

  const ranges = Array.from({ length: jobs }, (_, i) => ({
    from: Math.floor((limit * i) / jobs),
    to: Math.floor((limit * (i + 1)) / jobs),
  }));
  const results = ranges.map((argument, i) =>
    pool.run({ task: 'countPrimes', argument, crash: CRASHES.get(i + 1) }),
  );
  const failing = pool.run({ task: 'fail', argument: { message: 'as it was told to' } });
  await assert.rejects(failing, { name: 'RangeError', message: 'as it was told to' });
  await pool.drain(); // the results of all jobs are there afterwards
  await assert.rejects(pool.run({ task: 'countPrimes', argument: ranges[0] }), /no more jobs/);

  const primes = (await Promise.all(results)).reduce((a, b) => a + b, 0);
  assert.equal(primes, countBySieve(limit));
  console.log(`\n${primes.toLocaleString('en-US')} primes below ${limit.toLocaleString('en-US')}`);
  for (const [worker, jobs] of done.entries()) console.log(`worker ${worker} did ${jobs} jobs`);
});

/**
 * Prints what happens in the pool, and counts the jobs of each worker.
 *
 * @param {Pool} pool
 * @param {number} workers
 */
function tell(pool, workers) {
  const done = new Array(workers).fill(0);
  const retried = new Set();
  pool.on('start', (worker, threadId) =>
    console.log(`worker ${worker} starts, as thread ${threadId}`),
  );
  pool.on('death', (worker, reason, job) => {
    retried.add(job);
    console.log(`worker ${worker} has died with job ${job}: ${reason}`);
  });
  pool.on('settled', (worker, job) => {
    if (worker === undefined) return; // the pool has given the job up
    done[worker]++;
    if (retried.has(job)) console.log(`worker ${worker} has done job ${job} at the second attempt`);
  });
  return done;
}

/** @param {number} limit */
function countBySieve(limit) {
  const composite = new Uint8Array(limit);
  let primes = 0;
  for (let n = 2; n < limit; n++) {
    if (composite[n]) continue;
    primes++;
    for (let multiple = n * n; multiple < limit; multiple += n) composite[multiple] = 1;
  }
  return primes;
}
