/**
 * Synchronization between worker threads. Each primitive is one 32-bit cell of shared memory (a Channel: 16 cells
 * and a ring), and zeroed memory is a fresh primitive. So the threads share nothing but the memory and the index
 * of the cell.
 *
 * - {@link Mutex}: one thread at a time works on some data.
 * - {@link Condition} with a Mutex: threads sleep until that data is as they need it (not empty, not full,
 *   finished).
 * - {@link Barrier}: a fixed number of threads work in step, round after round.
 * - {@link Latch}: threads wait until something has happened, once or a given number of times.
 * - {@link RwLock}: many threads read some data, or one thread writes it.
 * - {@link Semaphore}: a limited number of threads use something at a time, or threads count what is ready.
 * - {@link Cancel}: ends waits at any of these, in all threads.
 * - {@link Channel}: a queue of messages between threads.
 * - {@link Event}: threads wait for a flag that is set and reset.
 * - {@link Once}: one thread prepares shared memory, and the others wait until it has.
 * - {@link select}: waits for several Channels, Events, Latches and Cancels at once.
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
   * The wait would never end: the thread owns the lock already, each thread of a cycle waits for what the next
   * one owns, or the thread waits for what it does itself (the action of a Barrier, the function of a Once, a
   * message of a Channel that it fills or reads in place). The thread did not acquire the lock and still owns what it owned; after `Condition.wait` it
   * does not own that mutex. Release something, and acquire locks in the same order in every thread.
   */
  | 'ERR_DEADLOCK'
  /**
   * A thread ended without releasing the lock, so the data that the lock guards may be half changed. The caller
   * does not own the lock. Call `recover()`, then repair the data.
   */
  | 'ERR_ABANDONED'
  /**
   * This round of the barrier can never be complete: a party left it early (it timed out, was cancelled or its
   * thread ended), the action failed, or a thread called `abort()` or `reset()`. The caller has not passed.
   * Later arrivals throw this code, too, until a thread calls `reset()`.
   */
  | 'ERR_BROKEN_BARRIER'
  /**
   * The wait timed out. The caller did not acquire what it waited for. A barrier at which it had arrived is
   * broken.
   */
  | 'ERR_TIMEOUT'
  /**
   * The {@link Channel} is closed: nothing can be sent, and there is nothing left to receive.
   */
  | 'ERR_CLOSED'
  /**
   * A {@link Cancel} that was given to the wait was aborted, or its time has passed. The caller did not acquire
   * what it waited for; after `Condition.wait` it owns that mutex, and a barrier is broken. Stop the work that
   * the Cancel belongs to.
   */
  | 'ERR_CANCELLED'
  /**
   * The cell holds a value that this primitive never writes: other code uses the same memory, or threads
   * constructed the primitive with different numbers or options.
   */
  | 'ERR_CORRUPT_CELL'
  /**
   * This thread has no memory for layouts by name: the main thread had not loaded the package when it started this worker.
   * Load the package there first (`-r`, `--import`), or open with `{ root: true }`.
   */
  | 'ERR_NO_ARENA'
  /**
   * Another copy of the package made the memory for layouts by name. Two copies do not see each other's waiters. Install the
   * package once.
   */
  | 'ERR_SECOND_COPY'
  /**
   * Only with lock order on (`@x/shared-sync/lock-order`) and its option `throw`: the call asked for a lock in an order that
   * can deadlock. The caller did not acquire the lock and still owns what it owned.
   */
  | 'SHARED_SYNC_LOCK_ORDER';

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

/**
 * One thread of a deadlock. The next thread of the cycle holds what this one waits for, or waits to write it and is queued
 * before this one, which waits to read it.
 */
export interface CycleLink {
  /** The `threadId` of the thread. */
  readonly threadId: number;
  /**
   * What the thread holds, such as `Mutex "jobs"`: it locked, wrote or reads it. Undefined for a thread that is only queued
   * before the previous one.
   */
  readonly holds?: string;
  /** What the thread waits for, such as `Mutex "results"`. */
  readonly waitsFor: string;
}

/** The options that every constructor takes as its last argument. */
export interface PrimitiveOptions {
  /**
   * The name of the primitive in messages and in {@link inspect}. It is enough to give it in one thread.
   * Without a name they show the class and the index of the cell in the buffer.
   */
  readonly name?: string | undefined;
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

/** What ends a wait before it has what it waits for. */
export interface CancelOptions {
  /**
   * A {@link Cancel}, or a list of them: the wait ends when one of them is aborted. If one was aborted before,
   * the call throws before it acquires anything, even if it would not have waited. A blocking wait that was
   * given what it waits for at the same moment keeps it, and returns.
   *
   * A wait with a Cancel closes no cycle: `ERR_DEADLOCK` is thrown in none of the threads, since the abort ends it.
   */
  readonly cancel?: Cancel | readonly Cancel[] | undefined;
}

/** The options of the methods that block until they have what they wait for. */
export interface LimitOptions extends CancelOptions {
  /**
   * The longest to wait, in milliseconds: 0 or more; `Infinity`, the default, is no limit. When it has passed,
   * the method throws `ERR_TIMEOUT`. The wait never times out early.
   */
  readonly timeout?: number | undefined;
}

/** The options of every method that waits by promise. */
export interface WaitOptions extends CancelOptions {
  /**
   * The longest to wait, in milliseconds: 0 or more; `Infinity`, the default, is no limit. With 0 the promise
   * acquires only what is free. The wait never times out early. The limit is kept in real time, even if a test
   * replaces JavaScript's clock.
   */
  readonly timeout?: number | undefined;
  /**
   * Cancels the wait when it aborts: the promise rejects with the reason of the signal. What was granted to the
   * wait at that moment passes to the next waiter. If the signal has aborted already, the wait does not begin.
   */
  readonly signal?: WaitSignal | undefined;
  /**
   * Whether the pending promise keeps its thread alive. By default it does so in a worker, as the blocking call
   * would, and in any thread while `timeout` is finite, so that the program sees its `ERR_TIMEOUT`. Without a
   * time limit it does not keep the main thread alive, so that a wait which no thread can end does not keep the
   * process running. A `signal` changes none of this, and `AbortSignal.timeout()` does not keep Node alive
   * either: use `timeout`. A Cancel with a deadline counts as a time limit.
   */
  readonly ref?: boolean | undefined;
}

/** How the values of a {@link Channel} become bytes, and bytes become values again. */
export interface ChannelCodec<Message = unknown> {
  /** Returns the bytes of a value. */
  encode(value: Message): Uint8Array;
  /** Returns the value of these bytes, which are the callee's to keep. If it throws, the message is gone. */
  decode(bytes: Uint8Array): Message;
}

/** The options of the constructor of a {@link Channel}. */
export interface ChannelOptions<Message = unknown> extends PrimitiveOptions {
  /**
   * The size of the ring in bytes: a multiple of 16, from 64 to 2^29 (512 MiB). A message takes 16 bytes more than its
   * own, rounded up to 8, and may take half the ring. All threads have to give the same capacity.
   */
  readonly capacity: number;
  /**
   * How a message that is not a `Uint8Array` becomes bytes: `'clone'`, the default, by structured clone
   * (`v8.serialize`), `'json'` by `JSON`, which is faster for small objects, or the caller's own. All
   * threads have to give the same codec.
   */
  readonly codec?: 'clone' | 'json' | ChannelCodec<Message> | undefined;
}

/** Where a received message lies. */
export interface OwnOption {
  /**
   * Whether a `Uint8Array` gets a buffer of its own. By default (false) a message of at most 4 KiB is a slice of a pool
   * of 64 KiB, which costs less and cannot be transferred.
   */
  readonly own?: boolean | undefined;
}

/** The options of {@link Channel.receive} and {@link Channel.receiveMany}. */
export interface ReceiveOptions extends LimitOptions, OwnOption {}
/** The options of {@link Channel.tryReceive}. */
export interface TryReceiveOptions extends CancelOptions, OwnOption {}
/** The options of {@link Channel.receiveAsync}. */
export interface ReceiveAsyncOptions extends WaitOptions, OwnOption {}

/** What can be a case of {@link select}. `undefined` is a case that is never ready. */
export type SelectCase = Channel | Event | Latch | Cancel | undefined;

/**
 * What {@link select} returns: the index of the case that was ready, and what was received if that is a Channel. `done` is
 * true if it is a Channel that is closed and drained, and false for every other case.
 */
export type SelectResult<Cases extends readonly SelectCase[]> = {
  readonly [Index in keyof Cases]: SelectedAs<Cases[Index], IndexOf<Index>>;
}[number];

type IndexOf<Key> = Key extends `${infer Index extends number}` ? Index : number;

type SelectedAs<Case, Index extends number> = Case extends undefined
  ? never
  : Case extends Channel<infer Message>
    ? | { readonly index: Index; readonly value: Message; readonly done: false }
      | { readonly index: Index; readonly value: undefined; readonly done: true }
    : { readonly index: Index; readonly value: undefined; readonly done: false };

/** The options of {@link select}. */
export interface SelectOptions extends LimitOptions, OwnOption {}
/** The options of {@link trySelect}. */
export interface TrySelectOptions extends CancelOptions, OwnOption {}
/** The options of {@link selectAsync}. */
export interface SelectAsyncOptions extends WaitOptions, OwnOption {}

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
  readonly action?: (() => unknown) | undefined;
}

/** One wait in the list of {@link inspect}. */
export interface BlockedThread {
  /** The `threadId` of the blocked thread, or of the thread of the promise; 0 is the main thread. */
  readonly threadId: number;
  /** The class of the primitive, or `select`. */
  readonly kind:
    | 'Mutex'
    | 'Condition'
    | 'Barrier'
    | 'Latch'
    | 'RwLock'
    | 'Semaphore'
    | 'Event'
    | 'Once'
    | 'Channel'
    | 'select';
  /** The name that the waiting thread gave to the primitive. */
  readonly name?: string;
  /** Whether a promise waits. If so, its thread is not blocked. */
  readonly async: boolean;
  /**
   * For how long, in milliseconds, the promise has been granted the lock while its thread has not run. The
   * thread computes, or is blocked outside of this package, and keeps the lock for that time.
   */
  readonly grantedMs?: number;
  /**
   * The primitive as messages call it: `Mutex "jobs"`, or `Mutex in cell 3` without a name; of a select all its cases:
   * `select of Channel "jobs" or Event "stop"`.
   */
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
 * call it; it disturbs no other thread. Waits of threads that are younger than about 8 ms are not listed. For a report
 * that appears by itself, also while all threads are blocked, set `SHARED_SYNC_REPORT=10s` (docs/observe.md).
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
   * Acquires the mutex, and sleeps while another thread owns it. With a `timeout` it throws `ERR_TIMEOUT` when
   * that has passed; {@link Mutex.tryLock} returns false instead.
   *
   * @param options - a time limit in milliseconds (none by default), and a {@link Cancel} that ends the wait
   * @returns this mutex, which is disposable: `using _ = mutex.lock();` unlocks it at the end of the block
   * @throws SyncError ERR_DEADLOCK - this thread owns the mutex already (thrown at once), or the owner waits,
   *   directly or through other threads, for what this thread owns (thrown within milliseconds)
   * @throws SyncError ERR_ABANDONED - the owner ended without unlocking; this thread does not own the mutex
   * @throws SyncError ERR_CORRUPT_CELL - the cell names an owner that never existed; this thread does not own
   *   the mutex
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted; nothing was acquired
   * @throws SyncError ERR_TIMEOUT - the `timeout` of `options` has passed; nothing was acquired
   * @throws TypeError ERR_INVALID_ARG_TYPE - an option has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
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
  lock(options?: LimitOptions): this;

