// @ts-check
'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
require('../shared/setup.js');
const { layout } = require('../..');
const { command, count } = require('../../scripts/command.js');
const { inBars } = require('../shared/bars.js');
const { runWorkers } = require('../shared/workers.js');
const { withClient } = require('./client.js');
const { poolLayout } = require('./layouts.js');
const { Postgres, findPostgres } = require('./postgres.js');
const { watchConnections } = require('./watch.js');

const WATCHERS = 1; // connections besides those of the workers

const USAGE = `Usage: node examples/connection-pool [options]

Starts a PostgreSQL server that takes few connections, and many tasks in several workers
that need one each: first without, then with a semaphore that all workers share.

  --workers 4   how many workers
  --tasks 25    how many tasks in each
  --limit 5     how many connections there may be
  --help        print this

PostgreSQL has to be installed (on Debian: apt-get install postgresql); without it, the
example says so and ends. Run as root, it starts the server as the user postgres.`;

const OPTIONS = /** @type {const} */ ({
  workers: { type: 'string', default: '4' },
  tasks: { type: 'string', default: '25' },
  limit: { type: 'string', default: '5' },
});

command(USAGE, OPTIONS, async (values) => {
  const workers = count('--workers', values.workers, 1, 64);
  const tasks = count('--tasks', values.tasks, 1, 10_000);
  const limit = count('--limit', values.limit, 1, 200);

  const programs = findPostgres();
  if (programs === null) {
    console.log(
      'skipped: PostgreSQL is not installed (no initdb and postgres in PATH, nor where Debian has them)',
    );
    return;
  }
  const server = new Postgres(programs);
  let isInterrupted = false;
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.on(signal, () => {
      isInterrupted = true;
      server.stop().finally(() => process.exit(1));
    });
  }
  try {
    console.log(`starting PostgreSQL from ${programs}, for ${limit} connections of workers`);
    await server.start(limit + WATCHERS);
    await compare(server, { workers, tasks, limit, socketFolder: server.folder });
  } catch (error) {
    if (!isInterrupted) throw error; // the user who interrupted it knows why the server has gone
  } finally {
    await server.stop();
  }
});

/** @typedef {{ workers: number, tasks: number, limit: number, socketFolder: string }} Options */

/**
 * @param {Postgres} server
 * @param {Options} options
 */
async function compare(server, options) {
  await query(server, 'CREATE TABLE transfers (worker int, task int, throttled boolean)');
  const free = await runTasks(options, false);
  tell('without the semaphore', free, options);
  const throttled = await runTasks(options, true);
  tell('with the semaphore', throttled, options);

  assert.equal(throttled.done, options.workers * options.tasks, 'no task was refused');
  assert(throttled.most <= options.limit, `${throttled.most} connections`);
  for (const run of [free, throttled]) {
    const sql = 'SELECT count(*)::int FROM transfers WHERE throttled = $1';
    assert.deepEqual(await query(server, sql, run === throttled), [{ count: run.done }]);
  }
}

/**
 * @param {Options} options
 * @param {boolean} throttled
 */
async function runTasks({ workers, ...options }, throttled) {
  const { connections, share } = layout(poolLayout(options.limit));
  const start = performance.now();
  let done = 0;
  const ended = runWorkers(
    path.join(__dirname, 'worker.js'),
    workers,
    { ...options, throttled, share: share() },
    { onMessage: (count) => (done += count) },
  );
  const counts = await watchConnections(options.socketFolder, ended);
  assert.equal(connections.available, options.limit, 'all permits were given back');
  return { done, counts, most: Math.max(0, ...counts), ms: performance.now() - start };
}

/**
 * @param {string} how
 * @param {Awaited<ReturnType<typeof runTasks>>} run
 * @param {Options} options
 */
function tell(how, { done, counts, most, ms }, { workers, tasks, limit }) {
  console.log(`
${how}: ${workers} workers, ${tasks} tasks in each
  ${done} tasks done, ${workers * tasks - done} refused, in ${(ms / 1000).toFixed(2)} s
  connections in pg_stat_activity, ${counts.length} times asked: at most ${most}
  ${inBars(counts, limit)}`);
}

/**
 * @param {Postgres} server
 * @param {string} sql
 * @param {unknown[]} values
 */
async function query(server, sql, ...values) {
  const { rows } = await withClient(server.folder, 'main', (client) => client.query(sql, values));
  return rows;
}
