// @ts-check
'use strict';

// What the guard of a promise may own, and what to tell where such a guard is lost.

const { labelOf } = require('./describe.js');
const { FinalizationRegistry, Set, emitWarning } = require('./intrinsics.js');
const { newNumber } = require('./realm.js');

/**
 * What a promise may be given: the native side knows whether the promise of this number has it.
 *
 * @typedef {object} Grant
 * @property {number} number
 * @property {'Mutex' | 'RwLock'} kind
 * @property {Int32Array} cell
 * @property {string | undefined} name
 * @property {(grant: Grant) => boolean} isHeld
 */

/** What was warned of. @type {Set<string>} */
const warned = new Set();

/** @param {Grant} grant */
function warnIfHeld(grant) {
  if (!grant.isHeld(grant)) return;
  const { kind, name, cell } = grant;
  const label = labelOf(kind, name, cell);
  if (warned.has(label)) return;
  warned.add(label);
  emitWarning(
    `A guard of the ${label} was garbage-collected while it owned the lock, which nothing can release any more. Release ` +
      'each guard in a finally block, or use runExclusiveAsync() or `using`.',
    { type: 'LostGuardWarning', code: 'SHARED_SYNC_LOST_GUARD' },
  );
}

const registry = new FinalizationRegistry(warnIfHeld);

/**
 * Gives a guard the number of a new promise, before that is begun.
 *
 * @param {object} guard
 * @param {Omit<Grant, 'number'>} of
 * @returns {Grant}
 */
function newGrant(guard, { kind, cell, name, isHeld }) {
  const grant = { number: newNumber(), kind, cell, name, isHeld };
  registry.register(guard, grant, guard);
  return grant;
}

/**
 * The guard was released: there is nothing to warn of any more.
 * @param {object} guard
 */
function endGrant(guard) {
  registry.unregister(guard);
}

module.exports = { endGrant, newGrant };