  /**
   * Acquires the mutex within a time limit. Returns false when it times out, and throws no error for it.
   *
   * @param ms - the longest to wait, in milliseconds: 0 or more; `Infinity` is no limit. 0, the default, does
   *   not wait
   * @param options - a {@link Cancel} that ends the wait
   * @returns whether this thread owns the mutex now; never `false` before `ms` have passed. `tryLock()` without
   *   a limit returns `false` in a thread that owns the mutex already
   * @throws SyncError ERR_DEADLOCK - this thread owns the mutex already and `ms` is above 0; or as
   *   {@link Mutex.lock} if `ms` is `Infinity`, since only a wait without limit is part of a cycle
   * @throws SyncError ERR_ABANDONED - as {@link Mutex.lock}
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Mutex.lock}
   * @throws TypeError ERR_INVALID_ARG_TYPE - `ms` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `ms` is negative or NaN
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted; nothing was acquired
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
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
  tryLock(ms?: number, options?: CancelOptions): boolean;

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
   * Acquires the mutex, calls a function and releases the mutex, even if the function throws. Waits as
   * {@link Mutex.lock} does.
   *
   * A generic wrapper declares its function as this method does: `function locked<T>(fn: () => Synchronous<T>):
   * T { return mutex.runExclusive(fn); }`.
   *
   * @param fn - called without arguments while this thread owns the mutex. It must be done when it returns: an
   *   `async` function would continue without the lock, and is refused
   * @param options - a time limit in milliseconds (none by default), and a {@link Cancel} that ends the wait
   * @returns what `fn` returns
   * @throws the error of `fn` - this thread does not own the mutex then. If a `Condition.wait` inside of `fn`
   *   lost the mutex, its error passes through, too
   * @throws SyncError ERR_DEADLOCK - as {@link Mutex.lock}; `fn` was not called
   * @throws SyncError ERR_ABANDONED - as {@link Mutex.lock}; `fn` was not called
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Mutex.lock}; `fn` was not called
   * @throws SyncError ERR_NOT_OWNER - `fn` unlocked the mutex and returned
   * @throws TypeError ERR_INVALID_ARG_TYPE - `fn` is not a function, and the mutex was not acquired; or `fn`
   *   returned a promise, and the mutex is released again
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted; `fn` was not called
   * @throws SyncError ERR_TIMEOUT - the `timeout` of `options` has passed; `fn` was not called
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
  runExclusive<Result>(fn: () => Synchronous<Result>, options?: LimitOptions): Result;

  /**
   * Acquires the mutex, even if the owner ended without unlocking it. Until a thread calls this, every `lock()`
   * throws `ERR_ABANDONED`. The caller must then repair the data that the mutex guards.
   *
   * @param options - a time limit in milliseconds (none by default), and a {@link Cancel} that ends the wait
   * @returns `true` if the mutex was abandoned and this call recovered it: repair the data; `false` if it was
   *   not abandoned, or another thread has recovered it. This thread owns the mutex in both cases
   * @throws SyncError ERR_DEADLOCK - as {@link Mutex.lock}
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Mutex.lock}
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted; nothing was acquired
   * @throws SyncError ERR_TIMEOUT - the `timeout` of `options` has passed; nothing was acquired
   * @throws TypeError ERR_INVALID_ARG_TYPE - an option has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
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
  recover(options?: LimitOptions): boolean;

  /**
   * {@link Mutex.recover} with a time limit.
   *
   * @param ms - the longest to wait, in milliseconds: 0 or more; `Infinity` is no limit. 0, the default, does
   *   not wait
   * @param options - a {@link Cancel} that ends the wait
   * @returns what {@link Mutex.recover} returns; `undefined` if the call timed out, and this thread does not
   *   own the mutex
   * @throws SyncError ERR_DEADLOCK - this thread owns the mutex already; or as {@link Mutex.lock} if `ms` is
   *   `Infinity`
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Mutex.lock}
   * @throws TypeError ERR_INVALID_ARG_TYPE - `ms` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `ms` is negative or NaN
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted; nothing was acquired
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @example
   * ```js
   * const { Mutex } = require('@x/shared-sync');
   *
   * const mutex = new Mutex(new SharedArrayBuffer(4));
   * console.log(mutex.tryRecover(50)); // prints false
   * mutex.unlock();
   * ```
   */
  tryRecover(ms?: number, options?: CancelOptions): boolean | undefined;

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
   * @param options - time limit in milliseconds (none by default), signal, Cancel, and `ref`: whether the promise keeps
   *   the thread alive
   * @returns the guard; release it once
   * @throws (rejects) SyncError ERR_TIMEOUT - the wait timed out; nothing was acquired
   * @throws (rejects) SyncError ERR_ABANDONED - as {@link Mutex.lock}
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link Mutex.lock}
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @throws (rejects) SyncError ERR_CANCELLED - a Cancel was aborted during the wait or before; nothing was acquired
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
   * @param options - time limit in milliseconds (none by default), signal, Cancel, and `ref`: whether the promise keeps
   *   the thread alive
   * @returns the guard, which owns the mutex; {@link Guard.recovered} says whether to repair the data that the
   *   mutex guards
   * @throws (rejects) SyncError ERR_TIMEOUT - the wait timed out; nothing was acquired
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link Mutex.lock}
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @throws (rejects) SyncError ERR_CANCELLED - a Cancel was aborted during the wait or before; nothing was acquired
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
   * @param options - time limit in milliseconds (none by default), signal, Cancel and `ref`, for the wait for the mutex
   * @returns what `fn` returns, or what its promise is fulfilled with
   * @throws (rejects) the error of `fn` - the mutex is released then
   * @throws (rejects) SyncError ERR_TIMEOUT - as {@link Mutex.lockAsync}; `fn` was not called
   * @throws (rejects) SyncError ERR_ABANDONED - as {@link Mutex.lockAsync}; `fn` was not called
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link Mutex.lockAsync}; `fn` was not called
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - `fn` is not a function, or an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @throws (rejects) SyncError ERR_CANCELLED - a Cancel was aborted during the wait or before; nothing was acquired
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
   * first answer is truthy. Without a predicate it sleeps once. With a `timeout` it throws `ERR_TIMEOUT` when that
   * has passed; {@link Condition.waitFor} returns instead.
   *
   * A generic wrapper declares its predicate as this method does: `function until<T>(predicate: () =>
   * Synchronous<T>): void { condition.wait(mutex, predicate); }`.
   *
   * @param mutex - locked by this thread with `lock()`; locked again when the method returns
   * @param predicate - whether to stop waiting; called while this thread owns `mutex`. Prefer a call with a
   *   predicate: before the notified thread acquires the mutex, another thread may have changed the data again
   * @param options - a time limit in milliseconds (none by default), and a {@link Cancel} that ends the wait
   * @throws the error of `predicate` - this thread still owns `mutex`
   * @throws SyncError ERR_NOT_OWNER - this thread does not own `mutex`; nothing happened
   * @throws SyncError ERR_ABANDONED - another owner ended without unlocking `mutex`, so this thread does *not*
   *   own it: do not unlock it
   * @throws SyncError ERR_DEADLOCK - acquiring `mutex` again would close a cycle, so this thread does *not* own
   *   it: do not unlock it
   * @throws SyncError ERR_CORRUPT_CELL - one of the two cells holds a value that its primitive never writes
   * @throws TypeError ERR_INVALID_ARG_TYPE - an argument has the wrong type, or the predicate returned a
   *   promise; this thread still owns `mutex`
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted before the notification, and the predicate, if
   *   there is one, is not true now; this thread still owns `mutex`
   * @throws SyncError ERR_TIMEOUT - the `timeout` of `options` has passed, and the predicate is not true now; this
   *   thread still owns `mutex`
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
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
  wait<Answer>(mutex: Mutex, predicate?: () => Synchronous<Answer>, options?: LimitOptions): void;

  /**
   * {@link Condition.wait} with a time limit. The limit does not cover acquiring the mutex again, since this
   * thread must own it when the method returns.
   *
   * @param mutex - locked by this thread with `lock()`; locked again when the method returns
   * @param predicate - as for {@link Condition.wait}; called a last time when the wait times out. `undefined`
   *   to wait for any notification
   * @param ms - the longest to wait, in milliseconds: 0 or more; `Infinity` is no limit. 0 calls the predicate
   *   once
   * @param options - a {@link Cancel} that ends the wait
   * @returns the predicate's last answer, unchanged (falsy if the wait timed out); without a predicate, whether
   *   this thread was notified
   * @throws the error of `predicate` - this thread still owns `mutex`
   * @throws SyncError ERR_NOT_OWNER - as {@link Condition.wait}
   * @throws SyncError ERR_ABANDONED - as {@link Condition.wait}
   * @throws SyncError ERR_DEADLOCK - as {@link Condition.wait}
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Condition.wait}
   * @throws TypeError ERR_INVALID_ARG_TYPE - as {@link Condition.wait}, or `ms` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `ms` is negative or NaN
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted before the notification, and the predicate, if
   *   there is one, is not true now; this thread still owns `mutex`
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
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
  waitFor(mutex: Mutex, predicate: undefined, ms: number, options?: CancelOptions): boolean;
  waitFor<Answer>(
    mutex: Mutex,
    predicate: () => Synchronous<Answer>,
    ms: number,
    options?: CancelOptions,
  ): Answer;
  waitFor<Answer>(
    mutex: Mutex,
    predicate: (() => Synchronous<Answer>) | undefined,
    ms: number,
    options?: CancelOptions,
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
   * @param options - time limit in milliseconds (none by default), signal, Cancel and `ref`. A timeout is a result
   *   here, not an error, and the limit does not cover acquiring the mutex again
   * @returns the predicate's last answer, unchanged (falsy if the wait timed out); without a predicate, whether
   *   the wait was notified
   * @throws (rejects) the error of `predicate` - the guard still owns the mutex
   * @throws (rejects) SyncError ERR_CANCELLED - a Cancel was aborted before the notification, and the predicate, if there
   *   is one, is not true now; the guard still owns the mutex
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
   * Arrives, and sleeps until all `total` parties have arrived. Afterwards each party sees all
   * that any of them wrote before. The last party to arrive runs the action, if there is one, before the others
   * continue.
   *
   * @param options - a time limit in milliseconds (none by default), and a {@link Cancel} that ends the wait
   * @returns the arrival index: `total - 1` for the first party to arrive, 0 for the last; each index once a
   *   round
   * @throws the error of the action - in the thread that ran it; the barrier breaks
   * @throws SyncError ERR_BROKEN_BARRIER - the barrier is broken, breaks during the wait (see
   *   {@link Barrier.broken}), or a thread resets it
   * @throws SyncError ERR_DEADLOCK - this thread runs the action of this barrier
   * @throws SyncError ERR_CORRUPT_CELL - the cell holds a value that a barrier of this `total` never writes
   * @throws TypeError ERR_INVALID_ARG_TYPE - the action returned a promise; the barrier breaks
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted, and the barrier is broken, even if this
   *   thread had not arrived
   * @throws SyncError ERR_TIMEOUT - the `timeout` of `options` has passed, and the barrier is broken; but not if the
   *   action of the round before was running: then this thread had not arrived
   * @throws TypeError ERR_INVALID_ARG_TYPE - an option has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @example
   * ```js
   * const { Barrier } = require('@x/shared-sync');
   *
   * console.log(new Barrier(new SharedArrayBuffer(4), 0, 1).wait()); // prints 0
   * ```
   */
  wait(options?: LimitOptions): number;

  /**
   * {@link Barrier.wait} with a time limit. If the wait times out, the barrier breaks for all parties, because
   * the party that left will never be there. A party that waits while the action of the round before runs has
   * not arrived yet: its timeout does not break the barrier.
   *
   * @param ms - the longest to wait, in milliseconds: 0 or more; `Infinity` is no limit. The time of the action
   *   is not limited
   * @param options - a {@link Cancel} that ends the wait
   * @returns the arrival index, as {@link Barrier.wait}
   * @throws the error of the action - as {@link Barrier.wait}
   * @throws SyncError ERR_TIMEOUT - this wait timed out, never early; the other parties throw
   *   `ERR_BROKEN_BARRIER`
   * @throws SyncError ERR_BROKEN_BARRIER - as {@link Barrier.wait}
   * @throws SyncError ERR_DEADLOCK - as {@link Barrier.wait}
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Barrier.wait}
   * @throws TypeError ERR_INVALID_ARG_TYPE - `ms` is not a number, or the action returned a promise
   * @throws RangeError ERR_OUT_OF_RANGE - `ms` is negative or NaN
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted, and the barrier is broken, even if this
   *   thread had not arrived
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
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
  waitFor(ms: number, options?: CancelOptions): number;

  /**
   * {@link Barrier.wait} by promise. One thread can be several parties this way. The action of the last party
   * may return a promise.
   *
   * @param options - time limit in milliseconds (none by default), signal, Cancel, and `ref`: whether the promise keeps
   *   the thread alive
   * @returns the arrival index, as {@link Barrier.wait}
   * @throws (rejects) the error of the action - in the party that ran it; the barrier breaks
   * @throws (rejects) SyncError ERR_CANCELLED - a Cancel was aborted during the wait or before; the barrier is
   *   broken
   * @throws (rejects) the reason of the signal - it aborted during the wait, and the barrier breaks; or it had
   *   aborted before, and this party never arrived. If all have arrived when it aborts, the promise is
   *   fulfilled
   * @throws (rejects) SyncError ERR_TIMEOUT - the wait timed out; the barrier breaks, unless the action of the round
   *   before was running
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
   * Whether the barrier is broken: a party left early (it timed out, was cancelled or its thread ended),
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
   * Sleeps until the latch is open. Returns at once if it is. With a `timeout` it throws `ERR_TIMEOUT` when that
   * has passed; {@link Latch.tryAwait} returns false instead.
   *
   * @param options - a time limit in milliseconds (none by default), and a {@link Cancel} that ends the wait
   * @throws SyncError ERR_CORRUPT_CELL - the cell holds a value that a latch of this `count` never writes
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted; the latch may be open by now
   * @throws SyncError ERR_TIMEOUT - the `timeout` of `options` has passed; the latch may be open by now
   * @throws TypeError ERR_INVALID_ARG_TYPE - an option has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @example
   * ```js
   * const { Latch } = require('@x/shared-sync');
   *
   * const latch = new Latch(new SharedArrayBuffer(4));
   * latch.release();
   * latch.await(); // open: does not wait
   * ```
   */
  await(options?: LimitOptions): void;

  /**
   * Waits until the latch is open, within a time limit. Returns false when it times out, and throws no error
   * for it.
   *
   * @param ms - the longest to wait, in milliseconds: 0 or more; `Infinity` is no limit. 0, the default, does
   *   not wait
   * @param options - a {@link Cancel} that ends the wait
   * @returns whether the latch is open; never `false` before `ms` have passed
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Latch.await}
   * @throws TypeError ERR_INVALID_ARG_TYPE - `ms` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `ms` is negative or NaN
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @example
   * ```js
   * const { Latch } = require('@x/shared-sync');
   *
   * console.log(new Latch(new SharedArrayBuffer(4)).tryAwait(20)); // prints false
   * ```
   */
  tryAwait(ms?: number, options?: CancelOptions): boolean;

  /**
   * {@link Latch.await} by promise.
   *
   * @param options - time limit in milliseconds (none by default), signal, Cancel, and `ref`: whether the promise keeps
   *   the thread alive
   * @throws (rejects) SyncError ERR_TIMEOUT - the wait timed out before the latch was open
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link Latch.await}
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @throws (rejects) SyncError ERR_CANCELLED - a Cancel was aborted during the wait or before; nothing was acquired
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
  readonly max?: number | undefined;
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
   * Acquires permits, and sleeps until there are enough and all earlier requests are granted. With a `timeout` it
   * throws `ERR_TIMEOUT` when that has passed; {@link Semaphore.tryAcquire} returns false instead. This thread then
   * sees all that was written before the permits were released.
   *
   * @param n - how many permits, all at once: an integer from 1, the default, to the maximum
   * @param options - a time limit in milliseconds (none by default), and a {@link Cancel} that ends the wait
   * @throws TypeError ERR_INVALID_ARG_TYPE - `n` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `n` is not an integer from 1 to the maximum: more will never be free
   * @throws SyncError ERR_CORRUPT_CELL - the cell holds a value that a semaphore of these `permits` never
   *   writes
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted; nothing was acquired
   * @throws SyncError ERR_TIMEOUT - the `timeout` of `options` has passed; nothing was acquired
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
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
  acquire(n?: number, options?: LimitOptions): void;

  /**
   * Acquires permits within a time limit. Returns false when it times out, and throws no error for it.
   *
   * @param n - how many permits, all at once: an integer from 1, the default, to the maximum
   * @param ms - the longest to wait, in milliseconds: 0 or more; `Infinity` is no limit. 0, the default, does
   *   not wait, and acquires nothing while other requests are queued
   * @param options - a {@link Cancel} that ends the wait
   * @returns whether the permits were acquired; never `false` before `ms` have passed
   * @throws TypeError ERR_INVALID_ARG_TYPE - `n` or `ms` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `n` is not an integer from 1 to the maximum, or `ms` is negative or
   *   NaN
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Semaphore.acquire}
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted; nothing was acquired
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @example
   * ```js
   * const { Semaphore } = require('@x/shared-sync');
   *
   * const semaphore = new Semaphore(new SharedArrayBuffer(4), 0, 3);
   * console.log(semaphore.tryAcquire(2)); // prints true
   * console.log(semaphore.tryAcquire(2, 20)); // prints false
   * ```
   */
  tryAcquire(n?: number, ms?: number, options?: CancelOptions): boolean;

  /**
   * {@link Semaphore.acquire} by promise, in one queue with the blocked threads. There is no guard, since
   * permits have no owner: return them with {@link Semaphore.release}.
   *
   * @param n - how many permits, all at once: an integer from 1, the default, to the maximum
   * @param options - time limit in milliseconds (none by default), signal, Cancel, and `ref`: whether the promise keeps
   *   the thread alive
   * @returns a promise that is fulfilled when the permits are acquired
   * @throws (rejects) SyncError ERR_TIMEOUT - the wait timed out; nothing was acquired
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link Semaphore.acquire}
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - `n` or an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `n` is not an integer from 1 to the maximum, or `timeout`
   *   is negative or NaN
   * @throws (rejects) SyncError ERR_CANCELLED - a Cancel was aborted during the wait or before; nothing was acquired
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
   * Releases permits where that may be in vain, such as permits that another thread may have released already.
   *
   * @param n - how many permits: an integer from 1, the default, to the maximum
   * @returns whether they were released; false if more than the maximum would be free, and then nothing changes
   * @throws TypeError ERR_INVALID_ARG_TYPE - `n` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `n` is not an integer from 1 to the maximum
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Semaphore.acquire}
   * @example
   * ```js
   * const { Semaphore } = require('@x/shared-sync');
   *
   * const semaphore = new Semaphore(new SharedArrayBuffer(4), 0, 0, { max: 1 });
   * console.log(semaphore.tryRelease(), semaphore.tryRelease()); // prints true false
   * ```
   */
  tryRelease(n?: number): boolean;

  /**
   * {@link Semaphore.acquire} for `using`: returns an object that releases the permits. A pair of `acquire()` and
   * `release()` makes no object and is faster.
   *
   * @param n - how many permits, all at once: an integer from 1, the default, to the maximum
   * @param options - a time limit in milliseconds (none by default), and a {@link Cancel} that ends the wait
   * @returns the permits; release them once
   * @throws TypeError ERR_INVALID_ARG_TYPE - `n` is not a number, or an option has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `n` is not an integer from 1 to the maximum, or `timeout` is negative or NaN
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Semaphore.acquire}
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted; nothing was acquired
   * @throws SyncError ERR_TIMEOUT - the `timeout` of `options` has passed; nothing was acquired
   * @example
   * ```js
   * const { Semaphore } = require('@x/shared-sync');
   *
   * const semaphore = new Semaphore(new SharedArrayBuffer(4), 0, 3, { name: 'connections' });
   * const permit = semaphore.permit(2, { timeout: 100 });
   * console.log(permit); // prints Permit { Semaphore "connections", held }
   * permit.release();
   * ```
   */
  permit(n?: number, options?: LimitOptions): Permit;

  /**
   * {@link Semaphore.permit} by promise. If the permit is garbage-collected while it holds its permits, the process
   * emits a warning with the code `SHARED_SYNC_LOST_GUARD`.
   *
   * @param n - how many permits, all at once: an integer from 1, the default, to the maximum
   * @param options - time limit in milliseconds (none by default), signal, Cancel, and `ref`: whether the promise keeps
   *   the thread alive
   * @returns the permits; release them once
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link Semaphore.acquire}
   * @throws (rejects) SyncError ERR_TIMEOUT - the wait timed out; nothing was acquired
   * @throws (rejects) SyncError ERR_CANCELLED - a Cancel was aborted during the wait or before; nothing was acquired
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - an argument or an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `n` is not an integer from 1 to the maximum, or `timeout` is negative or
   *   NaN
   * @throws (rejects) the reason of the signal - it aborted before the permits were acquired
   * @example
   * ```js
   * const { Semaphore } = require('@x/shared-sync');
   *
   * const semaphore = new Semaphore(new SharedArrayBuffer(4), 0, 1);
   * semaphore.permitAsync().then((permit) => {
   *   console.log(semaphore.available); // prints 0
   *   permit.release();
   * });
   * ```
   */
  permitAsync(n?: number, options?: WaitOptions): Promise<Permit>;

  /**
   * Acquires permits, calls `fn`, and releases the permits, also if `fn` throws.
   *
   * @param fn - what needs the permits. It must be done when it returns
   * @param n - how many permits, all at once: an integer from 1, the default, to the maximum
   * @param options - a time limit in milliseconds (none by default), and a {@link Cancel} that ends the wait. They limit
   *   the wait, not `fn`
   * @returns what `fn` returns
   * @throws the error of `fn` - it threw or rejected
   * @throws TypeError ERR_INVALID_ARG_TYPE - `fn` is not a function or returns a promise, `n` is not a number, or an option
   *   has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - as {@link Semaphore.permit}; or `fn` released permits that it did not acquire
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Semaphore.acquire}
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted; nothing was acquired
   * @throws SyncError ERR_TIMEOUT - the `timeout` of `options` has passed; nothing was acquired
   * @example
   * ```js
   * const { Semaphore } = require('@x/shared-sync');
   *
   * const semaphore = new Semaphore(new SharedArrayBuffer(4), 0, 1);
   * console.log(semaphore.run(() => semaphore.available)); // prints 0
   * console.log(semaphore.available); // prints 1
   * ```
   */
  run<Result>(fn: () => Synchronous<Result>, n?: number, options?: LimitOptions): Result;

  /**
   * {@link Semaphore.run} by promise, for a function that may await.
   *
   * @param fn - what needs the permits
   * @param n - how many permits, all at once: an integer from 1, the default, to the maximum
   * @param options - time limit in milliseconds (none by default), signal, Cancel, and `ref`: whether the promise keeps
   *   the thread alive while it waits. They limit the wait, not `fn`
   * @returns what `fn` returns, or what its promise resolves with
   * @throws (rejects) the error of `fn` - it threw or rejected
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link Semaphore.acquire}
   * @throws (rejects) SyncError ERR_TIMEOUT - the wait timed out; nothing was acquired
   * @throws (rejects) SyncError ERR_CANCELLED - a Cancel was aborted during the wait or before; nothing was acquired
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - an argument or an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - as {@link Semaphore.permitAsync}
   * @throws (rejects) the reason of the signal - it aborted before the permits were acquired
   * @example
   * ```js
   * const { Semaphore } = require('@x/shared-sync');
   *
   * const semaphore = new Semaphore(new SharedArrayBuffer(4), 0, 1);
   * semaphore.runAsync(async () => console.log(semaphore.available)); // prints 0
   * ```
   */
  runAsync<Result>(
    fn: () => Result | PromiseLike<Result>,
    n?: number,
    options?: WaitOptions,
  ): Promise<Result>;

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

