// @ts-check
'use strict';

/**
 * A lock as its users write it: `lock()` and `unlock()` around the critical section, the section as a callback, or a callback
 * and a promise. A rival has the one of its `style`; the question brings a loop for each. A `message` is what threads send
 * each other without any lock, `alone` is no other thread, and a `program` does all of the work by itself (carryOut).
 * @typedef {'pair' | 'callback' | 'promise' | 'message' | 'alone' | 'program'} Style
 * @typedef {{ lock: () => unknown, unlock: () => void, tryLock?: () => boolean }} PairMutex
 * @typedef {{ exclusively: (section: () => void) => unknown, tryExclusively?: (section: () => void) => boolean }} CallbackMutex
 * @typedef {{ exclusively: (section: () => unknown) => Promise<unknown> }} PromiseMutex
 */

/**
 * A question may ask for any of these; `share`, and the last argument, are what threads hand each other besides the view.
 * @typedef {object} Makers
 * @property {(view: Int32Array, index: number, shared?: unknown) => any} mutex
 * @property {(view: Int32Array, index: number, shared?: unknown) => Condition} condition
 * @property {(view: Int32Array, index: number, total: number, shared?: unknown) => { wait(): unknown }} barrier
 * @property {(view: Int32Array, index: number, permits: number, shared?: unknown) => Semaphore} semaphore
 * @property {(view: Int32Array, index: number) => Latch} latch
 * @property {(view: Int32Array, index: number) => { set(): void, wait(): void }} event with automatic reset
 * @property {(view: Int32Array, index: number) => { run(fn: () => unknown): boolean }} once
 * @property {(view: Int32Array, index: number, shared?: unknown) => RwLock} rwLock
 * @property {(view: Int32Array, index: number) => Word} word
 * @property {(view: Int32Array, index: number) => (ms: number) => unknown} limitedWait waits in vain for so long
 * @property {(view: Int32Array, index: number) => CancelledWait} cancelledWait from the index on it has a cell for each round, and
 * one more
 * @property {(view: Int32Array, index: number, shared?: unknown) => LockAsync} lockAsync of the mutex there
 * @property {() => Signal} signal from a worker to the main thread
 * @property {(view: Int32Array, index: number, capacity: number, way: string) => any} channel a queue of messages
 * @property {Post} post how a message port is given messages
 *
 * @typedef {(signal?: AbortSignal) => Promise<{ release(): unknown }>} LockAsync not every rival heeds the signal
 * @typedef {{ acquire(): unknown, release(): unknown }} Semaphore
 * @typedef {{ wait(round: number): void, end(round: number): void }} CancelledWait rounds count from 1
 * @typedef {{ await(): unknown, release(): unknown }} Latch
 * @typedef {{ send(): void, receiver(): () => Promise<number> }} Signal the receiver resolves with the time of the next one
 * @typedef {object} Post
 * @property {(port: import('node:worker_threads').MessagePort, message: any) => void} one
 * @property {(port: import('node:worker_threads').MessagePort, messages: Uint8Array[]) => void} [batch] in one call
 * @typedef {{ read(): unknown, unlockRead(): unknown, write(): unknown, unlockWrite(): unknown }} RwLock
 * @typedef {{ waitWhile(value: number): unknown, set(value: number): unknown }} Word a bare number that can be waited for
 */

/**
 * @typedef {object} About
 * @property {string} name as printed
 * @property {Style} style
 * @property {string[]} [nodeFlags] what node must be started with
 * @property {() => boolean} [isAvailable] asked in a process with those flags
 * @property {() => string | undefined} [prepare] done once before its first question; why it cannot take part, if it cannot
 * @property {boolean} [singleThreaded] is no lock between threads, so only timed in one
 * @property {(kind: keyof Makers, count?: number) => unknown} [share] makes what one primitive needs besides the view
 * @property {(order: import('../harness/process.js').Order) => unknown} [carryOut] instead of the question's own code
 *
 * @typedef {About & Partial<Makers>} Rival
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
  'ours-limited': './ours-limited.js',
  'hand-rolled': './hand-rolled.js',
  atomics: './atomics.js',
  'atomics-writers-first': './atomics-writers-first.js',
  v8: './v8.js',
  multithreading: './multithreading.js',
  'web-locks': './web-locks.js',
  ring: './ring.js',
  'post-message': './post-message.js',
  'post-message-array': './post-message-array.js',
  'post-message-transfer': './post-message-transfer.js',
  'bare-tsfn': './bare-tsfn.js',
  'rust-std': './rust-std.js',
  'rust-futex': './rust-futex.js',
  crossbeam: './crossbeam.js',
  'bare-cas': './bare-cas.js',
  'bare-load': './bare-load.js',
  'one-thread': './one-thread.js',
  'no-lock': './no-lock.js',
  'no-lock-active': './no-lock-active.js',
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
 * @template {keyof Makers} Kind
 * @param {Rival} rival
 * @param {Kind} kind
 * @returns {Makers[Kind]}
 */
function makerOf(rival, kind) {
  const maker = /** @type {Partial<Makers>} */ (rival)[kind];
  if (!maker) {
    throw new Error(`${rival.name} has no ${kind}`);
  }
  return /** @type {Makers[Kind]} */ (maker);
}

module.exports = { OURS, loadRival, makerOf };
