// @ts-check
'use strict';

const { defineDispose } = require('./dispose.js');
const { SyncError } = require('./errors.js');
const { native } = require('./realm.js');

/**
 * The guard that owns a mutex now, by the address of its cell: one that released is not to release another's.
 * @type {Map<number, Guard>}
 */
const owners = new Map();

/** What a promise to lock is fulfilled with: only this unlocks the mutex, however many tasks run in the thread. */
class Guard {
  #parts;
  #address;
  /** @type {boolean | undefined} */
  #recovered;

  static {
    defineDispose(this.prototype, function () {
      if (this.held) this.release();
    });
  }

  /**
   * @param {import('./mutex.js').Parts} parts of the mutex whose lock was promised and given
   * @param {boolean} [recovered]
   */
  constructor(parts, recovered) {
    this.#parts = parts;
    this.#address = native.mutexAddress(parts.handle);
    this.#recovered = recovered;
    owners.set(this.#address, this);
  }

  get held() {
    return owners.get(this.#address) === this;
  }

  get recovered() {
    return this.#recovered === true;
  }

  release() {
    if (!this.held) {
      throw new SyncError(
        'This guard does not own the mutex: it has released it, waits with it, or lost it in a wait that failed. Release ' +
          'a guard once, after its last use, and only while it is held.',
        'ERR_NOT_OWNER',
      );
    }
    owners.delete(this.#address);
    native.mutexUnlockGuard(this.#parts.handle);
  }
}

/**
 * Throws unless a guard of this thread owns the mutex.
 * @param {number} handle
 */
function assertGuarded(handle) {
  if (owners.has(native.mutexAddress(handle))) return;
  throw new SyncError(
    'No guard of this thread owns the mutex. Await lockAsync() first, and release its guard after the wait.',
    'ERR_NOT_OWNER',
  );
}

/**
 * Lends the mutex, which a guard owns, to a wait, which unlocks it and locks it again.
 *
 * @template T
 * @param {number} handle
 * @param {() => Promise<T>} wait
 * @param {(error: any) => boolean} isOwnedAfter whether the wait that failed so left the mutex owned
 * @returns {Promise<T>}
 */
async function lend(handle, wait, isOwnedAfter) {
  const address = native.mutexAddress(handle);
  const guard = /** @type {Guard} */ (owners.get(address));
  owners.delete(address);
  try {
    const value = await wait();
    owners.set(address, guard);
    return value;
  } catch (error) {
    if (isOwnedAfter(error)) owners.set(address, guard);
    throw error;
  }
}

module.exports = { Guard, assertGuarded, lend };