/**
 * Permits of a {@link Semaphore} that were acquired together, until they are released. {@link Semaphore.permit} and
 * {@link Semaphore.permitAsync} return it.
 *
 * @example
 * ```js
 * const { Semaphore } = require('@x/shared-sync');
 *
 * const connections = new Semaphore(new SharedArrayBuffer(4), 0, 8);
 * const permit = connections.permit(2);
 * try {
 *   console.log(connections.available); // prints 6
 * } finally {
 *   permit.release(); // or, where the language has it: using permit = connections.permit(2);
 * }
 * ```
 */
export interface Permit {
  /** How many permits it holds, or held. */
  readonly count: number;

  /**
   * Whether it holds its permits now.
   *
   * @example
   * ```js
   * const { Semaphore } = require('@x/shared-sync');
   *
   * const permit = new Semaphore(new SharedArrayBuffer(4), 0, 1).permit();
   * console.log(permit.held); // prints true
   * permit.release();
   * console.log(permit.held); // prints false
   * ```
   */
  readonly held: boolean;

  /**
   * Releases the permits. Call it once. Any task of the thread may call it.
   *
   * @throws SyncError ERR_NOT_OWNER - the permit was released before
   * @throws SyncError ERR_CORRUPT_CELL - the cell holds a value that a semaphore of these `permits` never writes
   * @throws RangeError ERR_OUT_OF_RANGE - more than the maximum would be free, since other code released too many
   * @example
   * ```js
   * const { Semaphore } = require('@x/shared-sync');
   *
   * const semaphore = new Semaphore(new SharedArrayBuffer(4), 0, 1);
   * semaphore.permit().release();
   * console.log(semaphore.available); // prints 1
   * ```
   */
  release(): void;

  /**
   * Releases the permits if they were not released before, and if not more than the maximum would be free.
   *
   * @returns whether it released them
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Permit.release}
   * @example
   * ```js
   * const { Semaphore } = require('@x/shared-sync');
   *
   * const permit = new Semaphore(new SharedArrayBuffer(4), 0, 1).permit();
   * console.log(permit.tryRelease(), permit.tryRelease()); // prints true false
   * ```
   */
  tryRelease(): boolean;

