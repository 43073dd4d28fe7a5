/**
 * Synchronization between worker threads. Each primitive is one 32-bit cell of shared memory, and a zeroed
 * cell is a fresh primitive: the threads need nothing but the memory and the number of the cell.
 *
 * | to do this | take |
 * | --- | --- |
 * | let one thread at a time touch some data | {@link Mutex} |
 * | sleep until that data says something (not empty, not full, finished) | {@link Condition} with a Mutex |
 * | keep a fixed number of threads in step, round after round | {@link Barrier} |
 * | hold threads back until something has happened, once or so many times | {@link Latch} |
 * | let many threads read some data, or one write it | {@link RwLock} |
 * | let so many at a time in, or count what is there | {@link Semaphore} |
 * | see which threads hang, and on what | {@link inspect} |
 *
 * All waiting here blocks the calling thread. Times are in milliseconds.
 *
 * @packageDocumentation
 */

// Known to Node 20 and to TypeScript's `esnext.disposable`; declared again (as `@types/node` does) so that
// the package compiles under an older `lib`, without a `reference` that would claim DisposableStack too.
declare global {
  interface SymbolConstructor {
    readonly dispose: unique symbol;
  }
}

// Without this line a declaration file exports everything in it.
export {};

/** Keeps look-alikes out: a {@link Condition} needs a Mutex made by this package. Never present at run time. */
declare const brand: unique symbol;

/**
 * Where a primitive's cell lies: an `Int32Array` over a SharedArrayBuffer (at any `byteOffset`, from any
 * realm, growable or the memory of a shared `WebAssembly.Memory`), or the SharedArrayBuffer itself.
 *
 * A view that is known to lie over an ordinary `ArrayBuffer`, such as `new Int32Array(8)`, does not compile.
 * A plain `Int32Array` does, since it may lie over shared memory; if it does not, the constructor throws. So a
 * function of yours that takes a view can declare it as `Int32Array | SharedArrayBuffer`. (The types of a shared
 * `WebAssembly.Memory` say that its buffer is an `ArrayBuffer`: say `as Int32Array` there.)
 *
 * @typeParam View - the type of the argument
 */
export type SharedView<View extends Int32Array | SharedArrayBuffer> = View extends Int32Array
  ? SharedArrayBuffer extends View['buffer']
    ? View
    : Int32Array & { readonly buffer: SharedArrayBuffer }
  : View;

/**
 * An answer that is there at once. A promise is always truthy, so a predicate that returned one would never
 * wait: this makes it an error of types, and the methods throw `ERR_INVALID_ARG_TYPE` for it.
 *
 * @typeParam Answer - what the predicate returns
 */
export type Synchronous<Answer> = Answer extends PromiseLike<unknown> ? never : Answer;

/** The `code` of a {@link SyncError}. Codes are stable; messages may change. */
export type SyncErrorCode =
  /** The mutex is not locked by this thread. Nothing has changed. Call `lock()` first. */
  | 'ERR_NOT_OWNER'
  /**
   * Waiting would never end: this thread owns the mutex already, or every thread of a circle waits for what the next
   * one owns. The caller does not get what it waited for, and still owns what it owned (but after `Condition.wait`,
   * not that mutex). Unlock something, and lock in the same order in every thread.
   */
  | 'ERR_DEADLOCK'
  /**
   * The thread that owned the mutex has ended without unlocking it, so what the mutex guards may be half changed. The
   * caller does not own it. Call `recover()`.
   */
  | 'ERR_ABANDONED'
  /** A thread ended inside `wait()`, so this round can never be complete. */
  | 'ERR_BROKEN_BARRIER'
  /** The cell holds a value that this primitive never writes: other code uses the same memory. */
  | 'ERR_CORRUPT_CELL';

/**
 * What a primitive throws when threads misuse it or die in it; look at {@link SyncError.code}. Wrong
 * arguments are ordinary errors instead: a `TypeError` with the code `ERR_INVALID_ARG_TYPE` or a `RangeError`
 * with the code `ERR_OUT_OF_RANGE`. Each message says what to do next.
 *
 * @example
 * ```js
 * const { Mutex, SyncError } = require('@x/shared-sync');
 *
 * const mutex = new Mutex(new SharedArrayBuffer(4));
 * try {
 *   mutex.unlock();
 * } catch (error) {
 *   if (!(error instanceof SyncError)) throw error;
 *   console.log(error.code); // prints ERR_NOT_OWNER
 * }
 * ```
 */
export class SyncError extends Error {
  constructor(
    message: string,
    code: SyncErrorCode,
    details?: { ownerThreadId?: number; cycle?: CycleLink[] },
  );
  readonly name: 'SyncError';
  /** What went wrong, for programs. */
  readonly code: SyncErrorCode;
  /** The `threadId` of the owner, with `ERR_NOT_OWNER` where there is one; of the dead one, with `ERR_ABANDONED`. */
  readonly ownerThreadId?: number;
  /** The circle of waits, with `ERR_DEADLOCK`. It begins with the thread that is told. */
  readonly cycle?: readonly CycleLink[];
}

/** One thread of a deadlock: the next one in the circle holds what it waits for. */
export interface CycleLink {
  /** The `threadId` of the thread. */
  readonly threadId: number;
  /** What it holds, such as `Mutex "jobs"`. */
  readonly holds: string;
  /** What it waits for, likewise. */
  readonly waitsFor: string;
}

/** What every constructor takes last. */
export interface PrimitiveOptions {
  /**
   * What messages and {@link inspect} call it. To name it in one thread is enough. Without a name they tell its class
   * and the number of its cell in the buffer.
   */
  readonly name?: string;
}

