// @ts-check
'use strict';

const {
  Mutex,
  Condition,
  Barrier,
  Latch,
  RwLock,
  Semaphore,
  Event,
  Once,
  Channel,
  layout,
  select,
  trySelect,
} = require('../../index.js');

/**
 * Every call that can wait without limit, on a view of 4 cells: mutex, condition, barrier, and one that is any of the
 * others. Another thread must own the mutex. A Channel is the caller's own.
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
  'Semaphore#permit': (view) => new Semaphore(view, 3, 0).permit(),
  'Event#wait': (view) => new Event(view, 3).wait(),
  'Event#tryWait with autoReset': (view) =>
    new Event(view, 3, { autoReset: true }).tryWait(Infinity),
  'Once#run': (view) => new Once(runByOwner(view), 3).run(() => {}),
  'Once#wait': (view) => new Once(view, 3).wait(),
  'Latch#tryAwait': (view) => new Latch(view, 3).tryAwait(Infinity),
  'Channel#send': () => fullChannel().send(BYTES),
  'Channel#trySend': () => fullChannel().trySend(BYTES, Infinity),
  'Channel#sendMany': () => fullChannel().sendMany([BYTES, BYTES]),
  'Channel#reserve': () => fullChannel().reserve(BYTES.length),
  'Channel#receive': () => emptyChannel().receive(),
  'Channel#tryReceive': () => emptyChannel().tryReceive(Infinity),
  'Channel#receiveInto': () => emptyChannel().receiveInto(new Uint8Array(8)),
  'Channel#receiveMany': () => emptyChannel().receiveMany(2),
  'Channel#peek': () => emptyChannel().peek(),
  'a loop over a Channel': () => [...emptyChannel()],
  select: (view) => select([emptyChannel(), new Event(view, 3)]),
  trySelect: () => trySelect([emptyChannel(), emptyChannel()], Infinity),
};

const BYTES = new Uint8Array(8);

function emptyChannel() {
  return layout({ jobs: [Channel, { capacity: 256 }] }).jobs;
}

function fullChannel() {
  const channel = emptyChannel();
  while (channel.trySend(BYTES));
  return channel;
}

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

// Makes the owner of the mutex the runner of the Once, too.
/** @param {Int32Array<SharedArrayBuffer>} view */
function runByOwner(view) {
  Atomics.compareExchange(view, 3, 0, Atomics.load(view, 0));
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