  /**
   * Does what {@link Permit.tryRelease} does, so that it hides no error that leaves the block. `using` calls it. Present
   * where the realm has `Symbol.dispose`.
   *
   * @example
   * ```js
   * const { Semaphore } = require('@x/shared-sync');
   *
   * const semaphore = new Semaphore(new SharedArrayBuffer(4), 0, 1);
   * semaphore.permit()[Symbol.dispose](); // what `using _ = semaphore.permit()` does at the end of its block
   * console.log(semaphore.available); // prints 1
   * ```
   */
  [Symbol.dispose](): void;
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
   * Acquires a read, and sleeps while another thread writes or earlier waiters are queued. With a `timeout` it
   * throws `ERR_TIMEOUT` when that has passed; {@link RwLock.tryRead} returns false instead. The reader sees all that
   * was written before the last write was released.
   *
   * @param options - a time limit in milliseconds (none by default), and a {@link Cancel} that ends the wait
   * @returns a guard, which is disposable: `using _ = lock.read();` releases the read at the end of the block.
   *   {@link RwLock.unlockRead} releases it, too: use one of them. After that, the guard would release a later read of
   *   this thread
   * @throws SyncError ERR_DEADLOCK - this thread writes, or reads while a writer is queued (thrown at once); or
   *   the writer waits, directly or through other threads, for what this thread owns (thrown within
   *   milliseconds)
   * @throws SyncError ERR_ABANDONED - a thread ended inside of the lock; this thread did not acquire the read.
   *   The error may lack `ownerThreadId`: see {@link SyncError.ownerThreadId}
   * @throws SyncError ERR_CORRUPT_CELL - the cell names a writer that never existed; this thread did not
   *   acquire the read
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted; nothing was acquired
   * @throws SyncError ERR_TIMEOUT - the `timeout` of `options` has passed; nothing was acquired
   * @throws TypeError ERR_INVALID_ARG_TYPE - an option has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
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
  read(options?: LimitOptions): ReadGuard;

  /**
   * Acquires a read within a time limit. Returns false when it times out, and throws no error for it.
   *
   * @param ms - the longest to wait, in milliseconds: 0 or more; `Infinity` is no limit. 0, the default, does
   *   not wait
   * @param options - a {@link Cancel} that ends the wait
   * @returns whether this thread acquired the read, to be released by {@link RwLock.unlockRead}; never `false`
   *   before `ms` have passed. `tryRead()` without a limit returns `false` in a thread that would wait for
   *   itself
   * @throws SyncError ERR_DEADLOCK - this thread would wait for itself and `ms` is above 0; or as
   *   {@link RwLock.read} if `ms` is `Infinity`, since only a wait without limit is part of a cycle
   * @throws SyncError ERR_ABANDONED - as {@link RwLock.read}
   * @throws SyncError ERR_CORRUPT_CELL - as {@link RwLock.read}
   * @throws TypeError ERR_INVALID_ARG_TYPE - `ms` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `ms` is negative or NaN
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted; nothing was acquired
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
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
  tryRead(ms?: number, options?: CancelOptions): boolean;

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
   * Acquires the write, and sleeps while other threads read or write. With a `timeout` it throws `ERR_TIMEOUT` when
   * that has passed; {@link RwLock.tryWrite} returns false instead.
   *
   * @param options - a time limit in milliseconds (none by default), and a {@link Cancel} that ends the wait
   * @returns a guard, which is disposable: `using _ = lock.write();` releases the write at the end of the
   *   block. {@link RwLock.unlockWrite} releases it, too: use one of them. After that, the guard would release a later
   *   write of this thread
   * @throws SyncError ERR_DEADLOCK - this thread reads or writes already (thrown at once), or a thread inside
   *   of the lock waits, directly or through other threads, for what this thread owns (thrown within
   *   milliseconds)
   * @throws SyncError ERR_ABANDONED - a thread ended inside of the lock; this thread did not acquire the write.
   *   The error may lack `ownerThreadId`: see {@link SyncError.ownerThreadId}
   * @throws SyncError ERR_CORRUPT_CELL - the cell names a writer that never existed; this thread did not
   *   acquire the write
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted; nothing was acquired
   * @throws SyncError ERR_TIMEOUT - the `timeout` of `options` has passed; nothing was acquired
   * @throws TypeError ERR_INVALID_ARG_TYPE - an option has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
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
  write(options?: LimitOptions): WriteGuard;

  /**
   * Acquires the write within a time limit. Returns false when it times out, and throws no error for it.
   *
   * @param ms - the longest to wait, in milliseconds: 0 or more; `Infinity` is no limit. 0, the default, does
   *   not wait
   * @param options - a {@link Cancel} that ends the wait
   * @returns whether this thread acquired the write, to be released by {@link RwLock.unlockWrite}; never
   *   `false` before `ms` have passed. `tryWrite()` without a limit returns `false` in a thread that would wait
   *   for itself
   * @throws SyncError ERR_DEADLOCK - this thread would wait for itself and `ms` is above 0; or as
   *   {@link RwLock.write} if `ms` is `Infinity`, since only a wait without limit is part of a cycle
   * @throws SyncError ERR_ABANDONED - as {@link RwLock.write}
   * @throws SyncError ERR_CORRUPT_CELL - as {@link RwLock.write}
   * @throws TypeError ERR_INVALID_ARG_TYPE - `ms` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `ms` is negative or NaN
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted; nothing was acquired
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
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
  tryWrite(ms?: number, options?: CancelOptions): boolean;

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
   * @param options - a time limit in milliseconds (none by default), and a {@link Cancel} that ends the wait
   * @returns `true` if the lock was abandoned and this call recovered it: repair the data; `false` if it was
   *   not abandoned, or another thread has recovered it
   * @throws SyncError ERR_DEADLOCK - as {@link RwLock.write}
   * @throws SyncError ERR_CORRUPT_CELL - as {@link RwLock.write}
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted; nothing was acquired
   * @throws SyncError ERR_TIMEOUT - the `timeout` of `options` has passed; nothing was acquired
   * @throws TypeError ERR_INVALID_ARG_TYPE - an option has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const lock = new RwLock(new SharedArrayBuffer(4));
   * if (lock.recover()) console.log('put the data in order here');
   * lock.unlockWrite();
   * ```
   */
  recover(options?: LimitOptions): boolean;

  /**
   * {@link RwLock.recover} with a time limit.
   *
   * @param ms - the longest to wait, in milliseconds: 0 or more; `Infinity` is no limit. 0, the default, does
   *   not wait
   * @param options - a {@link Cancel} that ends the wait
   * @returns what {@link RwLock.recover} returns; `undefined` if the call timed out, and this thread does not
   *   write
   * @throws SyncError ERR_DEADLOCK - this thread is inside of the lock already; or as {@link RwLock.write} if
   *   `ms` is `Infinity`
   * @throws SyncError ERR_CORRUPT_CELL - as {@link RwLock.write}
   * @throws TypeError ERR_INVALID_ARG_TYPE - `ms` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `ms` is negative or NaN
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted; nothing was acquired
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const lock = new RwLock(new SharedArrayBuffer(4));
   * console.log(lock.tryRecover(50)); // prints false
   * lock.unlockWrite();
   * ```
   */
  tryRecover(ms?: number, options?: CancelOptions): boolean | undefined;

  /**
   * Acquires a read by promise, without blocking the thread, in one queue with the threads in
   * {@link RwLock.read} and {@link RwLock.write}. Only the guard can release the read. The promise never
   * rejects with `ERR_DEADLOCK`: if it waits for another guard of its thread, it waits until that is released.
   *
   * @param options - time limit in milliseconds (none by default), signal, Cancel, and `ref`: whether the promise keeps
   *   the thread alive
   * @returns the guard; release it once
   * @throws (rejects) SyncError ERR_TIMEOUT - the wait timed out; nothing was acquired
   * @throws (rejects) SyncError ERR_ABANDONED - as {@link RwLock.read}
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link RwLock.read}
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @throws (rejects) SyncError ERR_CANCELLED - a Cancel was aborted during the wait or before; nothing was acquired
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
   * @param options - time limit in milliseconds (none by default), signal, Cancel, and `ref`: whether the promise keeps
   *   the thread alive
   * @returns the guard; release it once
   * @throws (rejects) SyncError ERR_TIMEOUT - the wait timed out; nothing was acquired
   * @throws (rejects) SyncError ERR_ABANDONED - as {@link RwLock.write}
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link RwLock.write}
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @throws (rejects) SyncError ERR_CANCELLED - a Cancel was aborted during the wait or before; nothing was acquired
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
   * @param options - time limit in milliseconds (none by default), signal, Cancel, and `ref`: whether the promise keeps
   *   the thread alive
   * @returns the guard of the write; release it once
   * @throws (rejects) SyncError ERR_TIMEOUT - the wait timed out; nothing was acquired
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link RwLock.write}
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @throws (rejects) SyncError ERR_CANCELLED - a Cancel was aborted during the wait or before; nothing was acquired
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
   * Calls `fn` while this thread reads, and unlocks, also if `fn` throws.
   *
   * @param fn - what needs the lock. It must be done when it returns
   * @param options - a time limit in milliseconds (none by default), and a {@link Cancel} that ends the wait. They limit
   *   the wait, not `fn`
   * @returns what `fn` returns
   * @throws the error of `fn` - it threw or rejected
   * @throws SyncError ERR_DEADLOCK - as {@link RwLock.read}
   * @throws SyncError ERR_ABANDONED - as {@link RwLock.read}
   * @throws SyncError ERR_CORRUPT_CELL - as {@link RwLock.read}
   * @throws SyncError ERR_NOT_OWNER - `fn` unlocked what it did not lock
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted; nothing was acquired
   * @throws SyncError ERR_TIMEOUT - the `timeout` of `options` has passed; nothing was acquired
   * @throws TypeError ERR_INVALID_ARG_TYPE - `fn` is not a function or returns a promise, or an option has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const lock = new RwLock(new SharedArrayBuffer(4));
   * console.log(lock.runReading(() => lock.readers)); // prints 1
   * ```
   */
  runReading<Result>(fn: () => Synchronous<Result>, options?: LimitOptions): Result;

  /**
   * {@link RwLock.runReading} by promise, for a function that may await.
   *
   * @param fn - what needs the lock. It receives the guard
   * @param options - time limit in milliseconds (none by default), signal, Cancel, and `ref`: whether the promise keeps
   *   the thread alive while it waits. They limit the wait, not `fn`
   * @returns what `fn` returns, or what its promise resolves with
   * @throws (rejects) the error of `fn` - it threw or rejected
   * @throws (rejects) SyncError ERR_ABANDONED - as {@link RwLock.read}
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link RwLock.read}
   * @throws (rejects) SyncError ERR_TIMEOUT - the wait timed out; nothing was acquired
   * @throws (rejects) SyncError ERR_CANCELLED - a Cancel was aborted during the wait or before; nothing was acquired
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - an argument or an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @throws (rejects) the reason of the signal - it aborted during the wait or before; nothing was acquired
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const lock = new RwLock(new SharedArrayBuffer(4));
   * lock.runReadingAsync(async () => console.log(lock.readers)); // prints 1
   * ```
   */
  runReadingAsync<Result>(
    fn: (guard: ReadGuard) => Result | PromiseLike<Result>,
    options?: WaitOptions,
  ): Promise<Result>;

  /**
   * Calls `fn` while this thread writes, and unlocks, also if `fn` throws.
   *
   * @param fn - what needs the lock. It must be done when it returns
   * @param options - a time limit in milliseconds (none by default), and a {@link Cancel} that ends the wait. They limit
   *   the wait, not `fn`
   * @returns what `fn` returns
   * @throws the error of `fn` - it threw or rejected
   * @throws SyncError ERR_DEADLOCK - as {@link RwLock.write}
   * @throws SyncError ERR_ABANDONED - as {@link RwLock.write}
   * @throws SyncError ERR_CORRUPT_CELL - as {@link RwLock.write}
   * @throws SyncError ERR_NOT_OWNER - `fn` unlocked what it did not lock
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted; nothing was acquired
   * @throws SyncError ERR_TIMEOUT - the `timeout` of `options` has passed; nothing was acquired
   * @throws TypeError ERR_INVALID_ARG_TYPE - `fn` is not a function or returns a promise, or an option has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const lock = new RwLock(new SharedArrayBuffer(4));
   * console.log(lock.runWriting(() => lock.writerThreadId)); // prints 0
   * ```
   */
  runWriting<Result>(fn: () => Synchronous<Result>, options?: LimitOptions): Result;

