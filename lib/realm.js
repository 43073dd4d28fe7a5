// @ts-check
'use strict';

// What the native addon needs of this JavaScript realm: a test runner may load the package several times in
// one thread, and each realm wants errors of its own classes.

const { threadId } = require('node:worker_threads');
const { SyncError } = require('./errors.js');
const { native } = require('./native.js');

/** What the runtime can do for a blocked thread. */
function host() {
  // V8's own Mutex comes with a heap that all isolates share.
  if ('Mutex' in Atomics) return 'shared-heap';
  // Bun and Deno have no event loop of libuv's.
  return 'bun' in process.versions || 'deno' in process.versions ? 'opaque' : 'event-loop';
}

/**
 * Told of each promise that is over.
 * @type {(number: number, fulfilled: boolean, value: any) => void}
 */
let settle = () => {};

const realm = new native.Realm(
  threadId,
  // Called by a blocked thread now and then. It has to be JavaScript: calling it serves V8's pending interrupts.
  () => {},
  /** @type {(code: any, message: string, details: any) => any} */
  (code, message, details) => new SyncError(message, code, details),
  (number, fulfilled, value) => settle(number, fulfilled, value),
  /** @type {any} */ (host()),
);

module.exports = {
  native,
  realm,
  /** @param {typeof settle} told */
  onSettle(told) {
    settle = told;
  },
  /** This thread's number in the words of the primitives. */
  THREAD: realm.threadNumber,
};
