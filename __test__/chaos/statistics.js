// @ts-check
'use strict';

const { FORMS } = require('./doing.js');

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
  'events passed',
  'onces done',
  'once functions failed',
  'latches awaited',
  'items produced',
  'items consumed',
  'notifications',
  'notified',
  'cycles made',
  'cycles reported',
  'cycles disturbed by a death',
  'cycles with a limit',
  'requests for permits met',
  'requests for all permits met',
  'permits given back for the dead',
  'signals taken',
  'reads',
  'writes',
  'downgrades',
  'deaths inside an RwLock told',
  'waits cancelled',
  ...FORMS,
  'promises out of time',
  'promises aborted',
  'promises cancelled',
]);

/** @typedef {typeof STATISTICS[number]} Statistic */

module.exports = { STATISTICS };
