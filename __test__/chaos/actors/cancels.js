// @ts-check
'use strict';

/** @typedef {import('../context.js').Context} Context */
/** @typedef {import('../random.js').Random} Random */

/** How long a wait lasts at most, in milliseconds. */
const LONGEST_MS = 12;

/** @param {import('./index.js').Planning} planning */
function plan({ space, parties }) {
  return {
    parties,
    /** A semaphore whose permits no thread releases, and a latch that no thread opens. */
    semaphore: space.takePrimitive(),
    latch: space.takePrimitive(),
    /** For each party: the Cancel of its wait. */
    cancels: space.take(parties),
  };
}

/** Waits that only a Cancel ends. */
class Cancels {
  /**
   * @param {Context} context
   * @param {ReturnType<typeof plan>} plan
   */
  constructor(context, plan) {
    this.context = context;
    this.plan = plan;
    this.semaphore = context.semaphore(plan.semaphore, 0, 1);
    this.latch = context.latch(plan.latch, 1);
  }

  /** Any party's Cancel. @param {Random} random */
  #any(random) {
    const { cancels, parties } = this.plan;
    return this.context.cancel(cancels + random.integer(0, parties - 1));
  }

  /** Aborts any party's Cancel, at once or soon. @param {Random} random */
  abort(random) {
    const cancel = this.#any(random);
    if (random.chance(70)) cancel.abort();
    else cancel.abortAfter(random.integer(0, LONGEST_MS));
  }

  /**
   * Begins a wait with the Cancel of a party, and checks that nothing else ends it.
   *
   * @param {number} party
   * @param {Random} random
   * @param {(options: { cancel: import('../../../index.js').Cancel[] }) => unknown} wait
   */
  async #wait(party, random, wait) {
    const { context, plan } = this;
    const cell = plan.cancels + party;
    // The last wait of this party is over, so the cell may be made fresh.
    Atomics.store(context.view, cell, 0);
    const own = context.cancel(cell);
    own.abortAfter(random.integer(0, LONGEST_MS));
    const cancel = random.chance(50) ? [own] : [own, this.#any(random)];
    try {
      await wait({ cancel });
      context.violation('a wait ended that only a Cancel can end');
    } catch (error) {
      context.expect(error, 'ERR_CANCELLED');
      context.count('waits cancelled');
      // Another party may have made its own Cancel fresh since.
      context.check(cancel.length > 1 || own.aborted, () => `${error}: its Cancel is not aborted`);
    }
  }

  /** @param {Random} random */
  waitInThread(random) {
    const { context, plan, semaphore, latch } = this;
    return this.#wait(context.party(0), random, (options) =>
      random.chance(50)
        ? context.operate('Semaphore#acquire', plan.semaphore, () => semaphore.acquire(1, options))
        : context.operate('Latch#await', plan.latch, () => latch.await(options)),
    );
  }

  /**
   * @param {import('../tasks.js').Task} task
   * @param {Random} random
   */
  waitByPromise(task, random) {
    const { plan, semaphore } = this;
    return this.#wait(task.party, random, (options) =>
      task.attempt('Semaphore#acquireAsync', plan.semaphore, null, (unlimited) =>
        semaphore.acquireAsync(1, { ...unlimited, ...options }),
      ),
    );
  }

  verify() {
    const { context, semaphore, latch } = this;
    context.check(semaphore.available === 0, () => `${semaphore}: a permit appeared`);
    context.check(!latch.released, () => `${latch}: it was never opened`);
  }
}

/** Waits that only a Cancel ends, which any worker aborts at any time. @type {import('./index.js').Actor} */
module.exports = {
  members: 0,
  plan,
  work(context, plan) {
    const cancels = new Cancels(context, plan);
    return {
      visit(random) {
        if (random.chance(50)) return cancels.waitInThread(random);
        cancels.abort(random);
        return undefined;
      },
      task: (task, random) => cancels.waitByPromise(task, random),
    };
  },
  verify(context, plan) {
    new Cancels(context, plan).verify();
  },
};