/** A wait that lasts, as {@link inspect} tells it. */
export interface BlockedThread {
  /** The `threadId` of the blocked thread; 0 is the main thread. */
  readonly threadId: number;
  /** The class of what it waits for. */
  readonly kind: 'Mutex' | 'Condition' | 'Barrier' | 'Latch' | 'RwLock' | 'Semaphore';
  /** The name that somebody gave to what it waits for. */
  readonly name?: string;
  /** What it waits for, as messages call it: `Mutex "jobs"`, or `Mutex in cell 3` without a name. */
  readonly waitsFor: string;
  /** When the wait began. */
  readonly since: Date;
  /** How long it has lasted, in milliseconds. */
  readonly waitedMs: number;
  /** The `threadId` of the owner of what it waits for, where it has one. */
  readonly ownerThreadId?: number;
  /** At a Barrier: the `threadId` of each thread that has arrived, in order. */
  readonly arrivedThreadIds?: readonly number[];
}

/**
 * Which threads of the process are blocked, on what and since when, for a supervisor to print: on a timer, on a signal,
 * or when a test runs out of time. It can be called in any thread, and disturbs nobody. Waits that have lasted less than
 * about five milliseconds are not listed.
 *
 * @returns one entry for each wait; a thread that was made to wait again while it was blocked, by code that an
 * inspector evaluates in it, has several, the innermost last
 * @example
 * ```js
 * const { inspect } = require('@x/shared-sync');
 *
 * for (const { threadId, waitsFor, waitedMs, ownerThreadId } of inspect()) {
 *   console.error(`worker ${threadId}: ${waitsFor}, for ${waitedMs} ms, owner ${ownerThreadId}`);
 * }
 * console.log(inspect().length); // prints 0
 * ```
 */
export function inspect(): BlockedThread[];

/**
 * Lets one thread at a time into a section of code. Ownership is per thread: only the thread that locked it
 * can unlock it, and locking twice in one thread is an error, not a deadlock.
 *
 * To wait for something that another thread does while you hold the lock, use a {@link Condition} with it. For
 * one number, `Atomics.add` and the like need no lock.
 *
 * @example
 * ```js
 * const { Worker, isMainThread, workerData } = require('node:worker_threads');
 * const { Mutex } = require('@x/shared-sync');
 *
 * if (isMainThread) {
 *   const view = new Int32Array(new SharedArrayBuffer(8)); // cell 0: the mutex, cell 1: what it protects
 *   let running = 4;
 *   for (let id = 0; id < 4; id++) {
 *     new Worker(__filename, { workerData: view }).on('exit', () => {
 *       if (--running === 0) console.log(view[1]); // prints 40000
 *     });
 *   }
 * } else {
 *   const view = workerData;
 *   const mutex = new Mutex(view, 0);
 *   for (let i = 0; i < 10000; i++) {
 *     mutex.lock();
 *     try {
 *       view[1]++;
 *     } finally {
 *       mutex.unlock();
 *     }
 *   }
 * }
 * ```
 */
export interface Mutex {
  readonly [brand]: 'Mutex';

  /**
   * Locks, sleeping without limit while another thread has it. For a limit, see {@link Mutex.tryLock}.
   *
   * @returns this mutex, which is disposable: where the language has it, `using _ = mutex.lock();` unlocks at
   * the end of the block
   * @throws SyncError `ERR_DEADLOCK` at once if this thread owns it already (and it still does), or within milliseconds
   * if its owner waits, itself or by others, for what this thread owns; `ERR_ABANDONED` if its owner has ended without unlocking, `ERR_CORRUPT_CELL` if the cell names an owner that
   * never was: in both cases this thread does not own it
   * @example
   * ```js
   * const { Mutex } = require('@x/shared-sync');
   *
   * const mutex = new Mutex(new SharedArrayBuffer(4));
   * mutex.lock();
   * try {
   *   console.log(mutex.locked); // prints true
   * } finally {
   *   mutex.unlock();
   * }
   * ```
   */
  lock(): this;

  /**
   * Locks if that is possible within a time limit. Running out of time is an answer here, not an error.
   *
   * @param ms - milliseconds to wait, 0 or more; `Infinity` is no limit. 0, the default, does not wait at all
   * @returns whether this thread owns it now; `false` never before `ms` have passed
   * @throws SyncError as {@link Mutex.lock} does, but that a wait with a limit is never part of a circle, and without
   * waiting, `tryLock()`, the answer in a thread that owns it already is `false`
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if `ms` is not a number
   * @throws RangeError `ERR_OUT_OF_RANGE` if `ms` is negative or NaN
   * @example
   * ```js
   * const { Mutex } = require('@x/shared-sync');
   *
   * const mutex = new Mutex(new SharedArrayBuffer(4));
   * if (mutex.tryLock(50)) {
   *   try {
   *     console.log('mine'); // prints mine
   *   } finally {
   *     mutex.unlock();
   *   }
   * }
   * ```
   */
  tryLock(ms?: number): boolean;

  /**
   * Unlocks, and wakes a thread that waits for it. All that this thread wrote before is visible to the next
   * owner, whether it was written with Atomics or plainly.
   *
   * @throws SyncError `ERR_NOT_OWNER` if it is free or belongs to another thread; nothing changes then
   * @example
   * ```js
   * const { Mutex } = require('@x/shared-sync');
   *
   * const mutex = new Mutex(new SharedArrayBuffer(4));
   * mutex.lock();
   * mutex.unlock();
   * console.log(mutex.locked); // prints false
   * ```
   */
  unlock(): void;

  /**
   * Locks as {@link Mutex.lock} does, also after the owner has ended without unlocking: that state stays, and every
   * `lock()` throws `ERR_ABANDONED`, until somebody calls this and so takes it upon itself to put in order what the mutex
   * guards.
   *
   * @returns `true` if this call ended that state: look after what the mutex guards; `false` if there was nothing to
   * end, or another thread has done it. In both cases this thread owns the mutex now
   * @throws SyncError `ERR_DEADLOCK` or `ERR_CORRUPT_CELL`, as {@link Mutex.lock} does
   * @example
   * ```js
   * const { Mutex, SyncError } = require('@x/shared-sync');
   *
   * const mutex = new Mutex(new SharedArrayBuffer(4));
   * try {
   *   mutex.lock();
   * } catch (error) {
   *   if (error.code !== 'ERR_ABANDONED') throw error;
   *   if (mutex.recover()) console.log('put the data in order here');
   * }
   * mutex.unlock();
   * ```
   */
  recover(): boolean;

