// @ts-check
'use strict';

const { Condition, Latch, Mutex } = require('../..');
const { jobs } = require('./jobs.js');

/** What a job can be. Zero is how it begins. */
const State = Object.freeze({ WAITING: 0, RUNNING: 1, DONE: 2 });

const N = jobs.length;
const schedulerLayout = /** @type {const} */ ({
  table: Mutex, // guards all that follows
  changed: Condition, // a job is done
  allDone: [Latch, N],
  states: [Int32Array, N],
  workers: [Int32Array, N], // who did it
  starts: [Float64Array, N], // milliseconds of a clock that all threads have
  ends: [Float64Array, N],
  orders: [Int32Array, N], // the how-manieth it was to begin, from 1
  begun: [Int32Array, 1],
});

/** @typedef {import('../..').Layout<typeof schedulerLayout>} SchedulerMemory */

const needs = jobs.map((job) =>
  job.needs.map((name) => jobs.findIndex((job) => job.name === name)),
);

/** Unlike `performance.now()`, it has the same zero in all threads. */
const clock = () => Number(process.hrtime.bigint() / 1000n) / 1000;

/** Which job is to begin next. Its methods lock the table themselves. */
class Scheduler {
  /** @param {SchedulerMemory} memory */
  constructor(memory) {
    this.memory = memory;
  }

  /**
   * Waits until a job may begin, and takes the one with the highest priority; null when all have begun.
   *
   * @param {number} worker
   */
  take(worker) {
    const { table, changed, states, workers, starts, orders, begun } = this.memory;
    return table.runExclusive(() => {
      changed.wait(table, () => begun[0] === N || this.#best() !== null);
      const job = this.#best();
      if (job === null) return null;
      states[job] = State.RUNNING;
      workers[job] = worker;
      starts[job] = clock();
      orders[job] = ++begun[0];
      if (begun[0] === N) changed.notifyAll(); // no job is left for the workers that wait
      return job;
    });
  }

  /** @param {number} job */
  finish(job) {
    const { table, changed, allDone, states, ends } = this.memory;
    table.runExclusive(() => {
      states[job] = State.DONE;
      ends[job] = clock();
    });
    changed.notifyAll(); // several jobs may have waited for it
    allDone.countDown();
  }

  #best() {
    const { states } = this.memory;
    let best = null;
    for (let job = 0; job < N; job++) {
      const isReady =
        states[job] === State.WAITING && needs[job].every((n) => states[n] === State.DONE);
      if (isReady && (best === null || jobs[job].priority > jobs[best].priority)) best = job;
    }
    return best;
  }
}

module.exports = { Scheduler, needs, schedulerLayout };
