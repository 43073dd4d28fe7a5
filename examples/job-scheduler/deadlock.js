// @ts-check
'use strict';

const { parentPort, threadId, workerData } = require('node:worker_threads');
const { Barrier, Latch, Mutex, layout } = require('../..');
const { runWorkers } = require('../shared/workers.js');

/**
 * Three tasks, each of which locks two resources in an order of its own: a mistake, made on purpose.
 */
const tasks = /** @type {const} */ ([
  { name: 'backup', locks: ['disk', 'network'] },
  { name: 'upload', locks: ['network', 'database'] },
  { name: 'vacuum', locks: ['database', 'disk'] },
]);

const deadlockLayout = /** @type {const} */ ({
  disk: Mutex,
  network: Mutex,
  database: Mutex,
  haveOne: [Barrier, tasks.length], // each task has its first resource: now they are sure to meet
  othersDone: [Latch, tasks.length - 1], // all but the one that is told
});

/**
 * @typedef {object} Report
 * @property {string} task
 * @property {number} threadId
 * @property {boolean} isDone
 * @property {readonly import('../..').CycleLink[]} [cycle]
 * @property {string} [message]
 */

/** @param {(report: Report) => void} onReport */
async function runDeadlock(onReport) {
  const { share } = layout(deadlockLayout);
  await runWorkers(__filename, tasks.length, { deadlock: share() }, { onMessage: onReport });
}

/**
 * @param {unknown} share
 * @param {number} id
 */
function work(share, id) {
  const { name, locks } = tasks[id];
  const resources = layout.from(share, deadlockLayout);
  const [first, second] = locks.map((lock) => resources[lock]);
  /** @param {Partial<Report>} report */
  const tell = (report) =>
    parentPort?.postMessage({ task: name, threadId, isDone: false, ...report });

  const useBoth = () => second.runExclusive(() => tell({ isDone: true }));
  try {
    first.runExclusive(() => {
      resources.haveOne.wait();
      useBoth();
    });
    resources.othersDone.countDown();
  } catch (error) {
    // An error that is posted as such would arrive without its code and its cycle.
    const { code, cycle, message } = /** @type {import('../..').SyncError} */ (error);
    if (code !== 'ERR_DEADLOCK') throw error;
    tell({ cycle, message });
    resources.othersDone.await(); // the first resource is free again, and so they go on
    first.runExclusive(useBoth);
  }
}

if (workerData?.deadlock) work(workerData.deadlock, workerData.id);

module.exports = { runDeadlock };
