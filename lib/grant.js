// @ts-check
'use strict';

// What the guard of a promise may own, what guards have in common, and the warning where one is lost.

const { defineInspect, labelOf } = require('./describe.js');
const { defineDispose } = require('./dispose.js');
const { FinalizationRegistry, Set, defineProperty, emitWarning } = require('./intrinsics.js');
const { Wait } = require('./wait.js');

/** What a wait comes to that took a lock over from an owner that died. */
const CLEARED = 2;

/** A wait for what a guard is to own. The native side knows by its number whether the guard owns it. */
class Grant extends Wait {
  /**
   * @param {Int32Array} cell
   * @param {string | undefined} name what the user calls the lock
   */
  constructor(cell, name) {
    super(cell);
    this.name = name;
  }

  /** Whether the guard owns it. */
  get isHeld() {
    return false;
  }

  /** Gives it back: false where the guard does not own it. */
  release() {
    return false;
  }

  undo() {
    this.release();
  }

  /** What messages call the lock. */
  get label() {
    return labelOf(this.kind, this.name, this.cell);
  }

  /** The class of the lock. */
  get kind() {
    return '';
  }
}

/** The locks whose lost guards were warned of. @type {Set<string>} */
const warned = new Set();

/** @param {Grant} grant */
function warnIfHeld(grant) {
  if (!grant.isHeld || warned.has(grant.label)) return;
  warned.add(grant.label);
  emitWarning(
    `A guard of the ${grant.label} was garbage-collected while it owned the lock, which nothing can release any more. ` +
      'Release each guard in a finally block, or use runExclusiveAsync() or `using`.',
    { type: 'LostGuardWarning', code: 'SHARED_SYNC_LOST_GUARD' },
  );
}

const registry = new FinalizationRegistry(warnIfHeld);

/**
 * Has a guard warned of that is collected while it owns its grant.
 * @param {object} guard
 * @param {Grant} grant
 */
function watchGuard(guard, grant) {
  registry.register(guard, grant, guard);
}

/**
 * A guard that owns nothing is not warned of.
 * @param {object} guard
 */
function unwatchGuard(guard) {
  registry.unregister(guard);
}

/**
 * What the classes of guards have in common.
 * @param {{ name: string, prototype: any }} Class
 * @param {(guard: any) => string | undefined} label what messages call the lock; none for what only inherits from the class
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
  // A promise that is fulfilled with a guard looks for this, on Object.prototype too, where a getter may throw.
  defineProperty(Class.prototype, 'then', { value: undefined });
}

module.exports = { CLEARED, Grant, defineGuard, unwatchGuard, watchGuard };