  /**
   * {@link RwLock.runWriting} by promise, for a function that may await.
   *
   * @param fn - what needs the lock. It receives the guard
   * @param options - time limit in milliseconds (none by default), signal, Cancel, and `ref`: whether the promise keeps
   *   the thread alive while it waits. They limit the wait, not `fn`
   * @returns what `fn` returns, or what its promise resolves with
   * @throws (rejects) the error of `fn` - it threw or rejected
   * @throws (rejects) SyncError ERR_ABANDONED - as {@link RwLock.write}
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link RwLock.write}
   * @throws (rejects) SyncError ERR_TIMEOUT - the wait timed out; nothing was acquired
   * @throws (rejects) SyncError ERR_CANCELLED - a Cancel was aborted during the wait or before; nothing was acquired
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - an argument or an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @throws (rejects) the reason of the signal - it aborted during the wait or before; nothing was acquired
   * @example
   * ```js
   * const { RwLock } = require('@x/shared-sync');
   *
   * const lock = new RwLock(new SharedArrayBuffer(4));
   * lock.runWritingAsync(async () => console.log(lock.writerThreadId)); // prints 0
   * ```
   */
  runWritingAsync<Result>(
    fn: (guard: WriteGuard) => Result | PromiseLike<Result>,
    options?: WaitOptions,
  ): Promise<Result>;

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

/**
 * Ends waits in all threads: each blocking method and each promise form of every primitive takes `{ cancel }` in its
 * last argument. Any thread may abort, at once or after a time, and it stays aborted. What a thread computes is not
 * interrupted: a loop asks {@link Cancel.aborted} or calls {@link Cancel.throwIfAborted}.
 *
 * An `AbortSignal` belongs to one thread, and cannot end a blocking wait of that thread, whose event loop does not
 * turn meanwhile. A Cancel can. {@link Cancel.signal} and {@link CancelConstructor.from} lead from one to the other.
 *
 * @example
 * ```js
 * const { Worker, isMainThread, workerData } = require('node:worker_threads');
 * const { Cancel, Semaphore } = require('@x/shared-sync');
 *
 * const view = isMainThread ? new Int32Array(new SharedArrayBuffer(8)) : workerData;
 * const stop = new Cancel(view, 0, { name: 'stop' });
 * const jobs = new Semaphore(view, 1, 0);
 *
 * if (isMainThread) {
 *   new Worker(__filename, { workerData: view });
 *   stop.abortAfter(50);
 * } else {
 *   try {
 *     jobs.acquire(1, { cancel: stop }); // no thread releases a permit
 *   } catch (error) {
 *     console.log(error.code); // prints ERR_CANCELLED
 *   }
 * }
 * ```
 */
export interface Cancel {
  readonly [brand]: 'Cancel';

  /**
   * Ends all waits, in all threads, that were given this Cancel, and all later ones before they begin. It
   * cannot be undone. Does nothing if it was aborted before. A thread that finds it aborted sees all that this
   * thread wrote before. Any thread may call it.
   *
   * @example
   * ```js
   * const { Cancel } = require('@x/shared-sync');
   *
   * const stop = new Cancel(new SharedArrayBuffer(4));
   * stop.abort();
   * console.log(stop.aborted); // prints true
   * ```
   */
  abort(): void;

  /**
   * Aborts when `ms` have passed, never early, even if this thread has ended by then. The time is kept in the
   * cell: it needs no timer, and keeps no thread alive. If it is called several times, the earliest moment
   * counts. The time is real, even if a test replaces JavaScript's clock.
   *
   * @param ms - how many milliseconds from now, rounded up to whole ones: from 0 to 1,073,741,823 (12 days), or
   *   `Infinity`, which does nothing
   * @throws TypeError ERR_INVALID_ARG_TYPE - `ms` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `ms` is out of its range or NaN
   * @example
   * ```js
   * const { Cancel, Latch } = require('@x/shared-sync');
   *
   * const view = new Int32Array(new SharedArrayBuffer(8));
   * const stop = new Cancel(view, 0);
   * stop.abortAfter(20);
   * try {
   *   new Latch(view, 1).await({ cancel: stop });
   * } catch (error) {
   *   console.log(error.code); // prints ERR_CANCELLED
   * }
   * ```
   */
  abortAfter(ms: number): void;

  /**
   * Whether it was aborted, or its time has passed. Costs one atomic load, and while a time is set about as much as
   * reading a clock.
   *
   * @example
   * ```js
   * const { Cancel } = require('@x/shared-sync');
   *
   * const stop = new Cancel(new SharedArrayBuffer(4));
   * let rounds = 0;
   * while (!stop.aborted) if (++rounds === 1000) stop.abort();
   * console.log(rounds); // prints 1000
   * ```
   */
  readonly aborted: boolean;

  /**
   * Throws if it was aborted, or if its time has passed: for loops that compute.
   *
   * @throws SyncError ERR_CANCELLED - it is aborted
   * @example
   * ```js
   * const { Cancel } = require('@x/shared-sync');
   *
   * const stop = new Cancel(new SharedArrayBuffer(4), 0, { name: 'stop' });
   * stop.throwIfAborted(); // not yet: returns
   * stop.abort();
   * try {
   *   stop.throwIfAborted();
   * } catch (error) {
   *   console.log(error.code); // prints ERR_CANCELLED
   * }
   * ```
   */
  throwIfAborted(): void;

  /**
   * An `AbortSignal` of this thread, for `fetch`, streams and whatever else takes one. It aborts when this
   * Cancel does, as soon as the event loop of this thread turns, and its reason is a {@link SyncError} with the
   * code `ERR_CANCELLED`. It is made when it is first read, and is then always the same. It does not keep its
   * thread alive. Until it aborts it keeps its memory: for a Cancel of each request, call `abort()` when the
   * request is done.
   *
   * @example
   * ```js
   * const { Cancel } = require('@x/shared-sync');
   *
   * const stop = new Cancel(new SharedArrayBuffer(4));
   * stop.signal.addEventListener('abort', () => console.log(stop.signal.reason.code)); // prints ERR_CANCELLED
   * stop.abort();
   * ```
   */
  readonly signal: typeof globalThis extends {
    AbortSignal: { readonly prototype: infer Signal extends WaitSignal };
  }
    ? Signal
    : WaitSignal;
}

/** The class of {@link Cancel}. */
export interface CancelConstructor {
  /**
   * Makes a cancel on a cell of shared memory.
   *
   * @param view - the shared memory
   * @param index - the index of the int32 cell in `view`, from 0; 0 by default
   * @param options - a name
   * @throws TypeError ERR_INVALID_ARG_TYPE - `view` is not over shared memory, `index` is not a number, or
   *   `options` has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `index` is not the index of a cell of `view`
   */
  new <View extends Int32Array | SharedArrayBuffer = any>(
    view: View & SharedView<View>,
    index?: number,
    options?: PrimitiveOptions,
  ): Cancel;

  /**
   * Makes a cancel that is aborted when a signal aborts. The signal tells its own thread only, and only when
   * the event loop of that thread turns. So this Cancel ends waits of *other* threads, and promises. A blocking
   * wait of this thread it cannot end, since the signal cannot abort while the thread is blocked: use
   * {@link Cancel.abortAfter} there, or a Cancel that another thread aborts.
   *
   * @param signal - an AbortSignal; it keeps the Cancel until it aborts
   * @param view - the shared memory, through which other threads know the Cancel; new memory by default, which
   *   only this thread knows
   * @param index - the index of the int32 cell in `view`, from 0; 0 by default
   * @param options - a name
   * @returns the Cancel, aborted if the signal has aborted already
   * @throws TypeError ERR_INVALID_ARG_TYPE - `signal` is not an AbortSignal; or as for the constructor
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `index` is not the index of a cell of `view`
   * @example
   * ```js
   * const { Cancel } = require('@x/shared-sync');
   *
   * const request = new AbortController();
   * const stop = Cancel.from(request.signal);
   * request.abort();
   * console.log(stop.aborted); // prints true
   * ```
   */
  from<View extends Int32Array | SharedArrayBuffer = any>(
    signal: WaitSignal,
    view?: View & SharedView<View>,
    index?: number,
    options?: PrimitiveOptions,
  ): Cancel;
  readonly prototype: Cancel;
}

export const Cancel: CancelConstructor;

/** Room in a {@link Channel} for one message, which the thread fills in place: what {@link Channel.reserve} returns. */
export interface ChannelReservation {
  /** The bytes of the message, in shared memory. Do not use them after `commit()`. They hold what was there before. */
  readonly bytes: Uint8Array;
  /**
   * Sends the message. Disposing of the reservation without it drops the message.
   *
   * @throws SyncError ERR_NOT_OWNER - the message was sent or dropped before
   * @throws SyncError ERR_CORRUPT_CELL - other code has written over the memory of the channel
   */
  commit(): void;
  /** Drops the message, unless it was sent. `using` calls it. Present where the realm has `Symbol.dispose`. */
  [Symbol.dispose](): void;
}

/** The first message of a {@link Channel}, which the thread reads in place: what {@link Channel.peek} returns. */
export interface ChannelPeek {
  /** The bytes of the message, in shared memory. Do not use them after `consume()`. */
  readonly bytes: Uint8Array;
  /**
   * Removes the message. Disposing of the peek without it puts the message back, as the first one.
   *
   * @throws SyncError ERR_NOT_OWNER - the message was removed or put back before
   * @throws SyncError ERR_CORRUPT_CELL - other code has written over the memory of the channel
   */
  consume(): void;
  /** Puts the message back, unless it was removed. `using` calls it. Present where the realm has `Symbol.dispose`. */
  [Symbol.dispose](): void;
}

/**
 * A bounded queue of messages between threads, in shared memory: many senders, many receivers. A sender waits while it is
 * full, a receiver while it is empty, by blocking or by promise.
 *
 * A `Uint8Array` travels as its bytes; any other value is encoded by the codec. The messages of one thread arrive in its
 * order. A thread that ends blocks no other: a message that it had not sent completely is dropped, and one that it had
 * received is gone with it (at most once). A message that it only had {@link Channel.peek | peeked} goes to the next
 * receiver (at least once).
 *
 * That all senders have ended does not end the channel: {@link Channel.close} does.
 *
 * @typeParam Message - what the messages are
 * @example
 * ```js
 * const { Channel, layout } = require('@x/shared-sync');
 *
 * const { jobs } = layout({ jobs: [Channel, { capacity: 1 << 16 }] });
 * jobs.send({ id: 1, path: 'a.txt' });
 * jobs.send({ id: 2, path: 'b.txt' });
 * jobs.close();
 * console.log([...jobs].map((job) => job.path).join(', ')); // prints a.txt, b.txt
 * ```
 */
export interface Channel<Message = any> {
  /**
   * Sends a message. Blocks while there is no room.
   *
   * Messages that this thread has sent by promise before and that are still pending go first. Senders that wait for
   * room, threads and promises, stand in one order. If the message of the first is too large for what is free, others may
   * pass it for 10 ms.
   *
   * @param value - the message; not undefined
   * @param options - a time limit in milliseconds (none by default), and a {@link Cancel} that ends the wait
   * @throws SyncError ERR_CLOSED - the channel is closed; nothing was sent
   * @throws SyncError ERR_TIMEOUT - `options.timeout` passed first
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted
   * @throws SyncError ERR_DEADLOCK - this thread fills or reads the first message in place, and would wait for itself
   * @throws SyncError ERR_CORRUPT_CELL - other code has written over the memory of the channel
   * @throws TypeError ERR_INVALID_ARG_TYPE - an argument has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - the message has more bytes than half the capacity, less 16; or a time limit is
   *   NaN or negative
   * @example
   * ```js
   * const { Channel, layout } = require('@x/shared-sync');
   *
   * const { jobs } = layout({ jobs: [Channel, { capacity: 1024 }] });
   * jobs.send({ id: 1 });
   * console.log(jobs.length); // prints 1
   * ```
   */
  send(value: Message, options?: LimitOptions): void;

  /**
   * Sends a message if there is room, or comes to be within `ms` milliseconds.
   *
   * @param value - the message; not undefined
   * @param ms - the longest to wait, in milliseconds; 0 by default, which waits only for other threads' short operations
   * @param options - a {@link Cancel} that ends the wait
   * @returns whether it was sent
   * @throws SyncError ERR_CLOSED - the channel is closed; nothing was sent
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted
   * @throws SyncError ERR_DEADLOCK - this thread fills or reads the first message in place, and would wait for itself
   * @throws SyncError ERR_CORRUPT_CELL - other code has written over the memory of the channel
   * @throws TypeError ERR_INVALID_ARG_TYPE - an argument has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - the message has more bytes than half the capacity, less 16; or a time limit is
   *   NaN or negative
   * @example
   * ```js
   * const { Channel, layout } = require('@x/shared-sync');
   *
   * const { jobs } = layout({ jobs: [Channel, { capacity: 1024 }] });
   * console.log(jobs.trySend({ id: 1 })); // prints true
   * ```
   */
  trySend(value: Message, ms?: number, options?: CancelOptions): boolean;

  /**
   * Sends a message by promise. It is encoded at the call, so the value may be changed afterwards.
   *
   * @param value - the message; not undefined
   * @param options - time limit in milliseconds (none by default), signal, Cancel, and `ref`: whether the promise keeps
   *   the thread alive
   * @returns a promise that is fulfilled when the message is in the channel
   * @throws (rejects) the reason of the signal - it aborted during the wait or before; nothing was sent or received
   * @throws (rejects) SyncError ERR_CLOSED - the channel is closed; nothing was sent
   * @throws (rejects) SyncError ERR_TIMEOUT - `options.timeout` passed first
   * @throws (rejects) SyncError ERR_CANCELLED - a Cancel in `options` was aborted
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - other code has written over the memory of the channel
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - as {@link Channel.send}
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - as {@link Channel.send}
   * @example
   * ```js
   * const { Channel, layout } = require('@x/shared-sync');
   *
   * const { jobs } = layout({ jobs: [Channel, { capacity: 1024 }] });
   * jobs.sendAsync({ id: 1 }).then(() => console.log(jobs.receive().id)); // prints 1
   * ```
   */
  sendAsync(value: Message, options?: WaitOptions): Promise<void>;

