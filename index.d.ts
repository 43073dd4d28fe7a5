/**
 * Synchronization between worker threads. Each primitive is one 32-bit cell of shared memory, and a zeroed cell
 * is a fresh primitive. So the threads share nothing but the memory and the index of the cell.
 *
 * - {@link Mutex}: one thread at a time works on some data.
 * - {@link Condition} with a Mutex: threads sleep until that data is as they need it (not empty, not full,
 *   finished).
 * - {@link Barrier}: a fixed number of threads work in step, round after round.
 * - {@link Latch}: threads wait until something has happened, once or a given number of times.
 * - {@link RwLock}: many threads read some data, or one thread writes it.
 * - {@link Semaphore}: a limited number of threads use something at a time, or threads count what is ready.
 * - {@link layout}: shares all of these by name, and arrays beside them.
 * - {@link inspect}: lists the blocked threads and what they wait for.
 *
 * A plain method (`lock`, `wait`, `await`) blocks the calling thread. Its counterpart with `Async` at the end
 * of the name returns a promise: it waits in the same queue and leaves the event loop free. Use it in a thread
 * that serves others, such as the main thread. Times are in milliseconds. `console.log` and `util.inspect` show
 * the state of a primitive, in any thread and without changing it:
 * `Mutex "jobs" { locked by thread 3, 2 waiting }`.
 *
 * @packageDocumentation
 */

// Node 20 and TypeScript's `esnext.disposable` declare this, too. Declaring it again (as `@types/node` does)
// lets the package compile under an older `lib`, without a `reference` that would claim DisposableStack.
declare global {
  interface SymbolConstructor {
    readonly dispose: unique symbol;
  }
}

// Without this line a declaration file exports everything in it.
export {};

/** Keeps look-alikes out: a {@link Condition} needs a Mutex of this package. Never present at run time. */
declare const brand: unique symbol;

/**
 * Where the cell of a primitive lies: an `Int32Array` over a SharedArrayBuffer (at any `byteOffset`, from any
 * realm, growable or the memory of a shared `WebAssembly.Memory`), or the SharedArrayBuffer itself.
 *
 * A view over an ordinary `ArrayBuffer`, such as `new Int32Array(8)`, does not compile where its type says so.
 * A plain `Int32Array` compiles, since it may lie over shared memory; if it does not, the constructor throws. A
 * function that takes a view can therefore declare it as `Int32Array | SharedArrayBuffer`. The types of a
 * shared `WebAssembly.Memory` call its buffer an `ArrayBuffer`: write `as Int32Array` there.
 *
 * @typeParam View - the type of the argument
 */
export type SharedView<View extends Int32Array | SharedArrayBuffer> = View extends Int32Array
  ? SharedArrayBuffer extends View['buffer']
    ? View
    : Int32Array & { readonly buffer: SharedArrayBuffer }
  : View;

/**
 * A result that is not a promise. A promise is always truthy, so a predicate that returned one would never
 * wait. A function that returned one to `runExclusive` would continue without the lock. This type makes both
 * errors of compilation, and the methods throw `ERR_INVALID_ARG_TYPE`.
 *
 * A generic wrapper declares its own function with this type, too: `function locked<T>(fn: () =>
 * Synchronous<T>): T { return mutex.runExclusive(fn); }`.
 *
 * @typeParam Answer - what the function returns
 */
export type Synchronous<Answer> = Answer extends PromiseLike<unknown> ? never : Answer;

/** The `code` of a {@link SyncError}. Codes are stable; messages may change. */
export type SyncErrorCode =
  /**
   * The thread, or the guard, does not own the lock, or owns it in another way. Nothing has changed. Call
   * `lock()`, `read()` or `write()` first, and release a lock in the way in which it was acquired.
   */
  | 'ERR_NOT_OWNER'
  /**
   * The wait would never end: the thread owns the lock already, or each thread of a cycle waits for what the
   * next one owns. The thread did not acquire the lock and still owns what it owned; after `Condition.wait` it
   * does not own that mutex. Release something, and acquire locks in the same order in every thread.
   */
  | 'ERR_DEADLOCK'
  /**
   * A thread ended without releasing the lock, so the data that the lock guards may be half changed. The caller
   * does not own the lock. Call `recover()`, then repair the data.
   */
  | 'ERR_ABANDONED'
  /**
   * This round of the barrier can never be complete: a party left it early (it timed out, its signal aborted or
   * its thread ended), the action failed, or a thread called `abort()` or `reset()`. The caller has not passed.
   * Later arrivals throw this code, too, until a thread calls `reset()`.
   */
  | 'ERR_BROKEN_BARRIER'
  /**
   * The wait timed out. The caller did not acquire what it waited for. A barrier at which it had arrived is
   * broken.
   */
  | 'ERR_TIMEOUT'
  /**
   * The cell holds a value that this primitive never writes: other code uses the same memory, or threads
   * constructed the primitive with different numbers.
   */
  | 'ERR_CORRUPT_CELL';

/**
 * The error that a primitive throws when a wait fails, or when threads misuse it or end while they own it.
 * Programs read {@link SyncError.code}. Wrong arguments throw ordinary errors instead: a `TypeError` with the
 * code `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`, or a `RangeError` with the code `ERR_OUT_OF_RANGE`.
 * Each message says what to do next. The stack also names the section about the code in docs/errors.md of this
 * package.
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
  /**
   * With `ERR_NOT_OWNER` the `threadId` of the owner, if the lock has one. With `ERR_ABANDONED` the `threadId`
   * of the thread that ended; undefined for an RwLock if so many threads have ended inside of RwLocks that the
   * package no longer knows this one. With `ERR_DEADLOCK` the calling thread's own, if it owns the lock
   * already.
   */
  readonly ownerThreadId?: number;
  /** The cycle of waits, with `ERR_DEADLOCK`. It begins with the thread that throws. */
  readonly cycle?: readonly CycleLink[];

  /**
   * Returns the code of an error of this package, even if the error came from another thread. `postMessage`,
   * and the pools that use it, turn a SyncError into a plain `Error` without its class and `code`. They keep
   * its stack, and the first line of that holds the code, too: `SyncError [ERR_TIMEOUT]: ...`.
   *
   * @param error - any caught value
   * @returns its `code`, or else the code in the first line of its stack; undefined if there is neither
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

/** One thread of a deadlock. The next thread of the cycle holds what this one waits for. */
export interface CycleLink {
  /** The `threadId` of the thread. */
  readonly threadId: number;
  /** What the thread holds, such as `Mutex "jobs"`. */
  readonly holds: string;
  /** What the thread waits for, such as `Mutex "results"`. */
  readonly waitsFor: string;
}

