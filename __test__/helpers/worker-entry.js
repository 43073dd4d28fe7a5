// @ts-check
'use strict';

const { parentPort, workerData } = require('node:worker_threads');
const { tools } = require('./tools.js');
const { compile, describe } = require('./transfer.js');

(async () => compile(workerData.source)(workerData.data, tools))().then(
  (value) => parentPort?.postMessage({ value }),
  (error) => parentPort?.postMessage({ error: describe(error) }),
);
