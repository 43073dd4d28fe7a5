// @ts-check
'use strict';

/** @typedef {import('../context.js').Context} Context */

/** A Once runs once. After this many in a second, the workers rest. */
const ONCES_PER_SECOND = 500;
const FAILED = new Error('the function failed');

/** @param {import('./index.js').Planning} planning */
function plan({ space, seconds }) {
  const rounds = Math.ceil(seconds) * ONCES_PER_SECOND;
  return {
    rounds,
    onces: space.take(rounds),
    /** For each Once: who runs its function, and what the function prepared. */
    runner: space.take(rounds),
    prepared: space.take(rounds),
    /** Which Once is in use. */
    round: space.take(1),
  };
}

/** Onces, one after another. */
class Onces {
  /**
   * @param {Context} context
   * @param {ReturnType<typeof plan>} plan
   */
  constructor(context, plan) {
    this.context = context;
    this.plan = plan;
  }

  /** The Once in use. */
  current() {
    const { context, plan } = this;
    const round = Math.min(Atomics.load(context.view, plan.round), plan.rounds - 1);
    return { round, once: context.once(plan.onces + round) };
  }

  /**
   * The function: prepares a number in two steps, and fails now and then.
   *
   * @param {number} round
   * @param {boolean} fails
   */
  #prepare(round, fails) {
    const { context, plan } = this;
    const { view } = context;
    const me = context.threadId + 1;
    const before = Atomics.exchange(view, plan.runner + round, me);
    context.check(
      before === 0 || context.isDoomed(before - 1),
      () => `the function of Once ${round} runs in thread ${before - 1}, too`,
    );
    view[plan.prepared + round] = -1;
    if (!fails) view[plan.prepared + round] = round + 1;
    const after = Atomics.compareExchange(view, plan.runner + round, me, 0);
    context.check(after === me, () => `thread ${after - 1} ran the function of Once ${round}, too`);
    if (fails) {
      context.count('once functions failed');
      throw FAILED;
    }
  }

  /** @param {number} round @param {boolean} ran */
  #examine(round, ran) {
    const { context, plan } = this;
    const { view } = context;
    const prepared = view[plan.prepared + round];
    context.check(prepared === round + 1, () => `Once ${round} is done and prepared ${prepared}`);
    context.check(context.once(plan.onces + round).done, () => `Once ${round} was not done`);
    if (ran) context.count('onces done');
    Atomics.compareExchange(view, plan.round, round, round + 1);
  }

  /** @param {import('../random.js').Random} random */
  run(random) {
    const { context, plan } = this;
    const { round, once } = this.current();
    const fails = random.chance(30);
    try {
      const ran = context.operate('Once#run', plan.onces + round, () =>
        once.run(() => this.#prepare(round, fails), { timeout: random.integer(0, 20) }),
      );
      this.#examine(round, ran);
    } catch (error) {
      if (error !== FAILED) context.expect(error, 'ERR_TIMEOUT');
    }
  }

  /**
   * @param {import('../tasks.js').Task} task
   * @param {import('../random.js').Random} random
   */
  async runByPromise(task, random) {
    const { plan } = this;
    const { round, once } = this.current();
    const fails = random.chance(30);
    try {
      const ran = await task.attempt('Once#runAsync', plan.onces + round, random, (options) =>
        once.runAsync(() => this.#prepare(round, fails), options),
      );
      if (ran) this.#examine(round, ran.value);
    } catch (error) {
      if (error !== FAILED) throw error;
    }
  }
}

/** Onces, one after another: one thread at a time runs the function, until it succeeds. @type {import('./index.js').Actor} */
module.exports = {
  members: 0,
  plan,
  work(context, plan) {
    const onces = new Onces(context, plan);
    return {
      visit: (random) => onces.run(random),
      task: (task, random) => onces.runByPromise(task, random),
    };
  },
  verify(context, plan) {
    const last = Math.min(Atomics.load(context.view, plan.round), plan.rounds);
    for (let round = 0; round < last; round++) {
      const { done } = context.once(plan.onces + round);
      context.check(done, () => `Once ${round} was done, and is not`);
    }
  },
};
