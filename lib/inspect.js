// @ts-check
'use strict';

const { native } = require('./realm.js');

/**
 * The waits of the process that last, for a supervisor to print.
 * @returns {import('../index.js').BlockedThread[]}
 */
function inspect() {
  const now = Date.now();
  const blocked = /** @type {Omit<import('../index.js').BlockedThread, 'since'>[]} */ (
    native.inspect()
  );
  return blocked.map((wait) => ({ ...wait, since: new Date(now - wait.waitedMs) }));
}

module.exports = { inspect };