  /**
   * Recovers if that is possible within a time limit.
   *
   * @param ms - milliseconds to wait, 0 or more; `Infinity` is no limit. 0, the default, does not wait at all
   * @returns what {@link Mutex.recover} does, or `undefined` if the time was up first: then this thread does not own it
   * @throws SyncError as {@link Mutex.recover} does
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if `ms` is not a number
   * @throws RangeError `ERR_OUT_OF_RANGE` if `ms` is negative or NaN
   * @example
   * ```js
   * const { Mutex } = require('@x/shared-sync');
   *
   * const mutex = new Mutex(new SharedArrayBuffer(4));
   * console.log(mutex.tryRecover(50)); // prints false
   * mutex.unlock();
   * ```
   */
  tryRecover(ms?: number): boolean | undefined;

  /**
   * Whether any thread owns it at this moment, or has ended owning it. The answer may be out of date when you read
   * it: to act on it, use {@link Mutex.tryLock}.
   *
   * @throws SyncError `ERR_CORRUPT_CELL`
   * @example
   * ```js
   * const { Mutex } = require('@x/shared-sync');
   *
   * console.log(new Mutex(new SharedArrayBuffer(4)).locked); // prints false
   * ```
   */
  readonly locked: boolean;

  /**
   * The `threadId` (of `node:worker_threads`) of the owner, also of one that has ended, or null when it is free. The
   * main thread is 0: compare with null, not by truth.
   *
   * @throws SyncError `ERR_CORRUPT_CELL`
   * @example
   * ```js
   * const { threadId } = require('node:worker_threads');
   * const { Mutex } = require('@x/shared-sync');
   *
   * const mutex = new Mutex(new SharedArrayBuffer(4));
   * console.log(mutex.ownerThreadId); // prints null
   * mutex.lock();
   * console.log(mutex.ownerThreadId === threadId); // prints true
   * mutex.unlock();
   * ```
   */
  readonly ownerThreadId: number | null;

  /**
   * Unlocks if this thread owns it, and is silent if not, so that it hides no error on its way. Called by
   * `using`. Present where the realm has `Symbol.dispose`, as Node has (but not the realms of jest on Node 20
   * and 22).
   *
   * @example
   * ```js
   * const { Mutex } = require('@x/shared-sync');
   *
   * const mutex = new Mutex(new SharedArrayBuffer(4));
   * mutex.lock()[Symbol.dispose](); // what `using _ = mutex.lock()` does at the end of its block
   * console.log(mutex.locked); // prints false
   * ```
   */
  [Symbol.dispose](): void;
}

/** The class of {@link Mutex}. */
export interface MutexConstructor {
  /**
   * A mutex in a cell of shared memory. It keeps the memory alive; making another on the same cell, in any
   * thread, gives the same mutex.
   *
   * @param view - the shared memory
   * @param index - the number of the int32 cell, from the start of `view`; 0 if left out
   * @param options - its name
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if `view` is not over shared memory or `index` is not a number
   * @throws RangeError `ERR_OUT_OF_RANGE` if `index` is not the number of a cell of `view`
   */
  new <View extends Int32Array | SharedArrayBuffer = any>(
    view: View & SharedView<View>,
    index?: number,
    options?: PrimitiveOptions,
  ): Mutex;
  readonly prototype: Mutex;
}

export const Mutex: MutexConstructor;

/**
 * Lets threads that share data under a {@link Mutex} sleep until that data says what they wait for. One that
 * changes the data calls {@link Condition.notify} or {@link Condition.notifyAll}; a condition remembers nothing, so
 * a notification that finds nobody waiting is gone.
 *
 * For threads that meet at one point use a {@link Barrier}, for something that happens once a {@link Latch}.
 *
 * @example
 * ```js
 * const { Worker, isMainThread, workerData } = require('node:worker_threads');
 * const { Mutex, Condition } = require('@x/shared-sync');
 *
 * const view = isMainThread ? new Int32Array(new SharedArrayBuffer(12)) : workerData;
 * const mutex = new Mutex(view, 0);
 * const filled = new Condition(view, 1);
 *
 * if (isMainThread) {
 *   new Worker(__filename, { workerData: view });
 *   mutex.lock();
 *   filled.wait(mutex, () => view[2] !== 0); // unlocks while it sleeps
 *   console.log(view[2]); // prints 42
 *   mutex.unlock();
 * } else {
 *   mutex.lock();
 *   view[2] = 42;
 *   filled.notify();
 *   mutex.unlock();
 * }
 * ```
 */
export interface Condition {
  /**
   * Unlocks `mutex`, sleeps until notified, and locks it again: nothing that happens in between is missed.
   * With a predicate it does so until the predicate's answer is truthy, and not at all if it is so already;
   * without one it sleeps once. Waits without limit: for a limit, see {@link Condition.waitFor}.
   *
   * @param mutex - must be locked by this thread; it is again when this returns
   * @param predicate - says whether to stop waiting; called with the mutex locked. Prefer it to a call without:
   * by the time a notified thread has the lock, another may have taken what it was told of
   * @throws SyncError `ERR_NOT_OWNER` if this thread does not own `mutex` (nothing happens);
   * `ERR_ABANDONED` or `ERR_DEADLOCK` if it cannot be locked again: it is *not* owned then, so do not unlock it;
   * `ERR_CORRUPT_CELL`
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if an argument is of the wrong type or the predicate returned a
   * promise; the mutex stays locked. So it does when the predicate throws, and its error passes through
   * @example
   * ```js
   * const { Mutex, Condition } = require('@x/shared-sync');
   *
   * const view = new Int32Array(new SharedArrayBuffer(12));
   * const mutex = new Mutex(view, 0);
   * const changed = new Condition(view, 1);
   * view[2] = 1;
   *
   * mutex.lock();
   * try {
   *   changed.wait(mutex, () => view[2] > 0); // true already: does not wait
   *   console.log(view[2]); // prints 1
   * } finally {
   *   mutex.unlock();
   * }
   * ```
   */
  wait<Answer>(mutex: Mutex, predicate?: () => Synchronous<Answer>): void;

