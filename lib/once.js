// @ts-check
'use strict';

const { assertFunction, assertSynchronous, cellOf, nameOf } = require('./arguments.js');
const { defineInspect } = require('./describe.js');
const { endIfTerminating } = require('./end-if-terminating.js');
const { compareExchange, load } = require('./intrinsics.js');
const { limitOf, limitWithin } = require('./limits.js');
const { waitForPromise, waitOptions } = require('./promises.js');
const { native, realm, THREAD } = require('./realm.js');
const { markAsUncloneable } = require('./uncloneable.js');
const { Wait } = require('./wait.js');

const { ACQUIRED, TIMED_OUT } = native;
/** The word before the first run. */
const FRESH = native.ONCE_FRESH;
/** The word after the run, as a signed number. */
const DONE = native.ONCE_DONE | 0;

/** A wait by promise until the function has run. */
class OnceWait extends Wait {
  /**
   * @param {Int32Array} cell
   * @param {string | undefined} name
   */
  constructor(cell, name) {
    super(cell);
    this.name = name;
  }

  /**
   * @param {import('../binding.js').Limit} limit
   * @param {boolean} keepsAlive
   */
  begin(limit, keepsAlive) {
    const { cell, name, number } = this;
    return native.onceWaitAsync(realm.number, cell, name, number, limit, keepsAlive);
  }
}

/** A wait by promise to run the function, or to find that it has run. */
class OnceRun extends OnceWait {
  /**
   * @param {import('../binding.js').Limit} limit
   * @param {boolean} keepsAlive
   */
  begin(limit, keepsAlive) {
    const { cell, name, number } = this;
    return native.onceBeginAsync(realm.number, cell, name, number, limit, keepsAlive);
  }

  revoke() {
    if (this.value === ACQUIRED) this.passOn();
  }

  /** Ends the run: the function has run. */
  finish() {
    native.onceFinish(realm.number, this.cell, this.name, true);
  }

  /** Ends the run, which failed: the next that asks runs its function. */
  passOn() {
    native.onceFail(realm.number, this.cell, this.name, true);
  }
}

/** A function that one thread runs. The protocol is in src/primitives/once.rs. */
class Once {
  /** @type {Int32Array} */
  #cell;
  /** @type {string | undefined} */
  #name;

  static {
    defineInspect(this, (once) =>
      #cell in once ? { name: once.#name, state: native.onceDescribe(once.#cell) } : undefined,
    );
  }

  /**
   * @param {Int32Array | SharedArrayBuffer} view
   * @param {number} [index]
   * @param {import('../index.js').PrimitiveOptions} [options]
   */
  constructor(view, index = 0, options) {
    this.#cell = cellOf(view, index);
    this.#name = nameOf(options);
    markAsUncloneable(this);
  }

  /**
   * @param {() => unknown} fn
   * @param {import('../index.js').LimitOptions} [options]
   */
  run(fn, options) {
    assertFunction(fn, 'fn');
    if (!this.#begin(options)) return false;
    try {
      assertSynchronous(
        fn(),
        'fn returned a promise, but run() ends the run as soon as fn returns, before the rest of fn. Prepare everything in ' +
          'fn, or use runAsync() for a function that awaits.',
      );
    } catch (error) {
      native.onceFail(realm.number, this.#cell, this.#name, false);
      throw error;
    }
    if (compareExchange(this.#cell, 0, THREAD, DONE) !== THREAD)
      native.onceFinish(realm.number, this.#cell, this.#name, false);
    return true;
  }

  /**
   * @param {() => unknown} fn
   * @param {import('../index.js').WaitOptions} [options]
   */
  async runAsync(fn, options) {
    assertFunction(fn, 'fn');
    const checked = waitOptions(options);
    if (load(this.#cell, 0) === DONE) return false;
    const run = new OnceRun(this.#cell, this.#name);
    /** @type {number} */
    let status = native.onceTryBeginGuard(realm.number, this.#cell, this.#name);
    if (status !== ACQUIRED) endIfTerminating(status);
    if (status === TIMED_OUT) status = await waitForPromise(run, checked);
    if (status !== ACQUIRED) return false;
    try {
      await fn();
    } catch (error) {
      run.passOn();
      throw error;
    }
    run.finish();
    return true;
  }

  /** @param {import('../index.js').LimitOptions} [options] */
  wait(options) {
    if (options !== undefined) this.#wait(limitOf(options));
    else if (load(this.#cell, 0) !== DONE) this.#wait(Infinity);
  }

  /**
   * @param {number} [ms]
   * @param {import('../index.js').CancelOptions} [options]
   */
  tryWait(ms = 0, options) {
    const limit = limitWithin(ms, options);
    return (options === undefined && load(this.#cell, 0) === DONE) || this.#wait(limit);
  }

  /** @param {import('../index.js').WaitOptions} [options] */
  async waitAsync(options) {
    const checked = waitOptions(options);
    if (load(this.#cell, 0) === DONE) return;
    await waitForPromise(new OnceWait(this.#cell, this.#name), checked);
  }

  get done() {
    // A word that is neither fresh nor done names a runner, or is corrupt: then this throws.
    const word = load(this.#cell, 0);
    if (word !== DONE && word !== FRESH) void this.#runner;
    return word === DONE;
  }

  get runnerThreadId() {
    const runner = this.#runner;
    return runner === 0 ? null : runner - 1;
  }

  get #runner() {
    return native.onceRunner(realm.number, this.#cell, this.#name);
  }

  /**
   * Becomes the runner and returns true, or returns false if the function has run.
   * @param {import('../index.js').LimitOptions} [options]
   */
  #begin(options) {
    let limit;
    if (options === undefined) {
      if (load(this.#cell, 0) === DONE) return false;
      if (compareExchange(this.#cell, 0, FRESH, THREAD) === FRESH) return true;
      limit = Infinity;
    } else limit = limitOf(options);
    const { number } = realm;
    const status = native.onceBegin(number, this.#cell, this.#name, limit);
    if (status !== ACQUIRED) endIfTerminating(status);
    return status === ACQUIRED;
  }

  /** @param {import('../binding.js').Limit} limit */
  #wait(limit) {
    const status = native.onceWait(realm.number, this.#cell, this.#name, limit);
    return endIfTerminating(status) !== TIMED_OUT;
  }
}

module.exports = { Once };
