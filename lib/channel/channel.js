// @ts-check
'use strict';

// The class Channel. What its methods do is in sending.js and receiving.js.

const { types } = require('node:util');
const { assertOptions, cellOf, formatValue, nameOf } = require('../arguments.js');
const { defineInspect } = require('../describe.js');
const { invalidArgType, outOfRange } = require('../errors.js');
const { markAsUncloneable } = require('../uncloneable.js');
const { codecOf } = require('./codec.js');
const { iterate, iterateAsync } = require('./iteration.js');
const { capacityOf } = require('./options.js');
const { Receiving } = require('./receiving.js');
const { HEADER_BYTES } = require('./ring.js');
const { Sending } = require('./sending.js');
const { State } = require('./state.js');

const OPTIONS = ['capacity', 'codec', 'name'];

/**
 * What a select needs of a channel.
 * @typedef {{ state: State, receiving: Receiving }} Internals
 */

/** @type {(channel: object) => Internals | undefined} */
let channelInternals;

/** A queue of messages between threads. Its ring is in ring.js, what changes it in state.js. */
class Channel {
  /** @type {State} */
  #state;
  #sending;
  #receiving;

  static {
    channelInternals = (channel) =>
      #state in channel ? { state: channel.#state, receiving: channel.#receiving } : undefined;
    defineInspect(this, (channel) =>
      #state in channel
        ? { name: channel.#state.name, state: channel.#state.describe() }
        : undefined,
    );
  }

  /**
   * The bytes that a channel takes in memory.
   * @param {number} capacity
   */
  static byteLength(capacity) {
    return HEADER_BYTES + capacityOf(capacity, 'capacity');
  }

  /**
   * @param {Int32Array | SharedArrayBuffer} view
   * @param {number} index
   * @param {import('../../index.js').ChannelOptions} options
   */
  constructor(view, index, options) {
    const cell = cellOf(view, index);
    const name = nameOf(options, OPTIONS);
    const capacity = capacityOf(options?.capacity, 'options.capacity');
    const codec = codecOf(options.codec);
    const buffer = /** @type {SharedArrayBuffer} */ (/** @type {unknown} */ (cell.buffer));
    const end = types.isSharedArrayBuffer(view)
      ? view.byteLength
      : view.byteOffset + view.byteLength;
    const bytes = HEADER_BYTES + capacity;
    if (cell.byteOffset % 8 !== 0) {
      throw outOfRange(
        `index must lead to a multiple of 8 bytes in the buffer, but leads to ${cell.byteOffset}.`,
      );
    }
    if (cell.byteOffset + bytes > end) {
      throw outOfRange(
        `A Channel with this capacity takes ${bytes} bytes (Channel.byteLength(capacity)), but view has ` +
          `${end - cell.byteOffset} from index on.`,
      );
    }
    this.#state = new State(buffer, cell.byteOffset, capacity, name);
    this.#sending = new Sending(this.#state, codec);
    this.#receiving = new Receiving(this.#state, codec);
    markAsUncloneable(this);
  }

  /**
   * @param {unknown} value
   * @param {import('../../index.js').LimitOptions} [options]
   */
  send(value, options) {
    this.#sending.send(value, options);
  }

  /**
   * @param {unknown} value
   * @param {number} [ms]
   * @param {import('../../index.js').CancelOptions} [options]
   */
  trySend(value, ms = 0, options) {
    return this.#sending.trySend(value, ms, options);
  }

  /**
   * @param {unknown} value
   * @param {import('../../index.js').WaitOptions} [options]
   */
  sendAsync(value, options) {
    return this.#sending.sendAsync(value, options);
  }

  /**
   * @param {Iterable<unknown>} values
   * @param {import('../../index.js').LimitOptions} [options]
   */
  sendMany(values, options) {
    this.#sending.sendMany(values, options);
  }

  /**
   * @param {number} length
   * @param {import('../../index.js').LimitOptions} [options]
   */
  reserve(length, options) {
    return this.#sending.reserve(length, options);
  }

  /**
   * @param {import('../../index.js').ReceiveOptions} [options]
   */
  receive(options) {
    return this.#receiving.receive(options);
  }

  /**
   * @param {number} [ms]
   * @param {import('../../index.js').TryReceiveOptions} [options]
   */
  tryReceive(ms = 0, options) {
    return this.#receiving.tryReceive(ms, options);
  }

  /**
   * @param {import('../../index.js').ReceiveAsyncOptions} [options]
   */
  receiveAsync(options) {
    return this.#receiving.receiveAsync(options);
  }

  /**
   * @param {Uint8Array} bytes
   * @param {import('../../index.js').LimitOptions} [options]
   */
  receiveInto(bytes, options) {
    return this.#receiving.receiveInto(bytes, options);
  }

  /**
   * @param {number} [max]
   * @param {import('../../index.js').ReceiveOptions} [options]
   */
  receiveMany(max, options) {
    return this.#receiving.receiveMany(max, options);
  }

  /**
   * @param {import('../../index.js').LimitOptions} [options]
   */
  peek(options) {
    return this.#receiving.peek(options);
  }

  [Symbol.iterator]() {
    return iterate(this);
  }

  [Symbol.asyncIterator]() {
    return iterateAsync(this);
  }

  /** @param {{ discard?: boolean }} [options] */
  close(options) {
    if (options === undefined) {
      this.#state.close(false);
      return;
    }
    assertOptions(options, ['discard'], '{ discard: true }');
    const { discard = false } = options;
    if (typeof discard !== 'boolean') {
      throw invalidArgType(`options.discard must be a boolean, but is ${formatValue(discard)}.`);
    }
    this.#state.close(discard);
  }

  get closed() {
    return this.#state.isClosed;
  }

  get length() {
    return this.#state.count();
  }
}

module.exports = {
  Channel,
  /**
   * Returns the internals of a Channel, or undefined for any other object.
   * @param {object} channel
   */
  channelInternals: (channel) => channelInternals(channel),
};
