// @ts-check
'use strict';

const { formatValue } = require('./arguments.js');
const { SyncError, invalidArgType } = require('./errors.js');
const { Grant, defineGuard, unwatchGuard } = require('./grant.js');
const { native, realm } = require('./realm.js');

/** A guard's wait for a mutex. */
class MutexGrant extends Grant {
  tryAtOnce() {
    return native.mutexTryLockGuard(realm.number, this.cell, this.name, this.number);
  }

  /**
   * @param {import('../binding.js').Limit} limit
   * @param {boolean} keepsAlive
   */
  begin(limit, keepsAlive) {
    return this.beginAs(false, limit, keepsAlive);
  }

  /**
   * @param {boolean} recovers
   * @param {import('../binding.js').Limit} limit
   * @param {boolean} keepsAlive
   */
  beginAs(recovers, limit, keepsAlive) {
    const { cell, name, number } = this;
    return native.mutexLockAsync(realm.number, cell, name, number, limit, keepsAlive, recovers);
  }

  get isHeld() {
    return native.mutexIsGuarded(realm.number, this.cell, this.number);
  }

  release() {
    return native.mutexReleaseGuard(realm.number, this.cell, this.name, this.number);
  }

  get kind() {
    return 'Mutex';
  }

  get scoped() {
    return 'runExclusiveAsync()';
  }
}

/** A guard's wait for a mutex, even if it is abandoned. */
class MutexRecovery extends MutexGrant {
  tryAtOnce() {
    return false;
  }

  /**
   * @param {import('../binding.js').Limit} limit
   * @param {boolean} keepsAlive
   */
  begin(limit, keepsAlive) {
    return this.beginAs(true, limit, keepsAlive);
  }
}

/** @type {(guard: unknown) => MutexGrant} */
let grantOf;
/** @type {(guard: Guard) => boolean} */
let releaseGuard;

/** Owns a mutex that was acquired by promise. Only the guard releases it, however many tasks run in the thread. */
class Guard {
  #grant;

  static {
    grantOf = (guard) => {
      if (typeof guard !== 'object' || guard === null || !(#grant in guard)) {
        throw invalidArgType(
          `guard must be the guard of a Mutex, but is ${formatValue(guard)}. Await lockAsync() and pass its guard, or pass ` +
            'the guard that runExclusiveAsync() gives to its function.',
        );
      }
      return guard.#grant;
    };
    releaseGuard = (guard) => {
      const released = guard.#grant.release();
      unwatchGuard(guard);
      return released;
    };
    defineGuard(this, (guard) => (#grant in guard ? guard.#grant.label : undefined));
  }

  /** @param {MutexGrant} grant */
  constructor(grant) {
    this.#grant = grant;
  }

  get held() {
    return this.#grant.isHeld;
  }

  get recovered() {
    return this.#grant.value === native.RECOVERED;
  }

  release() {
    if (releaseGuard(this)) return;
    throw new SyncError(
      'This guard does not own the mutex: the guard was released, waits in waitAsync(), or lost the mutex in a waitAsync() ' +
        'that failed. Release a guard once, after its last use; after a failed wait, only if guard.held is true.',
      'ERR_NOT_OWNER',
    );
  }

  tryRelease() {
    return this.held && releaseGuard(this);
  }
}

/**
 * Throws unless the guard owns its mutex.
 * @param {MutexGrant} grant
 */
function assertHeld(grant) {
  if (grant.isHeld) return;
  throw new SyncError(
    'This guard does not own the mutex: the guard was released, waits in another waitAsync(), or lost the mutex in a ' +
      'waitAsync() that failed. Call waitAsync() while guard.held is true, once at a time.',
    'ERR_NOT_OWNER',
  );
}

module.exports = {
  Guard,
  MutexGrant,
  MutexRecovery,
  assertHeld,
  grantOf: (/** @type {unknown} */ guard) => grantOf(guard),
  releaseGuard: (/** @type {Guard} */ guard) => releaseGuard(guard),
};
