// @ts-check
'use strict';

const { parentPort, workerData } = require('node:worker_threads');
const { layout } = require('../..');
const { withClient } = require('./client.js');
const { poolLayout } = require('./layouts.js');

/** What a server says that has no room; EAGAIN is its socket's word for it. */
const REFUSALS = ['53300', 'EAGAIN'];

/** @type {{ id: number, tasks: number, limit: number, share: unknown, socketFolder: string, throttled: boolean }} */
const { id, tasks, limit, share, socketFolder, throttled } = workerData;
const { connections } = layout.from(share, poolLayout(limit));

/** @param {number} task */
async function transfer(task) {
  await withClient(socketFolder, 'worker', async (client) => {
    await client.query('INSERT INTO transfers VALUES ($1, $2, $3)', [id, task, throttled]);
    await client.query('SELECT pg_sleep(0.01)'); // the query that takes its time
  });
}

/**
 * Waits until a connection is free, whichever thread has the others.
 *
 * @param {() => Promise<void>} use
 */
async function withConnection(use) {
  await connections.acquireAsync();
  try {
    return await use();
  } finally {
    connections.release();
  }
}

/** @param {number} task */
async function run(task) {
  try {
    await (throttled ? withConnection(() => transfer(task)) : transfer(task));
    return true;
  } catch (error) {
    if (REFUSALS.includes(/** @type {any} */ (error).code)) return false;
    throw error;
  }
}

// All at once, as the requests that a server gets.
Promise.all(Array.from({ length: tasks }, (_, task) => run(task))).then((done) => {
  parentPort?.postMessage(done.filter(Boolean).length);
});
