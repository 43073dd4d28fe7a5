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
/** A time in milliseconds. */
export type Milliseconds = number;
/**
 * How long a call waits at most, in milliseconds (Infinity: without limit; 0: without waiting); or an array of that time,
 * whether the call throws ERR_TIMEOUT when it has passed, and the cells of the Cancels that end the wait. If one of them is
 * aborted, the call throws ERR_CANCELLED, before it acquires anything.
 */
export type Limit = Milliseconds | readonly [Milliseconds, boolean, ...CellView[]];
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
/** The function of a Once has run: the caller does not run it. */
export declare const DONE: 5;
/** The caller was notified, and it is its turn to compete for the mutex. */
export declare const TURN: 6;
/** The same, and others wait behind. */
export declare const TURN_OF_MANY: 7;

export type Interrupted = typeof INTERRUPTED;
export type Acquired = typeof ACQUIRED;
export type Recovered = typeof RECOVERED;
export type TimedOut = typeof TIMED_OUT;
export type Notified = typeof NOTIFIED;
export type Done = typeof DONE;
export type Turn = typeof TURN;
export type TurnOfMany = typeof TURN_OF_MANY;
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
  /** What the thread holds, and the previous link waits for. Undefined if it is only queued before that one to write. */
  holds?: string;
  /** What the thread waits for, and the next link holds or is queued for. */
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
  /** An observer was switched on, or its options have changed. */
  observersChanged: () => void,
];

/** Registers a realm of the calling thread. `threadId` is the worker's, 0 in the main thread. */
export declare function registerRealm(threadId: number, hooks: Hooks, host: Host): RealmHandle;

/** Returns the tag of the calling thread. */
export declare function threadTag(realm: RealmHandle): ThreadTag;

/** Returns the first of 2^32 serials that no other realm of the thread receives. */
export declare function newSerials(): Serial;

/** Lets other threads wake the event loop of the calling thread, which they do not keep alive. */
export declare function openMailbox(realm: RealmHandle): void;

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
  limit: Limit,
): Acquired | TimedOut | Interrupted;

/**
 * Locks for a caller that had the turn to compete, and found the mutex locked. First it tries to exchange 0 for its own number,
 * with the waiters bit if others wait behind it (TURN_OF_MANY).
 */
export declare function mutexTakeTurn(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  ofMany: boolean,
): Acquired | Interrupted;

/** Unlocks. */
export declare function mutexUnlock(realm: RealmHandle, cell: CellView, name: Name): void;

/** Locks within a time limit, even if the owner died. */
export declare function mutexRecover(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  limit: Limit,
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
  limit: Limit,
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

/**
 * Unlocks the mutex, waits for one notification within a time limit, and locks the mutex again. Or it is the caller's turn to
 * compete for the mutex: see mutexTakeTurn().
 */
export declare function conditionWait(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  mutexCell: CellView,
  mutexName: Name,
  limit: Limit,
): Notified | Turn | TurnOfMany | TimedOut | Interrupted;

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
  limit: Limit,
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
  limit: Limit,
): number;

