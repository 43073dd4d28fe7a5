// @ts-check
'use strict';

const { Worker } = require('node:worker_threads');
const { setTimeout: delay } = require('node:timers/promises');
const { GATE, READY, RESULT, STOP, createControl } = require('./control.js');

/** How often a team is looked at while it works. */
const LOOK_MS = 20;

/**
 * What every worker of a team gets. `task` is the module whose `work` it runs.
 * @typedef {object} Assignment
 * @property {string} task an absolute path
 * @property {string} rival
 * @property {number} size how many workers there are
 * @property {any} data the task's own
 */

/**
 * Workers that run the same task, starting together once all of them are ready.
 */
class Team {
  /** @param {Assignment} assignment */
  constructor(assignment) {
    this.assignment = assignment;
    this.control = createControl();
    /** @type {Worker[]} */
    this.workers = [];
    /** @type {Promise<any>[]} */
    this.pending = [];
  }

  /** Starts the workers, and opens the gate when all of them have reached it. */
  async start() {
    // One after another: V8 with its shared heap now and then hangs when several threads start at once.
    for (let index = 0; index < this.assignment.size; index++) {
      const workerData = { ...this.assignment, index, control: this.control };
      const worker = new Worker(require.resolve('./worker.js'), { workerData });
      const result = resultOf(worker);
      // The caller of results() handles an error. Until that call the rejection must not count as unhandled.
      result.catch(() => {});
      this.workers.push(worker);
      this.pending.push(result);
      while (Atomics.load(this.control, READY) <= index) {
        await Promise.race([delay(1), result]);
      }
    }
    Atomics.store(this.control, GATE, 1);
    Atomics.notify(this.control, GATE);
  }

  /** Asks the workers to come to an end. */
  stop() {
    Atomics.store(this.control, STOP, 1);
  }

  /**
   * Starts the workers, counts what each has done in the measured time, and stops them. Returns what each `work` returned, too.
   * @param {() => number[]} served how many each has done so far
   * @param {{ warmUpMs: number, measuredMs: number }} times
   * @param {() => boolean} [isWorking] whether the workers have begun, where they do something else before
   */
  async count(served, { warmUpMs, measuredMs }, isWorking = () => true) {
    await this.start();
    while (!isWorking()) await delay(1);
    await delay(warmUpMs);
    const before = served();
    const start = performance.now();
    await delay(measuredMs);
    const after = served();
    const elapsed = performance.now() - start;
    this.stop();
    const results = await this.results();
    return { each: after.map((count, worker) => count - before[worker]), elapsed, results };
  }

  /** What each `work` returned; rejects as soon as one throws. */
  results() {
    return Promise.all(this.pending);
  }

  /**
   * The results, or null if `progress()` has stood still for the given time.
   * @param {() => number} progress any number that changes while the work goes on
   * @param {number} patienceMs
   */
  async resultsUnlessStalled(progress, patienceMs) {
    let last = progress();
    let changed = performance.now();
    while (performance.now() - changed < patienceMs) {
      const results = await Promise.race([this.results(), delay(LOOK_MS, null)]);
      if (results) {
        return results;
      }
      const now = progress();
      if (now !== last) {
        last = now;
        changed = performance.now();
      }
    }
    return null;
  }

  /** Ends every worker, also one that waits for something that will never come. */
  async end() {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}

/**
 * @param {Worker} worker
 * @returns {Promise<any>}
 */
function resultOf(worker) {
  return new Promise((resolve, reject) => {
    worker.on('message', (message) => {
      if (typeof message === 'object' && message && RESULT in message) resolve(message[RESULT]);
    });
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`a worker ended early with code ${code}`)));
  });
}

module.exports = { Team };
