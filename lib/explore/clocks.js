// @ts-check
'use strict';

// The clocks and the random numbers of an explored worker: the same in each run of a schedule. Each reading moves the
// clock, so that a loop that waits for a time ends.

const { native } = require('../realm.js');
const { isRunning } = require('./scheduling.js');

/** When each schedule begins: 2025-01-01, in milliseconds since 1970. */
const EPOCH = Date.UTC(2025, 0, 1);
const RealDate = Date;

/** Milliseconds that readings outside of a schedule have moved the clock. */
let idle = 0;

/** Milliseconds since the schedule began. */
function elapsed() {
  if (!isRunning()) return idle++;
  return native.exploreClock() / 1e6;
}

/** The date, which without arguments is that of the schedule. */
class ExploredDate extends RealDate {
  /** @param {any[]} args */
  constructor(...args) {
    if (args.length === 0) super(EPOCH + Math.floor(elapsed()));
    else super(.../** @type {[any]} */ (args));
  }

  static now() {
    return EPOCH + Math.floor(elapsed());
  }
}

/** `Date` may be called without `new`. */
const ExploredDateFunction = new Proxy(ExploredDate, {
  apply: () => new ExploredDate().toString(),
});
Object.defineProperties(ExploredDate, {
  name: { value: 'Date' },
  length: { value: RealDate.length },
});
// A date that Node.js makes, or that arrives from another thread, is an instance, too.
Object.defineProperty(ExploredDate, Symbol.hasInstance, {
  value: (/** @type {unknown} */ value) => value instanceof RealDate,
});
ExploredDate.prototype.constructor = ExploredDateFunction;

/** @param {[number, number]} [since] */
function hrtime(since) {
  const nanoseconds = Math.round(elapsed() * 1e6);
  const [seconds, rest] = since ?? [0, 0];
  const difference = nanoseconds - (seconds * 1e9 + rest);
  return [Math.floor(difference / 1e9), difference - Math.floor(difference / 1e9) * 1e9];
}
hrtime.bigint = () => BigInt(Math.round(elapsed() * 1e6));

function exchangeClocks() {
  globalThis.Date = /** @type {any} */ (ExploredDateFunction);
  Object.defineProperty(performance, 'now', { value: elapsed, configurable: true, writable: true });
  process.hrtime = /** @type {any} */ (hrtime);
}

/** The state of the random numbers. */
let random = 0;

/** A number from 0 to 2^32 - 1: xorshift (Marsaglia 2003), seeded so that it is never stuck at 0. */
function next32() {
  random ^= random << 13;
  random ^= random >>> 17;
  random ^= random << 5;
  return random >>> 0;
}

const next = () => (next32() * 2 ** 21 + (next32() >>> 11)) / 2 ** 53;

/**
 * Fills memory with random bytes.
 * @template {ArrayBufferView | ArrayBufferLike} T
 * @param {T} target
 * @param {number} [offset] in elements, like `size`
 * @param {number} [size]
 */
function fill(target, offset = 0, size) {
  const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(target)
    ? target
    : { buffer: target, byteOffset: 0, byteLength: target.byteLength };
  const { BYTES_PER_ELEMENT: width = 1 } = /** @type {any} */ (target);
  const length = size === undefined ? byteLength - offset * width : size * width;
  const bytes = new Uint8Array(buffer, byteOffset + offset * width, length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = next32();
  return target;
}

function uuid() {
  const bytes = fill(Buffer.alloc(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function exchangeRandom() {
  Math.random = next;
  const crypto = /** @type {any} */ (require('node:crypto'));
  /** @param {Function | undefined} callback @param {unknown} value */
  const hand = (callback, value) => {
    if (typeof callback !== 'function') return value;
    process.nextTick(callback, null, value);
    return undefined;
  };
  crypto.randomBytes = (/** @type {number} */ size, /** @type {Function} */ callback) =>
    hand(callback, fill(Buffer.alloc(size)));
  crypto.randomFillSync = fill;
  crypto.randomUUID = uuid;
  const { randomInt } = crypto;
  crypto.randomInt = (/** @type {any[]} */ ...args) => {
    const callback = typeof args.at(-1) === 'function' ? args.pop() : undefined;
    const [min, max] = args.length > 1 ? args : [0, args[0]];
    // Node's own function throws for such numbers.
    if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || !(max > min)) {
      return randomInt(...args);
    }
    return hand(callback, min + Math.floor(next() * (max - min)));
  };
  const web = crypto.webcrypto;
  Object.defineProperty(web, 'getRandomValues', { value: fill, configurable: true });
  Object.defineProperty(web, 'randomUUID', { value: uuid, configurable: true });
  require('node:module').syncBuiltinESMExports();
}

/**
 * Begins the random numbers of a thread anew.
 *
 * @param {number} option the option `random`
 * @param {number} index of the thread
 */
function seedRandom(option, index) {
  // The multiplications spread small numbers over all bits. The last bit keeps the state from being 0.
  random = (Math.imul(option + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) | 1;
  // Similar seeds begin with similar numbers.
  for (let i = 0; i < 8; i++) next32();
}

module.exports = { exchangeClocks, exchangeRandom, seedRandom };
