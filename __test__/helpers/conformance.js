// @ts-check
'use strict';

const test = require('ava').default;
const { inspect } = require('../../index.js');
const { sleep, startWorker } = require('./threads.js');

/** No test of what is documented takes longer, in milliseconds; a worker that hangs is told from its body. */
const LIMIT = 10_000;

/**
 * Declares tests of what one source promises in its public documentation, each named for the promise.
 *
 * @param {string} source such as `Java CyclicBarrier`
 */
function documented(source) {
  return (
    /** @type {string} */ promise,
    /** @type {(t: import('ava').ExecutionContext) => unknown} */ body,
  ) => {
    test(`${source}: ${promise}`, async (t) => {
      t.timeout(2 * LIMIT);
      await body(t);
    });
  };
}

/** @param {number} [length] */
function cells(length = 8) {
  return new Int32Array(new SharedArrayBuffer(4 * length));
}

/**
 * A worker that runs `body`, as for startWorker.
 *
 * @param {(data: any, tools: import('./tools.js').Tools) => unknown} body
 * @param {object} data
 */
function party(body, data) {
  return startWorker(body, data, { limit: LIMIT });
}

/**
 * Waits until each of these workers sleeps in the package: `inspect()` lists them.
 *
 * @param {ReturnType<typeof party>[]} started
 */
async function asleep(...started) {
  const ids = started.map(({ worker }) => worker.threadId);
  for (const end = performance.now() + LIMIT; performance.now() < end; await sleep(5)) {
    const blocked = inspect().map(({ threadId }) => threadId);
    if (ids.every((id) => blocked.includes(id))) return;
  }
  throw new Error(`of the threads ${ids}, some do not sleep: ${JSON.stringify(inspect())}`);
}

/**
 * Starts `count` workers, one after another, each when the one before sleeps: they stand in the queue in their order.
 *
 * @param {number} count
 * @param {(data: any, tools: import('./tools.js').Tools) => unknown} body
 * @param {object} data
 */
async function inOrder(count, body, data) {
  const started = [];
  for (let id = 0; id < count; id++) {
    started.push(party(body, { ...data, id }));
    await asleep(started[id]);
  }
  return started;
}

/**
 * The answers of workers, when all have ended.
 *
 * @param {ReturnType<typeof party>[]} started
 * @returns {Promise<any[]>}
 */
async function answers(started) {
  const all = await Promise.all(started.map(({ done }) => done));
  await Promise.all(started.map(({ exited }) => exited));
  return all;
}

/**
 * How a promise ends: as `tools.codeOf` tells of a call.
 *
 * @param {Promise<unknown>} promise
 */
function endOf(promise) {
  return promise.then(
    (returned) => ({ returned }),
    (error) => error.code ?? error,
  );
}

/**
 * Whether a promise is still pending after a moment.
 *
 * @param {Promise<unknown>} promise
 */
async function isPending(promise) {
  const pending = Symbol('pending');
  return (await Promise.race([promise, sleep(30).then(() => pending)])) === pending;
}

module.exports = { answers, asleep, cells, documented, endOf, inOrder, isPending, party, sleep };
