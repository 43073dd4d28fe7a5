// @ts-check
'use strict';

// Abort signals. All waits with the same signal share one listener, which is removed when the last of them ends.

const { Set, WeakMap } = require('./intrinsics.js');
const { native, realm } = require('./realm.js');

const { PENDING } = native;

/** @typedef {import('../index.js').WaitSignal} WaitSignal */
/** @typedef {import('./wait.js').Wait} Wait */

/** @type {WeakMap<WaitSignal, Listener>} */
const listeners = new WeakMap();

/** The waits that a signal cancels. */
class Listener {
  /** @param {WaitSignal} signal */
  constructor(signal) {
    this.signal = signal;
    /** @type {Set<Wait>} */
    this.waits = new Set();
    this.handle = () => this.#abort();
  }

  #abort() {
    listeners.delete(this.signal);
    const abortion = { error: reasonOf(this.signal) };
    for (const wait of this.waits) {
      if (wait.value !== PENDING) continue;
      const value = native.giveUp(realm.number, wait.number);
      // It was too late to cancel: the round at a barrier was complete.
      if (value === PENDING) wait.fail(abortion);
      else wait.settle(value);
    }
  }
}

/**
 * Returns the reason of a signal, or the error of its getter.
 * @param {WaitSignal} signal
 */
function reasonOf(signal) {
  try {
    return signal.reason;
  } catch (error) {
    return error;
  }
}

/**
 * Makes the signal cancel a wait that is about to begin. Throws the reason if the signal has aborted.
 * @param {WaitSignal} signal
 * @param {Wait} wait
 */
function listen(signal, wait) {
  let listener = listeners.get(signal);
  if (listener === undefined) {
    listener = new Listener(signal);
    signal.addEventListener('abort', listener.handle, { once: true });
    listeners.set(signal, listener);
  }
  listener.waits.add(wait);
  wait.listener = listener;
  // The getter `aborted` may have dispatched the event.
  if (signal.aborted || listeners.get(signal) !== listener) throw signal.reason;
}

/**
 * Stops listening for a wait that has ended. Throws the error of `removeEventListener`, at most once per listener.
 * @param {Wait} wait
 */
function unlisten(wait) {
  const { listener } = wait;
  if (listener === undefined) return;
  wait.listener = undefined;
  listener.waits.delete(wait);
  if (listener.waits.size > 0) return;
  const { signal } = listener;
  if (listeners.get(signal) === listener) listeners.delete(signal);
  signal.removeEventListener('abort', listener.handle);
}

module.exports = { Listener, listen, unlisten };
