// @ts-check
'use strict';

// Waits for several primitives, and takes from one. A select is never granted anything: it is told to look, tries its
// cases, and waits again if none is ready. If it was told by one case and takes from another, it passes the word on.

const { formatValue, milliseconds } = require('../arguments.js');
const { BY_PROMISE, RECEIVING, TRYING, ownOf } = require('../channel/options.js');
const { Patience } = require('../channel/side.js');
const { invalidArgType, invalidArgValue } = require('../errors.js');
const { load } = require('../intrinsics.js');
const { isTry, limitUnlessAborted, limitWithinUnlessAborted } = require('../limits.js');
const { waitOptions } = require('../promises.js');
const { CLOSED, CancelCase, caseOf } = require('./cases.js');
const { arrange } = require('./order.js');
const { SelectWait, Watch } = require('./watch.js');

/** @typedef {import('../../binding.js').Limit} Limit */
/** @typedef {import('./cases.js').Case} Case */
/** @typedef {import('./cases.js').Taken} Taken */
/** @typedef {{ index: number, from: Case, taken: Taken }} Found */

/** One call of select. */
class Selection {
  /** The cases that may be ready, by the indices of the program. @type {Case[]} */
  #cases = [];
  /** The indices of those cases. @type {number[]} */
  #indices = [];
  /** Positions in both lists, in the order in which they are tried. @type {number[]} */
  #order = [];
  #own;

  /**
   * @param {unknown} cases
   * @param {boolean} own
   */
  constructor(cases, own) {
    if (!Array.isArray(cases)) {
      throw invalidArgType(
        `cases must be an array such as [jobs, stop], but is ${formatValue(cases)}.`,
      );
    }
    this.#own = own;
    for (let index = 0; index < cases.length; index++) {
      const primitive = cases[index];
      if (primitive === undefined) continue;
      this.#order.push(this.#cases.length);
      this.#cases.push(caseOf(primitive, index));
      this.#indices.push(index);
    }
    if (this.#cases.length === 0) {
      throw invalidArgValue(
        'cases has no case that can become ready. Pass at least one Channel, Event, Latch or Cancel, or leave the loop when ' +
          'all are done.',
      );
    }
  }

  /** What the thread waits for if it tries all cases in vain. */
  watch() {
    return new Watch(this.#cases);
  }

  /**
   * Takes from one of the cases that are ready. Returns undefined if there is none.
   *
   * @param {Watch} [watch] for a thread that is about to wait
   * @returns {Found | undefined}
   */
  take(watch) {
    arrange(this.#order);
    for (const position of this.#order) {
      const from = this.#cases[position];
      const taken =
        watch === undefined ? from.tryTake(this.#own) : from.takeOrWatch(this.#own, watch);
      if (taken !== undefined) return { index: this.#indices[position], from, taken };
    }
    return undefined;
  }

  /**
   * Blocks until it has taken from a case. Returns undefined if the limit has passed.
   * @param {Limit} limit
   */
  block(limit) {
    let found = this.take();
    if (found === undefined && !isTry(limit)) found = this.#wait(limit);
    return found === undefined ? undefined : resultOf(found);
  }

  /** @param {Limit} limit */
  #wait(limit) {
    const patience = new Patience(limit);
    /** The case that told the thread to look, until it has looked. @type {Case | undefined} */
    let told;
    /** @type {Found | undefined} */
    let found;
    try {
      for (;;) {
        const watch = this.watch();
        found = this.take(watch);
        if (found !== undefined) return found;
        told = undefined;
        watch.assertNotForItself();
        const by = watch.wait(patience.limit());
        if (by === null) return undefined;
        told = by;
      }
    } finally {
      if (told !== found?.from) told?.passOn();
    }
  }

  /**
   * As `block`, by promise.
   * @param {import('../promises.js').CheckedOptions} options
   */
  async await(options) {
    const found = this.take() ?? (await this.#waitForPromise(options));
    return resultOf(found);
  }

  /**
   * @param {import('../promises.js').CheckedOptions} options
   * @returns {Promise<Found>}
   */
  async #waitForPromise(options) {
    const patience = new Patience(options.timeout);
    const { cancels = [] } = options;
    /** @type {Case | undefined} */
    let told;
    /** @type {Found | undefined} */
    let found;
    try {
      for (;;) {
        const watch = this.watch();
        found = this.take(watch);
        if (found !== undefined) return found;
        told = undefined;
        const all = [...cancels, ...watch.cancels];
        const value = await patience.waitForPromise(new SelectWait(watch, cancels.length), {
          ...options,
          cancels: all.length > 0 ? all : undefined,
        });
        told = watch.told(value);
      }
    } finally {
      if (told !== found?.from) told?.passOn();
    }
  }

  /** Whether one of the cases is a Cancel that aborts by itself. */
  get hasDeadline() {
    return this.#cases.some((one) => one instanceof CancelCase && load(one.cell, 0) !== 0);
  }
}

/**
 * What a select returns.
 * @param {Found} found
 */
function resultOf({ index, from, taken }) {
  return { index, value: from.decode(taken), done: taken === CLOSED };
}

/**
 * @param {unknown} cases
 * @param {import('../../index.js').SelectOptions} [options]
 */
function select(cases, options) {
  const { own, rest } = ownOf(options, RECEIVING);
  const selection = new Selection(cases, own);
  return selection.block(rest === undefined ? Infinity : limitUnlessAborted(rest));
}

/**
 * @param {unknown} cases
 * @param {number} [ms]
 * @param {import('../../index.js').TrySelectOptions} [options]
 */
function trySelect(cases, ms = 0, options) {
  const { own, rest } = ownOf(options, TRYING);
  const selection = new Selection(cases, own);
  milliseconds(ms);
  return selection.block(rest === undefined ? ms : limitWithinUnlessAborted(ms, rest));
}

/**
 * @param {unknown} cases
 * @param {import('../../index.js').SelectAsyncOptions} [options]
 */
async function selectAsync(cases, options) {
  const { own, rest } = ownOf(options, BY_PROMISE);
  const selection = new Selection(cases, own);
  const checked = waitOptions(rest);
  // A Cancel with a deadline counts as a time limit.
  const ref = rest?.ref === undefined ? checked.ref || selection.hasDeadline : checked.ref;
  return selection.await({ ...checked, ref });
}

module.exports = { select, selectAsync, trySelect };
