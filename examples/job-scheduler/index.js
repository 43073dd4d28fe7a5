// @ts-check
'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
require('../shared/setup.js');
const { layout } = require('../..');
const { command, count } = require('../../scripts/command.js');
const { runWorkers } = require('../shared/workers.js');
const { runDeadlock } = require('./deadlock.js');
const { jobs } = require('./jobs.js');
const { needs, schedulerLayout } = require('./scheduler.js');

const WIDTH = 56;

const USAGE = `Usage: node examples/job-scheduler [options]

Runs the jobs of a build by priority, each after those that it needs; then three tasks that
lock in different orders, and the report of their deadlock.

  --workers 3   how many workers
  --slowness 1  how many times longer than written each job takes
  --help        print this`;

const OPTIONS = /** @type {const} */ ({
  workers: { type: 'string', default: '3' },
  slowness: { type: 'string', default: '1' },
});

command(USAGE, OPTIONS, async (values) => {
  const workers = count('--workers', values.workers, 1, 64);
  const slowness = count('--slowness', values.slowness, 0, 10_000);
  await schedule(workers, slowness);
  await deadlock();
});

/**
 * @param {number} workers
 * @param {number} slowness
 */
async function schedule(workers, slowness) {
  const memory = layout(schedulerLayout);
  const ended = runWorkers(path.join(__dirname, 'worker.js'), workers, {
    slowness,
    share: memory.share(),
  });
  await Promise.all([memory.allDone.awaitAsync(), ended]); // rejected if a worker dies
  assertOrder(memory);

  const { starts, ends, orders } = memory;
  const from = Math.min(...starts);
  const total = Math.max(...ends) - from;
  const column = (/** @type {number} */ time) => Math.round(((time - from) / (total || 1)) * WIDTH);
  console.log(`${jobs.length} jobs, ${workers} workers, ${total.toFixed()} ms\n`);
  for (const job of [...orders.keys()].sort((a, b) => orders[a] - orders[b])) {
    const start = column(starts[job]);
    const bar = `${' '.repeat(start)}${'█'.repeat(Math.max(1, column(ends[job]) - start))}`;
    const { name, priority } = jobs[job];
    console.log(`${name.padEnd(13)} ${priority}  worker ${memory.workers[job]}  ${bar}`);
  }
}

/**
 * Each job has begun after the ends of those that it needs, and before every job of a lower priority that might have begun
 * instead.
 *
 * @param {import('./scheduler.js').SchedulerMemory} memory
 */
function assertOrder({ starts, ends, orders }) {
  assert.deepEqual(
    [...orders].sort((a, b) => a - b),
    jobs.map((_, i) => i + 1),
  ); // each once
  for (const [job, { name, priority }] of jobs.entries()) {
    for (const need of needs[job]) assert(starts[job] >= ends[need], `${name} began too early`);
    const readySince = Math.max(0, ...needs[job].map((need) => ends[need]));
    for (const [other, { name: otherName, priority: otherPriority }] of jobs.entries()) {
      const isPassed = starts[other] > readySince && orders[other] < orders[job];
      assert(!isPassed || otherPriority >= priority, `${otherName} has passed ${name}`);
    }
  }
}

async function deadlock() {
  console.log(
    '\nbackup locks disk, then network; upload network, then database; vacuum database, then disk\n',
  );
  /** @type {import('./deadlock.js').Report[]} */
  const reports = [];
  await runDeadlock((report) => reports.push(report));

  const told = reports.filter(({ cycle }) => cycle !== undefined);
  const done = reports.filter(({ isDone }) => isDone).map(({ task }) => task);
  assert.equal(told.length, 1, 'one of them is told');
  assert.equal(told[0].cycle?.length, 3);
  assert.deepEqual(done.toSorted(), ['backup', 'upload', 'vacuum'], 'all of them end well');

  const taskOf = new Map(reports.map(({ threadId, task }) => [threadId, task]));
  console.log(`${told[0].task} is told ERR_DEADLOCK: ${told[0].message}\n`);
  for (const { threadId, holds, waitsFor } of told[0].cycle ?? []) {
    console.log(
      `  ${taskOf.get(threadId)} (thread ${threadId}) holds ${holds} and waits for ${waitsFor}`,
    );
  }
  console.log(`\nit lets go, and tries again after the others; done: ${done.join(', ')}`);
}
