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
 * | share all of these by name, and arrays beside them | {@link layout} |
 * | see which threads hang, and on what | {@link inspect} |
 *
 * A plain verb (`lock`, `wait`, `await`) blocks the calling thread; its namesake that ends in `Async` gives a promise,
 * waits in the same order and leaves the event loop free: take that in a thread that serves others, as the main thread
 * does. Times are in milliseconds. `console.log` and `util.inspect` show the primitives in words, in any thread and without
 * disturbing them: `Mutex "jobs" { locked by thread 3, 2 waiting }`.
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
 * wait, and a function that returned one to `runExclusive` would go on without the lock: this makes it an error of
 * types, and the methods throw `ERR_INVALID_ARG_TYPE` for it.
 *
 * @typeParam Answer - what the predicate returns
 */
export type Synchronous<Answer> = Answer extends PromiseLike<unknown> ? never : Answer;

/** The `code` of a {@link SyncError}. Codes are stable; messages may change. */
export type SyncErrorCode =
  /**
   * The mutex is not locked by this thread, or this thread is not inside of the RwLock, or not in this way. Nothing has
   * changed. Call `lock()`, `read()` or `write()` first.
   */
  | 'ERR_NOT_OWNER'
  /**
   * Waiting would never end: this thread owns the mutex or is inside of the RwLock already, or every thread of a circle waits for what the next
   * one owns. The caller does not get what it waited for, and still owns what it owned (but after `Condition.wait`,
   * not that mutex). Unlock something, and lock in the same order in every thread.
   */
  | 'ERR_DEADLOCK'
  /**
   * The thread that owned the mutex, or one that was inside of the RwLock, has ended without unlocking it, so what it
   * guards may be half changed. The caller does not own it. Call `recover()`.
   */
  | 'ERR_ABANDONED'
  /**
   * This round of the barrier can never be complete: a party left it early, because its time was up, its signal aborted
   * or its thread ended; or the action failed; or somebody called `abort()` or `reset()`. The caller has not passed.
   * Everybody who comes later is told too, until `reset()`.
   */
  | 'ERR_BROKEN_BARRIER'
  /**
   * The time limit of a wait that has no other answer was up. The caller does not get what it waited for; a barrier at
   * which it had arrived is broken.
   */
  | 'ERR_TIMEOUT'
  /** The cell holds a value that this primitive never writes: other code uses the same memory. */
  | 'ERR_CORRUPT_CELL';

/**
 * What a primitive throws when threads misuse it or die in it; look at {@link SyncError.code}. Wrong
 * arguments are ordinary errors instead: a `TypeError` with the code `ERR_INVALID_ARG_TYPE` or
 * `ERR_INVALID_ARG_VALUE`, or a `RangeError` with the code `ERR_OUT_OF_RANGE`. Each message says what to do next.
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

  /**
   * The code of an error of this package, also of one that came from another thread. `postMessage` and the pools that use it
   * make a plain `Error` of a SyncError and keep neither its class nor its `code`; but the code stands in the first line of
   * its stack too, `SyncError [ERR_TIMEOUT]: ...`, which they keep.
   *
   * @param error - anything that was caught
   * @returns its `code`, or else the code in the first line of its stack; undefined if there is none
   * @example
   * ```js
   * const { Mutex, SyncError } = require('@x/shared-sync');
   *
   * try {
   *   new Mutex(new SharedArrayBuffer(4)).unlock();
   * } catch (error) {
   *   const arrived = structuredClone(error); // as in another thread
   *   console.log(arrived instanceof SyncError, SyncError.codeOf(arrived)); // prints false ERR_NOT_OWNER
   * }
   * ```
   */
  static codeOf(error: unknown): string | undefined;
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

