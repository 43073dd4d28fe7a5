// @ts-check
'use strict';

/** Finds the workers, and the promises, that make no progress: everything that they wait for comes sooner or later. */
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

  /** A worker was replaced, or something was done to it that takes time. @param {number} slot */
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
   * The workers that hang, or one of whose promises is pending for too long.
   *
   * @param {number[]} slots those that are alive
   * @returns {number[]}
   */
  hanging(slots) {
    return slots.filter((slot) => {
      const [own, ...tasks] = this.#counters(slot);
      const stranded = tasks.filter((counter) => this.#stands(counter, this.#isPending(counter)));
      return this.#stands(own, true) || stranded.length > 0;
    });
  }

  /** Whether a task is in the midst of something. @param {number} counter */
  #isPending(counter) {
    const { view, plan } = this.context;
    const { taskDoing, taskProgress } = plan.cells;
    return Atomics.load(view, taskDoing + counter - taskProgress) !== 0;
  }

  /**
   * Whether a counter that should go on has not for too long.
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
