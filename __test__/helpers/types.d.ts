// The types that several helpers share. They stand here so that no helper has to import another one for its types.

import type * as sync from '../../index.js';
import type * as threads from 'node:worker_threads';

type Sync = typeof sync;

/** The body of a worker or a child process. It travels as source: it may use only its two arguments. */
export type Body = (data: any, tools: Tools) => any;

/** A worker that runs a body. */
export interface Started {
  worker: threads.Worker;
  /** The answer of the body. Its errors keep name, message and code. */
  done: Promise<any>;
  exited: Promise<number>;
  /** Resolves when the body calls `tools.ready()`, or has ended. */
  ready: Promise<unknown>;
  /**
   * Waits until the body has called `tools.ready()`, and then until the worker waits in the package: `inspect()` lists
   * it.
   */
  blocked(): Promise<void>;
  /** The same for a worker that waits by a promise. */
  pending(): Promise<void>;
}

/** `limit` in milliseconds. */
export type StartOptions = { limit?: number } & threads.WorkerOptions;

/** What a body is given besides its data. */
export interface Tools extends Pick<
  Sync,
  | 'Mutex'
  | 'Condition'
  | 'Barrier'
  | 'Latch'
  | 'RwLock'
  | 'Semaphore'
  | 'Channel'
  | 'Event'
  | 'Once'
  | 'Cancel'
  | 'SyncError'
  | 'layout'
  | 'select'
  | 'selectAsync'
  | 'trySelect'
> {
  require: any;
  worker_threads: typeof threads;
  threadId: number;
  cells(length?: number): Int32Array<SharedArrayBuffer>;
  sleep(ms: number): Promise<void>;
  /** Blocks this thread, so that a test can hold a lock for a while without giving it up to the event loop. */
  stall(ms: number): void;
  /** In a child process: reports that it is about to end, so that the time until its end can be measured. */
  leaving(): void;
  /** Resolves the `ready` of the thread that started this one. */
  ready(): void;
  /** The code of the error that a call throws; `{ returned }` where it returns. */
  codeOf(call: () => unknown): any;
  /** The error that a call throws, as plain data; null where it returns. */
  errorOf(call: () => unknown): any;
  startWorker(body: Body, data?: any, options?: StartOptions): Started;
  inWorkers(count: number, body: Body, data?: object, options?: { limit?: number }): Promise<any[]>;
  /** The calls of blocking.js by name, and one of them. */
  waits: Record<string, (view: Int32Array<SharedArrayBuffer>) => unknown>;
  wait(name: string, view: Int32Array<SharedArrayBuffer>): unknown;
  /** Starts a worker that waits in a call of blocking.js, and resolves when it is blocked. */
  startBlocked(name: string, view: Int32Array): Promise<Started>;
}
