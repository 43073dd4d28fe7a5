// @ts-check
'use strict';

const { Mutex, Condition, Barrier, Latch, RwLock, Semaphore } = require('../../index.js');

/**
 * Every call that can wait without limit, on a view of 4 cells: mutex, condition, barrier, and one that is a latch, an
 * RwLock or a semaphore. Another thread must own the mutex.
 *
 * @type {Record<string, (view: Int32Array<SharedArrayBuffer>) => unknown>}
 */
const waits = {
  'Mutex#lock': (view) => new Mutex(view, 0).lock(),
  'Mutex#tryLock': (view) => new Mutex(view, 0).tryLock(Infinity),
  'Condition#wait': (view) => new Condition(view, 1).wait(new Mutex(ownCell()).lock()),
  'Condition#wait with a predicate': (view) =>
    new Condition(view, 1).wait(new Mutex(ownCell()).lock(), () => false),
  'Condition#waitFor': (view) =>
    new Condition(view, 1).waitFor(new Mutex(ownCell()).lock(), () => false, Infinity),
  'Barrier#wait': (view) => new Barrier(view, 2, 100).wait(),
  'Latch#await': (view) => new Latch(view, 3).await(),
  'RwLock#read': (view) => new RwLock(taken(view), 3).read(),
  'RwLock#tryRead': (view) => new RwLock(taken(view), 3).tryRead(Infinity),
  'RwLock#write': (view) => new RwLock(taken(view), 3).write(),
  'RwLock#tryWrite': (view) => new RwLock(taken(view), 3).tryWrite(Infinity),
  'RwLock#recover': (view) => new RwLock(taken(view), 3).recover(),
  'Semaphore#acquire': (view) => new Semaphore(view, 3, 0).acquire(),
  'Semaphore#tryAcquire': (view) => new Semaphore(view, 3, 0, { max: 9 }).tryAcquire(2, Infinity),
  'Latch#tryAwait': (view) => new Latch(view, 3).tryAwait(Infinity),
};

// A mutex that no other thread uses, so that the wait is for the notification alone.
function ownCell() {
  return new SharedArrayBuffer(4);
}

// Makes the owner of the mutex the writer of the RwLock, too.
/** @param {Int32Array<SharedArrayBuffer>} view */
function taken(view) {
  Atomics.compareExchange(view, 3, 0, Atomics.load(view, 0) | (1 << 30));
  return view;
}

/**
 * @param {string} name
 * @param {Int32Array<SharedArrayBuffer>} view
 */
function wait(name, view) {
  return waits[name](view);
}

module.exports = { waits, wait };