  /**
   * Sends messages in batches, each under one lock. Blocks while there is no room.
   *
   * @param values - the messages; none is sent if one of them cannot be encoded
   * @param options - a time limit in milliseconds for all (none by default), and a {@link Cancel} that ends the wait
   * @throws SyncError ERR_CLOSED - the channel is closed; `sent` of the error says how many messages were sent before
   * @throws SyncError ERR_TIMEOUT - `options.timeout` passed first; `sent` of the error says how many messages were sent
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted; `sent` of the error says the same
   * @throws SyncError ERR_DEADLOCK - this thread fills or reads the first message in place, and would wait for itself
   * @throws SyncError ERR_CORRUPT_CELL - other code has written over the memory of the channel
   * @throws TypeError ERR_INVALID_ARG_TYPE - an argument has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - the message has more bytes than half the capacity, less 16; or a time limit is
   *   NaN or negative
   * @example
   * ```js
   * const { Channel, layout } = require('@x/shared-sync');
   *
   * const { jobs } = layout({ jobs: [Channel, { capacity: 1024 }] });
   * jobs.sendMany([1, 2, 3]);
   * console.log(jobs.length); // prints 3
   * ```
   */
  sendMany(values: Iterable<Message>, options?: LimitOptions): void;

  /**
   * Makes room for a message, to be filled in place: without a copy. Blocks while there is no room. Until `commit()` or
   * dispose, the messages that are sent later wait behind it, in all threads. If the thread ends first, the reservation is
   * dropped, and they can be received.
   *
   * @param length - the bytes of the message
   * @param options - a time limit in milliseconds (none by default), and a {@link Cancel} that ends the wait
   * @returns the bytes, and what sends them
   * @throws SyncError ERR_CLOSED - the channel is closed; nothing was sent
   * @throws SyncError ERR_TIMEOUT - `options.timeout` passed first
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted
   * @throws SyncError ERR_DEADLOCK - this thread fills or reads the first message in place, and would wait for itself
   * @throws SyncError ERR_CORRUPT_CELL - other code has written over the memory of the channel
   * @throws TypeError ERR_INVALID_ARG_TYPE - an argument has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - the message has more bytes than half the capacity, less 16; or a time limit is
   *   NaN or negative
   * @example
   * ```js
   * const { Channel } = require('@x/shared-sync');
   *
   * const frames = new Channel(new SharedArrayBuffer(Channel.byteLength(1024)), 0, { capacity: 1024 });
   * const frame = frames.reserve(256);
   * frame.bytes.fill(7);
   * frame.commit();
   * console.log(frames.receive().length); // prints 256
   * ```
   * @example
   * ```js
   * const { Channel, layout } = require('@x/shared-sync');
   *
   * const { jobs } = layout({ jobs: [Channel, { capacity: 1024 }] });
   * const reservation = jobs.reserve(3);
   * reservation.bytes.set([1, 2, 3]);
   * reservation.commit();
   * console.log(jobs.receive().length); // prints 3
   * ```
   */
  reserve(length: number, options?: LimitOptions): ChannelReservation;

  /**
   * Receives the first message. Blocks while there is none.
   *
   * @param options - a time limit in milliseconds (none by default), a {@link Cancel} that ends the wait, and whether a
   *   `Uint8Array` gets a buffer of its `own`
   * @returns the message
   * @throws SyncError ERR_CLOSED - the channel is closed, and all its messages were received
   * @throws SyncError ERR_TIMEOUT - `options.timeout` passed first
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted
   * @throws SyncError ERR_DEADLOCK - this thread fills or reads the first message in place, and would wait for itself
   * @throws SyncError ERR_CORRUPT_CELL - other code has written over the memory of the channel, or the
   *   sender has another codec
   * @throws TypeError ERR_INVALID_ARG_TYPE - an argument has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - a time limit is NaN or negative
   * @example
   * ```js
   * const { Channel, layout } = require('@x/shared-sync');
   *
   * const { jobs } = layout({ jobs: [Channel, { capacity: 1024 }] });
   * jobs.send({ id: 1 });
   * console.log(jobs.receive().id); // prints 1
   * ```
   */
  receive(options?: ReceiveOptions): Message;

  /**
   * Receives the first message if there is one, or comes to be within `ms` milliseconds.
   *
   * @param ms - the longest to wait, in milliseconds; 0 by default
   * @param options - a {@link Cancel} that ends the wait, and whether a `Uint8Array` gets a buffer of its `own`
   * @returns the message, or undefined if there was none
   * @throws SyncError ERR_CLOSED - the channel is closed, and all its messages were received
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted
   * @throws SyncError ERR_DEADLOCK - this thread fills or reads the first message in place, and would wait for itself
   * @throws SyncError ERR_CORRUPT_CELL - other code has written over the memory of the channel, or the
   *   sender has another codec
   * @throws TypeError ERR_INVALID_ARG_TYPE - an argument has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - a time limit is NaN or negative
   * @example
   * ```js
   * const { Channel, layout } = require('@x/shared-sync');
   *
   * const { jobs } = layout({ jobs: [Channel, { capacity: 1024 }] });
   * console.log(jobs.tryReceive(10)); // prints undefined
   * ```
   */
  tryReceive(ms?: number, options?: TryReceiveOptions): Message | undefined;

  /**
   * Receives the first message by promise. Nothing is taken before the turn of the event loop that fulfils the promise.
   *
   * @param options - time limit in milliseconds (none by default), signal, Cancel, `ref`, and `own`
   * @returns a promise of the message
   * @throws (rejects) the reason of the signal - it aborted during the wait or before; nothing was sent or received
   * @throws (rejects) SyncError ERR_CLOSED - the channel is closed, and all its messages were received
   * @throws (rejects) SyncError ERR_TIMEOUT - `options.timeout` passed first
   * @throws (rejects) SyncError ERR_CANCELLED - a Cancel in `options` was aborted
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - other code has written over the memory of the channel, or the
   *   sender has another codec
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - as {@link Channel.receive}
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - as {@link Channel.receive}
   * @example
   * ```js
   * const { Channel, layout } = require('@x/shared-sync');
   *
   * const { jobs } = layout({ jobs: [Channel, { capacity: 1024 }] });
   * jobs.receiveAsync({ ref: true }).then((job) => console.log(job.id)); // prints 1
   * jobs.send({ id: 1 });
   * ```
   */
  receiveAsync(options?: ReceiveAsyncOptions): Promise<Message>;

  /**
   * Receives the bytes of the first message into `bytes`, without a new Uint8Array. Blocks while there is none. A value
   * arrives as the bytes that its codec made.
   *
   * @param bytes - where to copy the message, from its beginning
   * @param options - a time limit in milliseconds (none by default), and a {@link Cancel} that ends the wait
   * @returns the length of the message in bytes
   * @throws SyncError ERR_CLOSED - the channel is closed, and all its messages were received
   * @throws SyncError ERR_TIMEOUT - `options.timeout` passed first
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted
   * @throws SyncError ERR_DEADLOCK - this thread fills or reads the first message in place, and would wait for itself
   * @throws SyncError ERR_CORRUPT_CELL - other code has written over the memory of the channel
   * @throws TypeError ERR_INVALID_ARG_TYPE - an argument has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - the message is longer than `bytes`, and stays the first one; or a time limit is
   *   NaN or negative
   * @example
   * ```js
   * const { Channel, layout } = require('@x/shared-sync');
   *
   * const { jobs } = layout({ jobs: [Channel, { capacity: 1024 }] });
   * jobs.send(new Uint8Array([1, 2, 3]));
   * console.log(jobs.receiveInto(new Uint8Array(16))); // prints 3
   * ```
   */
  receiveInto(bytes: Uint8Array, options?: LimitOptions): number;

  /**
   * Receives the messages that there are, at most `max`. Blocks while there is none. If the codec throws an Error for one of
   * them, that is thrown and has the other messages of the batch as `received`.
   *
   * @param max - the most messages, 64 by default
   * @param options - as of {@link Channel.receive}
   * @returns at least one message
   * @throws SyncError ERR_CLOSED - the channel is closed, and all its messages were received
   * @throws SyncError ERR_TIMEOUT - `options.timeout` passed first
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted
   * @throws SyncError ERR_DEADLOCK - this thread fills or reads the first message in place, and would wait for itself
   * @throws SyncError ERR_CORRUPT_CELL - other code has written over the memory of the channel, or the
   *   sender has another codec
   * @throws TypeError ERR_INVALID_ARG_TYPE - an argument has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `max` is below 1; or a time limit is NaN or negative
   * @example
   * ```js
   * const { Channel, layout } = require('@x/shared-sync');
   *
   * const { jobs } = layout({ jobs: [Channel, { capacity: 1024 }] });
   * jobs.sendMany([1, 2, 3]);
   * console.log(jobs.receiveMany(2).length); // prints 2
   * ```
   */
  receiveMany(max?: number, options?: ReceiveOptions): Message[];

  /**
   * Reads the first message in place: without a copy. Blocks while there is none. Until `consume()` or dispose, all
   * receivers wait behind it. If the thread ends before, the next receiver gets the message.
   *
   * @param options - a time limit in milliseconds (none by default), and a {@link Cancel} that ends the wait
   * @returns the bytes, and what removes the message
   * @throws SyncError ERR_CLOSED - the channel is closed, and all its messages were received
   * @throws SyncError ERR_TIMEOUT - `options.timeout` passed first
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted
   * @throws SyncError ERR_DEADLOCK - this thread fills or reads the first message in place, and would wait for itself
   * @throws SyncError ERR_CORRUPT_CELL - other code has written over the memory of the channel
   * @throws TypeError ERR_INVALID_ARG_TYPE - an argument has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - a time limit is NaN or negative
   * @example
   * ```js
   * const { Channel, layout } = require('@x/shared-sync');
   *
   * const { jobs } = layout({ jobs: [Channel, { capacity: 1024 }] });
   * jobs.send(new Uint8Array([7]));
   * const peek = jobs.peek();
   * console.log(peek.bytes[0]); // prints 7
   * peek.consume();
   * console.log(jobs.length); // prints 0
   * ```
   */
  peek(options?: LimitOptions): ChannelPeek;

  /**
   * Receives messages, as {@link Channel.receive} does, until the channel is closed and drained. A loop that ends early
   * leaves the other messages there.
   *
   * @example
   * ```js
   * const { Channel, layout } = require('@x/shared-sync');
   *
   * const { jobs } = layout({ jobs: [Channel, { capacity: 1024 }] });
   * jobs.sendMany([1, 2]);
   * jobs.close();
   * console.log([...jobs].length); // prints 2
   * ```
   */
  [Symbol.iterator](): IterableIterator<Message>;
  /**
   * As the loop above, by {@link Channel.receiveAsync}.
   *
   * @example
   * ```js
   * const { Channel, layout } = require('@x/shared-sync');
   *
   * const { jobs } = layout({ jobs: [Channel, { capacity: 1024 }] });
   * jobs.send(1);
   * jobs.close();
   * (async () => {
   *   for await (const job of jobs) console.log(job); // prints 1
   * })();
   * ```
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message>;

  /**
   * Closes the channel. Senders throw `ERR_CLOSED` from here on. Receivers get the messages that are left, then throw it,
   * and loops end. Reservations that were made before may be committed. Closing twice changes nothing.
   *
   * @param options - `discard: true` drops the messages that are left, too
   * @throws TypeError ERR_INVALID_ARG_TYPE - `options` has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws SyncError ERR_CORRUPT_CELL - other code has written over the memory of the channel
   * @example
   * ```js
   * const { Channel, layout } = require('@x/shared-sync');
   *
   * const { jobs } = layout({ jobs: [Channel, { capacity: 1024 }] });
   * jobs.close();
   * console.log(jobs.closed); // prints true
   * ```
   */
  close(options?: { readonly discard?: boolean }): void;

  /**
   * Whether the channel was closed.
   *
   * @example
   * ```js
   * const { Channel, layout } = require('@x/shared-sync');
   *
   * const { jobs } = layout({ jobs: [Channel, { capacity: 1024 }] });
   * console.log(jobs.closed); // prints false
   * ```
   */
  readonly closed: boolean;
  /**
   * How many messages there are. Counts them, so it takes the longer the more there are.
   *
   * @example
   * ```js
   * const { Channel, layout } = require('@x/shared-sync');
   *
   * const { jobs } = layout({ jobs: [Channel, { capacity: 1024 }] });
   * jobs.send(1);
   * console.log(jobs.length); // prints 1
   * ```
   */
  readonly length: number;
}

/** The class of {@link Channel}. */
export interface ChannelConstructor {
  /**
   * Makes a channel in shared memory that is zeroed before its first use.
   *
   * @param view - the shared memory
   * @param index - the index of the int32 cell in `view` at which the channel begins, a multiple of 8 bytes in the buffer
   * @param options - the capacity in bytes, the codec, and a name
   * @throws TypeError ERR_INVALID_ARG_TYPE - `view` is not over shared memory, or an argument has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - the capacity is not a multiple of 16 from 64 to 2^29; or the channel does not
   *   lie in `view`, at a multiple of 8 bytes
   */
  new <Message = any>(
    view: Int32Array | SharedArrayBuffer,
    index: number,
    options: ChannelOptions<Message>,
  ): Channel<Message>;

