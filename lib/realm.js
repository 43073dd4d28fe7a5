// @ts-check
'use strict';

// What the native addon needs of this JavaScript realm: a test runner may load the package several times in
// one thread, and each realm wants errors of its own classes.

const { threadId } = require('node:worker_threads');
const { SyncError } = require('./errors.js');
const { freeze } = require('./intrinsics.js');
const { native } = require('./native.js');
const { fulfil, reject } = require('./pending.js');

/** What the runtime can do for a blocked thread. */
function host() {
  // V8's own Mutex comes with a heap that all isolates share.
  if ('Mutex' in Atomics) return 'shared-heap';
  // Bun and Deno have no event loop of libuv's.
  return 'bun' in process.versions || 'deno' in process.versions ? 'opaque' : 'event-loop';
}

const hooks = freeze([
  // Called by a blocked thread now and then. It has to be JavaScript: calling it serves V8's pending interrupts.
  () => {},
  /** @type {(code: any, message: string, details: any) => any} */
  (code, message, details) => new SyncError(message, code, details),
  fulfil,
  reject,
]);

/**
 * The number that native functions know the realm by. The native side holds the hooks weakly: whatever has the number has
 * them, too.
 */
const realm = freeze({
  number: native.registerRealm(threadId, hooks, /** @type {any} */ (host())),
  hooks,
});

/** How many numbers `native.promiseNumbers()` gives at once. */
const NUMBERS = 2 ** 32;
let nextNumber = 0;
let lastNumber = 0;

/** The number of a new promise, or of the action of a barrier: none other of this thread has or had it. */
function newNumber() {
  if (nextNumber === lastNumber) {
    nextNumber = native.promiseNumbers();
    lastNumber = nextNumber + NUMBERS;
  }
  return nextNumber++;
}

module.exports = {
  native,
  newNumber,
  realm,
  /** This thread's number in the words of the primitives. */
  THREAD: native.threadNumber(realm.number),
};
