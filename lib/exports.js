// @ts-check
'use strict';

// What the package exports, each loaded when it is first read.

const { later } = require('./later.js');

/** The classes of the primitives. */
const primitives = {
  Barrier: later(() => require('./barrier.js').Barrier),
  Cancel: later(() => require('./cancel.js').Cancel),
  Channel: later(() => require('./channel/channel.js').Channel),
  Condition: later(() => require('./condition.js').Condition),
  Event: later(() => require('./event.js').Event),
  Latch: later(() => require('./latch.js').Latch),
  Mutex: later(() => require('./mutex.js').Mutex),
  Once: later(() => require('./once.js').Once),
  RwLock: later(() => require('./rwlock.js').RwLock),
  Semaphore: later(() => require('./semaphore.js').Semaphore),
};

const functions = {
  inspect: later(() => require('./inspect.js').inspect),
  layout: later(() => require('./layout.js').layout),
  select: later(() => require('./select/select.js').select),
  selectAsync: later(() => require('./select/select.js').selectAsync),
  trySelect: later(() => require('./select/select.js').trySelect),
};

module.exports = { functions, primitives };
