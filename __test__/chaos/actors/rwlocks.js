// @ts-check
'use strict';

const { Ledger, planLedger } = require('../ledger.js');
const { LedgerTask } = require('../ledger-task.js');

/** @typedef {import('../context.js').Context} Context */
/** @typedef {import('../random.js').Random} Random */

const LOCKS = 3;

function plan(/** @type {import('./index.js').Planning} */ { space }) {
  return { ledgers: Array.from({ length: LOCKS }, () => planLedger(space)) };
}

/**
 * @param {Context} context
 * @param {ReturnType<typeof plan>} plan
 */
function ledgersOf(context, { ledgers }) {
  return ledgers.map((ledger) => new Ledger(context, ledger));
}

/** What a worker's thread does with an RwLock and its data. */
class Visitor {
  /**
   * @param {Ledger} ledger
   * @param {Random} random
   */
  constructor(ledger, random) {
    this.ledger = ledger;
    this.random = random;
  }

  get #party() {
    return this.ledger.context.party(0);
  }

  read() {
    const { context, lock, plan } = this.ledger;
    if (this.random.chance(60)) {
      const guard = context.operate('RwLock#read', plan.cell, () => lock.read());
      this.#finishRead(guard);
      return;
    }
    const limit = this.random.integer(0, 6);
    const reading = context.operateWithin(
      'RwLock#tryRead',
      plan.cell,
      limit,
      () => lock.tryRead(limit),
      (reading) => !reading,
    );
    if (reading) this.#finishRead();
  }

  /** @param {import('../../../index.js').ReadGuard} [guard] */
  #finishRead(guard) {
    const { ledger, random } = this;
    ledger.arriveToRead();
    this.#dwell();
    this.#endRead(guard);
    if (random.chance(5)) this.#refuses(() => ledger.lock.unlockRead());
  }

  /** @param {import('../../../index.js').ReadGuard} [guard] */
  #endRead(guard) {
    const { ledger, random } = this;
    const { context, lock, plan } = ledger;
    ledger.departFromRead();
    const unlock = guard && random.chance(50) ? () => guard.release() : () => lock.unlockRead();
    context.operate('RwLock#unlockRead', plan.cell, unlock);
  }

  write() {
    const { context, lock, plan } = this.ledger;
    if (this.random.chance(60)) {
      const guard = context.operate('RwLock#write', plan.cell, () => lock.write());
      this.#finishWrite(false, guard);
      return;
    }
    const limit = this.random.integer(0, 6);
    const writing = context.operateWithin(
      'RwLock#tryWrite',
      plan.cell,
      limit,
      () => lock.tryWrite(limit),
      (writing) => !writing,
    );
    if (writing) this.#finishWrite(false);
  }

  recover() {
    const { context, lock, plan } = this.ledger;
    this.#finishWrite(context.operate('RwLock#recover', plan.cell, () => lock.recover()));
  }

  tryRecover() {
    const { context, lock, plan } = this.ledger;
    const limit = this.random.integer(0, 6);
    const recovered = context.operateWithin(
      'RwLock#tryRecover',
      plan.cell,
      limit,
      () => lock.tryRecover(limit),
      (recovered) => recovered === undefined,
    );
    if (recovered !== undefined) this.#finishWrite(recovered);
  }

  /**
   * @param {boolean} recovered
   * @param {import('../../../index.js').WriteGuard} [guard]
   */
  #finishWrite(recovered, guard) {
    const { ledger, random } = this;
    const { context, lock, plan } = ledger;
    ledger.arriveToWrite(this.#party, recovered);
    const { writerThreadId } = lock;
    context.check(writerThreadId === context.threadId, () => `${writerThreadId} writes, not I`);
    context.check(!lock.tryRead() && !lock.tryWrite(), () => `lock ${plan.cell} let me in twice`);
    this.#dwell();
    if (random.chance(25)) {
      ledger.turnToRead(this.#party);
      const reading = context.operate('RwLock#downgrade', plan.cell, () =>
        guard && random.chance(50) ? guard.downgrade() : lock.downgrade(),
      );
      this.#dwell();
      this.#endRead(reading);
      return;
    }
    ledger.departFromWrite(this.#party);
    const unlock = guard && random.chance(50) ? () => guard.release() : () => lock.unlockWrite();
    context.operate('RwLock#unlockWrite', plan.cell, unlock);
    if (random.chance(5)) this.#refuses(() => lock.unlockWrite());
  }

  /** A moment inside. */
  #dwell() {
    const { ledger, random } = this;
    const { context } = ledger;
    if (random.chance(8)) context.linger(() => context.pause(random.integer(0, 6)));
  }

  /** @param {() => void} operation */
  #refuses(operation) {
    const { context, plan } = this.ledger;
    try {
      operation();
      context.violation(`lock ${plan.cell} was left twice`);
    } catch (error) {
      context.expect(error, 'ERR_NOT_OWNER');
    }
  }
}

/** Locks that any worker reads and writes at any time, one at a time. @type {import('./index.js').Actor} */
module.exports = {
  members: 0,
  plan,
  work(context, plan) {
    const ledgers = ledgersOf(context, plan);
    return {
      visit(random) {
        const visitor = new Visitor(random.pick(ledgers), random);
        try {
          const ways = /** @type {const} */ (['read', 'read', 'read', 'write', 'tryRecover']);
          visitor[random.pick(ways)]();
        } catch (error) {
          context.expect(error, 'ERR_ABANDONED');
          context.count('deaths inside an RwLock told');
          if (random.chance(60)) visitor.recover();
        }
      },
      task: (task, random) => new LedgerTask(random.pick(ledgers), task).run(random),
    };
  },
  bury(context, plan, _parties, after) {
    if (after === 'leave') return;
    for (const ledger of ledgersOf(context, plan)) ledger.inspect(after === 'recover');
  },
  verify(context, plan) {
    for (const ledger of ledgersOf(context, plan)) ledger.verify();
  },
};
