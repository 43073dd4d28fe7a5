// @ts-check
'use strict';

// Waiting by promise. The wait stands in the same queue as blocked threads; the native side tells by its number when it
// is over, and keeps its time limit.

const { isMainThread } = require('node:worker_threads');
const { assertOptions, formatValue, milliseconds } = require('./arguments.js');
const { endIfTerminating } = require('./end-if-terminating.js');
const { invalidArgType } = require('./errors.js');
const { unwatchGuard, watchGuard } = require('./grant.js');
const { Promise } = require('./intrinsics.js');
const { pending } = require('./pending.js');
const { listen, unlisten } = require('./signals.js');

/** @typedef {import('./wait.js').Wait} Wait */
/** @typedef {import('./wait.js').Rejection} Rejection */
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
 * Begins a wait.
 *
 * @param {Wait} wait
 * @param {CheckedOptions} options
 * @returns {Promise<number | Rejection>} what it came to
 */
function start(wait, { timeout, signal, ref }) {
  return new Promise((resolve) => {
    wait.resolve = resolve;
    pending.set(wait.number, wait);
    if (signal !== undefined) listen(signal, wait);
    // No call stands between what was given and its note, which a failure of that call would lose.
    wait.value = endIfTerminating(wait.begin(timeout, ref));
    if (wait.value !== 0) resolve(wait.value);
  });
}

/**
 * Ends a wait with what it came to.
 *
 * @param {Wait} wait
 * @param {number | Rejection} result
 */
function finish(wait, result) {
  pending.delete(wait.number);
  if (typeof result !== 'number') throw result.error;
  unlisten(wait);
  return result;
}

/**
 * Ends a wait whose promise is rejected: it owns nothing afterwards.
 * @param {Wait} wait
 */
function cancel(wait) {
  pending.delete(wait.number);
  if (wait.value !== 0) wait.undo();
  unlisten(wait);
}

/**
 * Waits until the native side says what the wait came to.
 *
 * @param {Wait} wait
 * @param {CheckedOptions} options
 */
async function waitForPromise(wait, options) {
  try {
    return finish(wait, await start(wait, options));
  } catch (error) {
    cancel(wait);
    throw error;
  }
}

/**
 * Waits for what a guard is to own.
 *
 * @template {object} Guard
 * @param {new (grant: any) => Guard} Class
 * @param {import('./grant.js').Grant} grant
 * @param {import('../index.js').WaitOptions} [options]
 * @returns {Promise<Guard>}
 */
async function waitForGuard(Class, grant, options) {
  const checked = waitOptions(options);
  // The guard is there before it owns anything: no call stands between the two that could fail.
  const guard = new Class(grant);
  watchGuard(guard, grant);
  if (grant.tryAtOnce()) return guard;
  unwatchGuard(guard);
  try {
    finish(grant, await start(grant, checked));
  } catch (error) {
    cancel(grant);
    throw error;
  }
  // Made only now: many may be pending.
  const granted = new Class(grant);
  watchGuard(granted, grant);
  return granted;
}

module.exports = { waitForGuard, waitForPromise, waitOptions };
