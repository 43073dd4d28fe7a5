// @ts-check
'use strict';

/** What is counted in shared memory, and printed in this order. */
const STATISTICS = /** @type {const} */ ([
  'locks',
  'timeouts',
  'abandonments told',
  'recoveries by workers',
  'recoveries by main',
  'broken barriers told',
  'phases passed',
  'latches opened',
  'latches awaited',
  'items produced',
  'items consumed',
  'notifications',
  'notified',
  'cycles made',
  'cycles reported',
  'cycles disturbed by a death',
  'cycles with a limit',
]);

/** @typedef {typeof STATISTICS[number]} Statistic */

module.exports = { STATISTICS };