/** The options that every constructor takes as its last argument. */
export interface PrimitiveOptions {
  /**
   * The name of the primitive in messages and in {@link inspect}. It is enough to give it in one thread.
   * Without a name they show the class and the index of the cell in the buffer.
   */
  readonly name?: string;
}

/** An `AbortSignal`, described without the types of Node or of the DOM. */
export interface WaitSignal {
  /** Whether the signal has aborted. */
  readonly aborted: boolean;
  /** The reason, with which the wait rejects. */
  readonly reason?: any;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** The options of every method that waits by promise. */
export interface WaitOptions {
  /**
   * The longest to wait, in milliseconds: 0 or more; `Infinity`, the default, is no limit. With 0 the promise
   * acquires only what is free. The wait never times out early. The limit is kept in real time, even if a test
   * replaces JavaScript's clock.
   */
  readonly timeout?: number;
  /**
   * Cancels the wait when it aborts: the promise rejects with the reason of the signal. What was granted to the
   * wait at that moment passes to the next waiter. If the signal has aborted already, the wait does not begin.
   */
  readonly signal?: WaitSignal;
  /**
   * Whether the pending promise keeps its thread alive. By default it does so in a worker, as the blocking call
   * would, and in any thread while `timeout` is finite, so that the program sees its `ERR_TIMEOUT`. Without a
   * time limit it does not keep the main thread alive, so that a wait which no thread can end does not keep the
   * process running. A `signal` changes none of this, and `AbortSignal.timeout()` does not keep Node alive
   * either: use `timeout`.
   */
  readonly ref?: boolean;
}

/** The options of the constructor of a {@link Barrier}. */
export interface BarrierOptions extends PrimitiveOptions {
  /**
   * What the last party to arrive does in each round, before the barrier releases the others. It sees what all
   * of them wrote, and they see what it writes. A party that arrives meanwhile waits for the next round. If the
   * action throws, or its thread ends, the barrier breaks. If one thread gives an action, all threads must:
   * each runs its own when it arrives last.
   *
   * The action may return a promise if all parties of its thread use {@link Barrier.waitAsync}. The others are
   * released when that promise is fulfilled. If the thread blocks at the same barrier meanwhile, inside the
   * action or outside, that call throws `ERR_DEADLOCK`.
   */
  readonly action?: () => unknown;
}

/** One wait in the list of {@link inspect}. */
export interface BlockedThread {
  /** The `threadId` of the blocked thread, or of the thread of the promise; 0 is the main thread. */
  readonly threadId: number;
  /** The class of the primitive. */
  readonly kind: 'Mutex' | 'Condition' | 'Barrier' | 'Latch' | 'RwLock' | 'Semaphore';
  /** The name that the waiting thread gave to the primitive. */
  readonly name?: string;
  /** Whether a promise waits. If so, its thread is not blocked. */
  readonly async: boolean;
  /**
   * For how long, in milliseconds, the promise has been granted the lock while its thread has not run. The
   * thread computes, or is blocked outside of this package, and keeps the lock for that time.
   */
  readonly grantedMs?: number;
  /** The primitive as messages call it: `Mutex "jobs"`, or `Mutex in cell 3` without a name. */
  readonly waitsFor: string;
  /** When the wait began. */
  readonly since: Date;
  /** How long the wait has lasted, in milliseconds. */
  readonly waitedMs: number;
  /** The `threadId` of the owner, where the primitive has one: of an RwLock the writer. */
  readonly ownerThreadId?: number;
  /**
   * What the owner is doing, where that is known: `granted to a promise of the main thread, which has not run
   * for 4.6 s`.
   */
  readonly ownerState?: string;
  /** At a Barrier: the `threadId` of each thread that has arrived, in order; the first 1,000. */
  readonly arrivedThreadIds?: readonly number[];
}

/**
 * Lists the threads of the process that are blocked and the promises that are pending, with what they wait for
 * and for how long. A supervisor can print it on a timer, on a signal, or when a test times out. Any thread may
 * call it; it disturbs no other thread. Waits of threads that are younger than about 5 ms are not listed.
 *
 * @param promises - the most pending promises to list, the oldest of each thread: an integer of 0 or more;
 *   1,000 by default
 * @returns one entry for each wait of a blocked thread, then one for each promise; `omitted` is the number of
 *   promises that were left out. If an inspector evaluates code in a blocked thread and that code waits, the
 *   thread has several entries, the innermost last
 * @throws TypeError ERR_INVALID_ARG_TYPE - `promises` is not a number
 * @throws RangeError ERR_OUT_OF_RANGE - `promises` is negative or not an integer
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
 * Lets one thread at a time into a section of code. Ownership is per thread: only the thread that locked the
 * mutex can unlock it. Locking twice in one thread throws instead of deadlocking.
 *
 * To wait for another thread while you hold the lock, use a {@link Condition} with it. A single number needs no
 * lock: use `Atomics.add` and its like.
 *
 * `lock()` cannot tell the tasks of one thread apart. If a task calls `lock()` and then awaits, another task of
 * the thread can call `unlock()` without an error, and its own `lock()` throws `ERR_DEADLOCK`. Around an
 * `await`, use {@link Mutex.lockAsync} or {@link Mutex.runExclusiveAsync}, whose guard belongs to one task. Nor
 * can a guard tell which task asks again: a task that awaits `lockAsync()` for a mutex that its own guard holds
 * waits for itself, without an error. Pass the guard to the inner function instead, or set a `timeout`.
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
   * Acquires the mutex, and sleeps without limit while another thread owns it. For a limit, use
   * {@link Mutex.tryLock}.
   *
   * @returns this mutex, which is disposable: `using _ = mutex.lock();` unlocks it at the end of the block
   * @throws SyncError ERR_DEADLOCK - this thread owns the mutex already (thrown at once), or the owner waits,
   *   directly or through other threads, for what this thread owns (thrown within milliseconds)
   * @throws SyncError ERR_ABANDONED - the owner ended without unlocking; this thread does not own the mutex
   * @throws SyncError ERR_CORRUPT_CELL - the cell names an owner that never existed; this thread does not own
   *   the mutex
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
   * Acquires the mutex within a time limit. Returns false when it times out, and throws no error for it.
   *
   * @param ms - the longest to wait, in milliseconds: 0 or more; `Infinity` is no limit. 0, the default, does
   *   not wait
   * @returns whether this thread owns the mutex now; never `false` before `ms` have passed. `tryLock()` without
   *   a limit returns `false` in a thread that owns the mutex already
   * @throws SyncError ERR_DEADLOCK - this thread owns the mutex already and `ms` is above 0; or as
   *   {@link Mutex.lock} if `ms` is `Infinity`, since only a wait without limit is part of a cycle
   * @throws SyncError ERR_ABANDONED - as {@link Mutex.lock}
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Mutex.lock}
   * @throws TypeError ERR_INVALID_ARG_TYPE - `ms` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `ms` is negative or NaN
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
   * Releases the mutex and wakes a waiter. The next owner sees all that this thread wrote before, by plain
   * stores or by Atomics.
   *
   * @throws SyncError ERR_NOT_OWNER - the mutex is free or another thread or a guard owns it; nothing changes
   * @throws SyncError ERR_CORRUPT_CELL - the cell holds a value that a mutex never writes
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
   * Acquires the mutex, calls a function and releases the mutex, even if the function throws. Waits without
   * limit, as {@link Mutex.lock}.
   *
   * A generic wrapper declares its function as this method does: `function locked<T>(fn: () => Synchronous<T>):
   * T { return mutex.runExclusive(fn); }`.
   *
   * @param fn - called without arguments while this thread owns the mutex. It must be done when it returns: an
   *   `async` function would continue without the lock, and is refused
   * @returns what `fn` returns
   * @throws the error of `fn` - this thread does not own the mutex then. If a `Condition.wait` inside of `fn`
   *   lost the mutex, its error passes through, too
   * @throws SyncError ERR_DEADLOCK - as {@link Mutex.lock}; `fn` was not called
   * @throws SyncError ERR_ABANDONED - as {@link Mutex.lock}; `fn` was not called
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Mutex.lock}; `fn` was not called
   * @throws SyncError ERR_NOT_OWNER - `fn` unlocked the mutex and returned
   * @throws TypeError ERR_INVALID_ARG_TYPE - `fn` is not a function, and the mutex was not acquired; or `fn`
   *   returned a promise, and the mutex is released again
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
   * Acquires the mutex, even if the owner ended without unlocking it. Until a thread calls this, every `lock()`
   * throws `ERR_ABANDONED`. The caller must then repair the data that the mutex guards.
   *
   * @returns `true` if the mutex was abandoned and this call recovered it: repair the data; `false` if it was
   *   not abandoned, or another thread has recovered it. This thread owns the mutex in both cases
   * @throws SyncError ERR_DEADLOCK - as {@link Mutex.lock}
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Mutex.lock}
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
   * {@link Mutex.recover} with a time limit.
   *
   * @param ms - the longest to wait, in milliseconds: 0 or more; `Infinity` is no limit. 0, the default, does
   *   not wait
   * @returns what {@link Mutex.recover} returns; `undefined` if the call timed out, and this thread does not
   *   own the mutex
   * @throws SyncError ERR_DEADLOCK - this thread owns the mutex already; or as {@link Mutex.lock} if `ms` is
   *   `Infinity`
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Mutex.lock}
   * @throws TypeError ERR_INVALID_ARG_TYPE - `ms` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `ms` is negative or NaN
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
   * Acquires the mutex by promise, without blocking the thread, in one queue with the threads in
   * {@link Mutex.lock}. The guard owns the mutex, not the thread: only the guard can unlock it, and other tasks
   * of the thread wait as other threads do. Do not block the thread while one of its guards holds the mutex.
   * While the thread is blocked, its waiting promises are passed over.
   *
   * A promise never rejects with `ERR_DEADLOCK`, since its thread is not blocked and might still release. So
   * two promises that wait for each other's mutex, or a task that waits for what its own guard holds, wait for
   * ever: give them a `timeout`.
   *
   * @param options - time limit in milliseconds (none by default), signal, and `ref`: whether the promise keeps
   *   the thread alive
   * @returns the guard; release it once
   * @throws (rejects) SyncError ERR_TIMEOUT - the wait timed out; nothing was acquired
   * @throws (rejects) SyncError ERR_ABANDONED - as {@link Mutex.lock}
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link Mutex.lock}
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @throws (rejects) the reason of the signal - it aborted during the wait or before; nothing was acquired
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
   * @param options - time limit in milliseconds (none by default), signal, and `ref`: whether the promise keeps
   *   the thread alive
   * @returns the guard, which owns the mutex; {@link Guard.recovered} says whether to repair the data that the
   *   mutex guards
   * @throws (rejects) SyncError ERR_TIMEOUT - the wait timed out; nothing was acquired
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link Mutex.lock}
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @throws (rejects) the reason of the signal - it aborted during the wait or before; nothing was acquired
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
   * Acquires the mutex by promise, calls a function, awaits its result and releases the mutex, even if the
   * function fails.
   *
   * @param fn - called with the guard that owns the mutex, for {@link Condition.waitAsync}; may return a
   *   promise
   * @param options - time limit in milliseconds (none by default), signal and `ref`, for the wait for the mutex
   * @returns what `fn` returns, or what its promise is fulfilled with
   * @throws (rejects) the error of `fn` - the mutex is released then
   * @throws (rejects) SyncError ERR_TIMEOUT - as {@link Mutex.lockAsync}; `fn` was not called
   * @throws (rejects) SyncError ERR_ABANDONED - as {@link Mutex.lockAsync}; `fn` was not called
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link Mutex.lockAsync}; `fn` was not called
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - `fn` is not a function, or an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @throws (rejects) the reason of the signal - it aborted before the mutex was acquired
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
   * Whether a thread or a guard owns the mutex, or ended without unlocking it. The answer may be out of date
   * when you read it: to act on it, use {@link Mutex.tryLock}.
   *
   * @throws SyncError ERR_CORRUPT_CELL - the cell holds a value that a mutex never writes
   * @example
   * ```js
   * const { Mutex } = require('@x/shared-sync');
   *
   * console.log(new Mutex(new SharedArrayBuffer(4)).locked); // prints false
   * ```
   */
  readonly locked: boolean;