  /**
   * {@link Condition.wait} with a time limit. Time spent on locking the mutex again is not limited, since it is
   * owned when this returns, whatever the answer.
   *
   * @param mutex - must be locked by this thread; it is again when this returns
   * @param predicate - as for `wait`; asked a last time when the time is up. `undefined` to wait for any
   * notification
   * @param ms - milliseconds, 0 or more; `Infinity` is no limit. 0 asks the predicate once
   * @returns the predicate's last answer, as it gave it (falsy if the time ran out); without a predicate, whether
   * it was notified
   * @throws SyncError as {@link Condition.wait} does
   * @throws TypeError `ERR_INVALID_ARG_TYPE` as {@link Condition.wait} does, and if `ms` is not a number
   * @throws RangeError `ERR_OUT_OF_RANGE` if `ms` is negative or NaN
   * @example
   * ```js
   * const { Mutex, Condition } = require('@x/shared-sync');
   *
   * const view = new Int32Array(new SharedArrayBuffer(12));
   * const mutex = new Mutex(view, 0);
   * const changed = new Condition(view, 1);
   *
   * mutex.lock();
   * try {
   *   console.log(changed.waitFor(mutex, () => view[2] > 0, 20)); // prints false
   *   console.log(changed.waitFor(mutex, undefined, 20)); // prints false
   * } finally {
   *   mutex.unlock();
   * }
   * ```
   */
  waitFor(mutex: Mutex, predicate: undefined, ms: number): boolean;
  waitFor<Answer>(mutex: Mutex, predicate: () => Synchronous<Answer>, ms: number): Answer;
  waitFor<Answer>(
    mutex: Mutex,
    predicate: (() => Synchronous<Answer>) | undefined,
    ms: number,
  ): Answer | boolean;

  /**
   * Wakes waiting threads, those that have waited longest first. Cheap when nobody waits. Call it with the mutex
   * locked or just after unlocking it, but change the data that the predicates look at under the lock.
   *
   * @param n - how many at most: an integer of 0 or more, or `Infinity`; 1 if left out. One is enough when each change
   * serves one waiter and all wait for the same thing; otherwise use {@link Condition.notifyAll}
   * @returns how many were woken
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if `n` is not a number
   * @throws RangeError `ERR_OUT_OF_RANGE` if `n` is negative, fractional or NaN
   * @throws SyncError `ERR_CORRUPT_CELL`
   * @example
   * ```js
   * const { Condition } = require('@x/shared-sync');
   *
   * console.log(new Condition(new SharedArrayBuffer(4)).notify(2)); // prints 0
   * ```
   */
  notify(n?: number): number;

  /**
   * Wakes all waiting threads. They go on one after another, as each gets the mutex.
   *
   * @returns how many were woken
   * @throws SyncError `ERR_CORRUPT_CELL`
   * @example
   * ```js
   * const { Condition } = require('@x/shared-sync');
   *
   * console.log(new Condition(new SharedArrayBuffer(4)).notifyAll()); // prints 0
   * ```
   */
  notifyAll(): number;
}

/** The class of {@link Condition}. */
export interface ConditionConstructor {
  /**
   * A condition in a cell of shared memory (not the cell of its mutex).
   *
   * @param view - the shared memory
   * @param index - the number of the int32 cell, from the start of `view`; 0 if left out
   * @param options - its name
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if `view` is not over shared memory or `index` is not a number
   * @throws RangeError `ERR_OUT_OF_RANGE` if `index` is not the number of a cell of `view`
   */
  new <View extends Int32Array | SharedArrayBuffer = any>(
    view: View & SharedView<View>,
    index?: number,
    options?: PrimitiveOptions,
  ): Condition;
  readonly prototype: Condition;
}

export const Condition: ConditionConstructor;

/**
 * Keeps a fixed number of threads in step: each waits until all have arrived, then all go on, and the barrier is
 * ready for the next round at once.
 *
 * Where some threads only report and others only wait, use a {@link Latch}.
 *
 * @example
 * ```js
 * const { Worker, isMainThread, workerData } = require('node:worker_threads');
 * const { Barrier } = require('@x/shared-sync');
 *
 * if (isMainThread) {
 *   const view = new Int32Array(new SharedArrayBuffer(16)); // cell 0: the barrier, cells 1 to 3: partial sums
 *   for (let id = 1; id <= 3; id++) new Worker(__filename, { workerData: { view, id } });
 * } else {
 *   const { view, id } = workerData;
 *   const barrier = new Barrier(view, 0, 3);
 *   view[id] = id * 10;
 *   if (barrier.wait() === 0) console.log(view[1] + view[2] + view[3]); // prints 60
 * }
 * ```
 */
export interface Barrier {
  /**
   * Arrives, and sleeps without limit until all `total` threads have. All that any of them wrote before is visible
   * to each of them afterwards.
   *
   * @returns the arrival index: `total - 1` for the first to arrive, 0 for the last; each index once a round
   * @throws SyncError `ERR_BROKEN_BARRIER` if a thread ends while it waits here, to all who wait or come later;
   * `ERR_CORRUPT_CELL`
   * @example
   * ```js
   * const { Barrier } = require('@x/shared-sync');
   *
   * console.log(new Barrier(new SharedArrayBuffer(4), 0, 1).wait()); // prints 0
   * ```
   */
  wait(): number;

