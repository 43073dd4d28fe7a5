// @ts-check
'use strict';

// Preloaded by `node -r` into a program and its workers: throws in the workers, before the first statement of the program.
// PLANTED_IN names the thread id of the only worker that throws; without it all workers throw.

const { isMainThread, threadId } = require('node:worker_threads');

const only = process.env.PLANTED_IN;
if (!isMainThread && (only === undefined || Number(only) === threadId)) {
  throw new Error('planted in a worker');
}
