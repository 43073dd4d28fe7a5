// @ts-check
'use strict';

const { integer } = require('./arguments.js');
const { Date, defineProperty } = require('./intrinsics.js');
const { native } = require('./realm.js');

/** How many pending promises are listed unless the caller says. */
const PROMISES = 1_000;
const MOST = 2 ** 32 - 1;

/**
 * The waits of the process that last, for a supervisor to print.
 * @param {number} [promises] how many pending promises to list at most
 */
function inspect(promises = PROMISES) {
  integer(promises, 'promises', 0, MOST);
  const now = Date.now();
  const { waits, omitted } = native.inspect(promises);
  const rows = waits.map((wait) => ({ ...wait, since: new Date(now - wait.waitedMs) }));
  // Not enumerable: a program that prints the rows is not shown it.
  return defineProperty(rows, 'omitted', { value: omitted });
}

module.exports = { inspect };
