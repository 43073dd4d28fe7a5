// @ts-check
'use strict';

const { parentPort, workerData } = require('node:worker_threads');
const { layout } = require('../..');
const { Queue, queueLayout } = require('./queue.js');
const { tasks } = require('./tasks.js');

/** @type {{ id: number, capacity: number, workers: number, share: unknown }} */
const { id, capacity, workers, share } = workerData;
const memory = layout.from(share, queueLayout(capacity, workers));
const { mutex, notEmpty, notFull, held } = memory;
const queue = new Queue(memory);

for (let taken = take(); taken !== null; taken = take()) {
  const { task, argument, crash } = taken.job;
  if (crash === 'exit') process.exit(7);
  if (crash === 'error') throw new Error('a bug in the worker');
  parentPort?.postMessage({ id: taken.id, worker: id, ...answer(task, argument) });
  Atomics.store(held, id, 0); // only now: if it had died before, the job would be done again
}

/** Waits for a job, and takes it; null when the queue is closed. */
function take() {
  for (;;) {
    try {
      const taken = mutex.runExclusive(() => {
        notEmpty.wait(mutex, () => queue.hasJob() || queue.isClosed);
        return queue.hasJob() ? queue.take(id) : null;
      });
      notFull.notify();
      return taken;
    } catch (error) {
      if (/** @type {any} */ (error).code !== 'ERR_ABANDONED') throw error;
      // Another worker has died while it owned the mutex: the first to be here repairs, and all go on.
      const isFirst = mutex.recover();
      try {
        if (isFirst) queue.repair();
      } finally {
        mutex.unlock();
      }
    }
  }
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
