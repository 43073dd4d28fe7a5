// @ts-check
'use strict';

const { parentPort, workerData } = require('node:worker_threads');
const { Random } = require('../random.js');
const { SENDERS, VIOLATIONS, memoryOf } = require('./plan.js');
const { receive } = require('./receiver.js');
const { send } = require('./sender.js');

/** @type {{ plan: import('./plan.js').Plan, shared: any, worker: number, incarnation: number }} */
const { plan, shared, worker, incarnation } = workerData;
const memory = memoryOf(plan, shared);
const random = new Random(plan.seed, worker, incarnation);

/** @param {string} text */
function violation(text) {
  Atomics.add(memory.control, VIOLATIONS, 1);
  parentPort?.postMessage(text);
}

const ended =
  worker < SENDERS
    ? send(plan, memory, worker, random)
    : receive(plan, memory, worker - SENDERS, random, violation);
ended.catch((error) => violation(`${error.stack}`));
