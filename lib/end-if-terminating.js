// @ts-check
'use strict';

/** Far more iterations than it takes. */
const ITERATIONS = 1e8;

/**
 * Passes on what a native call that waits has returned. When the worker is being terminated, Node-API returns undefined
 * and nothing can be thrown. V8 stops the thread at its next loop iteration, so loop until it does: otherwise the code
 * after the call would run as if it had been given what it waited for.
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
