// @ts-check
'use strict';

// What the methods of a Channel read from their options.

const { assertOptions, formatValue, integer } = require('../arguments.js');
const { invalidArgType, outOfRange } = require('../errors.js');
const { CANCEL_ONLY, LIMITS } = require('../limits.js');
const { WAIT_OPTIONS } = require('../promises.js');
const { MAX_CAPACITY, MIN_CAPACITY } = require('./ring.js');

/** A capacity is a multiple of this. */
const STEP = 16;

/**
 * Checks a capacity.
 * @param {unknown} capacity
 * @param {string} name
 */
function capacityOf(capacity, name) {
  const checked = integer(capacity, name, MIN_CAPACITY, MAX_CAPACITY, ' bytes');
  if (checked % STEP !== 0) {
    throw outOfRange(`${name} must be a multiple of ${STEP} bytes, but is ${checked}.`);
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

module.exports = { BY_PROMISE, RECEIVING, TRYING, capacityOf, ownOf };
