// @ts-check
'use strict';

/** Finds the workers that make no progress: everything that they wait for comes sooner or later. */
class Watchdog {
  /** @type {{ progress: number, at: number }[]} */
  #seen = [];

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
    delete this.#seen[slot];
  }

  /**
   * The workers that hang.
   *
   * @param {number[]} slots those that are alive
   * @returns {number[]}
   */
  hanging(slots) {
    const { view, plan } = this.context;
    const now = performance.now();
    return slots.filter((slot) => {
      const progress = Atomics.load(view, plan.cells.progress + slot);
      const seen = this.#seen[slot];
      if (seen?.progress !== progress) this.#seen[slot] = { progress, at: now };
      return seen?.progress === progress && now - seen.at > this.patience;
    });
  }
}

module.exports = { Watchdog };
