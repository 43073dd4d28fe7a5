// @ts-check
'use strict';

const { cellOf, integer, milliseconds, nameOf } = require('./arguments.js');
const { outOfRange } = require('./errors.js');
const { settled, waitOptions } = require('./promises.js');
const { native, realm } = require('./realm.js');
const { waited } = require('./waited.js');
const { defineWords } = require('./words.js');

/** The bit of the word that says that somebody is queued. */
const WAITERS = native.SEMAPHORE_WAITERS;
/** What each permit that is taken adds to the word. */
const PERMIT = native.SEMAPHORE_PERMIT;
/** As many as a cell can count. */
const MOST = native.SEMAPHORE_MAX_PERMITS;

/** A number of permits. The protocol is in src/primitives/semaphore.rs. */
class Semaphore {
  /** @type {Int32Array} */
  #cell;
  /** Keeps the number good. @type {InstanceType<typeof native.Semaphore>} */
  #native;
  /** What the native functions know it by. @type {number} */
  #handle;
  #max;
  /** The word when no permit is free, and when as many are as ever can be. */
  #empty;
  #full;

  static {
    defineWords(this, (value) =>
      #handle in value ? native.semaphoreInWords(value.#handle) : undefined,
    );
  }

  /**
   * @param {Int32Array | SharedArrayBuffer} view
   * @param {number} index
   * @param {number} permits
   * @param {import('../index.js').SemaphoreOptions} [options]
   */
  constructor(view, index, permits, options) {
    this.#cell = cellOf(view, index);
    integer(permits, 'permits', 0, MOST);
    const name = nameOf(options);
    const { max = Math.max(permits, 1) } = options ?? {};
    this.#max = max === Infinity ? MOST : integer(max, 'options.max', Math.max(permits, 1), MOST);
    this.#empty = PERMIT * permits;
    this.#full = PERMIT * (permits - this.#max);
    this.#native = new native.Semaphore(realm, this.#cell, permits, this.#max, name);
    this.#handle = this.#native.handle;
  }

  acquire(n = 1) {
    if (n !== 1) this.#count(n);
    if (!this.#take(n)) waited(native.semaphoreAcquire(this.#handle, n, Infinity));
  }

  tryAcquire(n = 1, ms = 0) {
    if (n !== 1) this.#count(n);
    if (ms !== 0) milliseconds(ms);
    return this.#take(n) || waited(native.semaphoreAcquire(this.#handle, n, ms));
  }

  /**
   * @param {number} [n]
   * @param {import('../index.js').WaitOptions} [options]
   */
  async acquireAsync(n = 1, options) {
    this.#count(n);
    const checked = waitOptions(options);
    await settled(native.semaphoreAcquireAsync(this.#handle, n), checked);
  }

  release(n = 1) {
    if (n !== 1) this.#count(n);
    const word = Atomics.load(this.#cell, 0);
    const after = word - PERMIT * n;
    if (
      (word & WAITERS) === 0 &&
      word <= this.#empty &&
      after >= this.#full &&
      Atomics.compareExchange(this.#cell, 0, word, after) === word
    ) {
      return;
    }
    if (!native.semaphoreRelease(this.#handle, n)) {
      throw outOfRange(
        `n must be so small that at most ${this.#max} permits are free afterwards, and is ${n}. Release as many as were ` +
          'acquired, once, or construct every Semaphore on the cell with a larger options.max.',
      );
    }
  }

  get available() {
    return native.semaphoreAvailable(this.#handle);
  }

  /**
   * Takes permits that are free while nobody is queued.
   * @param {number} n
   */
  #take(n) {
    const word = Atomics.load(this.#cell, 0);
    const after = word + PERMIT * n;
    return (
      (word & WAITERS) === 0 &&
      word >= this.#full &&
      after <= this.#empty &&
      Atomics.compareExchange(this.#cell, 0, word, after) === word
    );
  }

  /**
   * @param {unknown} n
   */
  #count(n) {
    integer(n, 'n', 1, this.#max, ', as many permits as can ever be free');
  }
}

module.exports = { Semaphore };
