// @ts-check
'use strict';

const { Barrier } = require('./lib/barrier.js');
const { Condition } = require('./lib/condition.js');
const { SyncError } = require('./lib/errors.js');
const { inspect } = require('./lib/inspect.js');
const { Latch } = require('./lib/latch.js');
const { layout } = require('./lib/layout.js');
const { Mutex } = require('./lib/mutex.js');
const { RwLock } = require('./lib/rwlock.js');
const { Semaphore } = require('./lib/semaphore.js');

module.exports = {
  Barrier,
  Condition,
  Latch,
  Mutex,
  RwLock,
  Semaphore,
  SyncError,
  inspect,
  layout,
};