  /**
   * How many threads make a round, as given to the constructor.
   *
   * @example
   * ```js
   * const { Barrier } = require('@x/shared-sync');
   *
   * console.log(new Barrier(new SharedArrayBuffer(4), 0, 8).total); // prints 8
   * ```
   */
  readonly total: number;
}

/** The class of {@link Barrier}. */
export interface BarrierConstructor {
  /**
   * A barrier in a cell of shared memory. All threads must give the same `total`.
   *
   * @param view - the shared memory
   * @param index - the number of the int32 cell, from the start of `view`
   * @param total - how many threads make a round: an integer from 1 to 16,777,215
   * @param options - its name
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if `view` is not over shared memory, or `index` or `total` is not a
   * number
   * @throws RangeError `ERR_OUT_OF_RANGE` if `index` is not the number of a cell of `view` or `total` is out of its
   * range
   */
  new <View extends Int32Array | SharedArrayBuffer = any>(
    view: View & SharedView<View>,
    index: number,
    total: number,
    options?: PrimitiveOptions,
  ): Barrier;
  readonly prototype: Barrier;
}

export const Barrier: BarrierConstructor;

/**
 * A gate that is closed until somebody opens it, and then stays open. Those who wait need not be counted.
 *
 * To meet again and again use a {@link Barrier}, to wait for a state that comes and goes a {@link Condition}.
 *
 * @example
 * ```js
 * const { Worker, isMainThread, workerData } = require('node:worker_threads');
 * const { Latch } = require('@x/shared-sync');
 *
 * if (isMainThread) {
 *   const view = new Int32Array(new SharedArrayBuffer(8)); // cell 0: the latch, cell 1: a setting
 *   new Worker(__filename, { workerData: view });
 *   view[1] = 7;
 *   new Latch(view, 0).release();
 * } else {
 *   const view = workerData;
 *   new Latch(view, 0).await();
 *   console.log(view[1]); // prints 7
 * }
 * ```
 */
export interface Latch {
  /**
   * Sleeps without limit until the latch is open; returns at once if it is. For a limit, see
   * {@link Latch.tryAwait}.
   *
   * @throws SyncError `ERR_CORRUPT_CELL`
   * @example
   * ```js
   * const { Latch } = require('@x/shared-sync');
   *
   * const latch = new Latch(new SharedArrayBuffer(4));
   * latch.release();
   * latch.await(); // open: does not wait
   * ```
   */
  await(): void;

  /**
   * Waits until the latch is open or the time is up. Running out of time is an answer here, not an error.
   *
   * @param ms - milliseconds to wait, 0 or more; `Infinity` is no limit. 0, the default, does not wait at all
   * @returns whether the latch is open; `false` never before `ms` have passed
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if `ms` is not a number
   * @throws RangeError `ERR_OUT_OF_RANGE` if `ms` is negative or NaN
   * @throws SyncError `ERR_CORRUPT_CELL`
   * @example
   * ```js
   * const { Latch } = require('@x/shared-sync');
   *
   * console.log(new Latch(new SharedArrayBuffer(4)).tryAwait(20)); // prints false
   * ```
   */
  tryAwait(ms?: number): boolean;

  /**
   * Opens the latch, for all who wait and all who come later; nothing more happens when it is open already. All
   * that this thread wrote before is visible to them. Any thread may do it.
   *
   * @throws SyncError `ERR_CORRUPT_CELL`
   * @example
   * ```js
   * const { Latch } = require('@x/shared-sync');
   *
   * const latch = new Latch(new SharedArrayBuffer(4));
   * latch.release();
   * console.log(latch.released); // prints true
   * ```
   */
  release(): void;

  /**
   * Counts down, at most until the latch is open: then it opens for all who wait and all who come later. All that this
   * thread wrote before is visible to them. Any thread may do it, any number of times.
   *
   * @param n - by how much, an integer from 1, the default
   * @throws SyncError `ERR_CORRUPT_CELL`
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if `n` is not a number
   * @throws RangeError `ERR_OUT_OF_RANGE` if `n` is not an integer from 1 to 2^30 - 1
   * @example
   * ```js
   * const { Latch } = require('@x/shared-sync');
   *
   * const finished = new Latch(new SharedArrayBuffer(4), 0, 2);
   * finished.countDown();
   * console.log(finished.remaining); // prints 1
   * finished.countDown();
   * finished.await(); // open: does not wait
   * ```
   */
  countDown(n?: number): void;

  /**
   * How often it has to be counted down until it is open; 0 once it is.
   *
   * @throws SyncError `ERR_CORRUPT_CELL`
   * @example
   * ```js
   * const { Latch } = require('@x/shared-sync');
   *
   * console.log(new Latch(new SharedArrayBuffer(4), 0, 3).remaining); // prints 3
   * ```
   */
  readonly remaining: number;

  /**
   * Whether the latch is open. Once true, it stays so.
   *
   * @throws SyncError `ERR_CORRUPT_CELL`
   * @example
   * ```js
   * const { Latch } = require('@x/shared-sync');
   *
   * console.log(new Latch(new SharedArrayBuffer(4)).released); // prints false
   * ```
   */
  readonly released: boolean;
}

/** The class of {@link Latch}. */
export interface LatchConstructor {
  /**
   * A latch in a cell of shared memory.
   *
   * @param view - the shared memory
   * @param index - the number of the int32 cell, from the start of `view`; 0 if left out
   * @param count - how often it has to be counted down until it is open: an integer from 1, the default, to 2^30 - 1.
   * All threads must give the same
   * @param options - its name
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if `view` is not over shared memory, or `index` or `count` is not a number
   * @throws RangeError `ERR_OUT_OF_RANGE` if `index` is not the number of a cell of `view` or `count` is out of its range
   */
  new <View extends Int32Array | SharedArrayBuffer = any>(
    view: View & SharedView<View>,
    index?: number,
    count?: number,
    options?: PrimitiveOptions,
  ): Latch;
  readonly prototype: Latch;
}

