// @ts-check
'use strict';

// What a select waits for, once it has tried all its cases in vain. The protocol is in src/primitives/select.rs.

const { waitsForItself } = require('../channel/errors.js');
const { endIfTerminating } = require('../end-if-terminating.js');
const { native, realm } = require('../realm.js');
const { Wait } = require('../wait.js');

const { SELECT_TOLD, TIMED_OUT } = native;

/** @typedef {import('../../binding.js').Limit} Limit */
/** @typedef {import('../../binding.js').SelectCase} SelectCase */
/** @typedef {import('./cases.js').Case} Case */

/** What one native wait of a select is for. */
class Watch {
  /** What the native side needs of each case. @type {SelectCase[]} */
  entries = [];
  /** The cases of these entries. @type {Case[]} */
  #cases = [];
  /** The channels that wait for this thread itself. @type {string[]} */
  #own = [];
  /** The cells of the Cancels among the cases. @type {Int32Array[]} */
  cancels = [];

  /**
   * @param {Case[]} all all cases of the select, in the order in which the program lists them
   */
  constructor(all) {
    this.all = all;
  }

  /** The cell at which the wait is shown. */
  get cell() {
    return this.all[0].cell;
  }

  /** What inspect() and messages call the cases. */
  get name() {
    const labels = this.all.map(({ label }) => label);
    const last = labels.pop();
    return labels.length === 0 ? last : `${labels.join(', ')} or ${last}`;
  }

  /**
   * @param {Case} found
   * @param {SelectCase} entry
   */
  add(found, entry) {
    this.#cases.push(found);
    this.entries.push(entry);
  }

  /** @param {Case} cancel */
  addCancel(cancel) {
    this.cancels.push(cancel.cell);
  }

  /** The case that a status names: it told the wait. Undefined for another status. @param {number} status */
  told(status) {
    return status >= SELECT_TOLD ? this.#cases[status - SELECT_TOLD] : undefined;
  }

  /**
   * The thread itself fills or reads the first message of a channel in place.
   * @param {string} label of the channel
   */
  addOwn(label) {
    this.#own.push(label);
  }

  /** Throws if all cases wait for this thread itself. */
  assertNotForItself() {
    if (this.#own.length === this.all.length) throw waitsForItself(this.#own[0]);
  }

  /**
   * Blocks until there is reason to try the cases again. Returns the case that told it, if one did; null if the limit has
   * passed.
   * @param {Limit} limit
   */
  wait(limit) {
    const { cell, name, entries, cancels } = this;
    const count = typeof limit === 'number' ? 0 : limit.length - 2;
    const all = /** @type {Limit} */ (
      typeof limit === 'number' ? [limit, false, ...cancels] : [...limit, ...cancels]
    );
    const status = native.selectWait(realm.number, cell, name, entries, count, all);
    endIfTerminating(status);
    return status === TIMED_OUT ? null : this.told(status);
  }
}

/** A wait by promise until there is reason to try the cases again. */
class SelectWait extends Wait {
  /**
   * @param {Watch} watch
   * @param {number} cancels how many Cancels are not cases
   */
  constructor(watch, cancels) {
    super(watch.cell);
    // Keeps the memory of the cases.
    this.watch = watch;
    this.optional = cancels;
  }

  /**
   * @param {Limit} limit
   * @param {boolean} keepsAlive
   */
  begin(limit, keepsAlive) {
    const { watch, optional, number } = this;
    const { cell, name, entries } = watch;
    return native.selectWaitAsync(
      realm.number,
      cell,
      name,
      entries,
      optional,
      number,
      limit,
      keepsAlive,
    );
  }

  revoke() {
    this.watch.told(this.value)?.passOn();
  }
}

module.exports = { SelectWait, Watch };
