// @ts-check
'use strict';

// Time, and how calls and promises end. Uses nothing but Node itself, so that every runtime of __test__/smoke loads it.

const { describe } = require('./transfer.js');

/**
 * Waits without blocking the event loop.
 *
 * @param {number} ms
 * @returns {Promise<void>}
 */
function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * The code of the error that a call throws, or the error where it has no code; `{ returned }` where it returns.
 *
 * @param {() => unknown} call
 * @returns {any}
 */
function codeOf(call) {
  try {
    return { returned: call() };
  } catch (error) {
    return describe(error).code ?? describe(error);
  }
}

/**
 * How a promise ends: as codeOf() of a call. An AbortError has a number for a code: its name stands for it.
 *
 * @param {Promise<unknown>} promise
 * @returns {Promise<any>}
 */
function endOf(promise) {
  return promise.then(
    (returned) => ({ returned }),
    (error) => (error?.name === 'AbortError' ? error.name : (error?.code ?? error)),
  );
}

/**
 * Whether a promise is still pending after the event loop has turned a few times.
 *
 * @param {Promise<unknown>} promise
 */
async function isPending(promise) {
  const pending = Symbol('pending');
  const settled = promise.catch(() => {});
  return (await Promise.race([settled, sleep(30).then(() => pending)])) === pending;
}

module.exports = { codeOf, endOf, isPending, sleep };
