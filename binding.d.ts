// What the native addon exports: the constants and functions of `src/node`, in the order of its tables. Written by hand;
// `__test__/binding.test.js` compares it with the addon.
//
// Each function throws an Error if an argument has another type than is declared, or if the number of arguments differs.
// A function that acts on a primitive throws a SyncError of the realm for each fault that `docs/errors.md` lists.

/** A realm of the calling thread, which `registerRealm` returned. */
export type RealmHandle = number;
/** The view of the one cell in which a primitive lives, over shared memory. */
export type CellView = Int32Array;
/** The name that the user gave to a primitive. */
export type Name = string | undefined;
/** A time limit in milliseconds. Infinity: without limit; 0: without waiting. */
export type Milliseconds = number;
/** The id of a promise, or of one run of a barrier's action. It is above 0 and never used twice in a thread. */
export type Serial = number;
/** A number of parties, countdowns, permits or waiters. A fraction is cut off. */
export type Count = number;
/** A thread in the words of the primitives: its `threadId + 1`. */
export type ThreadTag = number;
/** The word of a primitive, or some of its bits. */
export type Word = number;

// How a wait ends.

/** The runtime ended the wait, because the thread is being terminated. The caller has acquired nothing. */
export declare const INTERRUPTED: -1;
/** The promise waits. */
export declare const PENDING: 0;
/** The caller has acquired what it waited for. */
export declare const ACQUIRED: 1;
/** The caller has acquired the lock, and took it over from an owner that died. */
export declare const RECOVERED: 2;
/** The time limit passed first. */
export declare const TIMED_OUT: 3;
/** The caller was notified. */
export declare const NOTIFIED: 4;

export type Interrupted = typeof INTERRUPTED;
export type Acquired = typeof ACQUIRED;
export type Recovered = typeof RECOVERED;
export type TimedOut = typeof TIMED_OUT;
export type Notified = typeof NOTIFIED;
/**
 * What a function that begins a wait as a promise returns: PENDING if the promise waits, or the number above 0 with which
 * it is fulfilled if it did not need to wait. A time limit that passes rejects the promise, except where the function says
 * otherwise.
 */
export type PendingOr<Result extends number> = typeof PENDING | Result | Interrupted;

// What the runtime offers to a blocked thread.

/** The event loop has a descriptor that becomes readable when the runtime wants to interrupt the thread. */
export declare const HOST_EVENT_LOOP: 0;
/** Nothing reports that the runtime wants to interrupt the thread. */
export declare const HOST_OPAQUE: 1;
/** All isolates share a heap, and a garbage collection waits for all of them. */
export declare const HOST_SHARED_HEAP: 2;
export type Host = typeof HOST_EVENT_LOOP | typeof HOST_OPAQUE | typeof HOST_SHARED_HEAP;

// Realms and promises.

/** One thread of a deadlock. */
export interface CycleLink {
  /** The worker. */
  threadId: number;
  /** What the thread holds, and the previous link waits for. */
  holds: string;
  /** What the thread waits for, and the next link holds. */
  waitsFor: string;
}

/** Further properties of an error. */
export interface Details {
  /** The worker that owns the lock, or died while it owned it. */
  ownerThreadId?: number;
  /** The cycle of a deadlock. It begins with the thread that receives the error. */
  cycle?: CycleLink[];
}

/** The functions of a realm, which the realm keeps alive itself. */
export type Hooks = readonly [
  /** Does nothing. A blocked thread calls it, so that the runtime serves its pending interrupts. */
  poll: () => void,
  /** Makes a SyncError. */
  createError: (code: any, message: string, details: Details) => Error,
  /** Fulfils a promise. */
  fulfil: (serial: Serial, value: number) => void,
  /** Rejects a promise. */
  reject: (serial: Serial, code: string, message: string, details: Details) => void,
];

/** Registers a realm of the calling thread. `threadId` is the worker's, 0 in the main thread. */
export declare function registerRealm(threadId: number, hooks: Hooks, host: Host): RealmHandle;

/** Returns the tag of the calling thread. */
export declare function threadTag(realm: RealmHandle): ThreadTag;

