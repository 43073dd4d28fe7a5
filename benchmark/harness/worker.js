// @ts-check
'use strict';

const { parentPort, workerData } = require('node:worker_threads');
const { GATE, READY, RESULT } = require('./control.js');
const { loadRival } = require('../rivals/index.js');

const { task, rival: id, size, data, index, control } = workerData;
const { work } = require(task);
const rival = loadRival(id);

Atomics.add(control, READY, 1);
Atomics.wait(control, GATE, 0);

(async () => {
  // A promise alone, such as that of a Web Lock, does not keep a worker alive.
  const alive = setInterval(() => {}, 1000);
  const result = await work({ rival, size, data, index, control });
  clearInterval(alive);
  parentPort?.postMessage({ [RESULT]: result });
})();
