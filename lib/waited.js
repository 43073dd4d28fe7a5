// @ts-check
'use strict';

/** Far more turns than it takes. */
const TURNS = 1e8;

/**
 * What a native call that waits has come to. In a worker that is being terminated it comes to nothing, and nothing can be
 * thrown there any more either: the runtime ends the thread at its next loop or call. Until then it would go on as if it
 * had been given what it waited for. So here is a loop.
 *
 * @template Value
 * @param {Value} value
 * @returns {Value}
 */
function waited(value) {
  if (value === undefined) {
    for (let turn = 0; turn < TURNS; turn++);
    throw new Error('The wait was interrupted.');
  }
  return value;
}

module.exports = { waited };
