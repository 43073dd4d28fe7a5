// @ts-check
'use strict';

const { EventEmitter } = require('node:events');
const path = require('node:path');
const { Worker } = require('node:worker_threads');
const { layout } = require('../..');
const { poolLayout } = require('./queue.js');

const MAX_ATTEMPTS = 3;

/**
 * @typedef {object} Job
 * @property {string} task
 * @property {unknown} argument
 * @property {'exit' | 'error' | 'taking'} [crash] how its worker is to die at the first attempt, to show what happens then
 *
 * @typedef {object} Pending
 * @property {Job} job
 * @property {number} attempts
 * @property {(value: any) => void} resolve
 * @property {(error: unknown) => void} reject
 */

/**
 * Workers that take jobs from a bounded queue in shared memory. A worker that dies of its job is replaced, and the job is
 * done again. Emits `start` (worker, its threadId), `death` (worker, reason, job), `settled` (worker, job) and, when a worker
 * dies without a job, `error`.
 */
class Pool extends EventEmitter {
  #memory;
  #capacity;
  #workers;
  /** @type {Map<number, Pending>} */
  #pending = new Map();
  #jobs = 0;
  #draining = false;
  #running = 0;
  #ended = () => {};

  /**
   * @param {number} workers
   * @param {number} capacity of the queue, in bytes
   */
  constructor(workers, capacity) {
    super();
    this.#memory = layout(poolLayout(capacity, workers));
    this.#capacity = capacity;
    this.#workers = workers;
  }

  start() {
    for (let id = 0; id < this.#workers; id++) this.#startWorker(id);
  }

  /**
   * Waits for room in the queue, and then for the result.
   *
   * @param {Job} job
   * @returns {Promise<any>}
   */
  async run(job) {
    if (this.#draining) throw new Error('the pool takes no more jobs');
    const id = ++this.#jobs;
    const result = new Promise((resolve, reject) => {
      this.#pending.set(id, { job, attempts: 1, resolve, reject });
    });
    this.#put(id, job).catch((error) => this.#settle(id, { error }));
    return result;
  }

  /** Takes no more jobs, finishes those that it has, and lets the workers end. */
  async drain() {
    this.#draining = true;
    while (this.#pending.size > 0) await new Promise((resolve) => this.once('settled', resolve));
    const ended = new Promise((resolve) => (this.#ended = () => resolve(undefined)));
    this.#memory.jobs.close();
    await ended;
  }

  /**
   * @param {number} id
   * @param {Job} job
   */
  #put(id, job) {
    return this.#memory.jobs.sendAsync({ id, job });
  }

  /** @param {number} id */
  #startWorker(id) {
    const worker = new Worker(path.join(__dirname, 'worker.js'), {
      workerData: {
        id,
        capacity: this.#capacity,
        workers: this.#workers,
        share: this.#memory.share(),
      },
    });
    /** @type {unknown} */
    let reason;
    worker.on('message', (message) => this.#settle(message.id, message));
    worker.on('error', (error) => (reason = error));
    worker.on('exit', (code) => {
      this.#running--;
      const held = this.#memory.held[id];
      reason ??= `exit code ${code}`;
      if (code === 0 && held === 0) {
        if (this.#running === 0) this.#ended();
      } else if (held === 0) {
        // No job is to blame: the next worker would die in the same way, and so on without end.
        this.emit('error', new Error(`worker ${id} has died without a job`, { cause: reason }));
      } else {
        this.emit('death', id, reason, held);
        this.#replace(id, reason).catch((error) => this.#settle(held, { error }));
      }
    });
    this.#running++;
    this.emit('start', id, worker.threadId);
  }

  /**
   * Starts another worker in the place of a dead one, and queues the job again that it has died with.
   *
   * @param {number} id
   * @param {unknown} cause why it has died
   */
  async #replace(id, cause) {
    const held = this.#memory.held[id];
    this.#memory.held[id] = 0;
    this.#startWorker(id); // before the job is queued: it may have to make room
    const pending = this.#pending.get(held);
    if (pending === undefined) return; // the result was there before it died
    if (pending.attempts === MAX_ATTEMPTS) {
      throw new Error(`${MAX_ATTEMPTS} workers died of job ${held}`, { cause });
    }
    pending.attempts++;
    await this.#put(held, { ...pending.job, crash: undefined });
  }

  /**
   * @param {number} id
   * @param {{ worker?: number, value?: unknown, error?: unknown }} answer
   */
  #settle(id, answer) {
    const pending = this.#pending.get(id);
    if (pending === undefined) return; // it was done twice
    this.#pending.delete(id);
    if ('error' in answer) pending.reject(answer.error);
    else pending.resolve(answer.value);
    this.emit('settled', answer.worker, id);
  }
}

module.exports = { Pool };