  /**
   * Returns the bytes of shared memory that a channel takes: 64 more than its capacity.
   *
   * @param capacity - the capacity in bytes
   * @throws TypeError ERR_INVALID_ARG_TYPE - `capacity` is not a number
   * @throws RangeError ERR_OUT_OF_RANGE - `capacity` is not a multiple of 16 from 64 to 2^29
   */
  byteLength(capacity: number): number;
  readonly prototype: Channel;
}

export const Channel: ChannelConstructor;
/** The options of the constructor of an {@link Event}. */
export interface EventOptions extends PrimitiveOptions {
  /**
   * Whether each wait that passes resets the event, so that each {@link Event.set} lets one waiter pass. False
   * by default. All threads must give the same.
   */
  readonly autoReset?: boolean | undefined;
}

/**
 * A flag that threads wait for, and that can be set and reset any number of times.
 *
 * For something that happens once, a {@link Latch} says more: it cannot be reset by mistake. To count what has
 * happened, use a {@link Semaphore}: two calls of `set()` are not more than one. If the waiters need more than a
 * flag (a queue that is not empty), use a {@link Condition}.
 *
 * With `{ autoReset: true }` each `set()` lets one waiter pass, the longest waiting one. If there is none, the event
 * stays set until one wait passes. A thread that dies after its wait has passed takes the event with it.
 *
 * The global `Event` of DOM and Node is another class. Where both are needed, rename this one:
 * `const { Event: SyncEvent } = require('@x/shared-sync')`.
 *
 * @example
 * ```js
 * const { Worker, isMainThread, workerData } = require('node:worker_threads');
 * const { Event } = require('@x/shared-sync');
 *
 * if (isMainThread) {
 *   const view = new Int32Array(new SharedArrayBuffer(8));
 *   const running = new Event(view, 0, { name: 'running' });
 *   const paused = new Event(view, 1, { name: 'paused' });
 *   new Worker(__filename, { workerData: view });
 *   paused.waitAsync().then(() => {
 *     console.log('paused'); // prints paused
 *     running.set();
 *   });
 * } else {
 *   const running = new Event(workerData, 0);
 *   new Event(workerData, 1).set();
 *   running.wait(); // sleeps until the main thread lets it go on
 *   console.log(running.isSet); // prints true
 * }
 * ```
 */
export interface Event {
  /**
   * Sleeps until the event is set. Returns at once if it is. With automatic reset, it resets the event.
   *
   * A waiter passes even if the event is reset before the waiter runs again. It sees all that the threads which set
   * the event wrote before.
   *
   * @param options - a time limit in milliseconds (none by default), and a {@link Cancel} that ends the wait
   * @throws SyncError ERR_CORRUPT_CELL - the cell holds a value that an Event never writes, or threads constructed it
   *   with different `autoReset`
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted; nothing was acquired
   * @throws SyncError ERR_TIMEOUT - the `timeout` of `options` has passed; nothing was acquired
   * @throws TypeError ERR_INVALID_ARG_TYPE - an option has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @example
   * ```js
   * const { Event } = require('@x/shared-sync');
   *
   * const event = new Event(new SharedArrayBuffer(4));
   * event.set();
   * event.wait(); // set: does not wait
   * ```
   */
  wait(options?: LimitOptions): void;

  /**
   * Waits until the event is set, within a time limit. Returns false when it times out, and throws no error for it.
   *
   * @param ms - the longest to wait, in milliseconds: 0 or more; `Infinity` is no limit. 0, the default, does not
   *   wait
   * @param options - a {@link Cancel} that ends the wait
   * @returns whether the wait passed; never `false` before `ms` have passed
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Event.wait}
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted; nothing was acquired
   * @throws TypeError ERR_INVALID_ARG_TYPE - `ms` is not a number
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `ms` is negative or NaN
   * @example
   * ```js
   * const { Event } = require('@x/shared-sync');
   *
   * const tick = new Event(new SharedArrayBuffer(4), 0, { autoReset: true });
   * tick.set();
   * console.log(tick.tryWait()); // prints true
   * console.log(tick.tryWait(20)); // prints false
   * ```
   */
  tryWait(ms?: number, options?: CancelOptions): boolean;

  /**
   * {@link Event.wait} by promise, in one queue with the blocked threads.
   *
   * @param options - time limit in milliseconds (none by default), signal, Cancel, and `ref`: whether the promise keeps
   *   the thread alive
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link Event.wait}
   * @throws (rejects) SyncError ERR_TIMEOUT - the wait timed out; nothing was acquired
   * @throws (rejects) SyncError ERR_CANCELLED - a Cancel was aborted during the wait or before; nothing was acquired
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - an argument or an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @throws (rejects) the reason of the signal - it aborted during the wait or before; nothing was acquired
   * @example
   * ```js
   * const { Event } = require('@x/shared-sync');
   *
   * const event = new Event(new SharedArrayBuffer(4));
   * event.waitAsync().then(() => console.log('set')); // prints set
   * event.set();
   * ```
   */
  waitAsync(options?: WaitOptions): Promise<void>;

  /**
   * Sets the event. All threads and promises that wait now pass, and so do later ones until {@link Event.reset}. With
   * automatic reset, the one that has waited longest passes. If there is none, the next one does. Any thread may call
   * it.
   *
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Event.wait}
   * @example
   * ```js
   * const { Event } = require('@x/shared-sync');
   *
   * const event = new Event(new SharedArrayBuffer(4), 0, { name: 'ready' });
   * event.set();
   * console.log(event); // prints Event "ready" { set }
   * ```
   */
  set(): void;

  /**
   * Resets the event: waits that begin after this sleep until the next {@link Event.set}. Does nothing if the event is
   * not set.
   *
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Event.wait}
   * @example
   * ```js
   * const { Event } = require('@x/shared-sync');
   *
   * const event = new Event(new SharedArrayBuffer(4));
   * event.set();
   * event.reset();
   * console.log(event.isSet); // prints false
   * ```
   */
  reset(): void;

  /**
   * Whether the event is set at this moment. The answer may be out of date when you read it. With automatic reset, use
   * {@link Event.tryWait} to act on it.
   *
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Event.wait}
   * @example
   * ```js
   * const { Event } = require('@x/shared-sync');
   *
   * console.log(new Event(new SharedArrayBuffer(4)).isSet); // prints false
   * ```
   */
  readonly isSet: boolean;

  /**
   * Whether each wait that passes resets the event.
   *
   * @example
   * ```js
   * const { Event } = require('@x/shared-sync');
   *
   * console.log(new Event(new SharedArrayBuffer(4)).autoReset); // prints false
   * ```
   */
  readonly autoReset: boolean;
}

/** The class of {@link Event}. */
export interface EventConstructor {
  /**
   * Makes an event on a cell of shared memory. A fresh cell is an event that is not set.
   *
   * @param view - the shared memory
   * @param index - the index of the int32 cell in `view`, from 0, the default
   * @param options - a name, and whether it resets automatically
   * @throws TypeError ERR_INVALID_ARG_TYPE - `view` is not over shared memory, `index` is not a number, or
   *   `options` or one of them has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `index` is not the index of a cell of `view`
   */
  new <View extends Int32Array | SharedArrayBuffer = any>(
    view: View & SharedView<View>,
    index?: number,
    options?: EventOptions,
  ): Event;
  readonly prototype: Event;
}

export const Event: EventConstructor;

/**
 * Lets one thread run a function, while the others wait until it has run: one thread prepares shared memory that all
 * use.
 *
 * If the function throws, or its thread ends, the next thread that asks runs its own function. So the function may find
 * memory that another one has half prepared: write it so that it can begin again.
 *
 * A JavaScript value cannot travel: the function prepares shared memory (an array of a {@link layout}), and all threads read
 * it there. What each thread needs for itself (a parsed object, a compiled module) it has to make from that memory.
 *
 * @example
 * ```js
 * const { Worker, isMainThread } = require('node:worker_threads');
 * const { layout, Once } = require('@x/shared-sync');
 *
 * const { prepared, primes } = layout.open('example:primes', { prepared: Once, primes: [Uint32Array, 4] });
 * prepared.run(() => primes.set([2, 3, 5, 7])); // in the first thread that comes here
 * if (isMainThread) new Worker(__filename);
 * else console.log(primes[3]); // prints 7
 * ```
 */
export interface Once {
  /**
   * Runs `fn` if no thread has run its function to the end. If a thread runs it now, sleeps until that thread has
   * finished, and runs `fn` if that one failed. All threads see what the function wrote.
   *
   * @param fn - prepares shared memory. It must not use the same Once
   * @param options - a time limit in milliseconds (none by default), and a {@link Cancel} that ends the wait. They limit the
   *   wait, not `fn`
   * @returns whether this call ran `fn`; false if the function had run
   * @throws the error of `fn` - it failed; then the next thread that asks runs its function
   * @throws SyncError ERR_DEADLOCK - this thread runs the function already, or each thread of a cycle waits for the next
   * @throws SyncError ERR_CORRUPT_CELL - the cell holds a value that a Once never writes
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted; nothing was acquired
   * @throws SyncError ERR_TIMEOUT - the `timeout` of `options` has passed; nothing was acquired
   * @throws TypeError ERR_INVALID_ARG_TYPE - `fn` is not a function or returns a promise, or an option has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @example
   * ```js
   * const { Once } = require('@x/shared-sync');
   *
   * const once = new Once(new SharedArrayBuffer(4));
   * console.log(once.run(() => {}), once.run(() => {})); // prints true false
   * ```
   */
  run<Result>(fn: () => Synchronous<Result>, options?: LimitOptions): boolean;

  /**
   * {@link Once.run} by promise, for a function that may await. It waits in one queue with the blocked threads. If a task
   * calls it inside its own function and awaits that, it waits for ever.
   *
   * @param fn - prepares shared memory
   * @param options - time limit in milliseconds (none by default), signal, Cancel, and `ref`: whether the promise keeps
   *   the thread alive while it waits. They limit the wait, not `fn`
   * @returns whether this call ran `fn`; false if the function had run
   * @throws (rejects) the error of `fn` - it failed; then the next thread that asks runs its function
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link Once.run}
   * @throws (rejects) SyncError ERR_TIMEOUT - the wait timed out; nothing was acquired
   * @throws (rejects) SyncError ERR_CANCELLED - a Cancel was aborted during the wait or before; nothing was acquired
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - an argument or an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @throws (rejects) the reason of the signal - it aborted during the wait or before
   * @example
   * ```js
   * const { readFile } = require('node:fs/promises');
   * const { layout, Once } = require('@x/shared-sync');
   *
   * const { read, text } = layout({ read: Once, text: [Uint8Array, 1 << 20] });
   * read.runAsync(async () => text.set(await readFile(__filename))).then(() => {
   *   console.log(text[0] !== 0); // prints true
   * });
   * ```
   */
  runAsync(fn: () => unknown, options?: WaitOptions): Promise<boolean>;

  /**
   * Sleeps until a thread has run its function to the end. Does not run one itself.
   *
   * @param options - a time limit in milliseconds (none by default), and a {@link Cancel} that ends the wait
   * @throws SyncError ERR_DEADLOCK - as {@link Once.run}
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Once.run}
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted; nothing was acquired
   * @throws SyncError ERR_TIMEOUT - the `timeout` of `options` has passed; nothing was acquired
   * @throws TypeError ERR_INVALID_ARG_TYPE - an option has the wrong type
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @example
   * ```js
   * const { Once } = require('@x/shared-sync');
   *
   * const once = new Once(new SharedArrayBuffer(4));
   * once.run(() => {});
   * once.wait(); // has run: does not wait
   * ```
   */
  wait(options?: LimitOptions): void;

  /**
   * {@link Once.wait} within a time limit. Returns false when it times out, and throws no error for it.
   *
   * @param ms - the longest to wait, in milliseconds: 0 or more; `Infinity` is no limit. 0, the default, does not
   *   wait
   * @param options - a {@link Cancel} that ends the wait
   * @returns whether the function has run; never `false` before `ms` have passed
   * @throws SyncError ERR_DEADLOCK - as {@link Once.run}
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Once.run}
   * @throws SyncError ERR_CANCELLED - a Cancel in `options` was aborted
   * @throws TypeError ERR_INVALID_ARG_TYPE - `ms` is not a number
   * @throws TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - `ms` is negative or NaN
   * @example
   * ```js
   * const { Once } = require('@x/shared-sync');
   *
   * console.log(new Once(new SharedArrayBuffer(4)).tryWait(20)); // prints false
   * ```
   */
  tryWait(ms?: number, options?: CancelOptions): boolean;

