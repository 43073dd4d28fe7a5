// @ts-check
'use strict';

// Exchanges the functions of `Atomics` in an explored worker: each call is an operation with a point before and after it.
// The package itself has read the originals before.

const { native } = require('../realm.js');
const { fail } = require('./failing.js');
const {
  HAS_READ,
  HAS_WRITTEN,
  NOTHING,
  WILL_READ,
  WILL_WRITE,
  after,
  before,
  isRunning,
  operation,
} = require('./scheduling.js');

const originals = { ...Object.getOwnPropertyDescriptors(Atomics) };
const { load, notify, wait } = Atomics;

/**
 * @param {any} index
 */
const place = (index) => Number(index) >>> 0;

/**
 * How the table names an operation on an element.
 * @param {string} name
 * @param {any} view
 * @param {any} index
 */
function label(name, view, index) {
  const cell = Number(view?.byteOffset ?? 0) / Number(view?.BYTES_PER_ELEMENT ?? 1) + Number(index);
  return `Atomics.${name}(cell ${cell})`;
}

/**
 * Exchanges a function that may change an element.
 * @param {string} name
 */
function exchangeUpdate(name) {
  const number = operation(`Atomics.${name}`);
  const original = /** @type {any} */ (Atomics)[name];
  define(
    name,
    (/** @type {any} */ view, /** @type {any} */ index, /** @type {any[]} */ ...values) => {
      const at = place(index);
      before(number, view, at, WILL_WRITE, () => label(name, view, index));
      const old = original(view, index, ...values);
      // An update that changes nothing is a read: a loop of them spins.
      const changes = name === 'store' || load(view, at) !== old;
      after(number, view, at, changes ? HAS_WRITTEN : HAS_READ, Number(old));
      return old;
    },
  );
}

/**
 * @param {string} name
 * @param {Function} value
 */
function define(name, value) {
  Object.defineProperty(value, 'name', { value: name });
  Object.defineProperty(Atomics, name, { ...originals[name], value });
}

function exchangeLoad() {
  const number = operation('Atomics.load');
  define('load', (/** @type {any} */ view, /** @type {any} */ index) => {
    const at = place(index);
    before(number, view, at, WILL_READ, () => label('load', view, index));
    const value = load(view, index);
    after(number, view, at, HAS_READ, Number(value));
    return value;
  });
}

function exchangeWait() {
  const number = operation('Atomics.wait');
  define(
    'wait',
    (
      /** @type {any} */ view,
      /** @type {any} */ index,
      /** @type {any} */ value,
      timeout = Infinity,
    ) => {
      if (!isRunning()) return wait(view, index, value, timeout);
      const at = place(index);
      before(number, view, at, WILL_READ, () => label('wait', view, index));
      // With a limit of 0 the original checks its arguments, and returns whether the value is the expected one.
      const result = wait(view, index, value, 0);
      if (result === 'not-equal') {
        after(number, view, at, HAS_READ, Number(load(view, at)));
        return result;
      }
      const limit = Number(timeout);
      const milliseconds = Number.isNaN(limit) ? Infinity : Math.max(0, limit);
      const notified = milliseconds > 0 && native.exploreWait(view, at, milliseconds);
      after(number, view, at, notified ? NOTHING : HAS_READ, 0);
      return notified ? 'ok' : 'timed-out';
    },
  );
}

function exchangeNotify() {
  const number = operation('Atomics.notify');
  define('notify', (/** @type {any} */ view, /** @type {any} */ index, count = Infinity) => {
    if (!isRunning()) return notify(view, index, count);
    const at = place(index);
    before(number, view, at, WILL_WRITE, () => label('notify', view, index));
    // Checks the arguments. No explored thread waits in V8's own list.
    notify(view, index, 0);
    const integer = Math.max(0, Math.trunc(Number(count)) || 0);
    const notified = native.exploreNotify(view, at, Math.min(integer, 2 ** 32 - 1));
    // A notification that finds no waiter is a read: a loop of them spins until a thread waits.
    after(number, view, at, notified > 0 ? HAS_WRITTEN : HAS_READ, 0);
    return notified;
  });
}

function exchangeWaitAsync() {
  if (!('waitAsync' in Atomics)) return;
  define('waitAsync', () => {
    throw fail(
      'misuse',
      new TypeError(
        'Atomics.waitAsync() has no meaning under exploration, which runs synchronous code only. Call Atomics.wait().',
      ),
    );
  });
}

/** Exchanges all of them. */
function exchangeAtomics() {
  for (const name of ['add', 'and', 'compareExchange', 'exchange', 'or', 'store', 'sub', 'xor']) {
    exchangeUpdate(name);
  }
  exchangeLoad();
  exchangeWait();
  exchangeNotify();
  exchangeWaitAsync();
}

module.exports = { exchangeAtomics };
