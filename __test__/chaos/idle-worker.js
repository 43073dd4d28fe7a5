// @ts-check
'use strict';

// The baseline: a worker that computes and blocks in turns as the others do, and loads no addon.

const { parentPort, workerData } = require('node:worker_threads');

/** @type {import('./supervisor.js').WorkerData} */
const { plan, memory, slot } = workerData;
const view = new Int32Array(memory);
parentPort?.on('message', () => Atomics.add(view, plan.cells.messages + slot, 1));

function run() {
  for (let i = 0; i < 40; i++) {
    for (let spin = 0; spin < 1_000; spin++) Atomics.add(view, plan.cells.progress + slot, 1);
    Atomics.wait(view, plan.cells.stop, 0, i % 4);
  }
  if (Atomics.load(view, plan.cells.stop) === 0) setImmediate(run);
  else parentPort?.close();
}

run();
