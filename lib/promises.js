// @ts-check
'use strict';

// Waiting by promise. The wait stands in the same queue as blocked threads; the native side tells by its number when it
// is over.

const { performance } = require('node:perf_hooks');
const { isMainThread } = require('node:worker_threads');
const { milliseconds, shown } = require('./arguments.js');
const { invalidArgType } = require('./errors.js');
const { onSettle, realm } = require('./realm.js');
const { waited } = require('./waited.js');

/** The longest that a timer of Node's can be set to, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * @typedef {object} Waiting what becomes of a promise that waits
 * @property {(value: any) => void} resolve
 * @property {(reason: unknown) => void} reject
 * @property {() => void} cleanUp
 */

/** @typedef {{ timeout: number, signal?: import('../index.js').WaitSignal, ref: boolean }} CheckedOptions */

/** @type {Map<number, Waiting>} */
const waiting = new Map();

onSettle((number, fulfilled, value) => {
  const promise = waiting.get(number);
  if (promise === undefined) return;
  waiting.delete(number);
  promise.cleanUp();
  if (fulfilled) promise.resolve(value);
  else promise.reject(value);
});

/**
 * Whether a value is an AbortSignal, of any realm.
 * @param {any} value
 */
function isAbortSignal(value) {
  return typeof value?.aborted === 'boolean' && typeof value.addEventListener === 'function';
}

/**
 * Checks the options that every promise form takes. A pending promise keeps a worker alive, as the blocking call would;
 * the main thread it does not.
 *
 * @param {import('../index.js').WaitOptions} [options]
 * @returns {CheckedOptions}
 */
function waitOptions(options = {}) {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgType(
      `options must be an object such as { timeout: 100 }, and is ${shown(options)}.`,
    );
  }
  const { timeout = Infinity, signal, ref = !isMainThread } = options;
  milliseconds(timeout, 'options.timeout');
  if (signal !== undefined && !isAbortSignal(signal)) {
    throw invalidArgType(`options.signal must be an AbortSignal, and is ${shown(signal)}.`);
  }
  if (typeof ref !== 'boolean') {
    throw invalidArgType(`options.ref must be a boolean, and is ${shown(ref)}.`);
  }
  if (signal?.aborted) throw signal.reason;
  return { timeout, signal, ref };
}

/**
 * Waits for what was begun, natively, as a promise.
 *
 * @template Value
 * @param {{ number: number, value?: any }} begun nothing in a thread that is being stopped
 * @param {CheckedOptions} options
 * @returns {Promise<Value>}
 */
function settled(begun, { timeout, signal, ref }) {
  const { number, value } = waited(begun);
  if (number === 0) return Promise.resolve(value);
  return new Promise((resolve, reject) => {
    const end = performance.now() + timeout;
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const watchTime = () => {
      const left = end - performance.now();
      if (left > 0) {
        timer = setTimeout(watchTime, Math.min(Math.ceil(left), LONGEST_TIMER));
        if (!ref) timer.unref();
      } else {
        realm.timeIsUp(number);
      }
    };
    const abort = () => {
      realm.giveUp(number);
      // Settled, where it was too late: the round at a barrier was complete.
      if (!waiting.delete(number)) return;
      cleanUp();
      reject(signal?.reason);
    };
    const cleanUp = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      if (ref) realm.hold(-1);
    };
    if (ref) realm.hold(1);
    waiting.set(number, { resolve, reject, cleanUp });
    signal?.addEventListener('abort', abort, { once: true });
    // Between two waits of one call, nobody listened.
    if (signal?.aborted) abort();
    else if (timeout !== Infinity) watchTime();
  });
}

module.exports = { settled, waitOptions };
