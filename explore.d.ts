/**
 * Runs the threads of a program in many schedules, so that a race is found, told with the schedule that leads to it, and run
 * again. `docs/explore.md` says what it finds, and what it cannot.
 *
 * @packageDocumentation
 */

/** How a schedule failed. */
export type FailureKind =
  /** A body, or setup, threw an error; or a thread ended its worker. */
  | 'exception'
  /** check threw an error, or blocked. */
  | 'check'
  /** No thread could go on, or some wait for each other in a cycle. Also when a body caught ERR_DEADLOCK. */
  | 'deadlock'
  /** The threads go on for ever without getting anywhere. */
  | 'livelock'
  /**
   * ERR_NOT_OWNER, ERR_CORRUPT_CELL or a release past the maximum, even if a body caught it; a body that ended while it owned
   * a Mutex or wrote an RwLock; a promise.
   */
  | 'misuse'
  /** A thread had the turn, and came to no scheduling point. */
  | 'stall'
  /** The same choices led to other steps. */
  | 'nondeterministic';

/**
 * How schedules are chosen. `default` takes, of each five, two from the enumeration and one each from `pos`, `pct` and
 * `random`.
 *
 * - `random`: each thread that can go on with the same probability, at each point.
 * - `pct`: priorities that change at `depth - 1` points (Burckhardt et al., ASPLOS 2010).
 * - `pos`: priorities of operations, drawn anew where operations race (Yuan et al., CAV 2018).
 * - `exhaustive`: every schedule with at most `preemptions` preemptions, once (Musuvathi and Qadeer, PLDI 2007).
 */
export type Strategy = 'default' | 'random' | 'pct' | 'pos' | 'exhaustive';

/** Who a body is. */
export interface ExploredThread {
  /** The index in `threads`. */
  index: number;
  /** The name in `threads`, or `thread 0` and so on in an array. */
  name: string;
}

/** A body: synchronous code that runs in a worker of its own. */
export type Body<Data> = (data: Data, thread: ExploredThread) => void;

/**
 * What a module exports to be explored, or has as its default export.
 *
 * @example
 * ```js
 * // counter.explore.js
 * const { Mutex } = require('@x/shared-sync');
 *
 * function add({ cells }) {
 *   const mutex = new Mutex(cells, 0);
 *   mutex.lock();
 *   cells[8] += 1;
 *   mutex.unlock();
 * }
 *
 * module.exports = {
 *   setup: () => ({ cells: new Int32Array(new SharedArrayBuffer(64)) }),
 *   threads: { first: add, second: add },
 *   check({ cells }) {
 *     if (cells[8] !== 2) throw new Error('lost an addition');
 *   },
 * };
 * ```
 */
export interface ExploredModule<Data = any> {
  /** Makes the data of one schedule, fresh each time: anything that structured clone carries. */
  setup?: (() => Data) | undefined;
  /** The bodies of the threads: 1 to 256. */
  threads: Record<string, Body<Data>> | Body<Data>[];
  /** Throws if the result of a schedule is wrong. Runs when all threads have ended. */
  check?: ((data: Data) => void) | undefined;
  /** The names or indices of threads that may still wait at the end. An error from their wait unwinds them. */
  daemons?: (string | number)[] | undefined;
  /** Codes of errors that are no failure if a body catches them: ERR_DEADLOCK, ERR_NOT_OWNER, ERR_CORRUPT_CELL. */
  allow?: string[] | undefined;
}

/** Options of {@link explore}. */
export interface ExploreOptions {
  /** The most schedules: 1 to 1e9, 10,000 by default. */
  schedules?: number | undefined;
  /** The most milliseconds, from the first schedule on: 10,000 by default. Infinity for no limit. */
  time?: number | undefined;
  /**
   * The seed of all choices: 0 to 2^32 - 1, random by default. The environment variable `SHARED_SYNC_EXPLORE_SEED` overrides
   * it.
   */
  seed?: number | undefined;
  /** The seed of Math.random and of the random functions of `node:crypto` in the bodies: 0 to 2^32 - 1, 0 by default. */
  random?: number | undefined;
  /** How schedules are chosen. */
  strategy?: Strategy | undefined;
  /** The depth of `pct`: 1 to 100, 3 by default. */
  depth?: number | undefined;
  /** The most preemptions of a schedule of the enumeration: 0 to 1,000, 2 by default. */
  preemptions?: number | undefined;
  /**
   * After how many points of one schedule the threads go on in turn, and then count as a livelock if as many again lead
   * nowhere: 1 to 1e6. By default 10,000, or ten times the longest schedule without a preemption.
   */
  steps?: number | undefined;
  /**
   * How long a thread may have the turn without a scheduling point, in milliseconds: 1,000 by default, Infinity for no limit.
   * No limit while Node's inspector listens.
   */
  stall?: number | undefined;
  /** Whether each schedule has fresh workers, for programs that keep state at module level. False by default. */
  isolate?: boolean | undefined;
  /** Whether all threads run on one processor (Linux), which is faster. True by default. */
  pin?: boolean | undefined;
}

