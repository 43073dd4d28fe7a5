// @ts-check
'use strict';

// What the methods of a Channel read from their options.

const { assertOptions, formatValue, integer } = require('../arguments.js');
const { invalidArgType, outOfRange } = require('../errors.js');
const { CANCEL_ONLY, LIMITS } = require('../limits.js');
const { WAIT_OPTIONS } = require('../promises.js');
const { native, realm } = require('../realm.js');
const { MAX_CAPACITY, MIN_CAPACITY } = require('./ring.js');

/** @typedef {import('../../binding.js').Limit} Limit */

/** A capacity is a multiple of this. */
const STEP = 16;

/**
 * Checks `options.capacity`.
 * @param {unknown} options
 */
function capacityOf(options) {
  const { capacity } = /** @type {{ capacity?: unknown }} */ (options ?? {});
  const checked = integer(capacity, 'options.capacity', MIN_CAPACITY, MAX_CAPACITY, ' bytes');
  if (checked % STEP !== 0) {
    throw outOfRange(`options.capacity must be a multiple of ${STEP} bytes, but is ${checked}.`);
  }
  return checked;
}

/** The options of the methods that receive: of those that block, have a limit in `ms`, and wait by promise. */
const RECEIVING = [...LIMITS, 'own'];
const TRYING = [...CANCEL_ONLY, 'own'];
const BY_PROMISE = [...WAIT_OPTIONS, 'own'];

/**
 * Splits `own` off the options of a receiving method.
 *
 * @template {object} Options
 * @param {(Options & { own?: boolean }) | undefined} options
 * @param {readonly string[]} known
 * @returns {{ own: boolean, rest: Omit<Options, 'own'> | undefined }}
 */
function ownOf(options, known) {
  if (options === undefined) return { own: false, rest: undefined };
  assertOptions(options, known, '{ own: true }');
  if (!('own' in options)) return { own: false, rest: options };
  const { own, ...rest } = options;
  if (typeof own !== 'boolean' && own !== undefined) {
    throw invalidArgType(`options.own must be a boolean, but is ${formatValue(own)}.`);
  }
  return { own: own === true, rest: Object.keys(rest).length > 0 ? rest : undefined };
}

/**
 * Checks the options of a method that blocks, and throws if a Cancel was aborted: the call ends before it changes
 * anything.
 * @param {Limit} limit
 */
function begun(limit) {
  if (typeof limit === 'number') return limit;
  const [, , ...cells] = limit;
  for (const cell of cells) native.cancelAssertNotAborted(realm.number, cell, undefined);
  return limit;
}

module.exports = { BY_PROMISE, RECEIVING, TRYING, begun, capacityOf, ownOf };
