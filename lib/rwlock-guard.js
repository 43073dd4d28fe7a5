// @ts-check
'use strict';

const { SyncError } = require('./errors.js');
const { CLEARED, Grant, defineGuard, unwatchGuard, watchGuard } = require('./grant.js');
const { native, realm } = require('./realm.js');

const READ = native.RWLOCK_READ;
const WRITE = native.RWLOCK_WRITE;
const RECOVER = native.RWLOCK_RECOVER;

/** A read or a write, for a guard. */
class RwLockGrant extends Grant {
  /** What it asks for. */
  get request() {
    return READ;
  }

  tryAtOnce() {
    const { cell, name, request, number } = this;
    return native.rwlockTryEnterGuard(realm.number, cell, name, request, number);
  }

  /**
   * @param {number} timeout
   * @param {boolean} keepsAlive
   */
  begin(timeout, keepsAlive) {
    const { cell, name, request, number } = this;
    return native.rwlockEnterAsync(realm.number, cell, name, request, number, timeout, keepsAlive);
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
}

/** A read, for a guard. */
class ReadGrant extends RwLockGrant {}

/** A write, for a guard. */
class WriteGrant extends RwLockGrant {
  get request() {
    return WRITE;
  }
}

/** A write, for a guard, also after a thread has died inside. */
class WriteRecovery extends RwLockGrant {
  get request() {
    return RECOVER;
  }

  tryAtOnce() {
    return false;
  }
}

/**
 * How what a guard has is ended, be it the thread's own (then `subject` is the lock) or a promise's (its grant).
 *
 * @typedef {object} OwnerKind
 * @property {(subject: any) => boolean} isReading
 * @property {(subject: any) => boolean} isWriting
 * @property {(subject: any) => boolean} unlockRead false where the guard has it no longer
 * @property {(subject: any) => boolean} unlockWrite likewise
 * @property {(subject: any) => ReadGuard | undefined} downgrade undefined likewise
 * @property {(subject: any) => boolean} isRecovered whether it was taken over from a thread that died
 * @property {(subject: any) => string} label what messages call the lock
 */

/** @type {OwnerKind} */
const guardOwned = {
  isReading: (grant) => grant.isHeld,
  isWriting: (grant) => grant.isHeld,
  unlockRead: (grant) => grant.release(),
  unlockWrite: (grant) => grant.release(),
  downgrade({ cell, name, number }) {
    // The guard is there before its read is: no call stands between the two that could fail.
    const grant = new ReadGrant(cell, name);
    const guard = new ReadGuard(grant);
    watchGuard(guard, grant);
    return native.rwlockDowngradeGuard(realm.number, cell, name, number, grant.number)
      ? guard
      : undefined;
  },
  isRecovered: (grant) => grant.value === CLEARED,
  label: (grant) => grant.label,
};

function notHeld() {
  return new SyncError(
    'This guard does not hold the lock: it was released or downgraded before, or the cell of the lock was written over. ' +
      'Release a guard once, after its last use, and only while it is held.',
    'ERR_NOT_OWNER',
  );
}

/** One read, to be ended once. */
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
    if (this.#isOver) throw notHeld();
    this.#isOver = true;
    if (!this.#kind.unlockRead(this.#subject)) throw notHeld();
    if (this.#kind === guardOwned) unwatchGuard(this);
  }

  tryRelease() {
    const { held } = this;
    if (held) this.release();
    return held;
  }
}

/** One write, to be ended once, or to be turned into a read. */
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
    this.#begin();
    if (!this.#kind.unlockWrite(this.#subject)) throw notHeld();
    this.#end();
  }

  tryRelease() {
    const { held } = this;
    if (held) this.release();
    return held;
  }

  downgrade() {
    this.#begin();
    const guard = this.#kind.downgrade(this.#subject);
    if (guard === undefined) throw notHeld();
    this.#end();
    return guard;
  }

  #begin() {
    if (this.#isOver) throw notHeld();
    this.#isOver = true;
  }

  #end() {
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
