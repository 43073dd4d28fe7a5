// @ts-check
'use strict';

const { isMainThread } = require('node:worker_threads');
const { SyncError } = require('./lib/errors.js');
const { functions, primitives } = require('./lib/exports.js');
const { loadAll } = require('./lib/later.js');
const { whenObserversChange } = require('./lib/realm.js');

whenObserversChange(() => require('./lib/observers.js').catchUp());

// Makes the arena, which the workers get that this thread starts from here on.
if (isMainThread) require('./lib/arena.js');

// Node's loader of ES modules finds the names here. It then reads each of them, so an `import` loads everything.
exports.Barrier = exports.Cancel = exports.Channel = exports.Condition = undefined;
exports.Event = exports.Latch = exports.Mutex = exports.Once = undefined;
exports.RwLock = exports.Semaphore = exports.inspect = exports.layout = undefined;
exports.select = exports.selectAsync = exports.trySelect = undefined;
exports.SyncError = SyncError;

/**
 * Defines an export that is loaded when it is first read. From then on it is a plain property.
 * @param {string} name
 * @param {() => unknown} load
 */
function defineLater(name, load) {
  /** @param {unknown} value */
  const define = (value) => {
    Object.defineProperty(exports, name, {
      configurable: true,
      enumerable: true,
      writable: true,
      value,
    });
    return value;
  };
  Object.defineProperty(exports, name, {
    configurable: true,
    enumerable: true,
    get: () => define(load()),
    set: define,
  });
}

for (const [name, load] of Object.entries({ ...primitives, ...functions })) defineLater(name, load);

// jest.resetModules() between two of the loads would make two copies of what the parts share. So under jest all are loaded at once.
if (process.env.JEST_WORKER_ID !== undefined) loadAll();
