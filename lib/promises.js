// @ts-check
'use strict';

// Waiting by promise. The wait stands in the same queue as blocked threads; the native side tells by its number when it
// is over, and keeps its time limit.

const { isMainThread } = require('node:worker_threads');
const { assertOptions, formatValue, milliseconds } = require('./arguments.js');
const { endIfTerminating } = require('./end-if-terminating.js');
const { SyncError, invalidArgType } = require('./errors.js');
const { Promise } = require('./intrinsics.js');
const { Failure, pending } = require('./pending.js');
const { listen, unlisten } = require('./signals.js');

/** @typedef {{ timeout: number, signal?: import('../index.js').WaitSignal, ref: boolean }} CheckedOptions */

/**
 * Whether a value is an AbortSignal, of any realm.
 * @param {any} value
 */
function isAbortSignal(value) {
  return typeof value?.aborted === 'boolean' && typeof value.addEventListener === 'function';
}

const OPTIONS = ['timeout', 'signal', 'ref'];
/** @type {CheckedOptions} */
const NO_OPTIONS = { timeout: Infinity, signal: undefined, ref: !isMainThread };

/**
 * Checks the options that every promise form takes. A pending promise keeps a worker alive, as the blocking call would,
 * and any thread while its time limit is finite, so that its ERR_TIMEOUT is heard.
 *
 * @param {import('../index.js').WaitOptions} [options]
 * @returns {CheckedOptions}
 */
function waitOptions(options) {
  if (options === undefined) return NO_OPTIONS;
  assertOptions(options, OPTIONS, '{ timeout: 100 }');
  const { timeout = Infinity, signal } = options;
  milliseconds(timeout, 'options.timeout');
  if (signal !== undefined && !isAbortSignal(signal)) {
    throw invalidArgType(`options.signal must be an AbortSignal, and is ${formatValue(signal)}.`);
  }
  const { ref = !isMainThread || timeout !== Infinity } = options;
  if (typeof ref !== 'boolean') {
    throw invalidArgType(`options.ref must be a boolean, and is ${formatValue(ref)}.`);
  }
  if (signal?.aborted) throw signal.reason;
  return { timeout, signal, ref };
}

/**
 * A wait by promise.
 *
 * @typedef {object} Wait
 * @property {number} number the number of the promise
 * @property {Int32Array} cell
 * @property {Int32Array} [mutexCell] of a Condition's wait
 * @property {object} [guard] what a Condition's wait lends: kept, so that a guard which is lost is lost after the wait
 * @property {(timeout: number, keepsAlive: boolean) => number} begin the native call that begins it: 0 where it waits, or
 * what it came to at once
 * @property {() => void} [undo] gives back what it was given, where its promise is rejected all the same
 */

/**
 * Waits until the native side says what the wait came to.
 *
 * @param {Wait} wait
 * @param {CheckedOptions} options
 * @returns {Promise<number>}
 */
async function waitForPromise(wait, { timeout, signal, ref }) {
  const { number, cell, mutexCell, guard, begin, undo } = wait;
  /** @type {import('./pending.js').Entry | undefined} */
  let entry;
  let isDone = false;
  try {
    const result = await new Promise(
      (/** @type {(value: number | Failure) => void} */ resolve, reject) => {
        entry = { number, resolve, reject, value: 0, cell, mutexCell, guard, listener: undefined };
        pending.set(number, entry);
        if (signal !== undefined) listen(signal, entry);
        entry.value = endIfTerminating(begin(timeout, ref));
        // No call stands between what was given and its note: it would be lost where that call fails.
        if (entry.value !== 0) resolve(entry.value);
      },
    );
    if (result instanceof Failure) {
      throw new SyncError(result.message, result.code, result.details);
    }
    if (signal !== undefined && entry !== undefined) unlisten(entry);
    isDone = true;
    return result;
  } finally {
    pending.delete(number);
    if (!isDone && entry !== undefined) {
      if (entry.value !== 0) undo?.();
      unlisten(entry);
    }
  }
}

module.exports = { waitForPromise, waitOptions };
