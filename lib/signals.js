// @ts-check
'use strict';

// Abort signals. Any number of waits share one listener on a signal, and none stays behind when they are over.

const { Set, WeakMap } = require('./intrinsics.js');
const { native, realm } = require('./realm.js');

/** @typedef {import('../index.js').WaitSignal} WaitSignal */
/** @typedef {import('./pending.js').Entry} Entry */

/** @type {WeakMap<WaitSignal, Listener>} */
const listeners = new WeakMap();

/** The waits that end when a signal aborts. */
class Listener {
  /** @param {WaitSignal} signal */
  constructor(signal) {
    this.signal = signal;
    /** @type {Set<Entry>} */
    this.entries = new Set();
    this.handle = () => this.#abort();
  }

  #abort() {
    listeners.delete(this.signal);
    const reason = reasonOf(this.signal);
    for (const entry of this.entries) {
      if (entry.value !== 0) continue;
      const value = native.giveUp(realm.number, entry.number);
      if (value === 0) {
        entry.reject(reason);
      } else {
        // Too late: the round at a barrier was complete.
        entry.value = value;
        entry.resolve(value);
      }
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
 * @param {Entry} entry
 */
function listen(signal, entry) {
  let listener = listeners.get(signal);
  if (listener === undefined) {
    listener = new Listener(signal);
    signal.addEventListener('abort', listener.handle, { once: true });
    listeners.set(signal, listener);
  }
  listener.entries.add(entry);
  entry.listener = listener;
  // The getter may have dispatched the event itself.
  if (signal.aborted || listeners.get(signal) !== listener) throw signal.reason;
}

/**
 * The wait is over.
 * @param {Entry} entry
 */
function unlisten(entry) {
  const { listener } = entry;
  if (listener === undefined) return;
  listener.entries.delete(entry);
  if (listener.entries.size > 0) return;
  const { signal } = listener;
  if (listeners.get(signal) === listener) listeners.delete(signal);
  signal.removeEventListener('abort', listener.handle);
}

module.exports = { Listener, listen, unlisten };
