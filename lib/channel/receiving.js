// @ts-check
'use strict';

// What the receiving methods of a Channel do: a message leaves the ring, or is waited for.

const { types } = require('node:util');
const { formatValue, integer, milliseconds } = require('../arguments.js');
const { invalidArgType, outOfRange } = require('../errors.js');
const { isTry, limitUnlessAborted, limitWithinUnlessAborted } = require('../limits.js');
const { waitOptions } = require('../promises.js');
const { native } = require('../realm.js');
const { BYTES } = require('./codec.js');
const { PEEKED_HERE, Peek, TAKEN_HERE } = require('./in-place.js');
const { BY_PROMISE, RECEIVING, TRYING, ownOf } = require('./options.js');
const {
  MAX_POOLED,
  MAX_STAGED,
  copyInto,
  copyOut,
  copyToPool,
  copyToStage,
  fromPool,
  textFromStage,
} = require('./copy.js');
const { DROPPED, LARGE, NONE, READY, RECORD_CELLS } = require('./ring.js');
const { Taken } = require('./run.js');

/** @typedef {import('../../binding.js').Limit} Limit */

/** How many messages receiveMany() takes at most if the caller does not say. */
const MANY = 64;
/** How often a receiver looks for a message before it sleeps: for a few microseconds, less than it takes to sleep and to be woken. */
const SPIN_LIMIT = 500;
/** What is received where there is nothing to receive: no codec returns it. */
const NOTHING = Symbol('nothing');
/** Several messages were taken. @type {Raw} */
const MANY_TAKEN = { length: 0, kind: BYTES };

/** The receivers of a channel that are of this thread. */
class Receiving {
  #state;
  #codec;

  /**
   * @param {import('./state.js').State} state
   * @param {import('./codec.js').Codec} codec
   */
  constructor(state, codec) {
    this.#state = state;
    this.#codec = codec;
  }

  /**
   * @param {import('../../index.js').ReceiveOptions} [options]
   */
  receive(options) {
    if (options === undefined) return this.#receive(false, Infinity);
    const { own, rest } = ownOf(options, RECEIVING);
    return this.#receive(own, rest === undefined ? Infinity : limitUnlessAborted(rest));
  }

  /**
   * @param {number} [ms]
   * @param {import('../../index.js').TryReceiveOptions} [options]
   */
  tryReceive(ms = 0, options) {
    if (ms !== 0) milliseconds(ms);
    if (options === undefined) return this.#receive(false, ms);
    const { own, rest } = ownOf(options, TRYING);
    return this.#receive(own, rest === undefined ? ms : limitWithinUnlessAborted(ms, rest));
  }

  /**
   * @param {import('../../index.js').ReceiveAsyncOptions} [options]
   */
  async receiveAsync(options) {
    const { own, rest } = ownOf(options, BY_PROMISE);
    const checked = waitOptions(rest);
    const state = this.#state;
    const raw = await state.await(
      state.receivers,
      checked,
      native.now(),
      () => this.#takeFirst((record) => this.#copyOut(record, own)),
      () => state.lookForMessage(true),
    );
    return this.#decode(raw);
  }

