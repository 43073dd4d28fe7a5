// @ts-check
'use strict';

/** @typedef {import('../context.js').Context} Context */
/** @typedef {import('../random.js').Random} Random */

/** The first only signals: the others can wait without limit. */
const SIGNALLER = 0;
const MEMBERS = 2;
/** No more signals, while so many are there. */
const ENOUGH = 12;
const MOST = 4;

/** @param {import('./index.js').Planning} planning */
function plan({ space, parties }) {
  return {
    semaphore: space.takePrimitive(),
    /** How many signals the members were about to give, and how many they have taken. */
    given: space.take(1),
    taken: space.take(1),
    /** For each party: how many it is about to give or to take. */
    doing: space.take(parties),
    /** How many the dead were about to. */
    unsure: space.take(1),
  };
}

/** A semaphore that has nothing at first: each permit is a signal, and each is taken once. */
class Signals {
  /**
   * @param {Context} context
   * @param {ReturnType<typeof plan>} plan
   */
  constructor(context, plan) {
    this.context = context;
    this.plan = plan;
    this.semaphore = context.semaphore(plan.semaphore, 0, Infinity);
  }

  /**
   * @param {number} party
   * @param {number} count
   */
  #note(party, count) {
    Atomics.store(this.context.view, this.plan.doing + party, count);
  }

  /** By any thread, or the main one. @param {number} count */
  give(count) {
    const { context, plan, semaphore } = this;
    if (semaphore.available > ENOUGH) return;
    const party = context.party(0);
    if (party >= 0) this.#note(party, count);
    Atomics.add(context.view, plan.given, count);
    context.operate('Semaphore#release', plan.semaphore, () => semaphore.release(count));
    if (party >= 0) this.#note(party, 0);
  }

  /**
   * @param {number} party
   * @param {number} count
   */
  #arrive(party, count) {
    const { context, plan } = this;
    const taken = Atomics.add(context.view, plan.taken, count) + count;
    const given = Atomics.load(context.view, plan.given);
    context.check(taken <= given, () => `${taken} signals were taken and ${given} given`);
    context.count('signals taken', count);
    this.#note(party, 0);
  }

  /** @param {number} count */
  take(count) {
    const { context, plan, semaphore } = this;
    const party = context.party(0);
    this.#note(party, count);
    context.operate('Semaphore#acquire', plan.semaphore, () => semaphore.acquire(count));
    this.#arrive(party, count);
  }

  /**
   * @param {number} count
   * @param {number} limit
   */
  tryTake(count, limit) {
    const { context, plan, semaphore } = this;
    const party = context.party(0);
    this.#note(party, count);
    const taken = context.operateWithin(
      'Semaphore#tryAcquire',
      plan.semaphore,
      limit,
      () => semaphore.tryAcquire(count, limit),
      (taken) => !taken,
    );
    if (taken) this.#arrive(party, count);
    else this.#note(party, 0);
  }

  /**
   * @param {import('../tasks.js').Task} task
   * @param {number} count
   * @param {Random} random
   */
  async takeByPromise(task, count, random) {
    const { plan, semaphore } = this;
    this.#note(task.party, count);
    const taken = await task.attempt('Semaphore#acquireAsync', plan.semaphore, random, (options) =>
      semaphore.acquireAsync(count, options),
    );
    if (taken) this.#arrive(task.party, count);
    else this.#note(task.party, 0);
  }

  /** By the main thread. @param {number} party one that died */
  bury(party) {
    const { context, plan } = this;
    const count = Atomics.exchange(context.view, plan.doing + party, 0);
    Atomics.add(context.view, plan.unsure, count);
  }

  /** By the main thread, when all have ended. */
  verify() {
    const { context, plan } = this;
    const { view } = context;
    const { available } = this.semaphore;
    const left = view[plan.given] - view[plan.taken];
    const unsure = view[plan.unsure];
    const lost = left - available;
    context.check(
      lost >= 0 && lost <= unsure && lost <= 12 + unsure / 10,
      () => `${left} signals are left, ${available} are there, the dead had ${unsure} at most`,
    );
  }
}

/** A semaphore for signals: one member gives them, the others take them. @type {import('./index.js').Actor} */
module.exports = {
  members: MEMBERS,
  plan,
  work(context, plan) {
    const signals = new Signals(context, plan);
    return {
      member(random, member) {
        if (member === SIGNALLER) signals.give(random.integer(1, MOST));
        else if (!context.stopped) signals.take(random.integer(1, MOST));
      },
      visit(random) {
        signals.tryTake(random.integer(1, MOST), random.integer(0, 6));
      },
      task: (task, random) => signals.takeByPromise(task, random.integer(1, MOST), random),
    };
  },
  bury(context, plan, parties) {
    const signals = new Signals(context, plan);
    for (const party of parties) signals.bury(party);
  },
  release(context, plan) {
    new Signals(context, plan).give(ENOUGH);
  },
  verify(context, plan) {
    new Signals(context, plan).verify();
  },
};