  /**
   * {@link Once.wait} by promise.
   *
   * @param options - time limit in milliseconds (none by default), signal, Cancel, and `ref`: whether the promise keeps
   *   the thread alive
   * @throws (rejects) SyncError ERR_CORRUPT_CELL - as {@link Once.run}
   * @throws (rejects) SyncError ERR_TIMEOUT - the wait timed out; nothing was acquired
   * @throws (rejects) SyncError ERR_CANCELLED - a Cancel was aborted during the wait or before; nothing was acquired
   * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - an argument or an option has the wrong type
   * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - an option is unknown
   * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `timeout` is negative or NaN
   * @throws (rejects) the reason of the signal - it aborted during the wait or before
   * @example
   * ```js
   * const { Once } = require('@x/shared-sync');
   *
   * const once = new Once(new SharedArrayBuffer(4));
   * once.waitAsync().then(() => console.log('has run')); // prints has run
   * once.run(() => {});
   * ```
   */
  waitAsync(options?: WaitOptions): Promise<void>;

  /**
   * Whether the function has run to the end. Once true, it stays true.
   *
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Once.run}
   * @example
   * ```js
   * const { Once } = require('@x/shared-sync');
   *
   * console.log(new Once(new SharedArrayBuffer(4)).done); // prints false
   * ```
   */
  readonly done: boolean;

  /**
   * The `threadId` (of `node:worker_threads`) of the thread that runs the function now, or null. The main thread is 0, so
   * compare with null instead of testing for truth.
   *
   * @throws SyncError ERR_CORRUPT_CELL - as {@link Once.run}
   * @example
   * ```js
   * const { Once } = require('@x/shared-sync');
   *
   * const once = new Once(new SharedArrayBuffer(4));
   * once.run(() => console.log(once.runnerThreadId)); // prints 0
   * console.log(once.runnerThreadId); // prints null
   * ```
   */
  readonly runnerThreadId: number | null;
}

/** The class of {@link Once}. */
export interface OnceConstructor {
  /**
   * Makes a Once on a cell of shared memory.
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
  ): Once;
  readonly prototype: Once;
}

export const Once: OnceConstructor;

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
    readonly [total: number, options?: BarrierOptions],
    Barrier
  >;
  Latch: LayoutKind<LatchConstructor, readonly [count?: number, options?: PrimitiveOptions], Latch>;
  Semaphore: LayoutKind<
    SemaphoreConstructor,
    readonly [permits: number, options?: SemaphoreOptions],
    Semaphore
  >;
  RwLock: LayoutKind<RwLockConstructor, readonly [options?: PrimitiveOptions], RwLock>;
  Event: LayoutKind<EventConstructor, readonly [options?: EventOptions], Event>;
  Once: LayoutKind<OnceConstructor, readonly [options?: PrimitiveOptions], Once>;
  Cancel: LayoutKind<CancelConstructor, readonly [options?: PrimitiveOptions], Cancel>;
  Channel: LayoutKind<ChannelConstructor, readonly [options: ChannelOptions<any>], Channel>;
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

/** The options of {@link LayoutFunction.open}. */
export interface OpenOptions {
  /**
   * Whether to make the layout if no thread has. True by default. With `false`, `open` returns undefined then.
   */
  readonly create?: boolean | undefined;
  /**
   * Whether this thread makes the memory for names if it has none, for itself and the workers that it starts later. False by
   * default: the thread throws `ERR_NO_ARENA` then. It is for test runners that run tests in workers. Threads that make the
   * memory themselves do not meet.
   */
  readonly root?: boolean | undefined;
}

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
  /** For a layout that was opened by name: where it lies in the buffer, in bytes. */
  readonly offset?: number | undefined;
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

  /**
   * Returns the layout of this name, in any thread, without `workerData`: the first thread that opens a name allocates its
   * fields, and the others get the same. So code that cannot be passed anything (a library, a task of a pool) meets under a
   * name.
   *
   * The main thread makes the memory for names when it loads the package, and each worker that it starts later has it, through
   * pools, too. What was opened is never freed, so open few names. Prefix yours with the name of your package.
   *
   * @param name - the name: a string of at least one character
   * @param spec - the fields, as for {@link layout}. All threads must give the same. Functions in it are not compared
   * @param options - whether to make the layout, and the memory for names
   * @returns the primitives and arrays by name, and `share()`. With `{ create: false }`, undefined if no thread has opened the
   *   name
   * @throws SyncError ERR_NO_ARENA - the main thread had not loaded the package when it started this worker
   * @throws SyncError ERR_SECOND_COPY - another copy of the package made the memory for names
   * @throws SyncError ERR_CORRUPT_CELL - other code wrote over the memory for names
   * @throws TypeError ERR_INVALID_ARG_TYPE - `name` is not a string, `options` or one of them has the wrong type, or `spec` is
   *   not as described
   * @throws TypeError ERR_INVALID_ARG_VALUE - the name was opened with another spec (the message says where they differ), the
   *   name is empty, or an option is unknown
   * @throws RangeError ERR_OUT_OF_RANGE - a number is out of its range, or all layouts by name would take more than the limit of
   *   1 GiB (64 MiB where the system does not reserve as much)
   * @example
   * ```js
   * const { Worker, isMainThread } = require('node:worker_threads');
   * const { layout, Mutex, Latch } = require('@x/shared-sync');
   *
   * const { jobs, done, totals } = layout.open('example:totals', {
   *   jobs: Mutex,
   *   done: [Latch, 4],
   *   totals: [Float64Array, 2],
   * });
   * if (isMainThread) {
   *   for (let i = 0; i < 4; i++) new Worker(__filename);
   *   done.awaitAsync().then(() => console.log(totals[0])); // prints 6
   * } else {
   *   jobs.runExclusive(() => (totals[0] += 1.5));
   *   done.countDown();
   * }
   * ```
   */
  open<const Spec extends LayoutSpec>(
    name: string,
    spec: Spec & Reserved,
    options?: OpenOptions & { readonly create?: true | undefined },
  ): Layout<Spec>;
  open<const Spec extends LayoutSpec>(
    name: string,
    spec: Spec & Reserved,
    options: OpenOptions,
  ): Layout<Spec> | undefined;
}

export const layout: LayoutFunction;

/**
 * Waits until one of several things happens, and takes it: receives a message from a {@link Channel}, passes an
 * {@link Event} (and resets it, if that is automatic), or finds a {@link Latch} open or a {@link Cancel} aborted. Exactly one
 * case is taken; the others stay as they are. If several are ready, each of them is taken with the same probability, so
 * that none starves behind another.
 *
 * A thread that only stops early needs no select: pass `{ cancel }` to {@link Channel.receive}. A select is for a thread
 * that has something to do in each case.
 *
 * A channel that is closed and drained is always ready: the result says `done`. Put `undefined` in its place to wait for the
 * others only.
 *
 * A select has no place in the queues of its cases. A set of an Event with automatic reset goes to a thread in
 * {@link Event.wait} first. A message goes to whichever thread looks first, in a select or in `receive()`.
 *
 * @param cases - an array of Channels, Events, Latches and Cancels; `undefined` is never ready
 * @param options - a time limit, a Cancel that ends the wait, and whether a received `Uint8Array` gets a buffer of its own
 * @returns the index of the case that was taken, the message (undefined if the case is no Channel), and whether the Channel is
 *   closed and drained
 * @throws SyncError ERR_TIMEOUT - `options.timeout` has passed, and nothing was taken
 * @throws SyncError ERR_CANCELLED - `options.cancel` was aborted, and nothing was taken
 * @throws SyncError ERR_DEADLOCK - all cases are Channels whose first message this thread itself fills or reads in place
 * @throws SyncError ERR_CORRUPT_CELL - other code has written over the memory of a case
 * @throws TypeError ERR_INVALID_ARG_TYPE - `cases` is not an array, or one of them is no such primitive; or `options` or one
 *   of them has the wrong type
 * @throws TypeError ERR_INVALID_ARG_VALUE - no case can become ready, since `cases` is empty or has `undefined` only; or an
 *   option is unknown
 * @throws RangeError ERR_OUT_OF_RANGE - `options.timeout` is negative or NaN
 * @example
 * ```js
 * const { Worker, isMainThread, workerData } = require('node:worker_threads');
 * const { Cancel, Channel, layout, select } = require('@x/shared-sync');
 *
 * const spec = {
 *   urgent: [Channel, { capacity: 1 << 16 }],
 *   jobs: [Channel, { capacity: 1 << 16 }],
 *   stop: Cancel,
 * };
 * if (isMainThread) {
 *   const { urgent, jobs, stop, share } = layout(spec);
 *   const worker = new Worker(__filename, { workerData: share() });
 *   worker.on('exit', (code) => code === 0 && console.log('stopped')); // prints stopped
 *   jobs.send('report');
 *   urgent.send('alarm');
 *   stop.abortAfter(100);
 * } else {
 *   const { urgent, jobs, stop } = layout.from(workerData, spec);
 *   for (;;) {
 *     const { index, value } = select([urgent, jobs, stop]);
 *     if (index === 2) break;
 *     work(value);
 *   }
 * }
 * function work(job) {}
 * ```
 */
export function select<const Cases extends readonly SelectCase[]>(
  cases: Cases,
  options?: SelectOptions,
): SelectResult<Cases>;

/**
 * As {@link select}, but returns undefined if no case becomes ready in time.
 *
 * @param cases - as of {@link select}
 * @param ms - the longest to wait, in milliseconds: 0 or more; `Infinity` is no limit; 0, the default, does not wait
 * @param options - a Cancel that ends the wait, and whether a received `Uint8Array` gets a buffer of its own
 * @returns as {@link select}; undefined if the time has passed, and nothing was taken
 * @throws SyncError ERR_CANCELLED - `options.cancel` was aborted, and nothing was taken
 * @throws SyncError ERR_DEADLOCK - as {@link select}, unless `ms` is 0
 * @throws SyncError ERR_CORRUPT_CELL - other code has written over the memory of a case
 * @throws TypeError ERR_INVALID_ARG_TYPE - as {@link select}; or `ms` is not a number
 * @throws TypeError ERR_INVALID_ARG_VALUE - as {@link select}
 * @throws RangeError ERR_OUT_OF_RANGE - `ms` is negative or NaN
 * @example
 * ```js
 * const { Channel, Event, layout, trySelect } = require('@x/shared-sync');
 *
 * const { jobs, wake } = layout({ jobs: [Channel, { capacity: 1024 }], wake: Event });
 * console.log(trySelect([jobs, wake])); // prints undefined
 * jobs.send({ id: 1 });
 * console.log(trySelect([jobs, wake], 100)?.value.id); // prints 1
 * ```
 */
export function trySelect<const Cases extends readonly SelectCase[]>(
  cases: Cases,
  ms?: number,
  options?: TrySelectOptions,
): SelectResult<Cases> | undefined;

/**
 * As {@link select}, by promise: never blocks the event loop. Nothing is taken before the turn of the loop that fulfils the
 * promise, so that a promise which is cancelled has taken nothing.
 *
 * @param cases - as of {@link select}
 * @param options - a time limit, a signal, a Cancel that ends the wait, whether the promise keeps its thread alive, and whether
 *   a received `Uint8Array` gets a buffer of its own
 * @returns a promise of what {@link select} returns
 * @throws (rejects) SyncError ERR_TIMEOUT - `options.timeout` has passed, and nothing was taken
 * @throws (rejects) SyncError ERR_CANCELLED - `options.cancel` was aborted, and nothing was taken
 * @throws (rejects) the reason of the signal - it aborted during the wait or before; nothing was taken
 * @throws (rejects) SyncError ERR_CORRUPT_CELL - other code has written over the memory of a case
 * @throws (rejects) TypeError ERR_INVALID_ARG_TYPE - as {@link select}
 * @throws (rejects) TypeError ERR_INVALID_ARG_VALUE - as {@link select}
 * @throws (rejects) RangeError ERR_OUT_OF_RANGE - `options.timeout` is negative or NaN
 * @example
 * ```js
 * const { Channel, Latch, layout, selectAsync } = require('@x/shared-sync');
 *
 * const { results, done } = layout({ results: [Channel, { capacity: 1024 }], done: Latch });
 * async function collect() {
 *   for (;;) {
 *     const { index, value } = await selectAsync([results, done]);
 *     if (index === 1) return;
 *     console.log(value); // prints 7
 *     done.release();
 *   }
 * }
 * collect();
 * results.send(7);
 * ```
 */
export function selectAsync<const Cases extends readonly SelectCase[]>(
  cases: Cases,
  options?: SelectAsyncOptions,
): Promise<SelectResult<Cases>>;
