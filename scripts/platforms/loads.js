// @ts-check
'use strict';

// Workers load the addon and end, one after another, and nothing else loads it: a runtime unloads an addon when the last thread
// that loaded it ends. The addon's own threads then run on. Prints lines as the programs of __test__/smoke do.

const { Worker, isMainThread } = require('node:worker_threads');

const TIMES = 1_000;

if (isMainThread) main();
else {
  const { Latch } = require('../../index.js');
  // Long enough for the thread that watches event loops to start; the promise starts the thread of time limits.
  const latch = new Latch(new SharedArrayBuffer(4));
  latch.tryAwait(12);
  latch.awaitAsync({ timeout: 1 }).catch(() => {});
}

async function main() {
  for (let i = 0; i < TIMES; i++) {
    const code = await new Promise((resolve, reject) => {
      const worker = new Worker(__filename);
      worker.once('error', reject);
      worker.once('exit', resolve);
    });
    if (code !== 0) return console.log(`not ok worker ${i} ended with code ${code}`);
  }
  return console.log(`ok ${TIMES} workers load the addon and end, one after another`);
}
