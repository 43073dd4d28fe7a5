/**
 * Reports locks that are acquired in an order that can deadlock, although nothing deadlocked in this run. Switch it on for
 * the whole process by `node -r @x/shared-sync/lock-order app.js`, or by {@link start}. What it sees and what it costs is in
 * docs/observe.md.
 *
 * @packageDocumentation
 */

/** The options of {@link start}. They hold for the whole process. */
export interface LockOrderOptions {
  /**
   * Whether the call that would close a cycle throws a `SyncError` with the code `SHARED_SYNC_LOCK_ORDER` (a promise form
   * rejects with it) and acquires nothing. An edge that is known only later, when a guard is released, or a cycle that counts
   * only since a lock is written, is reported and never thrown. By default, nothing throws.
   */
  throw?: boolean | undefined;
  /**
   * What counts as one lock: each lock by itself (`'instance'`, the default), or all locks of one name (`'name'`; locks
   * without a name: those made at one place of the program). With names, an order that is broken between two pairs of
   * locks of the same names is found too, and holding two locks of one name is reported unless it is allowed.
   */
  classes?: 'instance' | 'name' | undefined;
  /** Pairs of names, `[first, second]`: asking for the second while the first is held is no edge. */
  allow?: ReadonlyArray<readonly [first: string, second: string]> | undefined;
  /**
   * The exit code of the process if an inversion was found and the code would be 0: an integer from 1 to 255. The main
   * thread must have loaded the package.
   */
  exitCode?: number | undefined;
}

/** One edge of an {@link Inversion}: a thread asked for a lock while it held another. */
export interface LockOrderEdge {
  /** The thread that asked, `worker.threadId`; 0 is the main thread. */
  threadId: number;
  /** The lock that was held, such as `Mutex "accounts"`. */
  holds: string;
  /** How it was held. A Mutex is always written. */
  heldTo: 'read' | 'write';
  /** The lock that was asked for. */
  acquires: string;
  /** How it was asked for. */
  acquiresTo: 'read' | 'write';
  /** The stack of the call that asked, one frame a line, when the edge was new. */
  stack: string;
}

/** A cycle of locks. */
export interface Inversion {
  /** The report as it was printed. */
  message: string;
  /** The locks of the cycle, each held by the edge at the same index. */
  locks: string[];
  /** The edges, beginning with the one that closed the cycle. Each acquires what the next one holds. */
  edges: LockOrderEdge[];
}

/**
 * Switches lock order on in the process, for all its threads. A thread that has loaded the package before begins at its next
 * contended call or at the next turn of its event loop. If lock order is on, the options replace those before; without
 * options, nothing changes. Other `classes` forget the edges that are known.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE` for an option of another kind, and RangeError
 *   `ERR_OUT_OF_RANGE` for an `exitCode` out of its range
 *
 * @example
 * ```js
 * const lockOrder = require('@x/shared-sync/lock-order');
 * const { Mutex } = require('@x/shared-sync');
 *
 * lockOrder.start({ throw: true });
 * const cells = new SharedArrayBuffer(8);
 * const accounts = new Mutex(cells, 0, { name: 'accounts' });
 * const log = new Mutex(cells, 1, { name: 'log' });
 *
 * accounts.runExclusive(() => log.runExclusive(() => {}));
 * try {
 *   log.runExclusive(() => accounts.runExclusive(() => {}));
 * } catch (error) {
 *   console.log(error.code); // prints SHARED_SYNC_LOCK_ORDER
 * }
 * ```
 */
export function start(options?: LockOrderOptions): void;

/**
 * The inversions that were found in the process, by any of its threads: at most 100.
 *
 * @example
 * ```js
 * const lockOrder = require('@x/shared-sync/lock-order');
 *
 * for (const { locks, edges } of lockOrder.inversions()) console.log(locks, edges);
 * ```
 */
export function inversions(): Inversion[];
