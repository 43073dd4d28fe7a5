// @ts-check
'use strict';

// What the programs of this folder share. Each program is one file that is its own worker. It uses only Node's own
// modules, so it runs on each runtime that loads the addon: `npm run test:runtimes`. It prints a line for each check.

const assert = require('node:assert/strict');
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const { cells } = require('../helpers/cells.js');
const { codeOf, endOf, sleep } = require('../helpers/waiting.js');

/** The time limit of a check, in milliseconds. An emulator needs a longer one. */
const LIMIT = Number(process.env.SMOKE_LIMIT_MS ?? 20_000);

/**
 * Stands in for a check that this runtime cannot pass.
 *
 * @param {string} reason
 */
const skipped = (reason) => ({ reason });

/**
 * @param {() => unknown} call
 * @param {string} code of the error that it must throw
 */
const throwsCode = (call, code) => assert.equal(codeOf(call), code);

/**
 * Waits until a cell has a value, by polling: for a state that no primitive signals.
 *
 * @param {() => boolean} condition
 * @param {string} what
 */
async function until(condition, what) {
  for (const end = performance.now() + LIMIT; !condition(); await sleep(5)) {
    if (performance.now() > end) throw new Error(`it never came that ${what}`);
  }
}

/**
 * Runs a program: the roles of its workers, by name, and its checks, one after another.
 *
 * @param {string} file the file of the program
 * @param {Record<string, (data: any) => unknown>} roles
 * @param {Record<string, Check | { reason: string }>} checks
 */
function program(file, roles, checks) {
  if (!isMainThread) {
    const { role, data } = workerData;
    Promise.resolve(roles[role](data)).then(
      (value) => parentPort?.postMessage({ value }),
      (error) => parentPort?.postMessage({ error: String(error?.stack ?? error) }),
    );
    return;
  }
  run(file, checks).then((failed) => process.exit(failed > 0 ? 1 : 0));
}

/** @typedef {(start: (role: string, data?: unknown) => Started) => unknown} Check */
/** @typedef {{ worker: Worker, done: Promise<any>, exited: Promise<number> }} Started */

/**
 * @param {string} file
 * @param {string} role
 * @param {unknown} data
 * @returns {Started} done: the answer of its role; exited: when it has ended
 */
function startWorker(file, role, data) {
  const worker = new Worker(file, { workerData: { role, data } });
  /** @type {Promise<number>} */
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  const done = new Promise((resolve, reject) => {
    worker.once('message', ({ value, error }) =>
      error ? reject(new Error(error)) : resolve(value),
    );
    worker.once('error', reject);
    exited.then(() => reject(new Error(`${role} ended without an answer`)));
  });
  done.catch(() => {});
  return { worker, done, exited };
}

/**
 * @param {string} file
 * @param {Record<string, Check | { reason: string }>} checks
 */
async function run(file, checks) {
  let failed = 0;
  for (const [name, check] of Object.entries(checks)) {
    if ('reason' in check) {
      console.log(`skip ${name}: ${check.reason}`);
      continue;
    }
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not over within ${LIMIT} ms`)), LIMIT);
    });
    try {
      await Promise.race([check((role, data) => startWorker(file, role, data)), late]);
      console.log(`ok ${name}`);
    } catch (error) {
      failed++;
      console.log(`not ok ${name}\n${/** @type {Error} */ (error).stack}`);
    } finally {
      clearTimeout(timer);
    }
  }
  return failed;
}

module.exports = { cells, codeOf, endOf, program, skipped, sleep, throwsCode, until };
