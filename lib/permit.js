// @ts-check
'use strict';

const { SyncError } = require('./errors.js');
const { defineGuard, unwatchGuard, watchGuard } = require('./grant.js');

/** What a permit holds. It does not reference the permit, so that a lost permit can be collected and warned about. */
class Holding {
  isHeld = true;

  /**
   * @param {import('./semaphore.js').Semaphore} semaphore
   * @param {number} count
   * @param {string} label the label of the semaphore in messages
   */
  constructor(semaphore, count, label) {
    this.semaphore = semaphore;
    this.count = count;
    this.label = label;
  }
}

/** Some permits of a Semaphore, until they are released. */
class Permit {
  #holding;
  #isWatched;

  static {
    defineGuard(this, (permit) => (#holding in permit ? permit.#holding.label : undefined));
  }

  /**
   * @param {Holding} holding permits that are acquired
   * @param {boolean} isWatched whether to warn if the permit is collected
   */
  constructor(holding, isWatched) {
    this.#holding = holding;
    this.#isWatched = isWatched;
    if (isWatched) watchGuard(this, holding);
  }

  get count() {
    return this.#holding.count;
  }

  get held() {
    return this.#holding.isHeld;
  }

  release() {
    if (!this.#holding.isHeld) {
      throw new SyncError(
        'This permit was released before. Release a permit once, after its last use.',
        'ERR_NOT_OWNER',
      );
    }
    this.#holding.semaphore.release(this.#holding.count);
    this.#end();
  }

  tryRelease() {
    if (!this.#holding.isHeld) return false;
    const released = this.#holding.semaphore.tryRelease(this.#holding.count);
    if (released) this.#end();
    return released;
  }

  #end() {
    this.#holding.isHeld = false;
    if (this.#isWatched) unwatchGuard(this);
  }
}

/**
 * Makes the permit for permits that are acquired.
 *
 * @param {import('./semaphore.js').Semaphore} semaphore
 * @param {number} count
 * @param {string} label the label of the semaphore in messages
 * @param {boolean} isWatched whether to warn if the permit is collected
 */
function permitOf(semaphore, count, label, isWatched) {
  return new Permit(new Holding(semaphore, count, label), isWatched);
}

module.exports = { permitOf };
