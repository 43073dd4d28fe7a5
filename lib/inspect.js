// @ts-check
'use strict';

const { integer } = require('./arguments.js');
const { Date, defineProperty } = require('./intrinsics.js');
const { native } = require('./realm.js');

/** How many pending promises are listed by default. */
const PROMISES = 1_000;
/** The argument of native.inspect is an unsigned 32-bit integer. */
const MOST = 2 ** 32 - 1;

/**
 * Lists the blocked threads and pending promises of the process, for a supervisor to print.
 * @param {number} [promises] how many pending promises to list at most
 */
function inspect(promises = PROMISES) {
  integer(promises, 'promises', 0, MOST);
  const now = Date.now();
  const { waits, omitted } = native.inspect(promises);
  const rows = waits.map((wait) => ({ ...wait, since: new Date(now - wait.waitedMs) }));
  // Not enumerable, so that console.log of the rows does not show it.
  return defineProperty(rows, 'omitted', { value: omitted });
}

module.exports = { inspect };