  /**
   * @param {Uint8Array} bytes
   * @param {import('../../index.js').LimitOptions} [options]
   */
  receiveInto(bytes, options) {
    if (!types.isUint8Array(bytes)) {
      throw invalidArgType(`bytes must be a Uint8Array, but is ${formatValue(bytes)}.`);
    }
    const limit = options === undefined ? Infinity : limitUnlessAborted(options);
    const { ring } = this.#state;
    const raw = /** @type {Raw} */ (
      this.#take(limit, (record) => {
        const length = ring.lengthOf(record);
        if (length > bytes.length) throw this.#tooShort(bytes.length, length);
        if (length > LARGE) return this.#claim(record);
        copyInto(ring, record + RECORD_CELLS, length, bytes);
        ring.remove(length);
        return { length, kind: BYTES };
      })
    );
    if (raw.record !== undefined) this.#finish(raw, bytes);
    return raw.length;
  }

  /**
   * @param {number} bytes how many the caller has room for
   * @param {number} length
   */
  #tooShort(bytes, length) {
    return outOfRange(
      `bytes has ${bytes} bytes, but the first message of the ${this.#state.label} has ${length}. It stays there: pass a ` +
        'longer Uint8Array, or call receive().',
    );
  }

  /**
   * @param {number} [max]
   * @param {import('../../index.js').ReceiveOptions} [options]
   */
  receiveMany(max = MANY, options) {
    integer(max, 'max', 1, Number.MAX_SAFE_INTEGER);
    const { own, rest } = ownOf(options, RECEIVING);
    const limit = rest === undefined ? Infinity : limitUnlessAborted(rest);
    const all = new Taken();
    const single = /** @type {Raw} */ (
      this.#take(limit, (record) => this.#copySome(record, max, own, all))
    );
    if (single !== MANY_TAKEN) return [this.#decode(single)];
    return all.messages((bytes, kind) => this.#decoded(own ? new Uint8Array(bytes) : bytes, kind));
  }

  /**
   * Takes up to `max` messages into `all`, or the first one alone if it is not small. Under the lock.
   * @param {number} record the first
   * @param {number} max
   * @param {boolean} own
   * @param {Taken} all
   * @returns {Raw}
   */
  #copySome(record, max, own, all) {
    const state = this.#state;
    if (!all.take(state.ring, record, max)) return this.#copyOut(record, own);
    while (all.count < max) {
      const next = state.nextReady();
      if (next === NONE || !all.take(state.ring, next, max)) break;
    }
    return MANY_TAKEN;
  }

  /**
   * @param {import('../../index.js').LimitOptions} [options]
   */
  peek(options) {
    const state = this.#state;
    const limit = options === undefined ? Infinity : limitUnlessAborted(options);
    return /** @type {InstanceType<typeof Peek>} */ (
      this.#take(limit, (record) => {
        // Made before the record changes: if a call failed in between, the message would be lost.
        const peek = new Peek(state, record);
        state.ring.words[record] = PEEKED_HERE;
        return peek;
      })
    );
  }

  /**
   * Receives a message. Returns undefined if the limit has passed.
   * @param {boolean} own
   * @param {Limit} limit
   */
  #receive(own, limit) {
    let message = this.#receiveNow(own);
    if (message !== NOTHING) return message;
    if (isTry(limit)) {
      if (this.#state.ring.isEmpty) return undefined;
    } else if (this.#spin()) {
      message = this.#receiveNow(own);
      if (message !== NOTHING) return message;
    }
    const raw = this.#take(limit, (record) => this.#copyOut(record, own));
    return raw === undefined ? undefined : this.#decode(raw);
  }

  /**
   * Receives a message, or returns NOTHING if there is none, or it is large.
   * @param {boolean} own
   */
  #receiveNow(own) {
    const state = this.#state;
    const { ring } = state;
    const { text } = this.#codec;
    let kind;
    let length;
    let bytes;
    let offset = NONE;
    state.enter();
    try {
      const record = state.firstMessage();
      if (record === NONE) return NOTHING;
      length = ring.lengthOf(record);
      if (length > LARGE) return NOTHING;
      kind = ring.kindOf(record);
      if (kind !== BYTES && text !== undefined && length <= MAX_STAGED) {
        copyToStage(ring, record + RECORD_CELLS, length);
      } else if (own || length > MAX_POOLED) {
        bytes = copyOut(ring, record + RECORD_CELLS, length, own);
      } else {
        offset = copyToPool(ring, record + RECORD_CELLS, length);
      }
      ring.remove(length);
      state.tell();
    } finally {
      state.exit();
    }
    if (offset !== NONE) bytes = fromPool(offset, length);
    return bytes === undefined ? text?.parse(textFromStage(length)) : this.#decoded(bytes, kind);
  }

  /** Looks for a message without the lock for a while. Returns whether there may be one. */
  #spin() {
    const { ring } = this.#state;
    for (let i = 0; i < SPIN_LIMIT; i++) {
      if (!ring.isEmpty) return true;
    }
    return false;
  }

  /**
   * Takes the first message, if there is one. Under the lock.
   *
   * @template T
   * @param {(record: number) => T} take
   */
  #takeFirst(take) {
    const state = this.#state;
    const record = state.firstMessage();
    if (record === NONE) return undefined;
    try {
      return take(record);
    } finally {
      // If the message stays, since it does not fit, another one may take it: perhaps only this thread was told of it.
      state.tell();
    }
  }

  /**
   * Blocks until there is a message, and takes it. Returns undefined if the limit has passed.
   *
   * @template T
   * @param {Limit} limit
   * @param {(record: number) => T} take under the lock
   */
  #take(limit, take) {
    const state = this.#state;
    const taken = this.#takeNow(take);
    if (taken !== undefined || isTry(limit)) return taken;
    if (this.#spin()) {
      const other = this.#takeNow(take);
      if (other !== undefined) return other;
    }
    return state.block(
      state.receivers,
      limit,
      native.now(),
      () => this.#takeFirst(take),
      () => state.lookForMessage(false),
    );
  }

  /**
   * As `#takeFirst`, and takes the lock for it.
   *
   * @template T
   * @param {(record: number) => T} take under the lock
   */
  #takeNow(take) {
    const state = this.#state;
    state.enter();
    try {
      return this.#takeFirst(take);
    } finally {
      state.exit();
    }
  }

  /**
   * A message that was taken. A large one is still in the ring: `record` is its cell there.
   * @typedef {{ length: number, kind: number, bytes?: Uint8Array, record?: number }} Raw
   */

  /**
   * Takes a message. Under the lock.
   * @param {number} record
   * @param {boolean} own
   * @returns {Raw}
   */
  #copyOut(record, own) {
    const { ring } = this.#state;
    const length = ring.lengthOf(record);
    if (length > LARGE) return this.#claim(record);
    const kind = ring.kindOf(record);
    const bytes = copyOut(ring, record + RECORD_CELLS, length, own);
    ring.remove(length);
    return { length, kind, bytes, record: undefined };
  }

  /**
   * Takes a large message, which is copied outside the lock. Under the lock.
   * @param {number} record
   * @returns {Raw}
   */
  #claim(record) {
    const { ring } = this.#state;
    const raw = {
      length: ring.lengthOf(record),
      kind: ring.kindOf(record),
      bytes: undefined,
      record,
    };
    ring.words[record] = TAKEN_HERE;
    return raw;
  }

  /**
   * Copies a large message that was taken.
   * @param {Raw} raw
   * @param {Uint8Array} [target] a new one by default
   */
  #finish({ length, record }, target) {
    const state = this.#state;
    const cell = /** @type {number} */ (record);
    let to = READY;
    try {
      const bytes = target ?? new Uint8Array(length);
      copyInto(state.ring, cell + RECORD_CELLS, length, bytes);
      to = DROPPED;
      return bytes;
    } finally {
      // If there is no memory for the copy, the message stays.
      state.change(cell, TAKEN_HERE, to);
    }
  }

  /**
   * Takes the first message for a select, if there is one. Under the lock.
   * @param {boolean} own
   */
  takeForSelect(own) {
    return this.#takeFirst((record) => this.#copyOut(record, own));
  }

  /**
   * The value of what a select has taken.
   * @param {Raw} raw
   */
  decodeForSelect(raw) {
    return this.#decode(raw);
  }

  /** @param {Raw} raw */
  #decode(raw) {
    return this.#decoded(raw.bytes ?? this.#finish(raw), raw.kind);
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} kind
   */
  #decoded(bytes, kind) {
    return kind === BYTES ? bytes : this.#codec.decode(bytes);
  }
}

module.exports = { Receiving };