export const Latch: LatchConstructor;

/** What the constructor of {@link Semaphore} takes last. */
export interface SemaphoreOptions extends PrimitiveOptions {
  /**
   * How many permits may ever be free: an integer from `permits` (the default) and 1 to 2^30 - 1, or `Infinity` for as
   * many as there is room for, 2^30 - 1.
   */
  readonly max?: number;
}

/**
 * A number of permits, of which threads take some and give some back: to let only so many at a time use something, or,
 * beginning with none, to count what has been made ready for others. Nobody owns a permit: any thread may give back what
 * another took.
 *
 * Permits are given in the order in which they were asked for. A request for many is not passed by later ones for few.
 *
 * For one at a time use a {@link Mutex}, which tells when its owner has died. What a thread that ended had taken from a
 * Semaphore stays taken, until somebody who knows of it gives it back.
 *
 * @example
 * ```js
 * const { Worker, isMainThread, workerData } = require('node:worker_threads');
 * const { Semaphore } = require('@x/shared-sync');
 *
 * const view = isMainThread ? new Int32Array(new SharedArrayBuffer(8)) : workerData;
 * const ready = new Semaphore(view, 0, 0, { max: Infinity }); // counts what is ready: nothing at first
 *
 * if (isMainThread) {
 *   new Worker(__filename, { workerData: view });
 *   ready.acquire(2); // both at once
 *   console.log(view[1]); // prints 2
 * } else {
 *   for (let i = 0; i < 2; i++) {
 *     view[1]++;
 *     ready.release();
 *   }
 * }
 * ```
 */
export interface Semaphore {
  /**
   * Takes permits, sleeping without limit until there are enough and everybody who asked before has got theirs. For a
   * limit, see {@link Semaphore.tryAcquire}. All that was written before the permits were given back is visible here
   * afterwards.
   *
   * @param n - how many, all at once: an integer from 1, the default, to the maximum
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if `n` is not a number
   * @throws RangeError `ERR_OUT_OF_RANGE` if `n` is not an integer from 1 to the maximum: so many never will be free
   * @throws SyncError `ERR_CORRUPT_CELL`
   * @example
   * ```js
   * const { Semaphore } = require('@x/shared-sync');
   *
   * const connections = new Semaphore(new SharedArrayBuffer(4), 0, 8);
   * connections.acquire();
   * try {
   *   console.log(connections.available); // prints 7
   * } finally {
   *   connections.release();
   * }
   * ```
   */
  acquire(n?: number): void;

  /**
   * Takes permits if that is possible within a time limit. Running out of time is an answer here, not an error.
   *
   * @param n - how many, all at once: an integer from 1, the default, to the maximum
   * @param ms - milliseconds to wait, 0 or more; `Infinity` is no limit. 0, the default, does not wait at all, and takes
   * nothing while others wait for more than there is
   * @returns whether they were taken; `false` never before `ms` have passed
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if `n` or `ms` is not a number
   * @throws RangeError `ERR_OUT_OF_RANGE` if `n` is not an integer from 1 to the maximum, or `ms` is negative or NaN
   * @throws SyncError `ERR_CORRUPT_CELL`
   * @example
   * ```js
   * const { Semaphore } = require('@x/shared-sync');
   *
   * const semaphore = new Semaphore(new SharedArrayBuffer(4), 0, 3);
   * console.log(semaphore.tryAcquire(2)); // prints true
   * console.log(semaphore.tryAcquire(2, 20)); // prints false
   * ```
   */
  tryAcquire(n?: number, ms?: number): boolean;

  /**
   * Takes permits as {@link Semaphore.acquire} does, without blocking the thread: promises wait in one order with
   * blocked threads. The permits are nobody's: give them back with {@link Semaphore.release}.
   *
   * @param n - how many, all at once: an integer from 1, the default, to the maximum
   * @param options - a time limit, and a signal to give up on
   * @returns a promise, fulfilled when they are taken; rejected with the signal's reason when it is aborted, and as follows
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if an argument is of the wrong type
   * @throws RangeError `ERR_OUT_OF_RANGE` if `n` is not an integer from 1 to the maximum, or the time limit is negative or
   * NaN
   * @throws SyncError `ERR_TIMEOUT` if the time was up first: nothing was taken; `ERR_CORRUPT_CELL`
   * @example
   * ```js
   * const { Semaphore } = require('@x/shared-sync');
   *
   * const semaphore = new Semaphore(new SharedArrayBuffer(4), 0, 1);
   * async function main() {
   *   await semaphore.acquireAsync();
   *   try {
   *     console.log(semaphore.available); // prints 0
   *   } finally {
   *     semaphore.release();
   *   }
   * }
   * main();
   * ```
   */
  acquireAsync(n?: number, options?: WaitOptions): Promise<void>;

  /**
   * Gives permits back, or adds some, and wakes those who have waited longest and have enough now. All that this thread
   * wrote before is visible to them. Any thread may do it.
   *
   * @param n - how many: an integer from 1, the default
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if `n` is not a number
   * @throws RangeError `ERR_OUT_OF_RANGE` if `n` is not an integer from 1 to the maximum, or if more than the maximum would
   * be free afterwards: nothing changes then
   * @throws SyncError `ERR_CORRUPT_CELL`
   * @example
   * ```js
   * const { Semaphore } = require('@x/shared-sync');
   *
   * const semaphore = new Semaphore(new SharedArrayBuffer(4), 0, 0, { max: 2 });
   * semaphore.release(2);
   * try {
   *   semaphore.release();
   * } catch (error) {
   *   console.log(error.code, semaphore.available); // prints ERR_OUT_OF_RANGE 2
   * }
   * ```
   */
  release(n?: number): void;

