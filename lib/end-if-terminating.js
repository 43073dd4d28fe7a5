// @ts-check
'use strict';

/** Far more iterations than V8 needs to stop the thread. */
const ITERATIONS = 1e8;

/**
 * Returns the result of a native call that waits. When the worker is being terminated, Node-API returns undefined and
 * nothing can be thrown. V8 stops the thread at its next loop iteration, so loop until it does: otherwise the code after
 * the call would run as if the thread had acquired what it waited for.
 *
 * @template Value
 * @param {Value} value
 * @returns {Value}
 */
function endIfTerminating(value) {
  if (value === undefined) {
    for (let i = 0; i < ITERATIONS; i++);
    throw new Error('The wait was interrupted.');
  }
  return value;
}

module.exports = { endIfTerminating };
