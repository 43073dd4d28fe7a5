// @ts-check
'use strict';

// Registers this JavaScript realm with the native addon. A test runner may load the package several times in one thread, and
// each realm needs errors of its own classes.

const { threadId } = require('node:worker_threads');
const { SyncError } = require('./errors.js');
const { freeze } = require('./intrinsics.js');
const { native } = require('./native.js');
const { fulfil, reject } = require('./pending.js');

/** How the runtime interrupts a blocked thread. */
function host() {
  // Atomics.Mutex exists where all isolates share one heap.
  if ('Mutex' in Atomics) return native.HOST_SHARED_HEAP;
  // Bun and Deno do not give access to a libuv event loop.
  return 'bun' in process.versions || 'deno' in process.versions
    ? native.HOST_OPAQUE
    : native.HOST_EVENT_LOOP;
}

/** @type {import('../binding.js').Hooks} */
const hooks = freeze([
  // A blocked thread calls this at intervals. It must be a JavaScript function: calling it serves V8's pending interrupts.
  () => {},
  (code, message, details) => new SyncError(message, code, details),
  fulfil,
  reject,
  () => catchUp(),
]);

/** Exchanges the methods of the classes for those of the observers that are on. */
let catchUp = () => {};

/**
 * The number by which native functions know the realm. The native side holds the hooks weakly, so this object keeps them
 * alive.
 */
const realm = freeze({
  number: native.registerRealm(threadId, hooks, host()),
  hooks,
});

if (native.startHangReport(realm.number)) require('./standard-error.js').openStandardError();
// Another thread may switch an observer on, and this one has to learn of it.
native.openMailbox(realm.number);

/** How many numbers one call of `native.newSerials()` reserves. */
const NUMBERS = 2 ** 32;
let nextNumber = 0;
let lastNumber = 0;

/** Returns a number for a new promise, or for one run of a barrier's action. It is never used twice in this thread. */
function newNumber() {
  if (nextNumber === lastNumber) {
    nextNumber = native.newSerials();
    lastNumber = nextNumber + NUMBERS;
  }
  return nextNumber++;
}

module.exports = {
  /** @param {() => void} call called when an observer was switched on in this process */
  whenObserversChange(call) {
    catchUp = call;
    if (native.observers() !== 0) call();
  },
  native,
  newNumber,
  realm,
  /** The tag of this thread in the words of the primitives. */
  THREAD: native.threadTag(realm.number),
};