/** Begins to wait as a promise, which is fulfilled with one more than `barrierWait` returns. */
export declare function barrierWaitAsync(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  total: Count,
  action: Serial | 0,
  serial: Serial,
  limit: Limit,
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
  limit: Limit,
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
  limit: Limit,
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
  limit: Limit,
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
  limit: Limit,
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
  limit: Limit,
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
  limit: Limit,
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

// Event.

/** The word of an Event that is set, without automatic reset. */
export declare const EVENT_SET: Word;
/** What automatic reset adds to each word of an Event but 0. */
export declare const EVENT_AUTOMATIC: Word;

/** Waits within a limit until the event is set. With automatic reset, the wait resets it. */
export declare function eventWait(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  autoReset: boolean,
  limit: Limit,
): Acquired | TimedOut | Interrupted;

/** Begins to wait until the event is set. */
export declare function eventWaitAsync(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  autoReset: boolean,
  serial: Serial,
  limit: Limit,
  keepsAlive: boolean,
): PendingOr<Acquired>;

/** Sets the event. */
export declare function eventSet(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  autoReset: boolean,
): void;

/** Resets the event. */
export declare function eventReset(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  autoReset: boolean,
): void;

/** Whether the event is set. */
export declare function eventIsSet(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  autoReset: boolean,
): boolean;

// Once.

/** The word of a Once before its first run. */
export declare const ONCE_FRESH: Word;
/** The word of a Once after its run, as an unsigned number. */
export declare const ONCE_DONE: number;

/** Makes this thread the runner, or waits within a limit until the function has run. */
export declare function onceBegin(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  limit: Limit,
): Acquired | Done | TimedOut | Interrupted;

/** Makes a guard of this thread the runner, if that does not need to wait. */
export declare function onceTryBeginGuard(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
): Acquired | Done | TimedOut | Interrupted;

/** Begins to wait until a guard of this thread is the runner, or the function has run. */
export declare function onceBeginAsync(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  serial: Serial,
  limit: Limit,
  keepsAlive: boolean,
): PendingOr<Acquired | Done>;

/** Ends the run of this thread, or of its guard: the function has run. */
export declare function onceFinish(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  byGuard: boolean,
): void;

/** Ends the run of this thread, or of its guard, which failed: the next caller runs the function. */
export declare function onceFail(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  byGuard: boolean,
): void;

/** Waits within a limit until the function has run. */
export declare function onceWait(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  limit: Limit,
): Acquired | Done | TimedOut | Interrupted;

/** Begins to wait until the function has run. */
export declare function onceWaitAsync(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  serial: Serial,
  limit: Limit,
  keepsAlive: boolean,
): PendingOr<Acquired | Done>;

/** The thread that runs the function, or 0. */
export declare function onceRunner(realm: RealmHandle, cell: CellView, name: Name): ThreadTag | 0;

// Cancel.

/** The bit of the word of a Cancel that says that it was aborted. */
export declare const CANCEL_ABORTED: Word;
/** The longest time for `cancelAbortAfter`. */
export declare const CANCEL_MAX_AFTER: Milliseconds;

/** Aborts: ends all waits whose limit has this cell. */
export declare function cancelAbort(realm: RealmHandle, cell: CellView, name: Name): void;

/** Aborts in so many milliseconds, from 0 to CANCEL_MAX_AFTER, unless it aborts before. */
export declare function cancelAbortAfter(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  milliseconds: Milliseconds,
): void;

/** Whether it was aborted, or its time has passed. */
export declare function cancelIsAborted(cell: CellView): boolean;

/** Throws ERR_CANCELLED if it was aborted, or if its time has passed. */
export declare function cancelAssertNotAborted(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
): void;

/**
 * Begins to wait until it aborts, as a promise that rejects then. The limit has to have its cell, and nothing else: so the
 * promise learns of the time of `cancelAbortAfter`.
 */
export declare function cancelAborted(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  serial: Serial,
  limit: Limit,
  keepsAlive: boolean,
): PendingOr<Acquired>;

// Channel. Its ring is in JavaScript; here is how its senders and receivers wait.

/** The waiters bit of the word of one side of a Channel. */
export declare const CHANNEL_WAITERS: Word;
/** How long others may pass a sender whose message does not fit. */
export declare const CHANNEL_PATIENCE: Milliseconds;
/** The thread has ended, or never registered. */
export declare const THREAD_DEAD: 0;
/** The thread lives. */
export declare const THREAD_RUNS: 1;
/** The thread lives, and is blocked in a wait of the package. */
export declare const THREAD_BLOCKED: 2;

/**
 * Waits until there is reason to look into the ring again: the side was told, its word is another one, or one of the two
 * threads (0 for none) has ended, or the owner of `lock` has, the Mutex of the ring. The waiters stand in the order of `since`, as `now()` returned it. `request` is how many
 * bytes the caller needs.
 */
export declare function channelWait(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  lock: CellView,
  word: Word,
  request: Count,
  since: Milliseconds,
  first: ThreadTag,
  front: ThreadTag,
  limit: Limit,
): Acquired | TimedOut | Interrupted;

/** As `channelWait`, as a promise. */
export declare function channelWaitAsync(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  lock: CellView,
  word: Word,
  request: Count,
  since: Milliseconds,
  first: ThreadTag,
  front: ThreadTag,
  serial: Serial,
  limit: Limit,
  keepsAlive: boolean,
): PendingOr<Acquired>;

/**
 * Tells the waiters that need no more than `free` bytes to look: the promises before the first blocked thread, one for each of
 * their threads, and that thread.
 */
export declare function channelTell(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  free: Count,
): void;

/** Tells all waiters to look. */
export declare function channelTellAll(realm: RealmHandle, cell: CellView, name: Name): void;

/** A waiter that was told to look: its thread, when its wait began, as `now()` says it, and whether it is a promise. */
export type Told = [thread: ThreadTag, since: number, byPromise: boolean];

/**
 * Tells the next waiter to look, as `channelTell`, also if there is no room for it. Returns the waiter that stands before all
 * others, or undefined if none waits.
 */
export declare function channelTellFront(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
): Told | undefined;

/** Returns how many wait. */
export declare function channelWaiting(cell: CellView): number;

/** Returns the address of a cell, which says in all objects of the process which memory it is. */
export declare function cellAddress(cell: CellView): number;

/** Returns whether a thread lives, and whether it is blocked. */
export declare function threadState(
  thread: ThreadTag,
): typeof THREAD_DEAD | typeof THREAD_RUNS | typeof THREAD_BLOCKED;

// select. What it takes is up to JavaScript; here is how it waits.

/** A Channel as the case of a select. */
export declare const SELECT_CHANNEL: 0;
/** An Event as the case of a select. */
export declare const SELECT_EVENT: 1;
/** A Latch as the case of a select. */
export declare const SELECT_LATCH: 2;
/** Added to the index of the case that told a select to look. */
export declare const SELECT_TOLD: 16;

/**
 * What a select found not ready: the cell, and of a Channel its receivers' cell, the Mutex of the ring, the word, and the
 * thread that fills or reads the first message (0 for none); of an Event whether it resets automatically; of a Latch its
 * count.
 */
export type SelectCase =
  | readonly [typeof SELECT_CHANNEL, CellView, CellView, Word, ThreadTag]
  | readonly [typeof SELECT_EVENT, CellView, boolean]
  | readonly [typeof SELECT_LATCH, CellView, Count];

export type SelectCases = readonly SelectCase[];

/**
 * Waits until there is reason to try the cases again. Returns SELECT_TOLD and the index of the case that told it, or
 * ACQUIRED if no case did. The first `options` of the cancels in `limit` end the wait, as for all waits. The others are
 * cases, and if one of these is aborted the call returns ACQUIRED. `cell` is that of a case, and `name` lists all of them.
 */
export declare function selectWait(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  cases: SelectCases,
  options: Count,
  limit: Limit,
): number;

/** As `selectWait`, as a promise. */
export declare function selectWaitAsync(
  realm: RealmHandle,
  cell: CellView,
  name: Name,
  cases: SelectCases,
  options: Count,
  serial: Serial,
  limit: Limit,
  keepsAlive: boolean,
): number;

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

/** Describes whether the event is set, and how many waiters there are. */
export declare function eventDescribe(cell: CellView, autoReset: boolean): string;

/** Describes whether the function has run, or who runs it, and how many waiters there are. */
export declare function onceDescribe(cell: CellView): string;

/** Describes whether it was aborted, or when it will be. */
export declare function cancelDescribe(cell: CellView): string;

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

// The copy of the addon.

/** An address that identifies this copy of the addon: another copy in the same process has another one. */
export declare function instance(): number;

// Standard error, while the main thread may be blocked. One thread of the process writes to a duplicate of it, and starts with
// the first text. See lib/standard-error.js.

/** Makes the duplicate. False if standard error is closed. */
export declare function standardErrorOpen(): boolean;

/**
 * Hands over a text, which is written at once, in whole lines, and returns without waiting. False if the text is left out:
 * 64 texts wait because standard error is not read, or standard error is closed.
 */
export declare function standardErrorWrite(text: string): boolean;

/**
 * Waits until what was handed over is written: at most 100 ms, and not at all if standard error takes nothing because it is
 * not read.
 */
export declare function standardErrorFlush(): void;

/**
 * Begins to look for waits that last, if the environment variable SHARED_SYNC_REPORT asks for it, and lets reports say how much
 * CPU this thread uses. Returns whether the variable is set, so that something may be written.
 */
export declare function startHangReport(realm: RealmHandle): boolean;

// Observers.

/** The observer that reports inversions of the order of locks. */
export declare const LOCK_ORDER: 1;
export type Observer = typeof LOCK_ORDER;
/** Any text. */
export type Text = string;

/**
 * Switches an observer on in the whole process, or gives it other options, which its own JavaScript reads. Returns false if
 * it is on with these options. Each realm learns of it by its hook `observersChanged`.
 */
export declare function observe(observer: Observer, options: Text): boolean;

/** Returns the observers that are on, one bit for each. */
export declare function observers(): number;

/** Returns the options of an observer, or undefined while it is off. */
export declare function observerOptions(observer: Observer): string | undefined;

// Lock order.

/** The number of a lock or of a class of locks. 0 for one that is not followed. */
export type LockNumber = number;
/** How two locks were held and asked for: 1 if the first was held to write, plus 2 if the second was asked for to write. */
export type LockModes = number;

/** The buffers that a realm keeps. */
export type Buffers = object;

/** A cycle of locks that a call has closed. */
export interface OrderReport {
  text: string;
  /** Whether it was not reported before. */
  isNew: boolean;
  /** Whether a thread asked for a lock, or for one of its class, that it held already. */
  isRecursion: boolean;
}

/** A cycle of locks, as `inversions()` lists it. */
export interface OrderInversion {
  message: string;
  locks: string[];
  edges: Array<{
    threadId: number;
    holds: string;
    heldTo: 'read' | 'write';
    acquires: string;
    acquiresTo: 'read' | 'write';
    stack: string;
  }>;
}

/** Returns the number of the lock in a cell, whose buffer this thread keeps. The name is of its class. */
export declare function orderLock(
  cell: CellView,
  isRwLock: boolean,
  className: Text,
  name: Name,
): LockNumber;

/** Returns the number of a class of locks with this title. */
export declare function orderClass(title: Text, isRwLock: boolean): LockNumber;

/** This thread keeps the buffer of a cell alive, so the addresses of its locks mean these locks. */
export declare function orderKeep(realm: RealmHandle, cell: CellView): void;

/**
 * Returns whether the main thread takes buffers over and does not keep this one yet. With `isSent`, it keeps the buffer from
 * here on: the caller has sent it there.
 */
export declare function orderHandOver(cell: CellView, isSent: boolean): boolean;

/**
 * A realm begins, and keeps its buffers in a map, which stays until the thread ends. Returns whether the realm takes over the
 * buffers that workers send: the first one of the main thread does.
 */
export declare function orderBegin(realm: RealmHandle, buffers: Buffers): boolean;

/** This thread no longer keeps the buffer of a cell, or once less. */
export declare function orderDrop(realm: RealmHandle, cell: CellView): void;

/** Whether an edge needs not be added: it is known, or one of its locks is not followed any more. */
export declare function orderKnows(from: LockNumber, to: LockNumber, modes: LockModes): boolean;

/** Adds an edge. Returns the cycle that it closes; if it `refuses` cycles, the edge is not added then. */
export declare function orderEdge(
  realm: RealmHandle,
  from: LockNumber,
  to: LockNumber,
  modes: LockModes,
  stack: Text,
  refuses: boolean,
): OrderReport | undefined;

/** A caller asks to write a lock. Returns the cycles that count from here on. */
export declare function orderWrite(realm: RealmHandle, lock: LockNumber): OrderReport[];

/** Returns what was left out because there was too much of it, once for each kind. */
export declare function orderOmitted(): string | undefined;

/** Forgets all locks and edges, but not the reports. */
export declare function orderForget(): void;

/** Returns how many cycles were reported. */
export declare function orderCount(): number;

/** Returns the cycles that were reported. */
export declare function orderInversions(): OrderInversion[];

// Explored threads, for lib/explore/.

/** The most threads of an exploration. */
export declare const EXPLORE_MOST_THREADS: number;
/** All threads have ended. */
export declare const EXPLORE_PASSED: number;
/** A thread has failed. */
export declare const EXPLORE_FAILED: number;
/** No thread can go on. */
export declare const EXPLORE_DEADLOCK: number;
/** The threads go on for ever. */
export declare const EXPLORE_LIVELOCK: number;
/** No schedule of the enumeration is left. */
export declare const EXPLORE_EXHAUSTED: number;
/** The controller is being terminated. */
export declare const EXPLORE_STOPPED: number;
/** The worker of a thread ended between two schedules. */
export declare const EXPLORE_MISSING: number;

/**
 * Makes an exploration, and returns its number. `daemons` has 1 for each thread that may still wait at the end.
 */
export declare function exploreNew(
  threads: number,
  preemptions: number,
  depth: number,
  daemons: Int32Array,
): number;

/** Makes this thread the one with this index. The index behind the last thread is that of the controller. */
export declare function exploreJoin(realm: RealmHandle, exploration: number, index: number): void;

/**
 * Keeps this thread on a processor, with a negative number on the one that it runs on now. Returns the processor, or undefined
 * if the system does not do that.
 */
export declare function explorePin(processor: number): number | undefined;

/** Waits for the first turn in the next schedule. Returns 0 to leave, 1 to run the body, 2 to end without running it. */
export declare function exploreStart(): number;

/** Tells that the body of this thread has ended. */
export declare function exploreEnd(failed: boolean): void;

/**
 * A scheduling point. `effect`: 0 will read, 1 will write, 2 has read `value`, 3 has written, 4 nothing of these. Throws
 * ERR_EXPLORATION_OVER if the schedule is over.
 */
export declare function explorePoint(
  operation: number,
  view: ArrayBufferView | undefined,
  index: number,
  effect: number,
  value: number,
): void;

/** Reads the clock of the schedule, which moves it: nanoseconds since its beginning. */
export declare function exploreClock(): number;

/** Waits as `Atomics.wait` does. Returns whether it was notified. */
export declare function exploreWait(view: ArrayBufferView, index: number, ms: number): boolean;

/** Notifies threads that wait for an element. Returns how many. */
export declare function exploreNotify(view: ArrayBufferView, index: number, count: number): number;

/** Returns whether an explored thread should leave the usual way, as its scheduler decides. */
export declare function exploreChoose(): boolean;

/** Ends the schedule, because this thread has failed. False if the schedule was over before. */
export declare function exploreFail(): boolean;

/** The controller begins to set up a schedule. */
export declare function exploreBegin(): void;

/** The controller is done with a schedule. */
export declare function exploreEndCheck(): void;

/** Sets the script for the strategies that follow one. */
export declare function exploreScript(script: Int32Array): void;

/**
 * Runs one schedule by a strategy, as src/threads/explore/strategy.rs numbers them. After so many `steps` the threads go on in
 * turn; 0 for the default. Returns how it ended.
 */
export declare function exploreRun(strategy: number, seed: number, steps: number): number;

/** What is known of the last schedule. */
export interface ScheduleReport {
  choices: number[];
  /** Four numbers for each point: thread, operation, whether it is before the operation, address of the cell. */
  steps: number[];
  preemptions: number;
  /** The threads that were blocked when it ended. */
  blocked: number[];
  /** The step at which its threads began to go on in turn. */
  turns?: number;
  /** The step at which it departed from its script. */
  departed?: number;
  /** The thread that has ended without ending its body. */
  died?: number;
}

/** Returns what is known of the last schedule. */
export declare function exploreReport(exploration: number): ScheduleReport;

/** Counts of an exploration. */
export interface ExploreProgress {
  schedules: number;
  /** A hash of the choices of the last one. */
  hash: number;
  /** By thread. */
  points: number[];
  /** All schedules of the enumeration with fewer preemptions than this have run. */
  level: number;
  /** The thread that has the turn, if a schedule runs. */
  turn?: number;
}

/** Returns counts so far. Any thread may call this. */
export declare function exploreProgress(exploration: number): ExploreProgress;

/** Ends an exploration: threads that wait for a schedule leave. */
export declare function exploreClose(exploration: number): void;
