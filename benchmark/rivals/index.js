// @ts-check
'use strict';

/**
 * A lock as its users write it: `lock()` and `unlock()` around the critical section, or the section
 * as a callback. A rival has the one of its `style`; the question brings a loop for each.
 * @typedef {{ lock(): unknown, unlock(): void }} PairMutex
 * @typedef {{ exclusively(section: () => void): unknown }} CallbackMutex
 */

/**
 * @typedef {object} Rival
 * @property {string} name as printed
 * @property {'pair' | 'callback'} style
 * @property {string[]} [nodeFlags] what node must be started with
 * @property {() => boolean} [isAvailable] asked in a process with those flags
 * @property {boolean} [singleThreaded] is no lock between threads, so only timed in one
 * @property {() => unknown} [shareMutex] what threads hand each other besides the view
 * @property {(view: Int32Array, index: number, shared?: unknown) => any} mutex
 * @property {(view: Int32Array, index: number) => Condition} [condition]
 * @property {(view: Int32Array, index: number, total: number) => { wait(): unknown }} [barrier]
 * @property {(view: Int32Array, index: number, permits: number) => { acquire(): unknown, release(): unknown }} [semaphore]
 * @property {(view: Int32Array, index: number) => { await(): unknown, release(): unknown, released: boolean }} [latch]
 * @property {(view: Int32Array, index: number) => (ms: number) => unknown} [limitedWait] waits in vain for so long
 * @property {(view: Int32Array, index: number) => () => Promise<{ release(): unknown }>} [lockAsync] of the mutex there
 */

/**
 * @typedef {object} Condition
 * @property {(mutex: any, predicate: () => boolean) => unknown} wait
 * @property {() => unknown} [notify]
 * @property {() => unknown} notifyAll
 */

/** The one that the others are compared with. */
const OURS = 'ours';

const FILES = Object.freeze({
  [OURS]: './ours.js',
  'hand-rolled': './hand-rolled.js',
  v8: './v8.js',
  'bare-cas': './bare-cas.js',
  atomics: './atomics.js',
  'no-lock': './no-lock.js',
});

/**
 * Loads one rival only, so that a thread never runs the code of two.
 * @param {string} id
 * @returns {Rival}
 */
function loadRival(id) {
  return require(FILES[/** @type {keyof typeof FILES} */ (id)]);
}

/**
 * What makes one kind of a rival's primitives, for a question that cannot do without.
 * @template {'condition' | 'barrier' | 'semaphore' | 'latch' | 'limitedWait' | 'lockAsync'} Kind
 * @param {Rival} rival
 * @param {Kind} kind
 * @returns {NonNullable<Rival[Kind]>}
 */
function makerOf(rival, kind) {
  const maker = rival[kind];
  if (!maker) {
    throw new Error(`${rival.name} has no ${kind}`);
  }
  return maker;
}

module.exports = { OURS, loadRival, makerOf };
