// @ts-check
'use strict';

/** @typedef {import('./ledger.js').Ledger} Ledger */
/** @typedef {import('./random.js').Random} Random */
/** @typedef {import('./tasks.js').Task} Task */
/** @typedef {import('../../index.js').ReadGuard} ReadGuard */
/** @typedef {import('../../index.js').WriteGuard} WriteGuard */

/** What a task does with an RwLock and its data. */
class LedgerTask {
  /**
   * @param {Ledger} ledger
   * @param {Task} task
   */
  constructor(ledger, task) {
    this.ledger = ledger;
    this.task = task;
  }

  /** @param {Random} random */
  async run(random) {
    try {
      if (random.chance(60)) await this.#read(random);
      else if (random.chance(70)) await this.#write(random);
      else await this.#recover(random, random);
    } catch (error) {
      this.ledger.context.expect(error, 'ERR_ABANDONED');
      this.ledger.context.count('deaths inside an RwLock told');
      if (random.chance(60)) await this.#recover(random, null);
    }
  }

  /** @param {Random} random */
  async #read(random) {
    const { ledger, task } = this;
    const { lock, plan } = ledger;
    const got = await task.attempt('RwLock#readAsync', plan.cell, random, (options) =>
      lock.readAsync(options),
    );
    if (!got) return;
    await task.holding(async () => {
      ledger.arriveToRead();
      await task.dwell(random);
      this.#endRead(got.value);
    });
  }

  /** @param {ReadGuard} guard */
  #endRead(guard) {
    const { context, plan } = this.ledger;
    context.check(guard.held, () => `lock ${plan.cell}: I read, and my guard is not held`);
    this.ledger.departFromRead();
    guard.release();
    context.check(!guard.held, () => `lock ${plan.cell}: my guard is held after its release`);
  }

  /** @param {Random} random */
  async #write(random) {
    const { lock, plan } = this.ledger;
    const got = await this.task.attempt('RwLock#writeAsync', plan.cell, random, (options) =>
      lock.writeAsync(options),
    );
    if (got) await this.#finishWrite(random, got.value);
  }

  /**
   * @param {Random} random
   * @param {Random | null} limits
   */
  async #recover(random, limits) {
    const { lock, plan } = this.ledger;
    const got = await this.task.attempt('RwLock#recoverAsync', plan.cell, limits, (options) =>
      lock.recoverAsync(options),
    );
    if (got) await this.#finishWrite(random, got.value);
  }

  /**
   * @param {Random} random
   * @param {WriteGuard} guard
   */
  async #finishWrite(random, guard) {
    const { ledger, task } = this;
    const { context, plan } = ledger;
    await task.holding(async () => {
      ledger.arriveToWrite(task.party, guard.recovered);
      await task.dwell(random);
      context.check(guard.held, () => `lock ${plan.cell}: I write, and my guard is not held`);
      if (random.chance(25)) {
        ledger.turnToRead(task.party);
        const reading = guard.downgrade();
        await task.dwell(random);
        this.#endRead(reading);
        return;
      }
      ledger.departFromWrite(task.party);
      guard.release();
    });
  }
}

module.exports = { LedgerTask };
