// @ts-check
'use strict';

const { defineInspect } = require('./describe.js');
const { defineDispose } = require('./dispose.js');
const { SyncError } = require('./errors.js');
const { endGrant, newGrant } = require('./grant.js');
const { defineProperty } = require('./intrinsics.js');

/** @typedef {import('./rwlock.js').RwLock} RwLock */
/** @typedef {import('./grant.js').Grant} Grant */
/** @typedef {Omit<Grant, 'number'>} NewGrant what a promise is about to be given */

/**
 * How a read or a write is ended that began in one way: by the thread itself, without a grant, or by a promise.
 *
 * @typedef {object} OwnerKind
 * @property {(lock: RwLock, grant: any) => boolean} isReading
 * @property {(lock: RwLock, grant: any) => boolean} isWriting
 * @property {(lock: RwLock, grant: any) => boolean} unlockRead false where the grant is gone
 * @property {(lock: RwLock, grant: any) => boolean} unlockWrite likewise
 * @property {(lock: RwLock, grant: any) => ReadGuard | undefined} downgrade undefined where the grant is gone
 * @property {(lock: RwLock) => string} label what messages call the lock
 */

function notHeld() {
  return new SyncError(
    'This guard does not hold the lock: it was released or downgraded before, or the cell of the lock was written over. ' +
      'Release a guard once, after its last use, and only while it is held.',
    'ERR_NOT_OWNER',
  );
}

/**
 * What both guards have.
 * @param {{ name: string, prototype: any }} Class
 * @param {(guard: any) => string | undefined} label
 */
function defineGuard(Class, label) {
  defineDispose(Class.prototype, function () {
    this.tryRelease();
  });
  defineInspect(Class, (guard) => {
    const of = label(guard);
    return of === undefined ? undefined : { state: `${of}, ${guard.held ? 'held' : 'not held'}` };
  });
  // A promise that is fulfilled with a guard looks for this, on Object.prototype too, where a getter may throw.
  defineProperty(Class.prototype, 'then', { value: undefined });
}

/** @type {(guard: ReadGuard | WriteGuard) => number} */
let numberOf;
/** @type {(guard: WriteGuard, recovered: boolean) => void} */
let setRecovered;

/** One read, to be ended once. */
class ReadGuard {
  #lock;
  #kind;
  #grant;
  #isOver = false;

  static {
    numberOf = (guard) => /** @type {Grant} */ (/** @type {ReadGuard} */ (guard).#grant).number;
    defineGuard(this, (guard) => (#lock in guard ? guard.#kind.label(guard.#lock) : undefined));
  }

  /**
   * @param {RwLock} lock
   * @param {OwnerKind} kind
   * @param {NewGrant} [grant]
   */
  constructor(lock, kind, grant) {
    this.#lock = lock;
    this.#kind = kind;
    this.#grant = grant === undefined ? undefined : newGrant(this, grant);
  }

  get held() {
    return !this.#isOver && this.#kind.isReading(this.#lock, this.#grant);
  }

  release() {
    if (this.#isOver) throw notHeld();
    this.#isOver = true;
    if (!this.#kind.unlockRead(this.#lock, this.#grant)) throw notHeld();
    if (this.#grant !== undefined) endGrant(this);
  }

  tryRelease() {
    const { held } = this;
    if (held) this.release();
    return held;
  }
}

/** One write, to be ended once, or to be turned into a read. */
class WriteGuard {
  #lock;
  #kind;
  #grant;
  #isOver = false;
  #recovered = false;

  static {
    const readNumberOf = numberOf;
    numberOf = (guard) =>
      #grant in guard
        ? /** @type {Grant} */ (guard.#grant).number
        : readNumberOf(/** @type {ReadGuard} */ (guard));
    setRecovered = (guard, recovered) => {
      guard.#recovered = recovered;
    };
    defineGuard(this, (guard) => (#lock in guard ? guard.#kind.label(guard.#lock) : undefined));
  }

  /**
   * @param {RwLock} lock
   * @param {OwnerKind} kind
   * @param {NewGrant} [grant]
   */
  constructor(lock, kind, grant) {
    this.#lock = lock;
    this.#kind = kind;
    this.#grant = grant === undefined ? undefined : newGrant(this, grant);
  }

  get held() {
    return !this.#isOver && this.#kind.isWriting(this.#lock, this.#grant);
  }

  get recovered() {
    return this.#recovered;
  }

  release() {
    this.#begin();
    if (!this.#kind.unlockWrite(this.#lock, this.#grant)) throw notHeld();
    this.#end();
  }

  tryRelease() {
    const { held } = this;
    if (held) this.release();
    return held;
  }

  downgrade() {
    this.#begin();
    const guard = this.#kind.downgrade(this.#lock, this.#grant);
    if (guard === undefined) throw notHeld();
    this.#end();
    return guard;
  }

  #begin() {
    if (this.#isOver) throw notHeld();
    this.#isOver = true;
  }

  #end() {
    if (this.#grant !== undefined) endGrant(this);
  }
}

module.exports = {
  ReadGuard,
  WriteGuard,
  numberOf: (/** @type {ReadGuard | WriteGuard} */ guard) => numberOf(guard),
  setRecovered: (/** @type {WriteGuard} */ guard, /** @type {boolean} */ recovered) =>
    setRecovered(guard, recovered),
};
