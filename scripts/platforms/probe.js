// @ts-check
'use strict';

// A program without the addon: a runtime that does not run it cannot be tested. Prints `runs VERSION`, from a worker.

const { Worker, isMainThread } = require('node:worker_threads');

const versions = /** @type {Record<string, string | undefined>} */ (process.versions);
if (isMainThread) new Worker(__filename);
else console.log(`runs ${versions.bun ?? versions.deno ?? versions.node}`);
