// @ts-check
'use strict';

const { Random } = require('../random.js');

/** @typedef {import('../context.js').Context} Context */

/** The first only opens: the others can wait without limit. */
const OPENER = 0;
const MEMBERS = 2;
/** A latch opens once. When so many were used up in a second, its members rest. */
const LATCHES_PER_SECOND = 1_000;

/** @param {import('./index.js').Planning} planning */
function plan({ space, seconds, members }) {
  const rounds = Math.ceil(seconds) * LATCHES_PER_SECOND;
  return {
    members,
    rounds,
    latches: space.take(rounds),
    /** For each latch: by how much the workers were about to count it down, and by how much they have. */
    asked: space.take(rounds),
    done: space.take(rounds),
    /** Which latch is in use. */
    round: space.take(1),
  };
}

/** The latches, one after another. */
class Latches {
  /**
   * @param {Context} context
   * @param {ReturnType<typeof plan>} plan
   */
  constructor(context, plan) {
    this.context = context;
    this.plan = plan;
  }

  /** The latch in use. */
  current() {
    const { context, plan } = this;
    const round = Math.min(Atomics.load(context.view, plan.round), plan.rounds - 1);
    const count = new Random(context.plan.seed, plan.latches, round).integer(1, 8);
    const latch = context.latch(plan.latches + round, count);
    return { round, count, latch };
  }

  /** @param {{ round: number, count: number }} round */
  #mayBeOpen({ round, count }) {
    return Atomics.load(this.context.view, this.plan.asked + round) >= count;
  }

  /** @param {import('../random.js').Random} random */
  countDown(random) {
    const { context, plan } = this;
    const { view } = context;
    const { round, count, latch } = this.current();
    const cell = plan.latches + round;
    const by = random.integer(1, 3);
    if (random.chance(10)) {
      Atomics.add(view, plan.asked + round, count);
      context.operate('Latch#release', cell, () => latch.release());
      Atomics.add(view, plan.done + round, count);
    } else {
      Atomics.add(view, plan.asked + round, by);
      context.operate('Latch#countDown', cell, () => latch.countDown(by));
      Atomics.add(view, plan.done + round, by);
    }
    this.examine();
    if (Atomics.load(view, plan.done + round) < count) return;
    context.check(latch.released, () => `latch ${round} was counted down and is not open`);
    const old = Atomics.compareExchange(view, plan.round, round, round + 1);
    if (old === round) context.count('latches opened');
  }

  /** What the latch in use says of itself, between the least and the most that can be true. */
  examine() {
    const { context, plan } = this;
    const { round, count, latch } = this.current();
    const done = Atomics.load(context.view, plan.done + round);
    const remaining = latch.remaining;
    const asked = Atomics.load(context.view, plan.asked + round);
    context.check(
      remaining >= Math.max(0, count - asked) && remaining <= Math.max(0, count - done),
      () => `latch ${round}: ${remaining} of ${count} remain, ${done} to ${asked} were counted`,
    );
    const open = latch.released;
    if (open) this.#checkOpen({ round, count });
    else context.check(remaining > 0, () => `latch ${round} has nothing left and is not open`);
  }

  /** @param {{ round: number, count: number }} round */
  #checkOpen(round) {
    this.context.count('latches awaited');
    this.context.check(this.#mayBeOpen(round), () => `latch ${round.round} is open too early`);
  }

  await() {
    const { context, plan } = this;
    const current = this.current();
    context.operate('Latch#await', plan.latches + current.round, () => current.latch.await());
    this.#checkOpen(current);
  }

  /** @param {number} limit */
  tryAwait(limit) {
    const { context, plan } = this;
    const current = this.current();
    const open = context.operateWithin(
      'Latch#tryAwait',
      plan.latches + current.round,
      limit,
      () => current.latch.tryAwait(limit),
      (open) => !open,
    );
    if (open) this.#checkOpen(current);
  }

  /**
   * @param {import('../tasks.js').Task} task
   * @param {import('../random.js').Random} random
   */
  async awaitByPromise(task, random) {
    const { plan } = this;
    const current = this.current();
    const open = await task.attempt(
      'Latch#awaitAsync',
      plan.latches + current.round,
      random,
      (options) => current.latch.awaitAsync(options),
    );
    if (open) this.#checkOpen(current);
  }

  /** Opens the latch in use for those who wait still. No new one follows. */
  finish() {
    const { context, plan } = this;
    const { round, count, latch } = this.current();
    Atomics.add(context.view, plan.asked + round, count);
    latch.release();
  }

  verify() {
    const { context, plan } = this;
    const { round, latch } = this.current();
    context.check(latch.released, () => `the last latch, ${round}, was never opened`);
    for (let past = 0; past < round; past++) {
      const count = new Random(context.plan.seed, plan.latches, past).integer(1, 8);
      const open = context.latch(plan.latches + past, count).released;
      context.check(open, () => `latch ${past} was open, and is not`);
    }
  }
}

/** Latches, one after another: counted down by one member, waited for by the other, and by all others by promise. @type {import('./index.js').Actor} */
module.exports = {
  members: MEMBERS,
  plan,
  work(context, plan) {
    const latches = new Latches(context, plan);
    return {
      member(random, member) {
        if (member === OPENER) latches.countDown(random);
        else if (random.chance(80)) latches.await();
        else latches.countDown(random);
      },
      visit(random) {
        if (random.chance(50)) latches.examine();
        else latches.tryAwait(random.integer(0, 6));
      },
      task: (task, random) => latches.awaitByPromise(task, random),
      // Each of them, since each may have moved on to the next latch just before.
      finish() {
        latches.finish();
      },
    };
  },
  verify(context, plan) {
    new Latches(context, plan).verify();
  },
};
