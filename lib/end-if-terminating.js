// @ts-check
'use strict';

const { INTERRUPTED } = require('./native.js').native;

/** Far more iterations than V8 needs to stop the thread. */
const ITERATIONS = 1e8;

/**
 * Returns the status of a native call that waits, unless that is INTERRUPTED: then the worker is being terminated, and
 * nothing can be thrown. V8 stops the thread at its next loop iteration, so loop until it does: otherwise the code after
 * the call would run as if the thread had acquired what it waited for.
 *
 * A caller that may have acquired something compares the status itself first: near the end of the stack this call would
 * throw, and what was acquired would be lost.
 *
 * @template {number} Status
 * @param {Status} status
 * @returns {Exclude<Status, import('../binding.js').Interrupted>}
 */
function endIfTerminating(status) {
  // Also true for undefined, in a runtime that drops the result of a call in a terminating worker.
  if (!(status > INTERRUPTED)) {
    for (let i = 0; i < ITERATIONS; i++);
    throw new Error('The wait was interrupted.');
  }
  return /** @type {any} */ (status);
}

module.exports = { endIfTerminating };
