// @ts-check
'use strict';

const { cellOf, formatValue, nameOf } = require('./arguments.js');
const { defineInspect } = require('./describe.js');
const { endIfTerminating } = require('./end-if-terminating.js');
const { invalidArgType } = require('./errors.js');
const { compareExchange, load } = require('./intrinsics.js');
const { limitOf, limitWithin } = require('./limits.js');
const { waitForPromise, waitOptions } = require('./promises.js');
const { native, realm } = require('./realm.js');
const { markAsUncloneable } = require('./uncloneable.js');
const { Wait } = require('./wait.js');

const { ACQUIRED } = native;
/** The word of an event that is not set and has no waiters. */
const FREE = 0;
const OPTIONS = ['name', 'autoReset'];

/**
 * What a select needs of an event.
 * @typedef {{ cell: Int32Array, name: string | undefined, autoReset: boolean }} Internals
 */

/** @type {(event: object) => Internals | undefined} */
let eventInternals;

/** A wait by promise for an event. */
class EventWait extends Wait {
  /**
   * @param {Int32Array} cell
   * @param {string | undefined} name
   * @param {boolean} autoReset
   */
  constructor(cell, name, autoReset) {
    super(cell);
    this.name = name;
    this.autoReset = autoReset;
  }

  /**
   * @param {import('../binding.js').Limit} limit
   * @param {boolean} keepsAlive
   */
  begin(limit, keepsAlive) {
    const { cell, name, autoReset, number } = this;
    return native.eventWaitAsync(realm.number, cell, name, autoReset, number, limit, keepsAlive);
  }

  revoke() {
    if (this.autoReset) native.eventSet(realm.number, this.cell, this.name, true);
  }
}

/** A flag that threads wait for. The protocol is in src/primitives/event.rs. */
class Event {
  /** @type {Int32Array} */
  #cell;
  /** @type {string | undefined} */
  #name;
  #autoReset;
  /** The word while the event is set. */
  #set;

  static {
    eventInternals = (event) =>
      #cell in event
        ? { cell: event.#cell, name: event.#name, autoReset: event.#autoReset }
        : undefined;
    defineInspect(this, (event) =>
      #cell in event
        ? { name: event.#name, state: native.eventDescribe(event.#cell, event.#autoReset) }
        : undefined,
    );
  }

  /**
   * @param {Int32Array | SharedArrayBuffer} view
   * @param {number} [index]
   * @param {import('../index.js').EventOptions} [options]
   */
  constructor(view, index = 0, options) {
    this.#cell = cellOf(view, index);
    this.#name = nameOf(options, OPTIONS);
    const { autoReset = false } = options ?? {};
    if (typeof autoReset !== 'boolean') {
      throw invalidArgType(
        `options.autoReset must be a boolean, but is ${formatValue(autoReset)}.`,
      );
    }
    this.#autoReset = autoReset;
    this.#set = autoReset ? native.EVENT_SET | native.EVENT_AUTOMATIC : native.EVENT_SET;
    markAsUncloneable(this);
  }

  /** @param {import('../index.js').LimitOptions} [options] */
  wait(options) {
    if (options !== undefined) this.#wait(limitOf(options));
    else if (!this.#tryWaitFast()) this.#wait(Infinity);
  }

  /**
   * @param {number} [ms]
   * @param {import('../index.js').CancelOptions} [options]
   */
  tryWait(ms = 0, options) {
    if (options !== undefined) return this.#wait(limitWithin(ms, options));
    if (ms !== 0) limitWithin(ms);
    return this.#tryWaitFast() || (load(this.#cell, 0) !== FREE || ms > 0 ? this.#wait(ms) : false);
  }

  /** @param {import('../index.js').WaitOptions} [options] */
  async waitAsync(options) {
    const checked = waitOptions(options);
    if (this.#tryWaitFast()) return;
    await waitForPromise(new EventWait(this.#cell, this.#name, this.#autoReset), checked);
  }

  set() {
    const word = load(this.#cell, 0);
    // An event that is set is set again, so that its waiters see what this thread wrote before.
    if (
      (word !== FREE && word !== this.#set) ||
      compareExchange(this.#cell, 0, word, this.#set) !== word
    )
      native.eventSet(realm.number, this.#cell, this.#name, this.#autoReset);
  }

  reset() {
    if (
      load(this.#cell, 0) !== FREE &&
      compareExchange(this.#cell, 0, this.#set, FREE) !== this.#set
    )
      native.eventReset(realm.number, this.#cell, this.#name, this.#autoReset);
  }

  get isSet() {
    const word = load(this.#cell, 0);
    if (word === FREE) return false;
    return (
      word === this.#set || native.eventIsSet(realm.number, this.#cell, this.#name, this.#autoReset)
    );
  }

  get autoReset() {
    return this.#autoReset;
  }

  #tryWaitFast() {
    return this.#autoReset
      ? compareExchange(this.#cell, 0, this.#set, FREE) === this.#set
      : load(this.#cell, 0) === this.#set;
  }

  /** @param {import('../binding.js').Limit} limit */
  #wait(limit) {
    const { number } = realm;
    const status = native.eventWait(number, this.#cell, this.#name, this.#autoReset, limit);
    if (status !== ACQUIRED) endIfTerminating(status);
    return status === ACQUIRED;
  }
}

module.exports = {
  Event,
  /**
   * Returns the internals of an Event, or undefined for any other object.
   * @param {object} event
   */
  eventInternals: (event) => eventInternals(event),
};
