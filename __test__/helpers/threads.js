// @ts-check
'use strict';

const path = require('node:path');
const { Worker } = require('node:worker_threads');
const { revive } = require('./transfer.js');
const { sleep } = require('./waiting.js');

/** @typedef {import('./types.js').Body} Body */

/**
 * Runs a function in a new worker, with a time limit.
 *
 * @param {Body} body what it returns (or resolves with) must be cloneable
 * @param {any} [data] arrives as a structured clone
 * @param {import('./types.js').StartOptions} [options]
 * @returns {import('./types.js').Started}
 */
function startWorker(body, data, { limit = 90_000, ...options } = {}) {
  const worker = new Worker(path.join(__dirname, 'worker-entry.js'), {
    ...options,
    workerData: { source: body.toString(), data },
  });

  let onReady = () => {};
  const isReady = new Promise((resolve) => (onReady = () => resolve(undefined)));

  /** @type {Promise<number>} */
  const exited = new Promise((resolve) => worker.once('exit', resolve));

  const done = new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`the worker gave no answer within ${limit} ms: ${body}`));
      insist(worker);
    }, limit);
    worker.on('message', (message) => {
      if (message.ready) onReady();
      else if (message.error) reject(revive(message.error));
      else resolve(message.value);
    });
    worker.once('error', reject);
    worker.once('exit', (code) => {
      clearTimeout(timer);
      reject(Object.assign(new Error(`the worker ended with code ${code}, without an answer`)));
    });
  });
  const ready = Promise.race([isReady, done]);
  for (const promise of [done, ready]) promise.catch(() => {}); // a test that does not await it ignores its error

  // Ends in an error at the worker's time limit, too.
  const waits = async (/** @type {boolean} */ byPromise) => {
    await ready;
    // Some tests are about a thread that has not loaded the addon.
    const { inspect } = require('../../index.js');
    const answered = done.then(() => true);
    answered.catch(() => {}); // the loop does not await it if the worker waits already
    while (
      !inspect().some((wait) => wait.threadId === worker.threadId && wait.async === byPromise)
    ) {
      if (await Promise.race([answered, sleep(2)])) {
        throw new Error(`the worker answered and did not wait: ${body}`);
      }
    }
  };

  return {
    worker,
    done,
    exited,
    ready,
    blocked: () => waits(false),
    pending: () => waits(true),
  };
}

/**
 * Terminates a worker; if even that does not end it, ends this process, so that no test run hangs.
 *
 * @param {Worker} worker
 */
function insist(worker) {
  const timer = setTimeout(() => {
    process.stderr.write(
      'a worker did not end when it was terminated; giving up on this process\n',
    );
    process.kill(process.pid, 'SIGKILL');
  }, 5_000);
  worker.terminate().then(() => clearTimeout(timer));
}

/**
 * Runs the same function in several workers at once. Each receives its `id` (0 to count - 1) and `count` beside the
 * data.
 *
 * @param {number} count
 * @param {Body} body
 * @param {object} [data]
 * @param {{ limit?: number }} [options]
 * @returns {Promise<any[]>}
 */
async function inWorkers(count, body, data, options) {
  const started = Array.from({ length: count }, (_, id) =>
    startWorker(body, { ...data, id, count }, options),
  );
  try {
    return await Promise.all(started.map(({ done }) => done));
  } catch (error) {
    for (const { worker } of started) insist(worker);
    throw error;
  } finally {
    await Promise.all(started.map(({ exited }) => exited));
  }
}

module.exports = { startWorker, inWorkers, sleep };