/** Returns the first of 2^32 serials that no other realm of the thread receives. */
export declare function newSerials(): Serial;

/**
 * Cancels a promise, which passes on what it was granted. Returns PENDING, or the number with which the promise is
 * fulfilled if it was too late to cancel it.
 */
export declare function giveUp(realm: RealmHandle, serial: Serial): number;

// Mutex.

/** The word of an unlocked Mutex. */
export declare const MUTEX_FREE: Word;
/** The waiters bit of the word of a Mutex. */
export declare const MUTEX_WAITERS: Word;

/**
 * Backs off if the last two samples found the lock hot, and takes a sample now and then. Returns how many contended calls
 * to skip before the next call; 0 while the lock is hot.
 */
export declare function mutexBackOff(cell: CellView): number;

/** Locks within a time limit. Like all of these functions it also takes a free lock. */
export declare function mutexLock(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  limit: Milliseconds,
): Acquired | TimedOut | Interrupted;

/** Unlocks. */
export declare function mutexUnlock(realm: RealmHandle, cell: CellView, name: Name): void;

/** Locks within a time limit, even if the owner died. */
export declare function mutexRecover(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  limit: Milliseconds,
): Acquired | Recovered | TimedOut | Interrupted;

/** Locks for the guard of a promise, if that does not need to wait. Returns whether it has. */
export declare function mutexTryLockGuard(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  serial: Serial,
): boolean;

/** Begins to lock for the guard of a promise. If it `recovers`, it locks even if the owner died. */
export declare function mutexLockAsync(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  serial: Serial,
  limit: Milliseconds,
  keepsAlive: boolean,
  recovers: boolean,
): PendingOr<Acquired | Recovered>;

/** Unlocks what the guard of a promise owns. Returns false if the guard owns nothing. */
export declare function mutexReleaseGuard(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  serial: Serial,
): boolean;

/** Whether the guard of a promise owns the lock. */
export declare function mutexIsGuarded(realm: RealmHandle, cell: CellView, serial: Serial): boolean;

/** Throws unless this thread owns the lock. */
export declare function mutexAssertOwned(realm: RealmHandle, cell: CellView, name: Name): void;

/** Returns the owner, or 0. */
export declare function mutexOwner(realm: RealmHandle, cell: CellView, name: Name): ThreadTag;

// Condition.

/** The word of a Condition without waiters. */
export declare const CONDITION_EMPTY: Word;

/** Unlocks the mutex, waits for one notification within a time limit, and locks the mutex again. */
export declare function conditionWait(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  mutexCell: CellView,
  mutexName: Name,
  limit: Milliseconds,
): Notified | TimedOut | Interrupted;

/** Notifies up to `count` waiters (Infinity: all), and returns how many. */
export declare function conditionNotify(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  count: Count,
): number;

/**
 * Begins to wait with a mutex that the guard of the promise `guard` owns. The promise is fulfilled if the time limit passes,
 * too. The guard owns the mutex again then, but not meanwhile. The caller has checked that it owns it now.
 */
export declare function conditionWaitAsync(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  mutexCell: CellView,
  mutexName: Name,
  guard: Serial,
  serial: Serial,
  limit: Milliseconds,
  keepsAlive: boolean,
): PendingOr<Notified | TimedOut>;

// Barrier.

/** The largest number of parties of a Barrier. */
export declare const BARRIER_MAX_TOTAL: number;

/**
 * Arrives, and waits for the other parties within a time limit. Returns how many were missing then, or INTERRUPTED. If
 * `action` is above 0, the last party to arrive, which receives 0, has to run its action and then call `barrierEndAction`
 * with that serial.
 */
export declare function barrierWait(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  total: Count,
  action: Serial | 0,
  limit: Milliseconds,
): number;

/** Begins to wait as a promise, which is fulfilled with one more than `barrierWait` returns. */
export declare function barrierWaitAsync(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  total: Count,
  action: Serial | 0,
  serial: Serial,
  limit: Milliseconds,
  keepsAlive: boolean,
): PendingOr<number>;

/** Ends a run of the action: releases the other parties, or breaks the barrier if it `failed`. */
export declare function barrierEndAction(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  total: Count,
  action: Serial,
  failed: boolean,
): void;

