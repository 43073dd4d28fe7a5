// @ts-check
'use strict';

const { formatValue } = require('./arguments.js');
const { defineInspect, labelOf } = require('./describe.js');
const { defineDispose } = require('./dispose.js');
const { SyncError, invalidArgType } = require('./errors.js');
const { endGrant, newGrant } = require('./grant.js');
const { defineProperty } = require('./intrinsics.js');
const { native, realm } = require('./realm.js');

/** @typedef {import('./grant.js').Grant} Grant */

/** @param {Grant} grant */
const isHeld = ({ cell, number }) => native.mutexIsGuarded(realm.number, cell, number);

/** @type {(guard: unknown) => Grant} */
let guardInternals;
/** @type {(guard: Guard) => boolean} */
let releaseGuard;
/** @type {(guard: Guard, recovered: boolean) => void} */
let setRecovered;

/** What a promise to lock is fulfilled with: only this unlocks the mutex, however many tasks run in the thread. */
class Guard {
  #grant;
  #recovered = false;

  static {
    guardInternals = (guard) => {
      if (typeof guard !== 'object' || guard === null || !(#grant in guard)) {
        throw invalidArgType(
          `guard must be what lockAsync() of a Mutex was fulfilled with, and is ${formatValue(guard)}. Await lockAsync() ` +
            'and pass its guard, or take the one that runExclusiveAsync() calls its function with.',
        );
      }
      return guard.#grant;
    };
    releaseGuard = (guard) => {
      const { number, cell, name } = guard.#grant;
      const released = native.mutexReleaseGuard(realm.number, cell, name, number);
      endGrant(guard);
      return released;
    };
    setRecovered = (guard, recovered) => {
      guard.#recovered = recovered;
    };
    defineDispose(this.prototype, function () {
      this.tryRelease();
    });
    defineInspect(this, (guard) => {
      if (!(#grant in guard)) return undefined;
      const { kind, name, cell } = guard.#grant;
      return { state: `${labelOf(kind, name, cell)}, ${guard.held ? 'held' : 'not held'}` };
    });
    // A promise that is fulfilled with a guard looks for this, on Object.prototype too, where a getter may throw.
    defineProperty(this.prototype, 'then', { value: undefined });
  }

  /**
   * @param {Int32Array} cell of the mutex that is about to be locked
   * @param {string | undefined} name
   */
  constructor(cell, name) {
    this.#grant = newGrant(this, { kind: 'Mutex', cell, name, isHeld });
  }

  get held() {
    return isHeld(this.#grant);
  }

  get recovered() {
    return this.#recovered;
  }

  release() {
    if (!releaseGuard(this)) throw notHeld();
  }

  tryRelease() {
    return this.held && releaseGuard(this);
  }
}

function notHeld() {
  return new SyncError(
    'This guard does not own the mutex: it has released it, waits with it, or lost it in a wait that failed. Release ' +
      'a guard once, after its last use, and only while it is held.',
    'ERR_NOT_OWNER',
  );
}

/**
 * Throws unless a guard owns its mutex.
 * @param {Grant} grant
 */
function assertHeld(grant) {
  if (isHeld(grant)) return;
  throw new SyncError(
    'The guard does not own its mutex: it has released it, or waits with it already, or lost it in a wait that failed. Wait ' +
      'with a guard while it is held, and in one wait at a time.',
    'ERR_NOT_OWNER',
  );
}

module.exports = {
  Guard,
  assertHeld,
  guardInternals: (/** @type {unknown} */ guard) => guardInternals(guard),
  releaseGuard: (/** @type {Guard} */ guard) => releaseGuard(guard),
  setRecovered: (/** @type {Guard} */ guard, /** @type {boolean} */ recovered) =>
    setRecovered(guard, recovered),
};