  /**
   * How many permits are free at this moment. The answer may be out of date when you read it: to act on it, use
   * {@link Semaphore.tryAcquire}.
   *
   * @throws SyncError `ERR_CORRUPT_CELL`
   * @example
   * ```js
   * const { Semaphore } = require('@x/shared-sync');
   *
   * console.log(new Semaphore(new SharedArrayBuffer(4), 0, 5).available); // prints 5
   * ```
   */
  readonly available: number;
}

/** The class of {@link Semaphore}. */
export interface SemaphoreConstructor {
  /**
   * A semaphore in a cell of shared memory. All threads must give the same `permits` and `max`.
   *
   * @param view - the shared memory
   * @param index - the number of the int32 cell, from the start of `view`
   * @param permits - how many are free at first: an integer from 0 to 2^30 - 1
   * @param options - its maximum, and its name
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if `view` is not over shared memory, or `index`, `permits` or the maximum is
   * not a number
   * @throws RangeError `ERR_OUT_OF_RANGE` if `index` is not the number of a cell of `view`, or `permits` or the maximum is
   * out of its range
   */
  new <View extends Int32Array | SharedArrayBuffer = any>(
    view: View & SharedView<View>,
    index: number,
    permits: number,
    options?: SemaphoreOptions,
  ): Semaphore;
  readonly prototype: Semaphore;
}

export const Semaphore: SemaphoreConstructor;

/** One read of an {@link RwLock}, which this thread holds until it is released. */
export interface ReadGuard {
  /**
   * Ends the read, once.
   *
   * @throws SyncError `ERR_NOT_OWNER` if it has been released before
   */
  release(): void;
  /** Ends the read, unless it has ended. Called by `using`. */
  [Symbol.dispose](): void;
}

/** A write of an {@link RwLock}, which this thread holds until it is released. */
export interface WriteGuard {
  /**
   * Ends the write, once.
   *
   * @throws SyncError `ERR_NOT_OWNER` if it has been released before
   */
  release(): void;
  /**
   * Turns the write into a read, as {@link RwLock.downgrade} does: this guard is released then.
   *
   * @throws SyncError `ERR_NOT_OWNER` if it has been released before
   */
  downgrade(): ReadGuard;
  /** Ends the write, unless it has ended. Called by `using`. */
  [Symbol.dispose](): void;
}

/**
 * Lets many threads read what it guards at the same time, or one thread write it. Whoever waits is let in in the order in
 * which they came: a reader who comes while a writer waits is let in after that one, so neither kind starves.
 *
 * It pays where reading takes long and writing is rare. Where the lock is held for a moment only, a {@link Mutex} is
 * quicker.
 *
 * A thread may read several times at once, and ends each read by itself. It must not write while it reads: to read on
 * after a write, use {@link RwLock.downgrade}; there is no way up, since two readers who both wanted to would wait for each
 * other.
 *
 * @example
 * ```js
 * const { Worker, isMainThread, workerData } = require('node:worker_threads');
 * const { RwLock } = require('@x/shared-sync');
 *
 * const view = isMainThread ? new Int32Array(new SharedArrayBuffer(12)) : workerData;
 * const lock = new RwLock(view, 0); // guards cells 1 and 2, which are to be the same
 *
 * if (isMainThread) {
 *   new Worker(__filename, { workerData: view });
 *   for (let sum = 0; sum < 6; ) {
 *     lock.read();
 *     try {
 *       sum = view[1] + view[2];
 *       if (sum % 2 === 1) throw new Error('half written');
 *     } finally {
 *       lock.unlockRead();
 *     }
 *   }
 *   console.log('3 and 3'); // prints 3 and 3
 * } else {
 *   for (let i = 1; i <= 3; i++) {
 *     lock.write();
 *     try {
 *       view[1] = i;
 *       view[2] = i;
 *     } finally {
 *       lock.unlockWrite();
 *     }
 *   }
 * }
 * ```
 */
export interface RwLock {
  /**
   * Begins to read, sleeping without limit while another thread writes, or others wait to. For a limit, see
   * {@link RwLock.tryRead}. All that was written before the last write ended is visible.
   *
   * @returns a guard, which is disposable: where the language has it, `using _ = lock.read();` ends the read at the end of
   * the block. {@link RwLock.unlockRead} does, too: use either
   * @throws SyncError `ERR_DEADLOCK` at once if this thread writes, or reads already while others wait to write, or within
   * milliseconds if the writer waits, itself or by others, for what this thread owns; `ERR_ABANDONED` if a thread has ended
   * while it wrote or read, `ERR_CORRUPT_CELL` if the cell names a writer that never was: in all these cases this read
   * has not begun
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const lock = new RwLock(new SharedArrayBuffer(4));
   * const guard = lock.read();
   * try {
   *   console.log(lock.readers); // prints 1
   * } finally {
   *   guard.release();
   * }
   * ```
   */
  read(): ReadGuard;

  /**
   * Begins to read if that is possible within a time limit. Running out of time is an answer here, not an error.
   *
   * @param ms - milliseconds to wait, 0 or more; `Infinity` is no limit. 0, the default, does not wait at all
   * @returns whether this thread reads now: end that with {@link RwLock.unlockRead}; `false` never before `ms` have passed
   * @throws SyncError as {@link RwLock.read} does, but that a wait with a limit is never part of a circle, and without
   * waiting, `tryRead()`, the answer in a thread that would wait for itself is `false`
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if `ms` is not a number
   * @throws RangeError `ERR_OUT_OF_RANGE` if `ms` is negative or NaN
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const lock = new RwLock(new SharedArrayBuffer(4));
   * if (lock.tryRead(50)) {
   *   try {
   *     console.log('reading'); // prints reading
   *   } finally {
   *     lock.unlockRead();
   *   }
   * }
   * ```
   */
  tryRead(ms?: number): boolean;

  /**
   * Ends a read of this thread. The last reader to leave lets in who waits.
   *
   * @throws SyncError `ERR_NOT_OWNER` if this thread does not read; nothing changes then
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const lock = new RwLock(new SharedArrayBuffer(4));
   * lock.read();
   * lock.unlockRead();
   * console.log(lock.readers); // prints 0
   * ```
   */
  unlockRead(): void;

