// @ts-check
'use strict';

/**
 * Where an RwLock and what it guards lie.
 *
 * @typedef {object} LedgerPlan
 * @property {number} cell the lock
 * @property {number} readers how many read
 * @property {number} writer who writes: a party's number and one, or zero
 * @property {number} first plain memory: how often it was written. Equal to `second` while no party writes
 * @property {number} second plain memory
 */

/**
 * @param {import('./space.js').Space} space
 * @returns {LedgerPlan}
 */
function planLedger(space) {
  const cell = space.takePrimitive();
  const [readers, writer] = [space.take(1), space.take(1)];
  return { cell, readers, writer, first: space.take(1), second: space.take(1) };
}

/** An RwLock with data that shows at once if a writer is not alone inside, or if a reader sees half of a write. */
class Ledger {
  /**
   * @param {import('./context.js').Context} context
   * @param {LedgerPlan} plan
   */
  constructor(context, plan) {
    this.context = context;
    this.plan = plan;
    this.lock = context.rwLock(plan.cell);
  }

  /** Reads from here on. */
  arriveToRead() {
    const { context, plan } = this;
    context.count('reads');
    Atomics.add(context.view, plan.readers, 1);
    this.examine();
  }

  /** Reads: checks that no party writes, and that the last write is complete. */
  examine() {
    const { context, plan } = this;
    const writer = Atomics.load(context.view, plan.writer);
    context.check(writer === 0, () => `party ${writer - 1} writes lock ${plan.cell} while I read`);
    const [first, second] = [context.view[plan.first], context.view[plan.second]];
    context.check(first === second, () => `lock ${plan.cell}: I read ${first} and ${second}`);
  }

  /** Still reads, but not for long. */
  departFromRead() {
    const { context, plan } = this;
    this.examine();
    const readers = Atomics.sub(context.view, plan.readers, 1);
    context.check(readers > 0, () => `lock ${plan.cell}: ${readers} read, and I am one of them`);
  }

  /**
   * Writes from here on.
   *
   * @param {number} party
   * @param {boolean} recovered whether a party died inside, so that the data may be half changed
   */
  arriveToWrite(party, recovered) {
    const { context, plan } = this;
    const { view } = context;
    if (recovered) {
      context.count(context.slot < 0 ? 'recoveries by main' : 'recoveries by workers');
      view[plan.second] = view[plan.first];
      Atomics.store(view, plan.readers, 0);
      Atomics.store(view, plan.writer, 0);
    }
    context.count('writes');
    const other = Atomics.compareExchange(view, plan.writer, 0, party + 1);
    context.check(other === 0, () => `party ${other - 1} writes lock ${plan.cell}, too`);
    this.#examineAlone();
    view[plan.first]++;
  }

  #examineAlone() {
    const { context, plan } = this;
    const readers = Atomics.load(context.view, plan.readers);
    context.check(readers === 0, () => `${readers} read lock ${plan.cell} while I write`);
  }

  /** Still writes, but not for long. @param {number} party */
  departFromWrite(party) {
    const { context, plan } = this;
    const { view } = context;
    view[plan.second]++;
    this.#examineAlone();
    const [first, second] = [view[plan.first], view[plan.second]];
    context.check(first === second, () => `lock ${plan.cell}: I wrote ${first} and ${second}`);
    const self = Atomics.compareExchange(view, plan.writer, party + 1, 0);
    context.check(self === party + 1, () => `lock ${plan.cell}: ${self - 1} wrote, not ${party}`);
  }

  /** Still writes, but is about to read. @param {number} party */
  turnToRead(party) {
    this.departFromWrite(party);
    this.context.count('downgrades');
    Atomics.add(this.context.view, this.plan.readers, 1);
  }

  /**
   * By the main thread, after a death: looks whether a party died inside, and recovers the lock on request.
   *
   * @param {boolean} takeOver
   */
  inspect(takeOver) {
    const { context, lock } = this;
    try {
      if (!lock.tryRead()) return;
      this.arriveToRead();
      this.departFromRead();
      lock.unlockRead();
    } catch (error) {
      context.expect(error, 'ERR_ABANDONED');
      const recovered = takeOver ? lock.tryRecover(20) : undefined;
      if (recovered !== undefined) this.#write(recovered);
    }
  }

  /** @param {boolean} recovered */
  #write(recovered) {
    this.arriveToWrite(-2, recovered);
    this.departFromWrite(-2);
    this.lock.unlockWrite();
  }

  /** By the main thread, when all have ended. */
  verify() {
    const { context, lock, plan } = this;
    this.#write(lock.recover());
    const { readers, writerThreadId } = lock;
    context.check(
      readers === 0 && writerThreadId === null,
      () => `lock ${plan.cell}: ${readers} read and ${writerThreadId} writes at the end`,
    );
  }
}

module.exports = { Ledger, planLedger };