/** An `AbortSignal`, or what looks like one: the types of neither Node nor the DOM are needed for it. */
export interface WaitSignal {
  /** Whether it has aborted. */
  readonly aborted: boolean;
  /** What the wait is rejected with then. */
  readonly reason?: any;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** What every method takes that waits by promise. */
export interface WaitOptions {
  /**
   * The longest to wait, in milliseconds: 0 or more; `Infinity`, the default, is no limit. 0 takes what is there at once.
   * Never early. Kept in real time, also where a test replaces JavaScript's clock.
   */
  readonly timeout?: number;
  /**
   * Ends the wait when it aborts: the promise is rejected with the signal's reason, and what the wait was given in that
   * very moment goes to the next in line. If it has aborted already, the wait does not begin.
   */
  readonly signal?: WaitSignal;
  /**
   * Whether the pending promise keeps the thread alive. Unless you say, it does in a worker, as the blocking call would, and
   * in any thread while `timeout` is finite, so that its `ERR_TIMEOUT` is seen. Without a time limit it does not keep the
   * main thread: a process ends though it waits for what can never come. A `signal` does not change that, and
   * `AbortSignal.timeout()` does not keep Node alive either: use `timeout`.
   */
  readonly ref?: boolean;
}

/** What the constructor of a {@link Barrier} takes last. */
export interface BarrierOptions extends PrimitiveOptions {
  /**
   * What the last to arrive does in each round before the others are let go: it sees what all of them wrote, and they see
   * what it writes. Whoever arrives meanwhile waits for the next round. If it throws, or its thread ends, the barrier
   * breaks. All threads must give one if any does: each runs its own when it is the last.
   *
   * It may return a promise if all parties in this thread use {@link Barrier.waitAsync}; the others are let go when that
   * is fulfilled. A thread that blocks at the same barrier meanwhile, in the action or beside it, is told `ERR_DEADLOCK`.
   */
  readonly action?: () => unknown;
}

/** A wait that lasts, as {@link inspect} tells it. */
export interface BlockedThread {
  /** The `threadId` of the blocked thread, or of the thread that the promise belongs to; 0 is the main thread. */
  readonly threadId: number;
  /** The class of what it waits for. */
  readonly kind: 'Mutex' | 'Condition' | 'Barrier' | 'Latch' | 'RwLock' | 'Semaphore';
  /** The name that the waiting thread gave to what it waits for. */
  readonly name?: string;
  /** Whether a promise waits: its thread is not blocked. */
  readonly async: boolean;
  /**
   * For how long the promise has been given what it waits for while its thread has not run, in milliseconds: the thread
   * computes, or is blocked outside this package, and keeps for so long what it was given.
   */
  readonly grantedMs?: number;
  /** What it waits for, as messages call it: `Mutex "jobs"`, or `Mutex in cell 3` without a name. */
  readonly waitsFor: string;
  /** When the wait began. */
  readonly since: Date;
  /** How long it has lasted, in milliseconds. */
  readonly waitedMs: number;
  /** The `threadId` of the owner of what it waits for, where it has one: of an RwLock the writer. */
  readonly ownerThreadId?: number;
  /**
   * What keeps that owner, where that is known: `granted to a promise of the main thread, which has not run for 4.6 s`.
   */
  readonly ownerState?: string;
  /** At a Barrier: the `threadId` of each thread that has arrived, in order; the first 1,000. */
  readonly arrivedThreadIds?: readonly number[];
}

/**
 * Which threads of the process are blocked, on what and since when, and which promises are pending: for a supervisor to
 * print, on a timer, on a signal, or when a test runs out of time. It can be called in any thread, and disturbs none. Waits
 * of threads that have lasted less than about five milliseconds are not listed.
 *
 * @param promises - how many pending promises to list at most, of each thread the oldest: an integer of 0 or more; 1,000 if
 * left out
 * @returns one entry for each wait of a blocked thread, then those of promises; `omitted` says how many promises were left
 * out. A thread that was made to wait again while it was blocked, by code that an inspector evaluates in it, has several
 * entries, the innermost last
 * @throws TypeError `ERR_INVALID_ARG_TYPE` if `promises` is not a number
 * @throws RangeError `ERR_OUT_OF_RANGE` if `promises` is negative or not an integer
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
export function inspect(promises?: number): BlockedThread[] & { readonly omitted: number };

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
   * Locks, calls a function, and unlocks, also when the function throws. Waits without limit, as {@link Mutex.lock}.
   *
   * @param fn - called without arguments, by the thread that owns the mutex then. What it does has to be done when it
   * returns: an `async` function would go on without the lock, and is refused
   * @returns what `fn` returns
   * @throws what `fn` throws; then this thread does not own the mutex. If `fn` has lost it, in a `Condition.wait` that
   * failed, that is the error to see
   * @throws SyncError as {@link Mutex.lock} does, before `fn` is called; `ERR_NOT_OWNER` if `fn` has unlocked the mutex
   * and returned
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if `fn` is no function (it is not locked then) or has returned a promise (it
   * was called, and the mutex is unlocked again)
   * A generic wrapper declares its function as this method does:
   * `function locked<T>(fn: () => Synchronous<T>): T { return mutex.runExclusive(fn); }`.
   *
   * @example
   * ```js
   * const { Mutex } = require('@x/shared-sync');
   *
   * const view = new Int32Array(new SharedArrayBuffer(8));
   * const mutex = new Mutex(view, 0);
   * const ticket = mutex.runExclusive(() => ++view[1]);
   * console.log(ticket, mutex.locked); // prints 1 false
   * ```
   */
  runExclusive<Result>(fn: () => Synchronous<Result>): Result;

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
   * Locks by promise, without blocking the thread: in one order with the threads that wait in {@link Mutex.lock}. The
   * guard that the promise is fulfilled with owns the mutex, not the thread as such: other tasks of this thread are kept
   * out as other threads are, and only the guard can unlock. Do not block the thread while a guard of its holds the mutex;
   * promises of its that wait are passed over for as long as it is blocked.
   *
   * @param options - time limit, signal, and whether it keeps the thread alive
   * @returns the guard; release it when you are done
   * @throws (rejects) SyncError `ERR_TIMEOUT` if the time was up, `ERR_ABANDONED` or `ERR_CORRUPT_CELL` as
   * {@link Mutex.lock}; with the signal's reason if that aborted. Nothing is owned then. Two promises that wait for each
   * other's mutex are *not* told `ERR_DEADLOCK`: the thread is not blocked, and might release. Give them a time limit
   * @throws (rejects) TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_OUT_OF_RANGE` for a wrong option
   * @example
   * ```js
   * const { Mutex } = require('@x/shared-sync');
   *
   * const mutex = new Mutex(new SharedArrayBuffer(4));
   * async function task() {
   *   const guard = await mutex.lockAsync();
   *   try {
   *     console.log(mutex.locked); // prints true
   *   } finally {
   *     guard.release(); // or, where the language has it: using guard = await mutex.lockAsync();
   *   }
   *   console.log(mutex.locked); // prints false
   * }
   * task();
   * ```
   */
  lockAsync(options?: WaitOptions): Promise<Guard>;

  /**
   * {@link Mutex.recover} by promise.
   *
   * @param options - time limit, signal, and whether it keeps the thread alive
   * @returns the guard, which owns the mutex; {@link Guard.recovered} says whether to put in order what the mutex guards
   * @throws (rejects) as {@link Mutex.lockAsync} does, but never `ERR_ABANDONED`
   * @example
   * ```js
   * const { Mutex } = require('@x/shared-sync');
   *
   * const mutex = new Mutex(new SharedArrayBuffer(4));
   * async function task() {
   *   const guard = await mutex.recoverAsync();
   *   try {
   *     console.log(guard.recovered); // prints false
   *   } finally {
   *     guard.release();
   *   }
   * }
   * task();
   * ```
   */
  recoverAsync(options?: WaitOptions): Promise<Guard>;

  /**
   * Locks by promise, calls a function, awaits what it returns, and unlocks, also when it fails.
   *
   * @param fn - called with the guard that owns the mutex, for {@link Condition.waitAsync}; may return a promise
   * @param options - of the wait for the mutex: time limit, signal, and whether it keeps the thread alive
   * @returns what `fn` returns or its promise is fulfilled with
   * @throws (rejects) as {@link Mutex.lockAsync} does: `fn` is not called then; and with the error of `fn`
   * @example
   * ```js
   * const { Mutex } = require('@x/shared-sync');
   *
   * const mutex = new Mutex(new SharedArrayBuffer(4));
   * mutex
   *   .runExclusiveAsync(async (guard) => guard.held)
   *   .then((held) => console.log(held, mutex.locked)); // prints true false
   * ```
   */
  runExclusiveAsync<Result>(
    fn: (guard: Guard) => Result | PromiseLike<Result>,
    options?: WaitOptions,
  ): Promise<Result>;

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

/**
 * Owns a {@link Mutex} that was locked by promise. Only it can unlock, so one task cannot unlock another's lock by mistake.
 * If its thread ends first, those who wait are told `ERR_ABANDONED`. Made by {@link Mutex.lockAsync} and
 * {@link Mutex.recoverAsync}.
 *
 * @example
 * ```js
 * const { Mutex } = require('@x/shared-sync');
 *
 * const mutex = new Mutex(new SharedArrayBuffer(4));
 * async function task(name) {
 *   const guard = await mutex.lockAsync();
 *   try {
 *     await new Promise((resolve) => setTimeout(resolve, 5));
 *     console.log(name);
 *   } finally {
 *     guard.release();
 *   }
 * }
 * task('first'); // prints first
 * task('second'); // prints second
 * ```
 */
export interface Guard {
  readonly [brand]: 'Guard';

  /**
   * Whether it owns the mutex now: not after `release()`, not while a {@link Condition.waitAsync} waits with it, and not
   * after one that failed to lock again.
   *
   * @example
   * ```js
   * const { Mutex } = require('@x/shared-sync');
   *
   * new Mutex(new SharedArrayBuffer(4)).lockAsync().then((guard) => {
   *   console.log(guard.held); // prints true
   *   guard.release();
   *   console.log(guard.held); // prints false
   * });
   * ```
   */
  readonly held: boolean;

  /**
   * Whether {@link Mutex.recoverAsync} took the mutex over from an owner that ended without unlocking: put in order what
   * the mutex guards. Always `false` after {@link Mutex.lockAsync}.
   *
   * @example
   * ```js
   * const { Mutex } = require('@x/shared-sync');
   *
   * new Mutex(new SharedArrayBuffer(4)).recoverAsync().then((guard) => {
   *   if (guard.recovered) console.log('put the data in order here');
   *   guard.release();
   * });
   * ```
   */
  readonly recovered: boolean;

  /**
   * Unlocks the mutex, for whoever waits next. All that this thread wrote before is visible to the next owner.
   *
   * @throws SyncError `ERR_NOT_OWNER` if it is not held; nothing changes then
   * @example
   * ```js
   * const { Mutex } = require('@x/shared-sync');
   *
   * new Mutex(new SharedArrayBuffer(4)).lockAsync().then((guard) => {
   *   guard.release();
   *   try {
   *     guard.release();
   *   } catch (error) {
   *     console.log(error.code); // prints ERR_NOT_OWNER
   *   }
   * });
   * ```
   */
  release(): void;

  /**
   * Releases if it is held.
   *
   * @returns whether it was held
   * @example
   * ```js
   * const { Mutex } = require('@x/shared-sync');
   *
   * new Mutex(new SharedArrayBuffer(4)).lockAsync().then((guard) => {
   *   console.log(guard.tryRelease(), guard.tryRelease()); // prints true false
   * });
   * ```
   */
  tryRelease(): boolean;

  /**
   * Releases if it is held, and is silent if not, so that it hides no error on its way. Called by `using` and by
   * `await using`. Present where the realm has `Symbol.dispose`.
   *
   * @example
   * ```js
   * const { Mutex } = require('@x/shared-sync');
   *
   * const mutex = new Mutex(new SharedArrayBuffer(4));
   * mutex.lockAsync().then((guard) => {
   *   guard[Symbol.dispose](); // what `using guard = await mutex.lockAsync()` does at the end of its block
   *   console.log(mutex.locked); // prints false
   * });
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
 * if (isMainThread) {
 *   const view = new Int32Array(new SharedArrayBuffer(12));
 *   for (const role of ['consumer', 'producer']) new Worker(__filename, { workerData: { role, view } });
 * } else {
 *   const { role, view } = workerData;
 *   const mutex = new Mutex(view, 0);
 *   const filled = new Condition(view, 1);
 *   mutex.lock();
 *   if (role === 'consumer') {
 *     filled.wait(mutex, () => view[2] !== 0); // unlocks while it sleeps
 *     console.log(view[2]); // prints 42
 *   } else {
 *     view[2] = 42;
 *     filled.notify();
 *   }
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
   * {@link Condition.wait} and {@link Condition.waitFor} by promise, with the mutex that `guard` owns: the guard stands for
   * the task, and the thread for none. While it waits the guard is not held, so other tasks and threads can lock; it is
   * again when the promise is fulfilled.
   *
   * @param guard - what {@link Mutex.lockAsync} was fulfilled with, or what {@link Mutex.runExclusiveAsync} calls its
   * function with; it must be held
   * @param predicate - as for `wait`: called at once and with the mutex locked; `undefined` to wait for one notification
   * @param options - time limit, signal, and whether it keeps the thread alive. The time limit is not an error here, and
   * locking again is not limited
   * @returns the predicate's last answer, as it gave it (falsy if the time ran out); without a predicate, whether it was
   * notified
   * @throws (rejects) SyncError `ERR_NOT_OWNER` if the guard is not held, or waits already (nothing happens);
   * `ERR_ABANDONED` if it cannot be locked again; with the signal's reason if that aborted while it waited: in both cases
   * the mutex is *not* owned then, and the guard not held. `ERR_CORRUPT_CELL`. If the signal had aborted before,
   * nothing happens, and the guard is still held: `guard.held` tells
   * @throws (rejects) TypeError `ERR_INVALID_ARG_TYPE` if an argument is of the wrong type or the predicate returned a
   * promise; RangeError `ERR_OUT_OF_RANGE`. The guard stays held. So it does when the predicate throws
   * @example
   * ```js
   * const { Mutex, Condition } = require('@x/shared-sync');
   *
   * const view = new Int32Array(new SharedArrayBuffer(12));
   * const mutex = new Mutex(view, 0);
   * const filled = new Condition(view, 1);
   *
   * async function consumer() {
   *   const guard = await mutex.lockAsync();
   *   try {
   *     await filled.waitAsync(guard, () => view[2] > 0);
   *     console.log(view[2]); // prints 42
   *   } finally {
   *     if (guard.held) guard.release(); // not held after an abort
   *   }
   * }
   * async function producer() {
   *   await mutex.runExclusiveAsync(() => {
   *     view[2] = 42;
   *   });
   *   filled.notify();
   * }
   * consumer();
   * producer();
   * ```
   */
  waitAsync(guard: Guard, predicate?: undefined, options?: WaitOptions): Promise<boolean>;
  waitAsync<Answer>(
    guard: Guard,
    predicate: () => Synchronous<Answer>,
    options?: WaitOptions,
  ): Promise<Answer>;
  waitAsync<Answer>(
    guard: Guard,
    predicate: (() => Synchronous<Answer>) | undefined,
    options?: WaitOptions,
  ): Promise<Answer | boolean>;

  /**
   * Wakes waiting threads and promises, those that have waited longest first. Cheap when nobody waits. Call it with the mutex
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
   * Arrives, and sleeps without limit until all `total` parties have. All that any of them wrote before is visible
   * to each of them afterwards. The last to arrive runs the action, if there is one, before anybody goes on.
   *
   * @returns the arrival index: `total - 1` for the first to arrive, 0 for the last; each index once a round
   * @throws SyncError `ERR_BROKEN_BARRIER` if the barrier is broken or breaks while this waits (see
   * {@link Barrier.broken}), or if somebody resets it; `ERR_CORRUPT_CELL`. What the action throws passes through in the
   * thread that ran it, and breaks the barrier
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if the action returned a promise; that breaks it, too
   * @example
   * ```js
   * const { Barrier } = require('@x/shared-sync');
   *
   * console.log(new Barrier(new SharedArrayBuffer(4), 0, 1).wait()); // prints 0
   * ```
   */
  wait(): number;

  /**
   * {@link Barrier.wait} with a time limit. If it passes, the barrier breaks for all: who has left cannot be waited for.
   * (One that waits while the action of the round before runs has not arrived yet, and breaks nothing.)
   *
   * @param ms - milliseconds to wait, 0 or more; `Infinity` is no limit. The time that the action takes is not limited
   * @returns the arrival index, as `wait` does
   * @throws SyncError `ERR_TIMEOUT` here if the time is up, never early, and `ERR_BROKEN_BARRIER` to the others;
   * otherwise as {@link Barrier.wait}
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if `ms` is not a number, or the action returned a promise
   * @throws RangeError `ERR_OUT_OF_RANGE` if `ms` is negative or NaN
   * @example
   * ```js
   * const { Barrier } = require('@x/shared-sync');
   *
   * const barrier = new Barrier(new SharedArrayBuffer(4), 0, 2);
   * try {
   *   barrier.waitFor(20);
   * } catch (error) {
   *   console.log(error.code, barrier.broken); // prints ERR_TIMEOUT true
   * }
   * ```
   */
  waitFor(ms: number): number;

  /**
   * {@link Barrier.wait} by promise: a thread can be several parties that way. The action, if this party is the last,
   * may return a promise.
   *
   * @param options - time limit, signal, and whether it keeps the thread alive
   * @returns the arrival index, as `wait` does
   * @throws (rejects) SyncError `ERR_TIMEOUT` if the time was up; with the signal's reason if that aborted: both break
   * the barrier for the others. (A signal that had aborted before does not: this party never arrived. One that aborts when
   * all have arrived comes too late: the promise is fulfilled.)
   * `ERR_BROKEN_BARRIER`, `ERR_CORRUPT_CELL` and what the action fails with as {@link Barrier.wait}
   * @throws (rejects) TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_OUT_OF_RANGE` for a wrong option
   * @example
   * ```js
   * const { Barrier } = require('@x/shared-sync');
   *
   * const barrier = new Barrier(new SharedArrayBuffer(4), 0, 2, {
   *   action: async () => console.log('all are here'), // prints all are here
   * });
   * Promise.all([barrier.waitAsync(), barrier.waitAsync()]).then((indices) => {
   *   console.log(indices.join()); // prints 1,0
   * });
   * ```
   */
  waitAsync(options?: WaitOptions): Promise<number>;

  /**
   * Breaks the barrier: everybody who waits at it and everybody who comes is told `ERR_BROKEN_BARRIER`, until
   * {@link Barrier.reset}. For a party that cannot go on: the others would wait for it for ever. Any thread may do it.
   *
   * @example
   * ```js
   * const { Barrier } = require('@x/shared-sync');
   *
   * const barrier = new Barrier(new SharedArrayBuffer(4), 0, 2);
   * barrier.abort();
   * try {
   *   barrier.wait();
   * } catch (error) {
   *   console.log(error.code); // prints ERR_BROKEN_BARRIER
   * }
   * ```
   */
  abort(): void;

  /**
   * Makes it fresh again, broken or not. Those who wait at it are told `ERR_BROKEN_BARRIER`, since their round is lost;
   * so is a thread that runs the action, when it is done. Do it once all parties know that the round was lost: one that
   * comes late would be counted in the next. Any thread may do it.
   *
   * @example
   * ```js
   * const { Barrier } = require('@x/shared-sync');
   *
   * const barrier = new Barrier(new SharedArrayBuffer(4), 0, 1);
   * barrier.abort();
   * barrier.reset();
   * console.log(barrier.wait()); // prints 0
   * ```
   */
  reset(): void;

  /**
   * Whether it is broken: a party left early (its time was up, its signal aborted, its thread ended), the action failed,
   * or somebody called {@link Barrier.abort}. It stays so until {@link Barrier.reset}.
   *
   * @example
   * ```js
   * const { Barrier } = require('@x/shared-sync');
   *
   * console.log(new Barrier(new SharedArrayBuffer(4), 0, 2).broken); // prints false
   * ```
   */
  readonly broken: boolean;

  /**
   * How many have arrived and wait for the others, at this moment.
   *
   * @example
   * ```js
   * const { Barrier } = require('@x/shared-sync');
   *
   * const barrier = new Barrier(new SharedArrayBuffer(4), 0, 2);
   * barrier.waitAsync();
   * console.log(barrier.waiting); // prints 1
   * ```
   */
  readonly waiting: number;

  /**
   * How many parties make a round, as given to the constructor.
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
   * @param total - how many parties make a round: an integer from 1 to 16,777,215
   * @param options - its name, and what the last to arrive is to do
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if `view` is not over shared memory, `index` or `total` is not a number, or
   * `options` or its `action` is of the wrong type
   * @throws RangeError `ERR_OUT_OF_RANGE` if `index` is not the number of a cell of `view` or `total` is out of its
   * range
   */
  new <View extends Int32Array | SharedArrayBuffer = any>(
    view: View & SharedView<View>,
    index: number,
    total: number,
    options?: BarrierOptions,
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
   * {@link Latch.await} by promise.
   *
   * @param options - time limit, signal, and whether it keeps the thread alive
   * @throws (rejects) SyncError `ERR_TIMEOUT` if the time was up first, `ERR_CORRUPT_CELL`; with the signal's reason if
   * that aborted
   * @throws (rejects) TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_OUT_OF_RANGE` for a wrong option
   * @example
   * ```js
   * const { Latch } = require('@x/shared-sync');
   *
   * const latch = new Latch(new SharedArrayBuffer(4));
   * latch.awaitAsync().then(() => console.log('open')); // prints open
   * latch.release();
   * ```
   */
  awaitAsync(options?: WaitOptions): Promise<void>;

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
   * How many permits may ever be free: an integer to 2^30 - 1, at least `permits` and at least 1 (the larger of them is the
   * default), or `Infinity` for as many as there is room for, 2^30 - 1.
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
 * async function main() {
 *   new Worker(__filename, { workerData: view });
 *   await ready.acquireAsync(2); // both at once; a worker may block in ready.acquire(2)
 *   console.log(view[1]); // prints 2
 * }
 * function work() {
 *   for (let i = 0; i < 2; i++) {
 *     view[1]++;
 *     ready.release();
 *   }
 * }
 * if (isMainThread) main();
 * else work();
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
   * A semaphore in a cell of shared memory. All threads must give the same `permits` and `max`: where they differ, calls
   * may throw `ERR_CORRUPT_CELL`.
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

/**
 * One read of an {@link RwLock}, held until it is released. Made by {@link RwLock.read}, {@link RwLock.readAsync} and
 * {@link RwLock.downgrade}.
 *
 * @example
 * ```js
 * const { RwLock } = require('@x/shared-sync');
 *
 * const lock = new RwLock(new SharedArrayBuffer(4));
 * const guard = lock.read();
 * console.log(lock.readers); // prints 1
 * guard.release();
 * console.log(lock.readers); // prints 0
 * ```
 */
export interface ReadGuard {
  /**
   * Whether it holds the read now.
   *
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const guard = new RwLock(new SharedArrayBuffer(4)).read();
   * console.log(guard.held); // prints true
   * guard.release();
   * console.log(guard.held); // prints false
   * ```
   */
  readonly held: boolean;

  /**
   * Ends the read, once.
   *
   * @throws SyncError `ERR_NOT_OWNER` if it has been released before, or the thread's reads were ended by
   * {@link RwLock.unlockRead}
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const guard = new RwLock(new SharedArrayBuffer(4)).read();
   * guard.release();
   * try {
   *   guard.release();
   * } catch (error) {
   *   console.log(error.code); // prints ERR_NOT_OWNER
   * }
   * ```
   */
  release(): void;

  /**
   * Releases if it is held.
   *
   * @returns whether it was held
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const reading = new RwLock(new SharedArrayBuffer(4)).read();
   * console.log(reading.tryRelease(), reading.tryRelease()); // prints true false
   * ```
   */
  tryRelease(): boolean;

  /**
   * Ends the read if it is held, and is silent if not, so that it hides no error on its way. Called by `using`. Present
   * where the realm has `Symbol.dispose`.
   *
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const lock = new RwLock(new SharedArrayBuffer(4));
   * lock.read()[Symbol.dispose](); // what `using _ = lock.read()` does at the end of its block
   * console.log(lock.readers); // prints 0
   * ```
   */
  [Symbol.dispose](): void;
}

/**
 * A write of an {@link RwLock}, held until it is released. Made by {@link RwLock.write}, {@link RwLock.writeAsync} and
 * {@link RwLock.recoverAsync}.
 *
 * @example
 * ```js
 * const { RwLock } = require('@x/shared-sync');
 *
 * const lock = new RwLock(new SharedArrayBuffer(4));
 * const guard = lock.write();
 * const reading = guard.downgrade(); // nobody writes in between
 * console.log(guard.held, reading.held); // prints false true
 * reading.release();
 * ```
 */
export interface WriteGuard {
  /**
   * Whether it holds the write now.
   *
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const guard = new RwLock(new SharedArrayBuffer(4)).write();
   * console.log(guard.held); // prints true
   * guard.release();
   * console.log(guard.held); // prints false
   * ```
   */
  readonly held: boolean;

  /**
   * Whether {@link RwLock.recoverAsync} took the lock over from a thread that ended inside: put in order what the lock
   * guards. Always `false` after {@link RwLock.write} and {@link RwLock.writeAsync}.
   *
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * new RwLock(new SharedArrayBuffer(4)).recoverAsync().then((guard) => {
   *   if (guard.recovered) console.log('put the data in order here');
   *   guard.release();
   * });
   * ```
   */
  readonly recovered: boolean;

  /**
   * Ends the write, once.
   *
   * @throws SyncError `ERR_NOT_OWNER` if it has been released or turned into a read before, or the write was ended by
   * {@link RwLock.unlockWrite}
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const lock = new RwLock(new SharedArrayBuffer(4));
   * lock.write().release();
   * console.log(lock.tryRead()); // prints true
   * ```
   */
  release(): void;

  /**
   * Releases if it is held.
   *
   * @returns whether it was held
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const writing = new RwLock(new SharedArrayBuffer(4)).write();
   * console.log(writing.tryRelease(), writing.tryRelease()); // prints true false
   * ```
   */
  tryRelease(): boolean;

  /**
   * Turns the write into a read, as {@link RwLock.downgrade} does: this guard is released then.
   *
   * @returns the guard of the read
   * @throws SyncError `ERR_NOT_OWNER` if it has been released before
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const lock = new RwLock(new SharedArrayBuffer(4));
   * lock.writeAsync().then((guard) => {
   *   const reading = guard.downgrade();
   *   console.log(lock.readers); // prints 1
   *   reading.release();
   * });
   * ```
   */
  downgrade(): ReadGuard;

  /**
   * Ends the write if it is held, and is silent if not, so that it hides no error on its way. Called by `using`. Present
   * where the realm has `Symbol.dispose`.
   *
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const lock = new RwLock(new SharedArrayBuffer(4));
   * lock.write()[Symbol.dispose](); // what `using _ = lock.write()` does at the end of its block
   * console.log(lock.writerThreadId); // prints null
   * ```
   */
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
 * function reader(lock, view) {
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
 * }
 * function writer(lock, view) {
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
 *
 * if (isMainThread) {
 *   const view = new Int32Array(new SharedArrayBuffer(12));
 *   for (const role of ['reader', 'writer']) new Worker(__filename, { workerData: { role, view } });
 * } else {
 *   const { role, view } = workerData;
 *   const lock = new RwLock(view, 0); // guards cells 1 and 2, which are to be the same
 *   (role === 'reader' ? reader : writer)(lock, view);
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
   * Begins to read by promise, without blocking the thread: in one order with the threads that wait in
   * {@link RwLock.read} and {@link RwLock.write}. Only the guard that the promise is fulfilled with ends the read.
   *
   * @param options - time limit, signal, and whether it keeps the thread alive
   * @returns the guard; release it when you are done
   * @throws (rejects) SyncError `ERR_TIMEOUT` if the time was up, `ERR_ABANDONED` or `ERR_CORRUPT_CELL` as
   * {@link RwLock.read}; with the signal's reason if that aborted. This read has not begun then
   * @throws (rejects) TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_OUT_OF_RANGE` for a wrong option
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const lock = new RwLock(new SharedArrayBuffer(4));
   * async function task() {
   *   const guard = await lock.readAsync();
   *   try {
   *     console.log(lock.readers); // prints 1
   *   } finally {
   *     guard.release(); // or, where the language has it: using guard = await lock.readAsync();
   *   }
   * }
   * task();
   * ```
   */
  readAsync(options?: WaitOptions): Promise<ReadGuard>;

  /**
   * Begins to write by promise, without blocking the thread: in one order with the threads that wait in
   * {@link RwLock.read} and {@link RwLock.write}. Only the guard that the promise is fulfilled with ends the write; other
   * tasks of this thread are kept out as other threads are.
   *
   * @param options - time limit, signal, and whether it keeps the thread alive
   * @returns the guard; release it when you are done
   * @throws (rejects) SyncError `ERR_TIMEOUT` if the time was up, `ERR_ABANDONED` or `ERR_CORRUPT_CELL` as
   * {@link RwLock.write}; with the signal's reason if that aborted. This write has not begun then. A promise is never told
   * `ERR_DEADLOCK`: one that waits for another of the same thread waits until that is released
   * @throws (rejects) TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_OUT_OF_RANGE` for a wrong option
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const lock = new RwLock(new SharedArrayBuffer(4));
   * async function task() {
   *   const guard = await lock.writeAsync({ timeout: 1000 });
   *   try {
   *     console.log(lock.tryRead()); // prints false
   *   } finally {
   *     guard.release(); // or, where the language has it: using guard = await lock.writeAsync();
   *   }
   * }
   * task();
   * ```
   */
  writeAsync(options?: WaitOptions): Promise<WriteGuard>;

  /**
   * Recovers by promise, as {@link RwLock.recover} does: the guard's `recovered` tells whether this ended that state.
   *
   * @param options - time limit, signal, and whether it keeps the thread alive
   * @returns the guard of a write; release it when you are done
   * @throws (rejects) as {@link RwLock.writeAsync}, but `ERR_ABANDONED`
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * new RwLock(new SharedArrayBuffer(4)).recoverAsync().then((guard) => {
   *   console.log(guard.recovered); // prints false
   *   guard.release();
   * });
   * ```
   */
  recoverAsync(options?: WaitOptions): Promise<WriteGuard>;

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

/** One kind of field. */
interface LayoutKind<Class, Arguments extends readonly unknown[], Made> {
  readonly class: Class;
  readonly arguments: Arguments;
  readonly made: Made;
}
interface ArrayKind<Class, Made> extends LayoutKind<Class, readonly [length: number], Made> {}

/**
 * What a field of a {@link layout} can be: a class, the arguments that it takes there, and what the field becomes.
 *
 * The typed arrays need TypeScript 5.7 or later; before, they are `any`.
 */
export interface LayoutKinds {
  Mutex: LayoutKind<MutexConstructor, readonly [options?: PrimitiveOptions], Mutex>;
  Condition: LayoutKind<ConditionConstructor, readonly [options?: PrimitiveOptions], Condition>;
  Barrier: LayoutKind<
    BarrierConstructor,
    readonly [total: number, options?: PrimitiveOptions],
    Barrier
  >;
  Latch: LayoutKind<LatchConstructor, readonly [count?: number, options?: PrimitiveOptions], Latch>;
  Semaphore: LayoutKind<
    SemaphoreConstructor,
    readonly [permits: number, options?: SemaphoreOptions],
    Semaphore
  >;
  RwLock: LayoutKind<RwLockConstructor, readonly [options?: PrimitiveOptions], RwLock>;
  // @ts-ignore
  Int8Array: ArrayKind<Int8ArrayConstructor, Int8Array<SharedArrayBuffer>>;
  // @ts-ignore
  Uint8Array: ArrayKind<Uint8ArrayConstructor, Uint8Array<SharedArrayBuffer>>;
  // @ts-ignore
  Uint8ClampedArray: ArrayKind<Uint8ClampedArrayConstructor, Uint8ClampedArray<SharedArrayBuffer>>;
  // @ts-ignore
  Int16Array: ArrayKind<Int16ArrayConstructor, Int16Array<SharedArrayBuffer>>;
  // @ts-ignore
  Uint16Array: ArrayKind<Uint16ArrayConstructor, Uint16Array<SharedArrayBuffer>>;
  // @ts-ignore
  Int32Array: ArrayKind<Int32ArrayConstructor, Int32Array<SharedArrayBuffer>>;
  // @ts-ignore
  Uint32Array: ArrayKind<Uint32ArrayConstructor, Uint32Array<SharedArrayBuffer>>;
  // @ts-ignore
  Float32Array: ArrayKind<Float32ArrayConstructor, Float32Array<SharedArrayBuffer>>;
  // @ts-ignore
  Float64Array: ArrayKind<Float64ArrayConstructor, Float64Array<SharedArrayBuffer>>;
  // @ts-ignore
  BigInt64Array: ArrayKind<BigInt64ArrayConstructor, BigInt64Array<SharedArrayBuffer>>;
  // @ts-ignore
  BigUint64Array: ArrayKind<BigUint64ArrayConstructor, BigUint64Array<SharedArrayBuffer>>;
  /** Where the runtime has it: from Node 24 on. */
  Float16Array: typeof globalThis extends {
    Float16Array: infer Class extends { readonly prototype: unknown };
  }
    ? ArrayKind<Class, Class['prototype'] & { readonly buffer: SharedArrayBuffer }>
    : never;
}

type Written<Kind> =
  Kind extends LayoutKind<infer Class, infer Arguments, unknown>
    ? readonly [Class, ...Arguments] | ([] extends Arguments ? Class : never)
    : never;

/**
 * A field of a {@link layout} as it is written: a class, or an array of a class and its arguments (for a primitive those of
 * its constructor after `index`; for an array of numbers its length).
 */
export type LayoutField = {
  [Name in keyof LayoutKinds]: Written<LayoutKinds[Name]>;
}[keyof LayoutKinds];

/** The fields of a {@link layout} by name. An object that is not written in the call itself needs `as const`. */
export interface LayoutSpec {
  readonly [name: string]: LayoutField;
}

/** A name that no field can have. */
interface Reserved {
  readonly share?: never;
}

type MadeOf<Class> = {
  [Name in keyof LayoutKinds]: Class extends LayoutKinds[Name]['class']
    ? LayoutKinds[Name]['made']
    : never;
}[keyof LayoutKinds];

/**
 * What a field of a {@link layout} becomes.
 *
 * @typeParam Field - the field as it is written
 */
export type LayoutValue<Field> = Field extends readonly [infer Class, ...unknown[]]
  ? MadeOf<Class>
  : MadeOf<Field>;

/** Never present at run time. */
declare const shape: unique symbol;

/**
 * A {@link layout} as it travels: plain data for `workerData` and `postMessage`.
 *
 * @typeParam Spec - the fields
 */
export interface SharedLayout<Spec = any> {
  readonly [shape]?: Spec;
  /** The memory of all fields. */
  readonly buffer: SharedArrayBuffer;
  /** For each field in order its name, its kind and its arguments. */
  readonly fields: readonly (readonly [name: string, kind: string, ...args: unknown[]])[];
}

/**
 * The primitives and arrays of a {@link layout}, by name.
 *
 * @typeParam Spec - the fields as they are written; with `any` the fields are `any` too
 */
export type Layout<Spec> = (0 extends 1 & Spec
  ? { readonly [name: string]: any }
  : { readonly [Name in keyof Spec]: LayoutValue<Spec[Name]> }) & {
  /**
   * What to send to other threads, in `workerData` or `postMessage`, for `layout.from` there.
   *
   * @returns plain data with the memory itself: nothing is copied on the way
   */
  share(): SharedLayout<Spec>;
};

/**
 * Allocates shared memory for primitives and arrays by name, so that nobody has to number cells. All of it is zero: the
 * primitives are fresh. No two fields share a cache line.
 *
 * Each primitive is called in messages and by {@link inspect} as its field is.
 *
 * @example
 * ```js
 * const { Worker, isMainThread, workerData } = require('node:worker_threads');
 * const { layout, Mutex, Latch } = require('@x/shared-sync');
 *
 * const spec = { jobs: Mutex, done: [Latch, 4], totals: [Float64Array, 2] };
 *
 * async function main() {
 *   const { done, totals, share } = layout(spec);
 *   for (let id = 0; id < 4; id++) new Worker(__filename, { workerData: share() });
 *   await done.awaitAsync();
 *   console.log(totals[0]); // prints 6
 * }
 * function work() {
 *   const { jobs, done, totals } = layout.from(workerData, spec);
 *   jobs.runExclusive(() => (totals[0] += 1.5));
 *   done.countDown();
 * }
 * if (isMainThread) main();
 * else work();
 * ```
 */
export interface LayoutFunction {
  /**
   * Allocates.
   *
   * @param spec - for each name a class, or an array of a class and its arguments: those of the constructor after
   * `index` for a primitive, the length for an array of numbers
   * @returns the primitives and arrays by name, and `share()`
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if `spec` is no plain object, or a field is not as described or has
   * arguments of the wrong type; `ERR_INVALID_ARG_VALUE` if a name is a symbol, or one that every object has, or `share`
   * @throws RangeError `ERR_OUT_OF_RANGE` if a number is out of its range, or the fields take more memory than there is
   * @example
   * ```js
   * const { layout, Mutex, Barrier } = require('@x/shared-sync');
   *
   * const shared = layout({ jobs: Mutex, phase: [Barrier, 4], totals: [Float64Array, 16] });
   * console.log(shared.jobs); // prints Mutex "jobs" { free }
   * console.log(shared.totals.length); // prints 16
   * ```
   */
  <const Spec extends LayoutSpec>(spec: Spec & Reserved): Layout<Spec>;

  /**
   * The same primitives and arrays in another thread.
   *
   * @param shared - what `share()` returned, as it arrived
   * @param spec - what this thread expects: the same as in the thread that allocated. Without it, any shape is taken
   * @typeParam Spec - the fields, for a call without `spec`: `layout.from<typeof spec>(workerData)`
   * @returns as {@link layout} does
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if `shared` is not what `share()` returns, such as a layout itself;
   * `ERR_INVALID_ARG_VALUE` if it differs from `spec` in names, kinds, arguments or order (the message says in what), or
   * names a kind that this thread does not know
   * @throws RangeError `ERR_OUT_OF_RANGE` if the memory does not have the size that the fields take
   * @example
   * ```js
   * const { layout, Mutex, Latch } = require('@x/shared-sync');
   *
   * const there = layout({ jobs: Mutex, done: Latch }).share();
   * const { done } = layout.from(there);
   * done.release();
   * console.log(layout.from(there, { jobs: Mutex, done: Latch }).done); // prints Latch "done" { open }
   * try {
   *   layout.from(there, { jobs: Mutex, done: [Latch, 3] });
   * } catch (error) {
   *   console.log(error.code); // prints ERR_INVALID_ARG_VALUE
   * }
   * ```
   */
  from<const Spec extends LayoutSpec>(shared: unknown, spec: Spec & Reserved): Layout<Spec>;
  from<Spec = any>(shared: SharedLayout<Spec>): Layout<Spec>;
}

export const layout: LayoutFunction;