  /**
   * Begins to write, sleeping without limit while other threads read or write. For a limit, see {@link RwLock.tryWrite}.
   *
   * @returns a guard, which is disposable: where the language has it, `using _ = lock.write();` ends the write at the end
   * of the block. {@link RwLock.unlockWrite} does, too: use either
   * @throws SyncError `ERR_DEADLOCK` at once if this thread reads or writes already, or within milliseconds if the writer
   * waits, itself or by others, for what this thread owns; `ERR_ABANDONED` if a thread has ended while it wrote or read,
   * `ERR_CORRUPT_CELL` if the cell names a writer that never was: in all these cases this write has not begun
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const lock = new RwLock(new SharedArrayBuffer(4));
   * const guard = lock.write();
   * try {
   *   console.log(lock.tryRead()); // prints false
   * } finally {
   *   guard.release();
   * }
   * ```
   */
  write(): WriteGuard;

  /**
   * Begins to write if that is possible within a time limit. Running out of time is an answer here, not an error.
   *
   * @param ms - milliseconds to wait, 0 or more; `Infinity` is no limit. 0, the default, does not wait at all
   * @returns whether this thread writes now: end that with {@link RwLock.unlockWrite}; `false` never before `ms` have
   * passed
   * @throws SyncError as {@link RwLock.write} does, but that a wait with a limit is never part of a circle, and without
   * waiting, `tryWrite()`, the answer in a thread that would wait for itself is `false`
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if `ms` is not a number
   * @throws RangeError `ERR_OUT_OF_RANGE` if `ms` is negative or NaN
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const lock = new RwLock(new SharedArrayBuffer(4));
   * lock.read();
   * console.log(lock.tryWrite()); // prints false
   * lock.unlockRead();
   * ```
   */
  tryWrite(ms?: number): boolean;

  /**
   * Ends the write of this thread, and lets in who waits: the writer who came first, or all readers who came before the
   * next writer. All that this thread wrote before is visible to them.
   *
   * @throws SyncError `ERR_NOT_OWNER` if this thread does not write; nothing changes then
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const lock = new RwLock(new SharedArrayBuffer(4));
   * lock.write();
   * lock.unlockWrite();
   * console.log(lock.writerThreadId); // prints null
   * ```
   */
  unlockWrite(): void;

  /**
   * Turns this thread's write into a read, and lets in other readers who came before the next writer. Nobody writes in
   * between.
   *
   * @returns a guard, as {@link RwLock.read} does
   * @throws SyncError `ERR_NOT_OWNER` if this thread does not write; nothing changes then
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const lock = new RwLock(new SharedArrayBuffer(4));
   * lock.write();
   * lock.downgrade();
   * console.log(lock.readers, lock.tryRead()); // prints 1 true
   * lock.unlockRead();
   * lock.unlockRead();
   * ```
   */
  downgrade(): ReadGuard;

  /**
   * Begins to write as {@link RwLock.write} does, also after a thread has ended while it wrote or read: that state stays,
   * and everybody else gets `ERR_ABANDONED`, until somebody calls this and so takes it upon itself to put in order what the
   * lock guards. It waits for the readers that are still inside. Afterwards this thread writes: call
   * {@link RwLock.unlockWrite}.
   *
   * @returns `true` if this call ended that state: look after what the lock guards; `false` if there was nothing to end, or
   * another thread has done it
   * @throws SyncError `ERR_DEADLOCK` or `ERR_CORRUPT_CELL`, as {@link RwLock.write} does
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const lock = new RwLock(new SharedArrayBuffer(4));
   * if (lock.recover()) console.log('put the data in order here');
   * lock.unlockWrite();
   * ```
   */
  recover(): boolean;

  /**
   * Recovers if that is possible within a time limit.
   *
   * @param ms - milliseconds to wait, 0 or more; `Infinity` is no limit. 0, the default, does not wait at all
   * @returns what {@link RwLock.recover} does, or `undefined` if the time was up first: then this thread does not write
   * @throws SyncError as {@link RwLock.recover} does
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if `ms` is not a number
   * @throws RangeError `ERR_OUT_OF_RANGE` if `ms` is negative or NaN
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const lock = new RwLock(new SharedArrayBuffer(4));
   * console.log(lock.tryRecover(50)); // prints false
   * lock.unlockWrite();
   * ```
   */
  tryRecover(ms?: number): boolean | undefined;

  /**
   * How many reads are held at this moment, by all threads. The answer may be out of date when you read it.
   *
   * @throws SyncError `ERR_CORRUPT_CELL`
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * console.log(new RwLock(new SharedArrayBuffer(4)).readers); // prints 0
   * ```
   */
  readonly readers: number;

  /**
   * The `threadId` (of `node:worker_threads`) of the thread that writes, or null. The main thread is 0: compare with null,
   * not by truth.
   *
   * @throws SyncError `ERR_CORRUPT_CELL`
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * console.log(new RwLock(new SharedArrayBuffer(4)).writerThreadId); // prints null
   * ```
   */
  readonly writerThreadId: number | null;
}

/** The class of {@link RwLock}. */
export interface RwLockConstructor {
  /**
   * A lock in a cell of shared memory. Making another on the same cell, in any thread, gives the same lock.
   *
   * @param view - the shared memory
   * @param index - the number of the int32 cell, from the start of `view`; 0 if left out
   * @param options - its name
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if `view` is not over shared memory or `index` is not a number
   * @throws RangeError `ERR_OUT_OF_RANGE` if `index` is not the number of a cell of `view`
   */
  new <View extends Int32Array | SharedArrayBuffer = any>(
    view: View & SharedView<View>,
    index?: number,
    options?: PrimitiveOptions,
  ): RwLock;
  readonly prototype: RwLock;
}

export const RwLock: RwLockConstructor;
