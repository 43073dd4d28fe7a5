// @ts-check
'use strict';

// The program of a user that the tests of the packages run: two workers count in shared memory, and it prints the sum.

const BODY = `
const cells = isMainThread ? new Int32Array(new SharedArrayBuffer(12)) : workerData;
const mutex = new Mutex(cells, 0);
const done = new Latch(cells, 1, 2);
if (isMainThread) {
  for (let i = 0; i < 2; i++) new Worker(SELF, { workerData: cells });
  done.awaitAsync({ ref: true }).then(() => console.log('sum', cells[2]));
} else {
  for (let i = 0; i < 10_000; i++) mutex.runExclusive(() => { cells[2]++; });
  done.countDown();
}
`;

const REQUIRES = `
const { Worker, isMainThread, workerData } = require('node:worker_threads');
const { Latch, Mutex } = require('@x/shared-sync');`;

const IMPORTS = `
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { Latch, Mutex } from '@x/shared-sync';`;

const typed = BODY.replace('cells =', 'cells: Int32Array<SharedArrayBuffer> =');
const inCommonJs = (/** @type {string} */ body) => body.replace('SELF', '__filename');
const inModule = (/** @type {string} */ body) => body.replace('SELF', 'new URL(import.meta.url)');

/** What the program prints. */
const PRINTED = 'sum 20000\n';

module.exports = {
  PRINTED,
  commonJs: REQUIRES + inCommonJs(BODY),
  module: IMPORTS + inModule(BODY),
  typedCommonJs: IMPORTS + inCommonJs(typed),
  typedModule: IMPORTS + inModule(typed),
};
