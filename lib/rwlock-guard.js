// @ts-check
'use strict';

const { SyncError } = require('./errors.js');
const { Grant, defineGuard, unwatchGuard, watchGuard } = require('./grant.js');
const { native, realm } = require('./realm.js');

const READ = native.RWLOCK_READ;
const WRITE = native.RWLOCK_WRITE;
const RECOVER = native.RWLOCK_RECOVER;

/** A guard's wait for a read or a write. */
class RwLockGrant extends Grant {
  /** @returns {import('../binding.js').Request} */
  get request() {
    return READ;
  }

  tryAtOnce() {
    const { cell, name, request, number } = this;
    return native.rwlockTryEnterGuard(realm.number, cell, name, request, number);
  }

  /**
   * @param {import('../binding.js').Limit} limit
   * @param {boolean} keepsAlive
   */
  begin(limit, keepsAlive) {
    const { cell, name, request, number } = this;
    return native.rwlockEnterAsync(realm.number, cell, name, request, number, limit, keepsAlive);
  }

  get isHeld() {
    return native.rwlockIsGuarded(realm.number, this.cell, this.request, this.number);
  }

  release() {
    const { cell, name, request, number } = this;
    return native.rwlockReleaseGuard(realm.number, cell, name, request, number);
  }

  get kind() {
    return 'RwLock';
  }

  get scoped() {
    return 'runReadingAsync(), runWritingAsync()';
  }
}

/** A guard's wait for a read. */
class ReadGrant extends RwLockGrant {}

/** A guard's wait for a write. */
class WriteGrant extends RwLockGrant {
  get request() {
    return WRITE;
  }
}

/** A guard's wait for a write, even if the lock is abandoned. */
class WriteRecovery extends RwLockGrant {
  get request() {
    return RECOVER;
  }

  tryAtOnce() {
    return false;
  }
}

/**
 * How a guard releases. If the thread owns the read or write, `subject` is the lock; if a promise acquired it, its grant.
 *
 * @typedef {object} OwnerKind
 * @property {(subject: any) => boolean} isReading
 * @property {(subject: any) => boolean} isWriting
 * @property {(subject: any) => boolean} unlockRead returns false if the guard does not hold it
 * @property {(subject: any) => boolean} unlockWrite returns false if the guard does not hold it
 * @property {(subject: any) => ReadGuard | undefined} downgrade returns undefined if the guard does not
 *   hold it
 * @property {(subject: any) => boolean} isRecovered whether the lock was abandoned and recovered
 * @property {(subject: any) => string} label returns the label of the lock in messages
 */

/** @type {OwnerKind} */
const guardOwned = {
  isReading: (grant) => grant.isHeld,
  isWriting: (grant) => grant.isHeld,
  unlockRead: (grant) => grant.release(),
  unlockWrite: (grant) => grant.release(),
  downgrade({ cell, name, number }) {
    // Make the guard before its read: a call that failed in between would lose the read.
    const grant = new ReadGrant(cell, name);
    const guard = new ReadGuard(grant);
    watchGuard(guard, grant);
    return native.rwlockDowngradeGuard(realm.number, cell, name, number, grant.number)
      ? guard
      : undefined;
  },
  isRecovered: (grant) => grant.value === native.RECOVERED,
  label: (grant) => grant.label,
};

function notHeld() {
  return new SyncError(
    'This guard does not hold the lock: it was released or downgraded before, or other code wrote to the cell of the ' +
      'lock. Release a guard once, after its last use.',
    'ERR_NOT_OWNER',
  );
}

/** Holds one read until it is released. */
class ReadGuard {
  #subject;
  #kind;
  #isOver = false;

  static {
    defineGuard(this, (guard) =>
      #subject in guard ? guard.#kind.label(guard.#subject) : undefined,
    );
  }

  /**
   * @param {import('./rwlock.js').RwLock | RwLockGrant} subject
   * @param {OwnerKind} [kind]
   */
  constructor(subject, kind = guardOwned) {
    this.#subject = subject;
    this.#kind = kind;
  }

  get held() {
    return !this.#isOver && this.#kind.isReading(this.#subject);
  }

  release() {
    if (this.#isOver || !this.#kind.unlockRead(this.#subject)) throw notHeld();
    // Not before: a call that failed can be repeated.
    this.#isOver = true;
    if (this.#kind === guardOwned) unwatchGuard(this);
  }

  tryRelease() {
    const { held } = this;
    if (held) this.release();
    return held;
  }
}

/** Holds one write until it is released or downgraded. */
class WriteGuard {
  #subject;
  #kind;
  #isOver = false;

  static {
    defineGuard(this, (guard) =>
      #subject in guard ? guard.#kind.label(guard.#subject) : undefined,
    );
  }

  /**
   * @param {import('./rwlock.js').RwLock | RwLockGrant} subject
   * @param {OwnerKind} [kind]
   */
  constructor(subject, kind = guardOwned) {
    this.#subject = subject;
    this.#kind = kind;
  }

  get held() {
    return !this.#isOver && this.#kind.isWriting(this.#subject);
  }

  get recovered() {
    return this.#kind.isRecovered(this.#subject);
  }

  release() {
    if (this.#isOver || !this.#kind.unlockWrite(this.#subject)) throw notHeld();
    this.#end();
  }

  tryRelease() {
    const { held } = this;
    if (held) this.release();
    return held;
  }

  downgrade() {
    const guard = this.#isOver ? undefined : this.#kind.downgrade(this.#subject);
    if (guard === undefined) throw notHeld();
    this.#end();
    return guard;
  }

  #end() {
    // Not before: a call that failed can be repeated.
    this.#isOver = true;
    if (this.#kind === guardOwned) unwatchGuard(this);
  }
}

module.exports = {
  READ,
  RECOVER,
  ReadGrant,
  ReadGuard,
  WRITE,
  WriteGrant,
  WriteGuard,
  WriteRecovery,
};