  /**
   * The `threadId` (of `node:worker_threads`) of the owner, even if that thread has ended; null if the mutex is
   * free. The main thread is 0, so compare with null instead of testing for truth.
   *
   * @throws SyncError ERR_CORRUPT_CELL - the cell holds a value that a mutex never writes
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
   * Releases the mutex if this thread owns it. Otherwise it does nothing, so that it hides no error that leaves
   * the block. `using` calls it. Present where the realm has `Symbol.dispose`, as Node has (but not the realms
   * of jest on Node 20 and 22).
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
 * Owns a {@link Mutex} that was acquired by promise. Only the guard can release it, so one task cannot release
 * the lock of another. If the thread ends first, the waiters throw `ERR_ABANDONED`. Made by
 * {@link Mutex.lockAsync}, {@link Mutex.recoverAsync} and {@link Mutex.runExclusiveAsync}.
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
   * Whether the guard owns the mutex now. It does not after `release()`, during a {@link Condition.waitAsync},
   * or after one that failed to acquire the mutex again.
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
   * Whether {@link Mutex.recoverAsync} acquired the mutex from an owner that ended without unlocking it. If so,
   * repair the data that the mutex guards. Always `false` after {@link Mutex.lockAsync}.
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
   * Releases the mutex and wakes the next waiter. The next owner sees all that this thread wrote before.
   *
   * @throws SyncError ERR_NOT_OWNER - the guard does not own the mutex; nothing changes
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
   * Releases the mutex if the guard owns it.
   *
   * @returns whether the guard owned it
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
   * Releases the mutex if the guard owns it. Otherwise it does nothing, so that it hides no error that leaves
   * the block. `using` and `await using` call it. Present where the realm has `Symbol.dispose`.
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
   * Makes a mutex on a cell of shared memory, which it keeps alive. A second object on the same cell, in any
   * thread, is the same mutex.
   *
   * @param view - the shared memory
   * @param index - the index of the int32 cell in `view`, from 0, the default
   * @param options - a name
   * @throws TypeError ERR_INVALID_ARG_TYPE - `view` is not over shared memory, `index` is not a number, or
   *   `options` or its `name` has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `index` is not the index of a cell of `view`
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
 * Lets threads that share data under a {@link Mutex} sleep until that data is as they need it. The thread that
 * changes the data calls {@link Condition.notify} or {@link Condition.notifyAll}. A condition remembers
 * nothing: a notification that finds no waiter has no effect.
 *
 * For threads that meet at one point use a {@link Barrier}; for an event that happens once, a {@link Latch}.
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
   * Releases `mutex`, sleeps until notified and acquires `mutex` again. It misses no notification in between.
   * With a predicate it repeats this until the predicate returns a truthy value, and does not sleep if the
   * first answer is truthy. Without a predicate it sleeps once. Waits without limit; for a limit, use
   * {@link Condition.waitFor}.
   *
   * A generic wrapper declares its predicate as this method does: `function until<T>(predicate: () =>
   * Synchronous<T>): void { condition.wait(mutex, predicate); }`.
   *
   * @param mutex - locked by this thread with `lock()`; locked again when the method returns
   * @param predicate - whether to stop waiting; called while this thread owns `mutex`. Prefer a call with a
   *   predicate: before the notified thread acquires the mutex, another thread may have changed the data again
   * @throws the error of `predicate` - this thread still owns `mutex`
   * @throws SyncError ERR_NOT_OWNER - this thread does not own `mutex`; nothing happened
   * @throws SyncError ERR_ABANDONED - another owner ended without unlocking `mutex`, so this thread does *not*
   *   own it: do not unlock it
   * @throws SyncError ERR_DEADLOCK - acquiring `mutex` again would close a cycle, so this thread does *not* own
   *   it: do not unlock it
   * @throws SyncError ERR_CORRUPT_CELL - one of the two cells holds a value that its primitive never writes
   * @throws TypeError ERR_INVALID_ARG_TYPE - an argument has the wrong type, or the predicate returned a
   *   promise; this thread still owns `mutex`
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
   * {@link Condition.wait} with a time limit. The limit does not cover acquiring the mutex again, since this
   * thread must own it when the method returns.
   *
   * @param mutex - locked by this thread with `lock()`; locked again when the method returns
   * @param predicate - as for {@link Condition.wait}; called a last time when the wait times out. `undefined`
   *   to wait for any notification
   * @param ms - the longest to wait, in milliseconds: 0 or more; `Infinity` is no limit. 0 calls the predicate
   *   once
   * @returns the predicate's last answer, unchanged (falsy if the wait timed out); without a predicate, whether
   *   this thread was notified
   * @throws the error of `predicate` - this thread still owns `mutex`
   * @throws SyncError ERR_NOT_OWNER - as {@link Condition.wait}
   * @throws SyncError ERR_ABANDONED - as {@link Condition.wait}
   * @throws SyncError ERR_DEADLOCK - as {@link Condition.wait}
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Condition.wait}
   * @throws TypeError ERR_INVALID_ARG_TYPE - as {@link Condition.wait}, or `ms` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `ms` is negative or NaN
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
   * {@link Condition.wait} and {@link Condition.waitFor} by promise, with the mutex that `guard` owns. The
   * guard stands for the task. During the wait the guard does not own the mutex, so that other tasks and
   * threads can acquire it. When the promise is fulfilled, the guard owns it again.
   *
   * @param guard - the guard from {@link Mutex.lockAsync}, or the argument of the function of
   *   {@link Mutex.runExclusiveAsync}; it must own the mutex
   * @param predicate - as for {@link Condition.wait}: must not return a promise, and is called while the guard
   *   owns the mutex. `undefined` to wait for one notification
   * @param options - time limit in milliseconds (none by default), signal and `ref`. A timeout is a result
   *   here, not an error, and the limit does not cover acquiring the mutex again
   * @returns the predicate's last answer, unchanged (falsy if the wait timed out); without a predicate, whether
   *   the wait was notified
   * @throws (rejects) the error of `predicate` - the guard still owns the mutex
   * @throws (rejects) the reason of the signal - it aborted during the wait, and the guard does *not* own the
   *   mutex; or it had aborted before, and nothing happened. `guard.held` tells which
   * @throws (rejects) SyncError ERR_NOT_OWNER - the guard does not own the mutex, or waits already; nothing
   *   happened
   * @throws (rejects) SyncError ERR_ABANDONED - another owner ended without unlocking the mutex, so the guard
   *   does *not* own it
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link Condition.wait}
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - an argument or an option has the wrong type, or the
   *   predicate returned a promise; the guard still owns the mutex
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown; the guard still owns the mutex
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN; the guard still owns the
   *   mutex
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
   * Wakes waiting threads and promises, the longest waiters first. Cheap if there are none. Call it while you
   * own the mutex or just after you released it, but change the data that the predicates read while you own it.
   *
   * @param n - the most waiters to wake: an integer of 0 or more, or `Infinity`; 1 by default. 1 is enough if
   *   each change serves one waiter and all wait for the same thing; otherwise use {@link Condition.notifyAll}
   * @returns the number of waiters that were woken
   * @throws TypeError ERR_INVALID_ARG_TYPE - `n` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `n` is negative, fractional or NaN
   * @throws SyncError ERR_CORRUPT_CELL - the cell holds a value that a condition never writes
   * @example
   * ```js
   * const { Condition } = require('@x/shared-sync');
   *
   * console.log(new Condition(new SharedArrayBuffer(4)).notify(2)); // prints 0
   * ```
   */
  notify(n?: number): number;

