// @ts-check
'use strict';

// Waits by promise. A wait stands in the same queue as blocked threads. The native side keeps its time limit, and calls
// back with its number when it ends.

const { isMainThread } = require('node:worker_threads');
const { assertOptions, formatValue, milliseconds } = require('./arguments.js');
const { endIfTerminating } = require('./end-if-terminating.js');
const { invalidArgType } = require('./errors.js');
const { unwatchGuard, watchGuard } = require('./grant.js');
const { Promise } = require('./intrinsics.js');
const { pending } = require('./pending.js');
const { native } = require('./realm.js');
const { listen, unlisten } = require('./signals.js');

const { PENDING } = native;

/** @typedef {import('./wait.js').Wait} Wait */
/** @typedef {import('./wait.js').Rejection} Rejection */
/** @typedef {{ timeout: number, signal?: import('../index.js').WaitSignal, ref: boolean }} CheckedOptions */

/**
 * Whether a value is an AbortSignal of any realm.
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
 * and any thread while its time limit is finite, so that the program sees its ERR_TIMEOUT.
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
    throw invalidArgType(`options.signal must be an AbortSignal, but is ${formatValue(signal)}.`);
  }
  const { ref = !isMainThread || timeout !== Infinity } = options;
  if (typeof ref !== 'boolean') {
    throw invalidArgType(`options.ref must be a boolean, but is ${formatValue(ref)}.`);
  }
  if (signal?.aborted) throw signal.reason;
  return { timeout, signal, ref };
}

/**
 * Begins a wait. Returns a promise of its value or its rejection.
 *
 * @param {Wait} wait
 * @param {CheckedOptions} options
 * @returns {Promise<number | Rejection>}
 */
function start(wait, { timeout, signal, ref }) {
  return new Promise((resolve) => {
    wait.resolve = resolve;
    pending.set(wait.number, wait);
    if (signal !== undefined) listen(signal, wait);
    // No call may stand between begin() and this assignment: if it failed, the value would be lost.
    wait.value = endIfTerminating(wait.begin(timeout, ref));
    if (wait.value !== PENDING) resolve(wait.value);
  });
}

/**
 * Ends a wait: returns its value, or throws the error of its rejection.
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
 * Ends a wait whose promise rejects. What was granted to it is revoked.
 * @param {Wait} wait
 */
function cancel(wait) {
  pending.delete(wait.number);
  if (wait.value !== PENDING) wait.revoke();
  unlisten(wait);
}

/**
 * Begins a wait and returns its value when it ends.
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
 * Begins the wait of a guard and returns the guard when it owns its grant.
 *
 * @template {object} Guard
 * @param {new (grant: any) => Guard} Class
 * @param {import('./grant.js').Grant} grant
 * @param {import('../index.js').WaitOptions} [options]
 * @returns {Promise<Guard>}
 */
async function waitForGuard(Class, grant, options) {
  const checked = waitOptions(options);
  // Make the guard before it owns anything: a call that failed in between would lose the grant.
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
  // Make the guard only now, because many waits may be pending.
  const granted = new Class(grant);
  watchGuard(granted, grant);
  return granted;
}

module.exports = { waitForGuard, waitForPromise, waitOptions };
