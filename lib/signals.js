// @ts-check
'use strict';

// Abort signals. Any number of waits share one listener on a signal, and none stays behind when they are over.

const { Set, WeakMap } = require('./intrinsics.js');
const { native, realm } = require('./realm.js');

/** @typedef {import('../index.js').WaitSignal} WaitSignal */
/** @typedef {import('./wait.js').Wait} Wait */

/** @type {WeakMap<WaitSignal, Listener>} */
const listeners = new WeakMap();

/** The waits that end when a signal aborts. */
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
      if (wait.value !== 0) continue;
      const value = native.giveUp(realm.number, wait.number);
      // Where it was too late, the round at a barrier was complete.
      if (value === 0) wait.fail(abortion);
      else wait.settle(value);
    }
  }
}

/**
 * The reason of a signal, or what its getter throws.
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
 * Has a wait that is about to begin end when the signal aborts. Throws the reason where it has aborted.
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
  // The getter may have dispatched the event itself.
  if (signal.aborted || listeners.get(signal) !== listener) throw signal.reason;
}

/**
 * The wait is over. Throws what the signal's own method throws, once.
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
