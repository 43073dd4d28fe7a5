// @ts-check
'use strict';

/**
 * Finds the workers and promises that make no progress. Everything that they wait for happens within a bounded time.
 */
class Watchdog {
  /** By the cell of the counter. @type {Map<number, { progress: number, at: number }>} */
  #seen = new Map();

  /**
   * @param {import('./context.js').Context} context
   * @param {number} patience in milliseconds
   */
  constructor(context, patience) {
    this.context = context;
    this.patience = patience;
  }

  /** Called when a worker was replaced, or an event stopped it for a while. @param {number} slot */
  reset(slot) {
    for (const counter of this.#counters(slot)) this.#seen.delete(counter);
  }

  /** The counters of a worker, and of its tasks. @param {number} slot */
  #counters(slot) {
    const { context } = this;
    const { progress, taskProgress } = context.plan.cells;
    const tasks = [...context.taskNumbers].map(
      (number) => taskProgress + context.taskPlace(slot, number),
    );
    return [progress + slot, ...tasks];
  }

  /**
   * Returns the workers that hang, or that have a promise pending for too long.
   *
   * @param {number[]} slots the workers that are alive
   * @returns {number[]}
   */
  hanging(slots) {
    return slots.filter((slot) => {
      const [own, ...tasks] = this.#counters(slot);
      const stranded = tasks.filter((counter) => this.#stands(counter, this.#isPending(counter)));
      return this.#stands(own, true) || stranded.length > 0;
    });
  }

  /** Whether a task is in the middle of an operation. @param {number} counter */
  #isPending(counter) {
    const { view, plan } = this.context;
    const { taskDoing, taskProgress } = plan.cells;
    return Atomics.load(view, taskDoing + counter - taskProgress) !== 0;
  }

  /**
   * Whether a counter that should increase has stood still for too long.
   *
   * @param {number} counter
   * @param {boolean} should
   */
  #stands(counter, should) {
    const now = performance.now();
    const progress = Atomics.load(this.context.view, counter);
    const seen = this.#seen.get(counter);
    if (seen?.progress !== progress) this.#seen.set(counter, { progress, at: now });
    return should && seen?.progress === progress && now - seen.at > this.patience;
  }
}

module.exports = { Watchdog };
