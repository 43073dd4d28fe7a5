// @ts-check
'use strict';

// The grant is what the guard of a promise owns. Here are its base class, what all guards have in common, and the warning
// about a guard that was collected while it owned a lock.

const { defineInspect, labelOf } = require('./describe.js');
const { defineDispose } = require('./dispose.js');
const { FinalizationRegistry, Set, defineProperty, emitWarning } = require('./intrinsics.js');
const { native } = require('./realm.js');
const { Wait } = require('./wait.js');

/** A wait for the lock of a guard. The native side knows by its number whether the guard owns the lock. */
class Grant extends Wait {
  /**
   * @param {Int32Array} cell
   * @param {string | undefined} name the name that the program gave the lock
   */
  constructor(cell, name) {
    super(cell);
    this.name = name;
  }

  /** Whether the guard owns the lock. */
  get isHeld() {
    return false;
  }

  /** Releases the lock. Returns false if the guard does not own it. */
  release() {
    return false;
  }

  revoke() {
    this.release();
  }

  /** The label of the lock in messages. */
  get label() {
    return labelOf(this.kind, this.name, this.cell);
  }

  /** The class of the lock. */
  get kind() {
    return '';
  }

  /** The methods that release by themselves, in messages. */
  get scoped() {
    return '';
  }

  get loss() {
    return (
      `A guard of the ${this.label} was garbage-collected while it owned the lock, so the lock will never be released. ` +
      `Release each guard in a finally block, or use ${this.scoped} or \`using\`.`
    );
  }
}

/** The cells whose lost guards were warned about, each as its class and its address. @type {Set<string>} */
const warned = new Set();

/**
 * What a guard owns, as the warning needs it. It must not reference the guard. `loss` is the text of the warning.
 *
 * @typedef {{ readonly isHeld: boolean, readonly kind: string, readonly cell: Int32Array, readonly loss: string }} Owned
 */

/** @param {Owned} owned */
function warnIfHeld(owned) {
  if (!owned.isHeld) return;
  const place = `${owned.kind} ${native.cellAddress(owned.cell)}`;
  if (warned.has(place)) return;
  warned.add(place);
  emitWarning(owned.loss, { type: 'LostGuardWarning', code: 'SHARED_SYNC_LOST_GUARD' });
}

const registry = new FinalizationRegistry(warnIfHeld);

/**
 * Warns when the guard is collected while it owns its grant.
 * @param {object} guard
 * @param {Owned} grant
 */
function watchGuard(guard, grant) {
  registry.register(guard, grant, guard);
}

/**
 * Ends the watch: the guard owns nothing any more.
 * @param {object} guard
 */
function unwatchGuard(guard) {
  registry.unregister(guard);
}

/**
 * Defines what all classes of guards have in common.
 * @param {{ name: string, prototype: any }} Class
 * @param {(guard: any) => string | undefined} label returns the label of the lock in messages; undefined for an object
 *   that inherits from the class but was not constructed by it
 */
function defineGuard(Class, label) {
  defineDispose(Class.prototype, function () {
    this.tryRelease();
  });
  defineInspect(Class, (guard) => {
    const lock = label(guard);
    return lock === undefined
      ? undefined
      : { state: `${lock}, ${guard.held ? 'held' : 'not held'}` };
  });
  // A promise that is fulfilled with a guard reads its `then`. A getter on Object.prototype might throw.
  defineProperty(Class.prototype, 'then', { value: undefined });
}

module.exports = { Grant, defineGuard, unwatchGuard, watchGuard };
