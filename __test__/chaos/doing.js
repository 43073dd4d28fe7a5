// @ts-check
'use strict';

/** The operations by promise. It is counted how often each was fulfilled. */
const FORMS = /** @type {const} */ ([
  'Mutex#lockAsync',
  'Mutex#recoverAsync',
  'Mutex#runExclusiveAsync',
  'Condition#waitAsync',
  'Barrier#waitAsync',
  'Latch#awaitAsync',
  'Once#runAsync',
  'Semaphore#acquireAsync',
  'RwLock#readAsync',
  'RwLock#writeAsync',
  'RwLock#recoverAsync',
]);

/** @typedef {typeof FORMS[number]} Form */

/**
 * What a worker, or one of its tasks, is doing: the upper half of its `doing` cell. The lower half is the cell of the
 * primitive.
 */
const DOING = /** @type {const} */ ([
  'between two operations',
  'Mutex#lock',
  'Mutex#tryLock',
  'Mutex#recover',
  'Mutex#tryRecover',
  'Mutex#unlock',
  'Condition#wait',
  'Condition#waitFor',
  'Condition#notify',
  'Barrier#wait',
  'Event#set',
  'Event#reset',
  'Event#tryWait',
  'Once#run',
  'Latch#await',
  'Latch#tryAwait',
  'Latch#countDown',
  'Latch#release',
  'Semaphore#acquire',
  'Semaphore#tryAcquire',
  'Semaphore#release',
  'RwLock#read',
  'RwLock#tryRead',
  'RwLock#write',
  'RwLock#tryWrite',
  'RwLock#recover',
  'RwLock#tryRecover',
  'RwLock#downgrade',
  'RwLock#unlockRead',
  'RwLock#unlockWrite',
  'waiting for a partner',
  ...FORMS,
]);

/** @typedef {typeof DOING[number]} Doing */

const CELL_BITS = 24;

/**
 * @param {Doing} what
 * @param {number} cell
 */
function doingWord(what, cell) {
  return (DOING.indexOf(what) << CELL_BITS) | cell;
}

/**
 * In words.
 *
 * @param {Int32Array} view
 * @param {number} doing
 */
function describeDoing(view, doing) {
  if (doing === 0) return DOING[0];
  const cell = doing & ((1 << CELL_BITS) - 1);
  const word = Atomics.load(view, cell) >>> 0;
  return `${DOING[doing >>> CELL_BITS]} of cell ${cell}, which holds 0x${word.toString(16)}`;
}

/**
 * What a worker and its tasks are doing, in words.
 *
 * @param {import('./context.js').Context} context
 * @param {number} slot
 */
function describeWorker(context, slot) {
  const { view } = context;
  const { doing, taskDoing } = context.plan.cells;
  const own = describeDoing(view, Atomics.load(view, doing + slot));
  const tasks = [...context.taskNumbers]
    .map((number) => Atomics.load(view, taskDoing + context.taskPlace(slot, number)))
    .filter((at) => at !== 0)
    .map((at) => `; by promise ${describeDoing(view, at)}`);
  return own + tasks.join('');
}

module.exports = { FORMS, describeWorker, doingWord };
