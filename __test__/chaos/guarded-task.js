// @ts-check
'use strict';

/** @typedef {import('./guarded.js').Guarded} Guarded */
/** @typedef {import('./random.js').Random} Random */
/** @typedef {import('./tasks.js').Task} Task */
/** @typedef {import('../../index.js').Guard} Guard */

/** What a task does with a mutex and its data. */
class GuardedTask {
  /**
   * @param {Guarded} guarded
   * @param {Task} task
   */
  constructor(guarded, task) {
    this.guarded = guarded;
    this.task = task;
  }

  /**
   * Locks by promise, does something as the owner, and releases. It may give up instead.
   *
   * @param {Random | null} random if given, the wait may have a limit
   * @param {boolean} takeOver whether to recover what was abandoned
   * @param {(guard: Guard) => void | Promise<unknown>} inside may lose the guard
   */
  async enter(random, takeOver, inside) {
    const guard = await this.#lock(random, takeOver);
    if (!guard) return;
    await this.task.holding(async () => {
      this.guarded.arrive(guard.recovered);
      await inside(guard);
      if (guard.held) this.#leave(guard);
    });
  }

  /**
   * @param {Random | null} random
   * @param {boolean} takeOver
   */
  async #lock(random, takeOver) {
    const { context, mutex, plan } = this.guarded;
    if (random?.chance(15)) return this.#recover(random);
    try {
      const locked = await this.task.attempt('Mutex#lockAsync', plan.cell, random, (options) =>
        mutex.lockAsync(options),
      );
      return locked?.value;
    } catch (error) {
      context.expect(error, 'ERR_ABANDONED');
      return takeOver ? this.#recover(null) : undefined;
    }
  }

  /** @param {Random | null} random */
  async #recover(random) {
    const { mutex, plan } = this.guarded;
    const recovered = await this.task.attempt('Mutex#recoverAsync', plan.cell, random, (options) =>
      mutex.recoverAsync(options),
    );
    return recovered?.value;
  }

  /** @param {Guard} guard */
  #leave(guard) {
    this.guarded.depart();
    guard.release();
    this.guarded.context.check(!guard.held, () => `a guard is held that was released`);
  }

  /**
   * Locks and releases by runExclusiveAsync().
   *
   * @param {Random} random
   * @param {() => void | Promise<void>} inside
   */
  async runExclusive(random, inside) {
    const { guarded, task } = this;
    const { context, mutex, plan } = guarded;
    const run = async () => {
      guarded.arrive(false);
      await inside();
      guarded.depart();
      return plan.cell;
    };
    try {
      const done = await task.attempt('Mutex#runExclusiveAsync', plan.cell, random, (options) =>
        mutex.runExclusiveAsync(() => task.holding(run), options),
      );
      context.check(!done || done.value === plan.cell, () => `${done?.value}, not ${plan.cell}`);
    } catch (error) {
      context.expect(error, 'ERR_ABANDONED');
    }
  }

  /**
   * Waits for a Condition by promise. The guard owns the mutex before and after.
   *
   * @template T
   * @param {number} cell
   * @param {Random | null} random if given, the wait may have a limit
   * @param {Guard} guard
   * @param {(options: import('../../index.js').WaitOptions) => Promise<T>} wait
   * @returns {Promise<T | undefined>} undefined if the wait gave up, or an owner died: then the guard does not own the
   *   mutex
   */
  async waitInside(cell, random, guard, wait) {
    const { guarded, task } = this;
    guarded.depart();
    task.tasks.holding--;
    /** @type {{ value: T } | undefined} */
    let waited;
    try {
      waited = await task.attempt('Condition#waitAsync', cell, random, wait);
    } catch (error) {
      guarded.context.expect(error, 'ERR_ABANDONED');
    } finally {
      task.tasks.holding++;
    }
    guarded.context.check(guard.held === !!waited, () => `held: ${guard.held}, not ${!!waited}`);
    if (!waited) return undefined;
    guarded.arrive(false);
    return waited.value;
  }
}

module.exports = { GuardedTask };
