// @ts-check
'use strict';

// The native addon, and what it needs of this JavaScript realm: a test runner may load the package several times in
// one thread, and each realm wants errors of its own classes.

const { threadId } = require('node:worker_threads');
const native = require('../binding.js');
const { SyncError } = require('./errors.js');

const realm = new native.Realm(
  threadId,
  // Called by a blocked thread now and then. It has to be JavaScript: calling it serves V8's pending interrupts.
  () => {},
  /** @type {(code: string, message: string) => any} */
  (code, message) =>
    new SyncError(message, /** @type {import('../index.js').SyncErrorCode} */ (code)),
);

module.exports = {
  native,
  realm,
  /** This thread's number in the words of the primitives. */
  THREAD: realm.threadNumber,
};
