// @ts-check
'use strict';

const { parentPort, workerData } = require('node:worker_threads');
const { layout } = require('../..');
const { poolLayout } = require('./queue.js');
const { tasks } = require('./tasks.js');

/** @type {{ id: number, capacity: number, workers: number, share: unknown }} */
const { id, capacity, workers, share } = workerData;
const { jobs, held, planted } = layout.from(share, poolLayout(capacity, workers));

for (let taken = take(); taken !== null; taken = take()) {
  const { task, argument, crash } = taken.job;
  if (crash === 'exit') process.exit(7);
  if (crash === 'error') throw new Error('a bug in the worker');
  parentPort?.postMessage({ id: taken.id, worker: id, ...answer(task, argument) });
  Atomics.store(held, id, 0); // only now: if it had died before, the job would be done again
}

/**
 * Waits for a job, and takes it; null when the queue is closed. The job is noted before it leaves the queue. So if the worker
 * dies in between, it is in the queue, in the note, or in both.
 */
function take() {
  let peek;
  try {
    peek = jobs.peek();
  } catch (error) {
    if (/** @type {any} */ (error).code !== 'ERR_CLOSED') throw error;
    return null;
  }
  const taken = JSON.parse(Buffer.from(peek.bytes).toString());
  held[id] = taken.id;
  // Planted: a death half-way.
  if (taken.job.crash === 'taking' && Atomics.exchange(planted, 0, 1) === 0) process.exit(8);
  peek.consume();
  return taken;
}

/**
 * @param {string} task
 * @param {unknown} argument
 */
function answer(task, argument) {
  try {
    return { value: tasks[task](argument) };
  } catch (error) {
    return { error }; // the task has failed, not the worker
  }
}