  /**
   * Wakes all waiting threads and promises. They continue one after another, as each acquires the mutex.
   *
   * @returns the number of waiters that were woken
   * @throws SyncError ERR_CORRUPT_CELL - the cell holds a value that a condition never writes
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
   * Makes a condition on a cell of shared memory. It needs a cell of its own, beside that of its mutex.
   *
   * @param view - the shared memory
   * @param index - the index of the int32 cell in `view`, from 0, the default
   * @param options - a name
   * @throws TypeError ERR_INVALID_ARG_TYPE - `view` is not over shared memory, `index` is not a number, or
   *   `options` or its `name` has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `index` is not the index of a cell of `view`
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
 * Keeps a fixed number of threads in step. Each waits until all have arrived, then all continue, and the
 * barrier is ready for the next round at once.
 *
 * If some threads only report and others only wait, use a {@link Latch}.
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
   * Arrives, and sleeps without limit until all `total` parties have arrived. Afterwards each party sees all
   * that any of them wrote before. The last party to arrive runs the action, if there is one, before the others
   * continue.
   *
   * @returns the arrival index: `total - 1` for the first party to arrive, 0 for the last; each index once a
   *   round
   * @throws the error of the action - in the thread that ran it; the barrier breaks
   * @throws SyncError ERR_BROKEN_BARRIER - the barrier is broken, breaks during the wait (see
   *   {@link Barrier.broken}), or a thread resets it
   * @throws SyncError ERR_DEADLOCK - this thread runs the action of this barrier
   * @throws SyncError ERR_CORRUPT_CELL - the cell holds a value that a barrier of this `total` never writes
   * @throws TypeError ERR_INVALID_ARG_TYPE - the action returned a promise; the barrier breaks
   * @example
   * ```js
   * const { Barrier } = require('@x/shared-sync');
   *
   * console.log(new Barrier(new SharedArrayBuffer(4), 0, 1).wait()); // prints 0
   * ```
   */
  wait(): number;

