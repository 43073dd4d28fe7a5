// @ts-check
'use strict';

const { Worker } = require('node:worker_threads');
const { isCommandError } = require('../../scripts/command.js');

/**
 * Starts workers, each with an `id` from 0. Resolves when all workers have exited. Rejects as soon as one dies, because the
 * others may wait for it for ever.
 *
 * @param {string} file
 * @param {number} workers
 * @param {object} data what each worker receives besides its id
 * @param {object} [options]
 * @param {(message: any, id: number) => void} [options.onMessage]
 * @param {(id: number) => boolean} [options.hasFinished] asked when a worker exits with code 0: false if it left its work
 * undone
 */
async function runWorkers(file, workers, data, { onMessage, hasFinished } = {}) {
  await Promise.all(
    Array.from({ length: workers }, (_, id) => {
      const worker = new Worker(file, { workerData: { ...data, id } });
      if (onMessage) worker.on('message', (message) => onMessage(message, id));
      return new Promise((resolve, reject) => {
        worker.on('error', (cause) => {
          if (isCommandError(cause)) reject(cause);
          else reject(new Error(`worker ${id} died: ${cause}`, { cause }));
        });
        worker.on('exit', (code) => {
          if (code === 0 && hasFinished?.(id) !== false) resolve(undefined);
          else reject(new Error(`worker ${id} died with exit code ${code}`));
        });
      });
    }),
  );
}

module.exports = { runWorkers };
