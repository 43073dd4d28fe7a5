// @ts-check
'use strict';

// The limits of a wait: `{ cancel, timeout }`, the last argument of the blocking methods.

const { assertOptions, formatValue, isAbortSignal, milliseconds } = require('./arguments.js');
const { invalidArgType } = require('./errors.js');

/** @typedef {import('../binding.js').Limit} Limit */

const LIMITS = ['cancel', 'timeout'];
const CANCEL_ONLY = ['cancel'];

/**
 * Returns the cell of a Cancel, or undefined for any other value. Before the class is loaded, no value is a Cancel.
 * @type {(value: unknown) => Int32Array | undefined}
 */
let cellOfCancel = () => undefined;
/**
 * Throws if this Cancel was aborted.
 * @type {(cancel: unknown) => void}
 */
let throwIfAborted = () => {};

/**
 * Returns the cell of a Cancel.
 * @param {unknown} cancel
 * @param {string} name
 */
function cellOf(cancel, name) {
  const cell = cellOfCancel(cancel);
  if (cell !== undefined) return cell;
  const bridge = isAbortSignal(cancel) ? ' Cancel.from(signal, view, index) makes one.' : '';
  throw invalidArgType(
    `${name} must be a Cancel of this package, but is ${formatValue(cancel)}.${bridge}`,
  );
}

/**
 * Checks `options.cancel`, and returns the cells: one Cancel, a list of them, or none.
 * @param {unknown} cancel
 * @returns {Int32Array[]}
 */
function cancelCells(cancel) {
  if (cancel === undefined) return [];
  return Array.isArray(cancel)
    ? Array.from(cancel, (one, index) => cellOf(one, `options.cancel[${index}]`))
    : [cellOf(cancel, 'options.cancel')];
}

/**
 * Checks the options of a blocking method. A time limit that passes is thrown.
 * @param {import('../index.js').LimitOptions} options
 * @param {(cancel: unknown) => void} [check] called with `options.cancel`, which is read once
 * @returns {Limit}
 */
function limitOf(options, check) {
  assertOptions(options, LIMITS, '{ cancel: stop, timeout: 100 }');
  const { cancel, timeout = Infinity } = options;
  milliseconds(timeout, 'options.timeout');
  const cells = cancelCells(cancel);
  check?.(cancel);
  return [timeout, true, ...cells];
}

/**
 * Checks the time limit and the options of a method that returns when that limit passes.
 * @param {number} ms
 * @param {import('../index.js').CancelOptions} [options]
 * @param {(cancel: unknown) => void} [check] called with `options.cancel`, which is read once
 * @returns {Limit}
 */
function limitWithin(ms, options, check) {
  milliseconds(ms);
  if (options === undefined) return ms;
  assertOptions(options, CANCEL_ONLY, '{ cancel: stop }');
  const { cancel } = options;
  const cells = cancelCells(cancel);
  check?.(cancel);
  return [ms, false, ...cells];
}

/**
 * Throws if one of the Cancels that cancelCells() has checked was aborted, and names it.
 * @param {unknown} cancel
 */
function assertNotAborted(cancel) {
  if (Array.isArray(cancel)) cancel.forEach((one) => throwIfAborted(one));
  else if (cancel !== undefined) throwIfAborted(cancel);
}

/**
 * As limitOf, and throws if a Cancel was aborted: the call ends before it changes anything.
 * @param {import('../index.js').LimitOptions} options
 */
function limitUnlessAborted(options) {
  return limitOf(options, assertNotAborted);
}

/**
 * As limitWithin, and throws if a Cancel was aborted.
 * @param {number} ms
 * @param {import('../index.js').CancelOptions} options
 */
function limitWithinUnlessAborted(ms, options) {
  return limitWithin(ms, options, assertNotAborted);
}

/**
 * Whether a call with this limit only tries, and returns at once.
 * @param {Limit} limit
 */
function isTry(limit) {
  return typeof limit === 'number' ? limit === 0 : limit[0] === 0 && !limit[1];
}

/**
 * Returns the time of a limit in milliseconds.
 * @param {Limit} limit
 */
function timeOf(limit) {
  return typeof limit === 'number' ? limit : limit[0];
}

/**
 * Returns a limit with another time.
 * @param {Limit} limit
 * @param {number} ms
 * @returns {Limit}
 */
function withTime(limit, ms) {
  if (typeof limit === 'number') return ms;
  const [, throws, ...cells] = limit;
  return [ms, throws, ...cells];
}

module.exports = {
  CANCEL_ONLY,
  LIMITS,
  assertNotAborted,
  cancelCells,
  isTry,
  limitOf,
  limitUnlessAborted,
  limitWithin,
  limitWithinUnlessAborted,
  timeOf,
  /**
   * Takes the class's own functions.
   * @param {typeof cellOfCancel} read
   * @param {typeof throwIfAborted} check
   */
  whenCancelLoads(read, check) {
    cellOfCancel = read;
    throwIfAborted = check;
  },
  withTime,
};
