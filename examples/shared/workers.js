// @ts-check
'use strict';

const { Worker } = require('node:worker_threads');

/**
 * Starts workers, each with an `id` from 0. The promise is fulfilled when all have ended, and rejected as soon as one dies:
 * the others may wait for it for ever.
 *
 * @param {string} file
 * @param {number} workers
 * @param {object} data what each gets besides its id
 * @param {(message: any, id: number) => void} [onMessage]
 */
async function runWorkers(file, workers, data, onMessage) {
  await Promise.all(
    Array.from({ length: workers }, (_, id) => {
      const worker = new Worker(file, { workerData: { ...data, id } });
      if (onMessage) worker.on('message', (message) => onMessage(message, id));
      return new Promise((resolve, reject) => {
        worker.on('error', reject);
        worker.on('exit', (code) => {
          if (code === 0) resolve(undefined);
          else reject(new Error(`worker ${id} died with exit code ${code}`));
        });
      });
    }),
  );
}

module.exports = { runWorkers };
