// @ts-check
'use strict';

const { labelOf } = require('./describe.js');
const { SyncError } = require('./errors.js');
const { defineGuard, unwatchGuard, watchGuard } = require('./grant.js');

/** What a permit holds. It does not reference the permit, so that a lost permit can be collected and warned about. */
class Holding {
  isHeld = true;
  kind = 'Semaphore';

  /**
   * @param {import('./semaphore.js').Semaphore} semaphore
   * @param {Int32Array} cell
   * @param {string | undefined} name
   * @param {number} count
   */
  constructor(semaphore, cell, name, count) {
    this.semaphore = semaphore;
    this.cell = cell;
    this.name = name;
    this.count = count;
  }

  /** The label of the semaphore in messages. */
  get label() {
    return labelOf(this.kind, this.name, this.cell);
  }

  get loss() {
    const what = this.count === 1 ? 'its permit is' : `its ${this.count} permits are`;
    return (
      `A Permit of the ${this.label} was garbage-collected before it was released, so ${what} never free again. ` +
      'Release each Permit in a finally block, or use runAsync() or `using`.'
    );
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
 * Makes the permit for permits that are acquired, or about to be.
 *
 * @param {import('./semaphore.js').Semaphore} semaphore
 * @param {Int32Array} cell
 * @param {string | undefined} name
 * @param {number} count
 * @param {boolean} isWatched whether to warn if the permit is collected
 */
function permitOf(semaphore, cell, name, count, isWatched) {
  return new Permit(new Holding(semaphore, cell, name, count), isWatched);
}

module.exports = { permitOf };
