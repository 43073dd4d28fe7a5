// @ts-check
'use strict';

// What the sending methods of a Channel do: a message enters the ring, or waits for room.

const { Buffer } = require('node:buffer');
const { formatValue, integer, milliseconds } = require('../arguments.js');
const { invalidArgType } = require('../errors.js');
const { Uint8Array } = require('../intrinsics.js');
const {
  assertNotAborted,
  limitUnlessAborted,
  limitWithinUnlessAborted,
  limitOf,
} = require('../limits.js');
const { waitOptions } = require('../promises.js');
const { native } = require('../realm.js');
const { BYTES, kindOf } = require('./codec.js');
const { MAX_IN_HEAP, copyIn, toStage, toStageAsText } = require('./copy.js');
const { tooLong } = require('./errors.js');
const { FILLED_HERE, Reservation } = require('./in-place.js');
const { Letter, add, lettersTo, remove } = require('./outbox.js');
const { LARGE, NONE, READY, RECORD_CELLS } = require('./ring.js');
const { Run } = require('./run.js');
const { Patience } = require('./side.js');

/** @typedef {import('../../binding.js').Limit} Limit */

/** What this thread puts into a ring at once. */
const run = new Run();

/** The senders of a channel that are of this thread. */
class Sending {
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
   * @param {unknown} value
   * @param {import('../../index.js').LimitOptions} [options]
   */
  send(value, options) {
    const limit = options === undefined ? Infinity : limitUnlessAborted(options);
    this.#send(value, limit, true);
  }

  /**
   * @param {unknown} value
   * @param {number} [ms]
   * @param {import('../../index.js').CancelOptions} [options]
   */
  trySend(value, ms = 0, options) {
    if (ms !== 0) milliseconds(ms);
    const limit = options === undefined ? ms : limitWithinUnlessAborted(ms, options);
    return this.#send(value, limit, ms > 0);
  }

  /**
   * Puts a message when there is room. Returns false if there was none in time.
   * @param {unknown} value
   * @param {Limit} limit
   * @param {boolean} mayWait
   */
  #send(value, limit, mayWait) {
    const kind = kindOf(value);
    const { text } = this.#codec;
    let bytes;
    if (kind === BYTES) {
      bytes = /** @type {Uint8Array} */ (value);
      const { length } = bytes;
      if (length <= MAX_IN_HEAP) {
        toStage(bytes);
        if (this.#tryPutStaged(length, kind)) return true;
      }
    } else if (text !== undefined) {
      const string = text.stringify(value);
      const length = toStageAsText(string);
      if (length !== NONE && this.#tryPutStaged(length, kind)) return true;
      bytes = Buffer.from(string);
    } else {
      bytes = this.#codec.encode(value);
    }
    return this.#sendBytes(this.#checked(bytes), kind, limit, mayWait);
  }

  /**
   * Puts the message that is on the stage, if there is room, and no other message of this thread goes first.
   * @param {number} length
   * @param {number} kind
   */
  #tryPutStaged(length, kind) {
    const state = this.#state;
    if (length > state.ring.longest || lettersTo(state.address).length > 0) return false;
    state.enter();
    try {
      const isPut = state.putStaged(length, kind);
      state.tell();
      return isPut;
    } finally {
      state.exit();
    }
  }