  /**
   * {@link Barrier.wait} with a time limit. If the wait times out, the barrier breaks for all parties, because
   * the party that left will never be there. A party that waits while the action of the round before runs has
   * not arrived yet: its timeout does not break the barrier.
   *
   * @param ms - the longest to wait, in milliseconds: 0 or more; `Infinity` is no limit. The time of the action
   *   is not limited
   * @returns the arrival index, as {@link Barrier.wait}
   * @throws the error of the action - as {@link Barrier.wait}
   * @throws SyncError ERR_TIMEOUT - this wait timed out, never early; the other parties throw
   *   `ERR_BROKEN_BARRIER`
   * @throws SyncError ERR_BROKEN_BARRIER - as {@link Barrier.wait}
   * @throws SyncError ERR_DEADLOCK - as {@link Barrier.wait}
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Barrier.wait}
   * @throws TypeError ERR_INVALID_ARG_TYPE - `ms` is not a number, or the action returned a promise
   * @throws RangeError ERR_OUT_OF_RANGE - `ms` is negative or NaN
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
   * {@link Barrier.wait} by promise. One thread can be several parties this way. The action of the last party
   * may return a promise.
   *
   * @param options - time limit in milliseconds (none by default), signal, and `ref`: whether the promise keeps
   *   the thread alive
   * @returns the arrival index, as {@link Barrier.wait}
   * @throws (rejects) the error of the action - in the party that ran it; the barrier breaks
   * @throws (rejects) the reason of the signal - it aborted during the wait, and the barrier breaks; or it had
   *   aborted before, and this party never arrived. If all have arrived when it aborts, the promise is
   *   fulfilled
   * @throws (rejects) SyncError ERR_TIMEOUT - the wait timed out; the barrier breaks
   * @throws (rejects) SyncError ERR_BROKEN_BARRIER - as {@link Barrier.wait}
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link Barrier.wait}
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
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
   * Breaks the barrier. The parties that wait at it, and those that arrive later, throw `ERR_BROKEN_BARRIER`
   * until a thread calls {@link Barrier.reset}. Call it for a party that cannot continue: the others would wait
   * for it for ever. Any thread may call it.
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
   * Makes the barrier fresh again, broken or not. The parties that wait at it throw `ERR_BROKEN_BARRIER`, since
   * their round is lost; so does a thread that runs the action, when the action is done. Call it once all
   * parties know that the round was lost: a party that arrives late would count in the next round. Any thread
   * may call it.
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
   * Whether the barrier is broken: a party left early (it timed out, its signal aborted or its thread ended),
   * the action failed, or a thread called {@link Barrier.abort}. It stays broken until {@link Barrier.reset}.
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
   * How many parties have arrived and wait for the others at this moment.
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
   * Makes a barrier on a cell of shared memory. All threads must give the same `total`.
   *
   * @param view - the shared memory
   * @param index - the index of the int32 cell in `view`, from 0
   * @param total - how many parties make a round: an integer from 1 to 16,777,215
   * @param options - a name, and the action of the last party to arrive
   * @throws TypeError ERR_INVALID_ARG_TYPE - `view` is not over shared memory, `index` or `total` is not a
   *   number, or `options` or its `action` has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `index` is not the index of a cell of `view`, or `total` is out of
   *   its range
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
 * A gate that is closed until a thread opens it, and then stays open. The number of waiters is not fixed.
 *
 * To meet again and again use a {@link Barrier}; to wait for a state that comes and goes, a {@link Condition}.
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
   * Sleeps without limit until the latch is open. Returns at once if it is. For a limit, use
   * {@link Latch.tryAwait}.
   *
   * @throws SyncError ERR_CORRUPT_CELL - the cell holds a value that a latch of this `count` never writes
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
   * Waits until the latch is open, within a time limit. Returns false when it times out, and throws no error
   * for it.
   *
   * @param ms - the longest to wait, in milliseconds: 0 or more; `Infinity` is no limit. 0, the default, does
   *   not wait
   * @returns whether the latch is open; never `false` before `ms` have passed
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Latch.await}
   * @throws TypeError ERR_INVALID_ARG_TYPE - `ms` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `ms` is negative or NaN
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
   * @param options - time limit in milliseconds (none by default), signal, and `ref`: whether the promise keeps
   *   the thread alive
   * @throws (rejects) SyncError ERR_TIMEOUT - the wait timed out before the latch was open
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link Latch.await}
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @throws (rejects) the reason of the signal - it aborted during the wait or before; nothing was acquired
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
   * Opens the latch for all waiters, present and future, whatever remains to be counted down. Does nothing if
   * it is open already. The waiters see all that this thread wrote before. Any thread may call it.
   *
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Latch.await}
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
   * Counts down by `n`, and opens the latch at 0, for all waiters, present and future. An open latch stays
   * open. The waiters see all that this thread wrote before. Any thread may call it, any number of times.
   *
   * @param n - how far to count down: an integer from 1, the default, to 2^30 - 1
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Latch.await}
   * @throws TypeError ERR_INVALID_ARG_TYPE - `n` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `n` is not an integer from 1 to 2^30 - 1
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
   * How far the latch has to be counted down until it opens; 0 when it is open.
   *
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Latch.await}
   * @example
   * ```js
   * const { Latch } = require('@x/shared-sync');
   *
   * console.log(new Latch(new SharedArrayBuffer(4), 0, 3).remaining); // prints 3
   * ```
   */
  readonly remaining: number;