/** What {@link explore} resolves with if no schedule failed. */
export interface ExplorationReport {
  /** The schedules that ran. */
  schedules: number;
  /** How many of them were distinct. */
  distinct: number;
  /** The scheduling points of all of them. */
  points: number;
  /** Whether every schedule up to `options.preemptions` ran: `exhaustive` came to its end. */
  exhausted: boolean;
  /** The seed. */
  seed: number;
  /** The scheduling points of each thread. A thread with none was not explored. */
  threads: Record<string, number>;
}

/** What a blocked thread waits for. */
export interface ExploredWait {
  /** The name of the thread. */
  thread: string;
  /** The operation that it is blocked in, and where the program calls it. */
  waitsFor: string;
}

/** What {@link explore} and {@link replay} reject with when a schedule fails. Its message has the schedule as a table. */
export class ExplorationError extends Error {
  /** Made by the package only. */
  private constructor();
  code: 'ERR_EXPLORATION';
  /** How it failed. */
  kind: FailureKind;
  /** How many schedules ran until the failure, from 1. */
  schedules: number;
  /** The strategy that chose the schedule: `random`, `pct`, `pos` or `exhaustive`; `replay` after {@link replay}. */
  strategy: string;
  /** The seed. */
  seed: number;
  /** The scheduling points of the schedule that the message shows. */
  steps: number;
  /** Its preemptions. */
  preemptions: number;
  /** Whether no schedule with fewer preemptions fails. */
  minimal: boolean;
  /** Replays the schedule, in any process. */
  token: string;
  /** The table of the schedule. */
  schedule: string;
  /** For a deadlock: what each blocked thread waits for. */
  waits: ExploredWait[];
  /** The error of the body or of check, if there is one. */
  cause?: unknown;
}

/**
 * Runs the threads of a module in many schedules. Rejects with the first failure, shortened to few preemptions.
 *
 * @param file the module: an absolute path, a path relative to the working directory, or a `file:` URL
 * @param options what to explore, and for how long
 * @param onProgress called several times a second
 * @throws {@link ExplorationError} if a schedule fails
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or RangeError `ERR_OUT_OF_RANGE` for a wrong option or module
 *
 * @example
 * ```js
 * const { explore } = require('@x/shared-sync/explore');
 *
 * explore(require.resolve('./counter.explore.js'), { schedules: 1000 }).then((report) => {
 *   console.log(`${report.schedules} schedules passed`);
 * });
 * ```
 */
export function explore(
  file: string | URL,
  options?: ExploreOptions,
  onProgress?: (progress: { schedules: number; elapsed: number }) => void,
): Promise<ExplorationReport>;

export namespace explore {
  export { point };
}

/** The options of {@link replay}. */
export interface ReplayOptions {
  /** How long a thread may run without a scheduling point, in milliseconds; 1,000 by default, as for {@link explore}. */
  readonly stall?: number | undefined;
}

/**
 * Runs the schedule of a token once more. Resolves if it passes, and rejects as {@link explore} does if it fails. Rejects with
 * the kind `nondeterministic` if the program takes other steps than when the token was made.
 *
 * @param file the module
 * @param token of an {@link ExplorationError}
 * @param options how long a thread may run without a scheduling point
 *
 * @example
 * ```js
 * const { replay } = require('@x/shared-sync/explore');
 *
 * const [, , token] = process.argv;
 * replay(require.resolve('./counter.explore.js'), token).then(() => console.log('passes now'));
 * ```
 */
export function replay(
  file: string | URL,
  token: string,
  options?: ReplayOptions,
): Promise<ExplorationReport>;

/** A scheduling point of the program's own, where another thread may go on. Does nothing outside of an exploration. */
export function point(): void;
