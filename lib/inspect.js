// @ts-check
'use strict';

const { native } = require('./realm.js');

/**
 * The waits of the process that last, for a supervisor to print.
 * @returns {import('../index.js').BlockedThread[]}
 */
function inspect() {
  const now = Date.now();
  return native.inspect().map(({ waitedMs, ...blocked }) => ({
    ...blocked,
    since: new Date(now - waitedMs),
    waitedMs,
  }));
}

module.exports = { inspect };