  /**
   * Whether the latch is open. Once true, it stays true.
   *
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Latch.await}
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
   * Makes a latch on a cell of shared memory.
   *
   * @param view - the shared memory
   * @param index - the index of the int32 cell in `view`, from 0, the default
   * @param count - how far the latch has to be counted down until it opens: an integer from 1, the default, to
   *   2^30 - 1. All threads must give the same
   * @param options - a name
   * @throws TypeError ERR_INVALID_ARG_TYPE - `view` is not over shared memory, `index` or `count` is not a
   *   number, or `options` or its `name` has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `index` is not the index of a cell of `view`, or `count` is out of
   *   its range
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

/** The options of the constructor of a {@link Semaphore}. */
export interface SemaphoreOptions extends PrimitiveOptions {
  /**
   * The most permits that may ever be free: an integer from `permits`, and from 1, to 2^30 - 1; or `Infinity`
   * for 2^30 - 1. The default is the larger of `permits` and 1.
   */
  readonly max?: number;
}

/**
 * A number of permits. Threads acquire some and release some: to limit how many threads use something at a time
 * or, beginning with 0 permits, to count what is ready for other threads. A permit has no owner: any thread may
 * release what another acquired.
 *
 * Waiters are served in the order of their requests. A request for more than one permit that has reached the front
 * is not overtaken. A waiter for one permit is woken when a permit is free, and may then be overtaken by a thread
 * that runs at that moment, as at a {@link Mutex}. After a few milliseconds it is handed the permit.
 *
 * To let in one thread at a time use a {@link Mutex}, which detects the death of its owner. Permits of a thread
 * that ended stay taken until another thread releases them.
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
   * Acquires permits, and sleeps without limit until there are enough and all earlier requests are granted. For
   * a limit, use {@link Semaphore.tryAcquire}. This thread then sees all that was written before the permits
   * were released.
   *
   * @param n - how many permits, all at once: an integer from 1, the default, to the maximum
   * @throws TypeError ERR_INVALID_ARG_TYPE - `n` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `n` is not an integer from 1 to the maximum: more will never be free
   * @throws SyncError ERR_CORRUPT_CELL - the cell holds a value that a semaphore of these `permits` never
   *   writes
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
   * Acquires permits within a time limit. Returns false when it times out, and throws no error for it.
   *
   * @param n - how many permits, all at once: an integer from 1, the default, to the maximum
   * @param ms - the longest to wait, in milliseconds: 0 or more; `Infinity` is no limit. 0, the default, does
   *   not wait, and acquires nothing while other requests are queued
   * @returns whether the permits were acquired; never `false` before `ms` have passed
   * @throws TypeError ERR_INVALID_ARG_TYPE - `n` or `ms` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `n` is not an integer from 1 to the maximum, or `ms` is negative or
   *   NaN
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Semaphore.acquire}
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
   * {@link Semaphore.acquire} by promise, in one queue with the blocked threads. There is no guard, since
   * permits have no owner: return them with {@link Semaphore.release}.
   *
   * @param n - how many permits, all at once: an integer from 1, the default, to the maximum
   * @param options - time limit in milliseconds (none by default), signal, and `ref`: whether the promise keeps
   *   the thread alive
   * @returns a promise that is fulfilled when the permits are acquired
   * @throws (rejects) SyncError ERR_TIMEOUT - the wait timed out; nothing was acquired
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link Semaphore.acquire}
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - `n` or an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `n` is not an integer from 1 to the maximum, or `timeout`
   *   is negative or NaN
   * @throws (rejects) the reason of the signal - it aborted before the permits were acquired
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
   * Releases permits, or adds some, and wakes the longest waiters that now have enough. They see all that this
   * thread wrote before. Any thread may call it.
   *
   * @param n - how many permits: an integer from 1, the default, to the maximum
   * @throws TypeError ERR_INVALID_ARG_TYPE - `n` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `n` is not an integer from 1 to the maximum, or more than the maximum
   *   would be free; nothing changes
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Semaphore.acquire}
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
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Semaphore.acquire}
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
   * Makes a semaphore on a cell of shared memory. All threads must give the same `permits` and `max`: if they
   * differ, calls may throw `ERR_CORRUPT_CELL`.
   *
   * @param view - the shared memory
   * @param index - the index of the int32 cell in `view`, from 0
   * @param permits - how many permits are free at first: an integer from 0 to 2^30 - 1
   * @param options - a name, and the maximum
   * @throws TypeError ERR_INVALID_ARG_TYPE - `view` is not over shared memory, `index`, `permits` or `max` is
   *   not a number, or `options` or its `name` has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `index` is not the index of a cell of `view`, or `permits` or `max`
   *   is out of its range
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
 * One read of an {@link RwLock}, held until it is released. Made by {@link RwLock.read},
 * {@link RwLock.readAsync} and {@link RwLock.downgrade}.
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
   * Whether the guard holds the read now.
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
   * Releases the read. Call it once.
   *
   * @throws SyncError ERR_NOT_OWNER - the guard was released before, or {@link RwLock.unlockRead} released the
   *   reads of this thread
   * @throws SyncError ERR_CORRUPT_CELL - the cell holds a value that an RwLock never writes
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
   * Releases the read if the guard holds it.
   *
   * @returns whether the guard held it
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
   * Releases the read if the guard holds it. Otherwise it does nothing, so that it hides no error that leaves
   * the block. `using` calls it. Present where the realm has `Symbol.dispose`.
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
 * A write of an {@link RwLock}, held until it is released. Made by {@link RwLock.write},
 * {@link RwLock.writeAsync} and {@link RwLock.recoverAsync}.
 *
 * @example
 * ```js
 * const { RwLock } = require('@x/shared-sync');
 *
 * const lock = new RwLock(new SharedArrayBuffer(4));
 * const guard = lock.write();
 * const reading = guard.downgrade(); // no thread writes in between
 * console.log(guard.held, reading.held); // prints false true
 * reading.release();
 * ```
 */
export interface WriteGuard {
  /**
   * Whether the guard holds the write now.
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
   * Whether {@link RwLock.recoverAsync} acquired the lock after a thread had ended inside of it. If so, repair
   * the data that the lock guards. Always `false` after {@link RwLock.write} and {@link RwLock.writeAsync}.
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
   * Releases the write. Call it once.
   *
   * @throws SyncError ERR_NOT_OWNER - the guard was released or downgraded before, or
   *   {@link RwLock.unlockWrite} released the write
   * @throws SyncError ERR_CORRUPT_CELL - the cell holds a value that an RwLock never writes
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
   * Releases the write if the guard holds it.
   *
   * @returns whether the guard held it
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
   * Turns the write into a read, as {@link RwLock.downgrade} does. This guard is then released.
   *
   * @returns the guard of the read
   * @throws SyncError ERR_NOT_OWNER - the guard was released or downgraded before
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
   * Releases the write if the guard holds it. Otherwise it does nothing, so that it hides no error that leaves
   * the block. `using` calls it. Present where the realm has `Symbol.dispose`.
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
 * Lets many threads read some data at the same time, or one thread write it. Waiters enter in the order in
 * which they arrived: a reader that arrives while a writer waits enters after that writer. Only once the waiter
 * was woken, a thread that runs at that moment may overtake it, as at a {@link Mutex}. After a few milliseconds
 * the waiter is handed the lock, so neither kind starves.
 *
 * It pays where reads take long and writes are rare. Where the lock is held for a moment only, a {@link Mutex}
 * is faster.
 *
 * A thread may hold several reads at once, and releases each. It must not write while it reads. To continue
 * reading after a write, use {@link RwLock.downgrade}. There is no upgrade: two readers that both upgraded
 * would wait for each other.
 *
 * Like {@link Mutex.lock}, the blocking methods cannot tell the tasks of one thread apart. Around an `await`,
 * use {@link RwLock.readAsync} and {@link RwLock.writeAsync}. A task that asks again for what its own guard
 * excludes waits for itself: pass the guard to the inner function instead, or set a `timeout`.
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
   * Acquires a read, and sleeps without limit while another thread writes or earlier waiters are queued. For a
   * limit, use {@link RwLock.tryRead}. The reader sees all that was written before the last write was released.
   *
   * @returns a guard, which is disposable: `using _ = lock.read();` releases the read at the end of the block.
   *   {@link RwLock.unlockRead} releases it, too: use one of them
   * @throws SyncError ERR_DEADLOCK - this thread writes, or reads while a writer is queued (thrown at once); or
   *   the writer waits, directly or through other threads, for what this thread owns (thrown within
   *   milliseconds)
   * @throws SyncError ERR_ABANDONED - a thread ended inside of the lock; this thread did not acquire the read.
   *   The error may lack `ownerThreadId`: see {@link SyncError.ownerThreadId}
   * @throws SyncError ERR_CORRUPT_CELL - the cell names a writer that never existed; this thread did not
   *   acquire the read
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
   * Acquires a read within a time limit. Returns false when it times out, and throws no error for it.
   *
   * @param ms - the longest to wait, in milliseconds: 0 or more; `Infinity` is no limit. 0, the default, does
   *   not wait
   * @returns whether this thread acquired the read, to be released by {@link RwLock.unlockRead}; never `false`
   *   before `ms` have passed. `tryRead()` without a limit returns `false` in a thread that would wait for
   *   itself
   * @throws SyncError ERR_DEADLOCK - this thread would wait for itself and `ms` is above 0; or as
   *   {@link RwLock.read} if `ms` is `Infinity`, since only a wait without limit is part of a cycle
   * @throws SyncError ERR_ABANDONED - as {@link RwLock.read}
   * @throws SyncError ERR_CORRUPT_CELL - as {@link RwLock.read}
   * @throws TypeError ERR_INVALID_ARG_TYPE - `ms` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `ms` is negative or NaN
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
   * Releases one read of this thread. The last reader to leave wakes the next waiters.
   *
   * @throws SyncError ERR_NOT_OWNER - this thread does not read; nothing changes
   * @throws SyncError ERR_CORRUPT_CELL - the cell holds a value that an RwLock never writes
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
   * Acquires the write, and sleeps without limit while other threads read or write. For a limit, use
   * {@link RwLock.tryWrite}.
   *
   * @returns a guard, which is disposable: `using _ = lock.write();` releases the write at the end of the
   *   block. {@link RwLock.unlockWrite} releases it, too: use one of them
   * @throws SyncError ERR_DEADLOCK - this thread reads or writes already (thrown at once), or a thread inside
   *   of the lock waits, directly or through other threads, for what this thread owns (thrown within
   *   milliseconds)
   * @throws SyncError ERR_ABANDONED - a thread ended inside of the lock; this thread did not acquire the write.
   *   The error may lack `ownerThreadId`: see {@link SyncError.ownerThreadId}
   * @throws SyncError ERR_CORRUPT_CELL - the cell names a writer that never existed; this thread did not
   *   acquire the write
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
   * Acquires the write within a time limit. Returns false when it times out, and throws no error for it.
   *
   * @param ms - the longest to wait, in milliseconds: 0 or more; `Infinity` is no limit. 0, the default, does
   *   not wait
   * @returns whether this thread acquired the write, to be released by {@link RwLock.unlockWrite}; never
   *   `false` before `ms` have passed. `tryWrite()` without a limit returns `false` in a thread that would wait
   *   for itself
   * @throws SyncError ERR_DEADLOCK - this thread would wait for itself and `ms` is above 0; or as
   *   {@link RwLock.write} if `ms` is `Infinity`, since only a wait without limit is part of a cycle
   * @throws SyncError ERR_ABANDONED - as {@link RwLock.write}
   * @throws SyncError ERR_CORRUPT_CELL - as {@link RwLock.write}
   * @throws TypeError ERR_INVALID_ARG_TYPE - `ms` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `ms` is negative or NaN
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
   * Releases the write of this thread, and wakes the next waiters: the first writer, or all readers that
   * arrived before the next writer. They see all that this thread wrote before.
   *
   * @throws SyncError ERR_NOT_OWNER - this thread does not write; nothing changes
   * @throws SyncError ERR_CORRUPT_CELL - the cell holds a value that an RwLock never writes
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
   * Turns the write of this thread into a read, and wakes the readers that arrived before the next writer. No
   * thread writes in between.
   *
   * @returns a guard, as {@link RwLock.read} does
   * @throws SyncError ERR_NOT_OWNER - this thread does not write; nothing changes
   * @throws SyncError ERR_CORRUPT_CELL - the cell holds a value that an RwLock never writes
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
   * Acquires the write, even if a thread ended inside of the lock. Until a thread calls this, all other calls
   * throw `ERR_ABANDONED`. It waits for the readers that are still inside. The caller must then repair the data
   * that the lock guards, and call {@link RwLock.unlockWrite}.
   *
   * @returns `true` if the lock was abandoned and this call recovered it: repair the data; `false` if it was
   *   not abandoned, or another thread has recovered it
   * @throws SyncError ERR_DEADLOCK - as {@link RwLock.write}
   * @throws SyncError ERR_CORRUPT_CELL - as {@link RwLock.write}
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
   * {@link RwLock.recover} with a time limit.
   *
   * @param ms - the longest to wait, in milliseconds: 0 or more; `Infinity` is no limit. 0, the default, does
   *   not wait
   * @returns what {@link RwLock.recover} returns; `undefined` if the call timed out, and this thread does not
   *   write
   * @throws SyncError ERR_DEADLOCK - this thread is inside of the lock already; or as {@link RwLock.write} if
   *   `ms` is `Infinity`
   * @throws SyncError ERR_CORRUPT_CELL - as {@link RwLock.write}
   * @throws TypeError ERR_INVALID_ARG_TYPE - `ms` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `ms` is negative or NaN
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
   * Acquires a read by promise, without blocking the thread, in one queue with the threads in
   * {@link RwLock.read} and {@link RwLock.write}. Only the guard can release the read. The promise never
   * rejects with `ERR_DEADLOCK`: if it waits for another guard of its thread, it waits until that is released.
   *
   * @param options - time limit in milliseconds (none by default), signal, and `ref`: whether the promise keeps
   *   the thread alive
   * @returns the guard; release it once
   * @throws (rejects) SyncError ERR_TIMEOUT - the wait timed out; nothing was acquired
   * @throws (rejects) SyncError ERR_ABANDONED - as {@link RwLock.read}
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link RwLock.read}
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @throws (rejects) the reason of the signal - it aborted during the wait or before; nothing was acquired
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
   * Acquires the write by promise, without blocking the thread, in one queue with the threads in
   * {@link RwLock.read} and {@link RwLock.write}. Only the guard can release the write; other tasks of the
   * thread wait as other threads do. The promise never rejects with `ERR_DEADLOCK`: if it waits for another
   * guard of its thread, it waits until that is released.
   *
   * @param options - time limit in milliseconds (none by default), signal, and `ref`: whether the promise keeps
   *   the thread alive
   * @returns the guard; release it once
   * @throws (rejects) SyncError ERR_TIMEOUT - the wait timed out; nothing was acquired
   * @throws (rejects) SyncError ERR_ABANDONED - as {@link RwLock.write}
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link RwLock.write}
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @throws (rejects) the reason of the signal - it aborted during the wait or before; nothing was acquired
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
   * {@link RwLock.recover} by promise. {@link WriteGuard.recovered} says whether to repair the data that the
   * lock guards.
   *
   * @param options - time limit in milliseconds (none by default), signal, and `ref`: whether the promise keeps
   *   the thread alive
   * @returns the guard of the write; release it once
   * @throws (rejects) SyncError ERR_TIMEOUT - the wait timed out; nothing was acquired
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link RwLock.write}
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @throws (rejects) the reason of the signal - it aborted during the wait or before; nothing was acquired
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
   * How many reads all threads hold at this moment. The answer may be out of date when you read it.
   *
   * @throws SyncError ERR_CORRUPT_CELL - the cell holds a value that an RwLock never writes
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * console.log(new RwLock(new SharedArrayBuffer(4)).readers); // prints 0
   * ```
   */
  readonly readers: number;

