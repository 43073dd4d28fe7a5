// @ts-check
'use strict';

// The first failure of this thread in the present schedule.

const { native } = require('../realm.js');

/**
 * @typedef {import('../../explore.js').FailureKind} FailureKind
 * @typedef {{ kind: FailureKind, error: unknown }} Failure
 */

/** @type {Failure | undefined} */
let failure;
/** The codes of errors that are no failure if the program catches them. @type {readonly string[]} */
let allowed = [];

/**
 * Notes a failure, which ends the schedule even if the program catches the error. Returns the error.
 *
 * @template E
 * @param {FailureKind} kind
 * @param {E} error
 */
function fail(kind, error) {
  // What a thread throws while it is unwound follows from the failure of another one.
  if (failure === undefined && native.exploreFail()) failure = { kind, error };
  return error;
}

/** Returns the failure, and forgets it. */
function takeFailure() {
  const taken = failure;
  failure = undefined;
  return taken;
}

/** @param {readonly string[]} codes */
function allow(codes) {
  allowed = codes;
}

/** What an error of the package means even if the program catches it. @type {Record<string, FailureKind>} */
const KINDS = {
  ERR_CORRUPT_CELL: 'misuse',
  ERR_DEADLOCK: 'deadlock',
  ERR_NOT_OWNER: 'misuse',
};

/**
 * The kind of failure that an error is, even if the program catches it.
 * @param {any} error
 * @returns {FailureKind | undefined}
 */
function kindOf(error) {
  const code = error?.code;
  return typeof code === 'string' && !allowed.includes(code) ? KINDS[code] : undefined;
}

module.exports = { KINDS, allow, fail, kindOf, takeFailure };
