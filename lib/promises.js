// @ts-check
'use strict';

// Waits by promise. A wait stands in the same queue as blocked threads. The native side keeps its time limit, and calls
// back with its number when it ends.

const { isMainThread } = require('node:worker_threads');
const { assertOptions, formatValue, isAbortSignal, milliseconds } = require('./arguments.js');
const { endIfTerminating } = require('./end-if-terminating.js');
const { invalidArgType } = require('./errors.js');
const { unwatchGuard, watchGuard } = require('./grant.js');
const { Promise, load } = require('./intrinsics.js');
const { later } = require('./later.js');
const { assertNotAborted, cancelCells } = require('./limits.js');
const { pending } = require('./pending.js');
const { native } = require('./realm.js');

const { PENDING } = native;
const signals = later(() => require('./signals.js'));

/** @typedef {import('./wait.js').Wait} Wait */
/** @typedef {import('./wait.js').Rejection} Rejection */
/**
 * @typedef {object} CheckedOptions
 * @property {number} timeout
 * @property {import('../index.js').WaitSignal} [signal]
 * @property {Int32Array[]} [cancels] the cells of the Cancels, if there are any
 * @property {boolean} ref
 */

const WAIT_OPTIONS = ['timeout', 'signal', 'cancel', 'ref'];
/** @type {CheckedOptions} */
const NO_OPTIONS = { timeout: Infinity, signal: undefined, ref: !isMainThread };

/**
 * Checks the options that every promise form takes. A pending promise keeps a worker alive, as the blocking call would,
 * and any thread while its time limit is finite, so that the program sees its ERR_TIMEOUT, or while its Cancel has a
 * deadline.
 *
 * @param {import('../index.js').WaitOptions} [options]
 * @param {(cancel: unknown) => void} [check] called with `options.cancel`, which is read once
 * @returns {CheckedOptions}
 */
function checkOptions(options, check) {
  if (options === undefined) return NO_OPTIONS;
  assertOptions(options, WAIT_OPTIONS, '{ cancel: stop, timeout: 100 }');
  const { timeout = Infinity, signal, cancel } = options;
  milliseconds(timeout, 'options.timeout');
  if (signal !== undefined && !isAbortSignal(signal)) {
    throw invalidArgType(`options.signal must be an AbortSignal, but is ${formatValue(signal)}.`);
  }
  const cells = cancelCells(cancel);
  const hasDeadline = (/** @type {Int32Array} */ cell) => load(cell, 0) !== 0;
  const { ref = !isMainThread || timeout !== Infinity || cells.some(hasDeadline) } = options;
  if (typeof ref !== 'boolean') {
    throw invalidArgType(`options.ref must be a boolean, but is ${formatValue(ref)}.`);
  }
  if (signal?.aborted) throw signal.reason;
  check?.(cancel);
  return { timeout, signal, cancels: cells.length > 0 ? cells : undefined, ref };
}

/**
 * As checkOptions, and throws if a Cancel was aborted: the call ends before it takes anything.
 * @param {import('../index.js').WaitOptions} [options]
 */
function waitOptions(options) {
  return checkOptions(options, assertNotAborted);
}

/**
 * Begins a wait. Returns a promise of its value or its rejection.
 *
 * @param {Wait} wait
 * @param {CheckedOptions} options
 * @returns {Promise<number | Rejection>}
 */
function start(wait, { timeout, signal, cancels, ref }) {
  return new Promise((resolve) => {
    wait.resolve = resolve;
    // The wait keeps the memory of the Cancels.
    if (cancels !== undefined) Object.assign(wait, { cancels });
    pending.set(wait.number, wait);
    if (signal !== undefined) signals().listen(signal, wait);
    /** @type {import('../binding.js').Limit} */
    const limit = cancels === undefined ? timeout : [timeout, true, ...cancels];
    // No call may stand between begin() and this assignment: if it failed, the value would be lost.
    wait.value = endIfTerminating(wait.begin(limit, ref));
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
  if (wait.listener !== undefined) signals().unlisten(wait);
  return result;
}

/**
 * Ends a wait whose promise rejects. What was granted to it is revoked.
 * @param {Wait} wait
 */
function cancel(wait) {
  pending.delete(wait.number);
  if (wait.value !== PENDING) wait.revoke();
  if (wait.listener !== undefined) signals().unlisten(wait);
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
  // Make the guard before it owns anything: a call that failed afterwards would lose the grant.
  const guard = new Class(grant);
  watchGuard(guard, grant);
  if (grant.tryAtOnce()) return guard;
  try {
    finish(grant, await start(grant, checked));
    return guard;
  } catch (error) {
    cancel(grant);
    unwatchGuard(guard);
    throw error;
  }
}

module.exports = { WAIT_OPTIONS, checkOptions, waitForGuard, waitForPromise, waitOptions };