  /**
   * The `threadId` (of `node:worker_threads`) of the writer, or null. The main thread is 0, so compare with
   * null instead of testing for truth.
   *
   * @throws SyncError ERR_CORRUPT_CELL - the cell holds a value that an RwLock never writes
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
   * Makes an RwLock on a cell of shared memory. A second object on the same cell, in any thread, is the same
   * lock.
   *
   * @param view - the shared memory
   * @param index - the index of the int32 cell in `view`, from 0, the default
   * @param options - a name
   * @throws TypeError ERR_INVALID_ARG_TYPE - `view` is not over shared memory, `index` is not a number, or
   *   `options` or its `name` has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `index` is not the index of a cell of `view`
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
 * The kinds of fields of a {@link layout}: for each a class, the arguments that it takes there, and the value
 * that the field becomes.
 *
 * The typed arrays need TypeScript 5.7 or later; in earlier versions they are `any`.
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
  /** Where the runtime has it: Node 24 and later. */
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
 * A field of a {@link layout} as it is written: a class, or an array of a class and its arguments. For a
 * primitive those are the arguments of its constructor after `index`; for an array of numbers, its length.
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
  /** The name, the kind and the arguments of each field, in order. */
  readonly fields: readonly (readonly [name: string, kind: string, ...args: unknown[]])[];
}

/**
 * The primitives and arrays of a {@link layout}, by name.
 *
 * @typeParam Spec - the fields as they are written; with `any` the fields are `any`, too
 */
export type Layout<Spec> = (0 extends 1 & Spec
  ? { readonly [name: string]: any }
  : { readonly [Name in keyof Spec]: LayoutValue<Spec[Name]> }) & {
  /**
   * Returns what to send to other threads, in `workerData` or `postMessage`, for `layout.from` there.
   *
   * @returns plain data with the shared memory itself, which is not copied on the way
   */
  share(): SharedLayout<Spec>;
};

/**
 * Allocates shared memory for primitives and arrays by name, so that no program has to count cells. All of it
 * is zero, so the primitives are fresh. No two fields share a cache line.
 *
 * The name of a field is also the name of its primitive in messages and in {@link inspect}.
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
   * Allocates the fields.
   *
   * @param spec - for each name a class, or an array of a class and its arguments: for a primitive those of its
   *   constructor after `index`, for an array of numbers its length
   * @returns the primitives and arrays by name, and `share()`
   * @throws TypeError ERR_INVALID_ARG_TYPE - `spec` is not a plain object, a field is not as described, or one
   *   of its arguments has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - a name is a symbol, a property of every object, or `share`; or an
   *   option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - a number is out of its range, or the fields take more memory than
   *   there is
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
   * Makes the same primitives and arrays in another thread.
   *
   * @param shared - what `share()` returned, as it arrived
   * @param spec - the fields that this thread expects: the same as in the thread that allocated them. Without
   *   it, any fields are accepted
   * @typeParam Spec - the fields, for a call without `spec`: `layout.from<typeof spec>(workerData)`
   * @returns the primitives and arrays by name, and `share()`
   * @throws TypeError ERR_INVALID_ARG_TYPE - `shared` is not what `share()` returns, such as the layout itself
   * @throws TypeError ERR_INVALID_ARG_VALUE - `shared` differs from `spec` in names, kinds, arguments or order
   *   (the message says where), or names a kind that this thread does not know
   * @throws RangeError ERR_OUT_OF_RANGE - the memory does not have the size of the fields
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