  /** Puts the run, if there is room for all of it, and no other message of this thread goes first. */
  #tryPutRun() {
    const state = this.#state;
    if (lettersTo(state.address).length > 0) return false;
    state.enter();
    try {
      const isPut = state.putRun(run);
      state.tell();
      return isPut;
    } finally {
      state.exit();
    }
  }

  /**
   * As `#send`, of bytes.
   * @param {Uint8Array} bytes
   * @param {number} kind
   * @param {Limit} limit
   * @param {boolean} mayWait
   */
  #sendBytes(bytes, kind, limit, mayWait) {
    if (bytes.length > LARGE) return this.#putLarge(bytes, kind, limit);
    return this.#tryPut(bytes, kind) || (mayWait && this.#put(bytes, kind, limit));
  }

  /**
   * @param {unknown} value
   * @param {import('../../index.js').WaitOptions} [options]
   */
  async sendAsync(value, options) {
    const checked = waitOptions(options);
    const kind = kindOf(value);
    const bytes = this.#encode(value, kind);
    const { address } = this.#state;
    if (lettersTo(address).length === 0 && this.#tryPut(bytes, kind)) return;
    const letter = new Letter(bytes, kind, native.now());
    add(address, letter);
    try {
      await this.#sendLetter(letter, checked);
    } catch (error) {
      // It was in the ring when its wait ended.
      if (!letter.isSent) throw error;
    } finally {
      remove(address, letter);
      if (!letter.isSent) this.#leaveFront();
    }
  }

  /**
   * @param {Letter} letter
   * @param {import('../promises.js').CheckedOptions} options
   */
  #sendLetter(letter, options) {
    const state = this.#state;
    const { address } = state;
    const oldest = () => lettersTo(address).find(({ isSent }) => !isSent) ?? letter;
    return state.await(
      state.senders,
      options,
      letter.since,
      () => {
        if (!letter.isSent) this.#putLetters(oldest().since);
        return letter.isSent || undefined;
      },
      () => {
        const { bytes, since } = oldest();
        return state.lookForRoom(bytes.length, since, true);
      },
      (wait) => {
        letter.wait = wait;
      },
    );
  }

  /**
   * Puts what this thread has sent by promise before. Returns false if something is left.
   * @param {number} since
   */
  #putLetters(since) {
    const state = this.#state;
    const hasSent = state.putLetters(since);
    if (hasSent) state.leaveFront();
    state.tell();
    return hasSent;
  }

  /**
   * @param {Iterable<unknown>} values
   * @param {import('../../index.js').LimitOptions} [options]
   */
  sendMany(values, options) {
    if (typeof values?.[Symbol.iterator] !== 'function') {
      throw invalidArgType(
        `values must be an array of messages, or another iterable, but is ${formatValue(values)}.`,
      );
    }
    /** @type {unknown} */
    let cancel;
    const read = (/** @type {unknown} */ value) => {
      cancel = value;
    };
    const limit = options === undefined ? Infinity : limitOf(options, read);
    const isArray = Array.isArray(values);
    const messages = [];
    for (const value of values) {
      const kind = kindOf(value);
      const bytes = this.#encode(value, kind);
      // A generator may use the memory of a message again for the next one.
      messages.push({ bytes: kind === BYTES && !isArray ? new Uint8Array(bytes) : bytes, kind });
    }
    const { length } = messages;
    let sent = 0;
    try {
      assertNotAborted(cancel);
      sent = this.#putSome(messages, 0);
      if (sent === length) return;
      const patience = new Patience(limit);
      while (sent < length) {
        this.#put(messages[sent].bytes, messages[sent].kind, patience.limit());
        sent++;
        sent += this.#putSome(messages, sent);
      }
    } catch (error) {
      throw Object.assign(/** @type {object} */ (error), { sent });
    }
  }

  /**
   * Puts messages as long as there is room. Returns how many.
   * @param {{ bytes: Uint8Array, kind: number }[]} messages
   * @param {number} from the index of the first one
   */
  #putSome(messages, from) {
    const state = this.#state;
    let next = from;
    for (run.fill(messages, next); run.count > 1 && this.#tryPutRun(); run.fill(messages, next)) {
      next += run.count;
    }
    if (next === messages.length) return next - from;
    state.enter();
    try {
      if (state.putLetters(Infinity)) {
        while (next < messages.length) {
          const { bytes, kind } = messages[next];
          if (!state.put(bytes, kind, Infinity)) break;
          next++;
        }
      }
      state.tell();
    } finally {
      state.exit();
    }
    return next - from;
  }

  /**
   * Puts a message if there is room.
   * @param {Uint8Array} bytes
   * @param {number} kind
   */
  #tryPut(bytes, kind) {
    const state = this.#state;
    state.enter();
    try {
      const isPut = state.putLetters(Infinity) && state.put(bytes, kind, Infinity);
      state.tell();
      return isPut;
    } finally {
      state.exit();
    }
  }

  /**
   * Puts a message when there is room. Returns false if the limit has passed.
   * @param {Uint8Array} bytes
   * @param {number} kind
   * @param {Limit} limit
   */
  #put(bytes, kind, limit) {
    const state = this.#state;
    return (
      this.#waitForRoom(bytes.length, limit, (since) =>
        state.put(bytes, kind, since) ? true : undefined,
      ) ?? false
    );
  }

  /**
   * Puts a large message when there is room. Returns false if the limit has passed.
   * @param {Uint8Array} bytes
   * @param {number} kind
   * @param {Limit} limit
   */
  #putLarge(bytes, kind, limit) {
    const state = this.#state;
    const record = this.#begin(bytes.length, kind, limit, (prepared) => prepared);
    if (record === undefined) return false;
    copyIn(state.ring, record + RECORD_CELLS, bytes.length, bytes);
    state.change(record, FILLED_HERE, READY);
    return true;
  }

  /**
   * Makes a record that this thread fills. Returns undefined if the limit has passed.
   *
   * @template T
   * @param {number} length
   * @param {number} kind
   * @param {Limit} limit
   * @param {(record: number) => T} make what it returns, from the cell of the record
   */
  #begin(length, kind, limit, make) {
    const state = this.#state;
    /** @param {number} since */
    const attempt = (since) => {
      const record = state.prepare(length, kind, FILLED_HERE, since);
      if (record === NONE) return undefined;
      // Made before the record is in the ring: if a call failed in between, it would stay there.
      const made = make(record);
      state.ring.publish(record, length);
      return made;
    };
    return this.#tryNow(attempt) ?? this.#waitForRoom(length, limit, attempt);
  }

  /**
   * Calls `attempt` once, for a sender that does not wait.
   *
   * @template T
   * @param {(since: number) => T | undefined} attempt
   */
  #tryNow(attempt) {
    const state = this.#state;
    state.enter();
    try {
      const found = state.putLetters(Infinity) ? attempt(Infinity) : undefined;
      state.tell();
      return found;
    } finally {
      state.exit();
    }
  }

  /**
   * Blocks until `attempt` has found room. Returns undefined if the limit has passed.
   *
   * @template T
   * @param {number} length
   * @param {Limit} limit
   * @param {(since: number) => T | undefined} attempt
   */
  #waitForRoom(length, limit, attempt) {
    const state = this.#state;
    const [oldest] = lettersTo(state.address);
    // Its pending letters go first, all under the one place of the oldest.
    const since = Math.min(native.now(), oldest?.since ?? Infinity);
    let isDone = false;
    try {
      const result = state.block(
        state.senders,
        limit,
        since,
        () => {
          const found = state.putLetters(since) ? attempt(since) : undefined;
          if (found !== undefined) {
            isDone = true;
            state.leaveFront();
          }
          state.tell();
          return found;
        },
        () => state.lookForRoom(length, since, false),
      );
      return result;
    } finally {
      if (!isDone) this.#leaveFront();
    }
  }

  /** A sender of this thread gives up. */
  #leaveFront() {
    const state = this.#state;
    state.enter();
    try {
      state.leaveFront();
    } finally {
      state.exit();
    }
  }

  /**
   * @param {number} length
   * @param {import('../../index.js').LimitOptions} [options]
   */
  reserve(length, options) {
    const state = this.#state;
    integer(length, 'length', 0, Number.MAX_SAFE_INTEGER);
    if (length > state.ring.longest) throw tooLong(length, state.ring.longest, state.label);
    const limit = options === undefined ? Infinity : limitUnlessAborted(options);
    const make = (/** @type {number} */ record) => new Reservation(state, record);
    return /** @type {InstanceType<typeof Reservation>} */ (
      this.#begin(length, BYTES, limit, make)
    );
  }

  /**
   * @param {any} value
   * @param {number} kind
   */
  #encode(value, kind) {
    return this.#checked(kind === BYTES ? value : this.#codec.encode(value));
  }

  /**
   * Checks the length of a message. Returns its bytes as they are copied.
   * @param {Uint8Array} bytes
   */
  #checked(bytes) {
    const { length } = bytes;
    const { longest } = this.#state.ring;
    if (length > longest) throw tooLong(length, longest, this.#state.label);
    if (length <= MAX_IN_HEAP) return bytes;
    const { buffer, byteOffset } = bytes;
    // Another thread may make it longer before it is copied.
    return /** @type {any} */ (buffer).growable === true
      ? new Uint8Array(buffer, byteOffset, length)
      : bytes;
  }
}

module.exports = { Sending };