/** Breaks the barrier, or makes it `fresh` again. In both cases the waiting parties fail as broken. */
export declare function barrierBreak(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  total: Count,
  fresh: boolean,
): void;

/** Whether the barrier is broken. */
export declare function barrierBroken(cell: CellView, total: Count): boolean;

/** Returns the number of parties that have arrived and wait. */
export declare function barrierWaiting(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  total: Count,
): number;

// Latch.

/** The waiters bit of the word of a Latch. */
export declare const LATCH_WAITERS: Word;
/** The largest count of a Latch. */
export declare const LATCH_MAX_COUNT: number;

/** Waits within a time limit until the latch is open. */
export declare function latchWait(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  count: Count,
  limit: Milliseconds,
): Acquired | TimedOut | Interrupted;

/** Counts down by `by`, but not below open. */
export declare function latchCountDown(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  count: Count,
  by: Count,
): void;

/** Begins to wait until the latch is open. */
export declare function latchWaitAsync(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  count: Count,
  serial: Serial,
  limit: Milliseconds,
  keepsAlive: boolean,
): PendingOr<Acquired>;

/** Returns the number of countdowns that are left until the latch is open. */
export declare function latchRemaining(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  count: Count,
): number;

// Semaphore.

/** The largest number of permits of a Semaphore. */
export declare const SEMAPHORE_MAX_PERMITS: number;
/** The waiters bit of the word of a Semaphore. */
export declare const SEMAPHORE_WAITERS: Word;
/** What each acquired permit adds to the word of a Semaphore. */
export declare const SEMAPHORE_PERMIT: Word;

/** Acquires `count` permits within a time limit. */
export declare function semaphoreAcquire(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  permits: Count,
  max: Count,
  count: Count,
  limit: Milliseconds,
): Acquired | TimedOut | Interrupted;

/** Releases `count` permits. Returns false if there would be more than `max`; then nothing has changed. */
export declare function semaphoreRelease(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  permits: Count,
  max: Count,
  count: Count,
): boolean;

/** Begins to acquire `count` permits. */
export declare function semaphoreAcquireAsync(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  permits: Count,
  max: Count,
  count: Count,
  serial: Serial,
  limit: Milliseconds,
  keepsAlive: boolean,
): PendingOr<Acquired>;

/** Returns the number of free permits. */
export declare function semaphoreAvailable(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  permits: Count,
  max: Count,
): number;

// RwLock.

/** The word of a free RwLock. */
export declare const RWLOCK_FREE: Word;
/**
 * The largest number of reads that the word of an RwLock counts. Any smaller word above zero is the number of reads,
 * without waiters.
 */
export declare const RWLOCK_MOST_READS: number;
/** The waiters bit of the word of an RwLock. */
export declare const RWLOCK_WAITERS: Word;
/** The bit of the word of an RwLock for a write by the thread that the lower bits name. */
export declare const RWLOCK_WRITER: Word;
/** The bit of the word of an RwLock for a write by a guard of the thread that the lower bits name. */
export declare const RWLOCK_GUARD: Word;
/** The request to read. */
export declare const RWLOCK_READ: 0;
/** The request to write. */
export declare const RWLOCK_WRITE: 1;
/** The request to write, even after a holder died. */
export declare const RWLOCK_RECOVER: 2;
export type Request = typeof RWLOCK_READ | typeof RWLOCK_WRITE | typeof RWLOCK_RECOVER;

/** Reads or writes, as `request` says, within a time limit. RECOVERED: took the lock over from a dead holder. */
export declare function rwlockEnter(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  request: Request,
  limit: Milliseconds,
): Acquired | Recovered | TimedOut | Interrupted;

/** Ends a read or a write, as `request` says. */
export declare function rwlockUnlock(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  request: Request,
): void;

/** Turns the thread's write into a read. */
export declare function rwlockDowngrade(realm: RealmHandle, cell: CellView, name: Name): void;

/** Reads or writes for the guard of a promise, if that does not need to wait. Returns whether it has. */
export declare function rwlockTryEnterGuard(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  request: Request,
  serial: Serial,
): boolean;

