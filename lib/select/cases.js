// @ts-check
'use strict';

// The cases of a select: what each kind of primitive does when it is tried, and what the native side has to know to wait
// for it.

const { formatValue } = require('../arguments.js');
const { cancelInternals } = require('../cancel.js');
const { channelInternals } = require('../channel/channel.js');
const { NONE } = require('../channel/ring.js');
const { labelOf } = require('../describe.js');
const { invalidArgType } = require('../errors.js');
const { eventInternals } = require('../event.js');
const { WeakMap } = require('../intrinsics.js');
const { latchInternals } = require('../latch.js');
const { native, realm } = require('../realm.js');

const { SELECT_CHANNEL, SELECT_EVENT, SELECT_LATCH } = native;

/** What a case was tried for: a message of a Channel, or one of the two below. @typedef {any} Taken */
/** An event was taken, or a latch or a cancel has happened. */
const HAPPENED = 'happened';
/** The channel is closed and drained. */
const CLOSED = 'closed';

/** One primitive as the case of a select. The same object serves all selects of the thread. */
class Case {
  /**
   * @param {Int32Array} cell
   * @param {string} label
   */
  constructor(cell, label) {
    this.cell = cell;
    this.label = label;
  }

  /**
   * Takes what there is. Returns undefined if there is nothing.
   * @param {boolean} _own
   * @returns {Taken}
   */
  tryTake(_own) {
    return undefined;
  }

  /**
   * As `tryTake`. If there is nothing, the thread is about to wait for it: adds to `watch` what it waits for.
   * @param {boolean} own
   * @param {import('./watch.js').Watch} _watch
   * @returns {Taken}
   */
  takeOrWatch(own, _watch) {
    return this.tryTake(own);
  }

  /**
   * The value of what was taken.
   * @param {Taken} _taken
   * @returns {unknown}
   */
  decode(_taken) {
    return undefined;
  }

  /** The thread was told to look at this case, and took another one: others may use what there is. */
  passOn() {}
}

class ChannelCase extends Case {
  #state;
  #receiving;

  /** @param {import('../channel/channel.js').Internals} internals */
  constructor({ state, receiving }) {
    super(state.receivers.cell, state.label);
    this.#state = state;
    this.#receiving = receiving;
  }

  /** @param {boolean} own */
  tryTake(own) {
    return this.#take(own, undefined);
  }

  /**
   * @param {boolean} own
   * @param {import('./watch.js').Watch} watch
   */
  takeOrWatch(own, watch) {
    return this.#take(own, watch);
  }

  /**
   * @param {boolean} own
   * @param {import('./watch.js').Watch | undefined} watch
   */
  #take(own, watch) {
    const state = this.#state;
    state.enter();
    try {
      const raw = this.#receiving.takeForSelect(own);
      if (raw === undefined && watch !== undefined) {
        const { word, first } = state.lookForMessage(true);
        const { lock } = state.receivers;
        watch.add(this, [SELECT_CHANNEL, this.cell, lock, word, first]);
        // No other thread uses the first message, and it cannot be taken: this one fills or reads it in place.
        if (first === 0 && state.ring.first() !== NONE) watch.addOwn(state.label);
      }
      return raw;
    } catch (error) {
      if (/** @type {any} */ (error)?.code !== 'ERR_CLOSED') throw error;
      return CLOSED;
    } finally {
      state.exit();
    }
  }

  /** @param {Taken} taken */
  decode(taken) {
    return taken === CLOSED ? undefined : this.#receiving.decodeForSelect(taken);
  }

  passOn() {
    native.channelTell(realm.number, this.cell, undefined, 0);
  }
}

class EventCase extends Case {
  #event;
  #autoReset;

  /**
   * @param {any} event
   * @param {import('../event.js').Internals} internals
   */
  constructor(event, { cell, name, autoReset }) {
    super(cell, labelOf('Event', name, cell));
    this.#event = event;
    this.#autoReset = autoReset;
  }

  tryTake() {
    return this.#event.tryWait() ? HAPPENED : undefined;
  }

  /**
   * @param {boolean} _own
   * @param {import('./watch.js').Watch} watch
   */
  takeOrWatch(_own, watch) {
    const taken = this.tryTake();
    if (taken === undefined) watch.add(this, [SELECT_EVENT, this.cell, this.#autoReset]);
    return taken;
  }
}

class LatchCase extends Case {
  #latch;
  #count;

  /**
   * @param {any} latch
   * @param {import('../latch.js').Internals} internals
   */
  constructor(latch, { cell, name, count }) {
    super(cell, labelOf('Latch', name, cell));
    this.#latch = latch;
    this.#count = count;
  }

  tryTake() {
    return this.#latch.tryAwait() ? HAPPENED : undefined;
  }

  /**
   * @param {boolean} _own
   * @param {import('./watch.js').Watch} watch
   */
  takeOrWatch(_own, watch) {
    const taken = this.tryTake();
    if (taken === undefined) watch.add(this, [SELECT_LATCH, this.cell, this.#count]);
    return taken;
  }
}

class CancelCase extends Case {
  #cancel;

  /**
   * @param {any} cancel
   * @param {import('../cancel.js').Internals} internals
   */
  constructor(cancel, { cell, name }) {
    super(cell, labelOf('Cancel', name, cell));
    this.#cancel = cancel;
  }

  tryTake() {
    return this.#cancel.aborted ? HAPPENED : undefined;
  }

  /**
   * @param {boolean} _own
   * @param {import('./watch.js').Watch} watch
   */
  takeOrWatch(_own, watch) {
    const taken = this.tryTake();
    if (taken === undefined) watch.addCancel(this);
    return taken;
  }
}

/** The cases of the primitives. @type {WeakMap<object, Case>} */
const known = new WeakMap();

/**
 * @param {object} primitive
 * @returns {Case | undefined}
 */
function newCase(primitive) {
  const channel = channelInternals(primitive);
  if (channel !== undefined) return new ChannelCase(channel);
  const event = eventInternals(primitive);
  if (event !== undefined) return new EventCase(primitive, event);
  const latch = latchInternals(primitive);
  if (latch !== undefined) return new LatchCase(primitive, latch);
  const cancel = cancelInternals(primitive);
  return cancel === undefined ? undefined : new CancelCase(primitive, cancel);
}

/**
 * Returns the case of a primitive.
 *
 * @param {unknown} primitive
 * @param {number} index in the list of cases, for the message
 */
function caseOf(primitive, index) {
  if (typeof primitive === 'object' && primitive !== null) {
    const found = known.get(primitive) ?? newCase(primitive);
    if (found !== undefined) {
      known.set(primitive, found);
      return found;
    }
  }
  throw invalidArgType(
    `cases[${index}] must be a Channel, an Event, a Latch or a Cancel of this package, or undefined for a case that is ` +
      `never ready, but is ${formatValue(primitive)}.`,
  );
}

module.exports = { CLOSED, CancelCase, Case, caseOf };