/** Begins to read or write for the guard of a promise. RECOVERED: took the lock over from a dead holder. */
export declare function rwlockEnterAsync(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  request: Request,
  serial: Serial,
  limit: Milliseconds,
  keepsAlive: boolean,
): PendingOr<Acquired | Recovered>;

/** Ends what the guard of a promise holds. Returns false if the guard holds nothing. */
export declare function rwlockReleaseGuard(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  request: Request,
  serial: Serial,
): boolean;

/** Turns the write of the guard of a promise into a read of the serial `reading`. Returns false if the guard does not write. */
export declare function rwlockDowngradeGuard(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  serial: Serial,
  reading: Serial,
): boolean;

/** Whether the guard of a promise reads or writes. */
export declare function rwlockIsGuarded(
  realm: RealmHandle,
  cell: CellView,
  request: Request,
  serial: Serial,
): boolean;

/** Returns the number of reads that are held. */
export declare function rwlockReaders(realm: RealmHandle, cell: CellView, name: Name): number;

/** Returns the writer, or 0. */
export declare function rwlockWriter(realm: RealmHandle, cell: CellView, name: Name): ThreadTag;

// Where a thread counts its reads of RwLocks: in chunks of slots.

/** How many slots a chunk has. */
export declare const READ_SLOTS: number;
/** How many numbers a slot has in its chunk: the three below. */
export declare const READ_STRIDE: number;
/** Where in a slot the thread counts its own reads. */
export declare const READ_OWN: number;
/** Where in a slot the thread counts the reads of its guards. */
export declare const READ_BY_GUARDS: number;
/** Where in a slot its generation is. */
export declare const READ_GENERATION: number;

/** Returns the slot in which this thread counts its reads of the lock in `cell`. */
export declare function readSlot(cell: CellView): number;

/** Returns a chunk of slots: the Int32Array with their numbers, and the array in which JavaScript keeps their cells. */
export declare function readChunk(chunk: number): [Int32Array, Array<Int32Array | undefined>];

// Descriptions for console.log and util.inspect. Each takes the lock of a queue for a short time, and changes nothing.

/** Describes the owner, and how many waiters there are. */
export declare function mutexDescribe(cell: CellView): string;

/** Describes how many waiters are not notified yet. */
export declare function conditionDescribe(cell: CellView): string;

/** Describes how many of all parties have arrived. */
export declare function barrierDescribe(cell: CellView, total: Count): string;

/** Describes whether the latch is open, or how many countdowns are left. */
export declare function latchDescribe(cell: CellView, count: Count): string;

/** Describes how many permits are free, and how many waiters there are. */
export declare function semaphoreDescribe(cell: CellView, permits: Count, max: Count): string;

/** Describes who holds the lock, and how many waiters there are. */
export declare function rwlockDescribe(cell: CellView): string;

// The waits of the process.

/** One wait of a blocked thread or of a promise. */
export interface BlockedThread {
  /** The worker, 0 for the main thread. */
  threadId: number;
  /** The class of what it waits for. */
  kind: string;
  /** The name of what it waits for. */
  name?: string;
  /** What the wait is for, as the messages of errors call it. */
  waitsFor: string;
  /** How long it has lasted, in milliseconds. */
  waitedMs: number;
  /** Whether a promise waits, and its thread is not blocked. */
  async: boolean;
  /** How long ago a promise was granted what it waits for while its thread has not run since, in milliseconds. */
  grantedMs?: number;
  /** The thread that owns what it waits for. */
  ownerThreadId?: number;
  /** What keeps the owner busy, in words. */
  ownerState?: string;
  /** At a Barrier: the threads that have arrived. */
  arrivedThreadIds?: number[];
}

/** The waits of the process. */
export interface Inspection {
  /**
   * The waits of blocked threads that have lasted some milliseconds, an inner wait of a thread behind the outer one. Then
   * those of promises.
   */
  waits: BlockedThread[];
  /** The number of promises that were left out. */
  omitted: number;
}

/** Returns the waits of the process, with at most `promises` promises. */
export declare function inspect(promises: number): Inspection;

/** Returns the milliseconds on the system's monotonic clock. */
export declare function now(): number;
