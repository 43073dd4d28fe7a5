// @ts-check
'use strict';

const { Guarded, planGuarded } = require('../guarded.js');
const { watchByPromise } = require('../ring-task.js');

/** @typedef {import('../context.js').Context} Context */
/** @typedef {import('../random.js').Random} Random */
/** @typedef {ReturnType<typeof planRing>} RingPlan */

/**
 * Rings with one producer and one consumer each would hide faults among several waiters: all members share one ring or
 * two.
 */
const MEMBERS = 4;

/**
 * @param {import('../space.js').Space} space
 * @param {Random} random
 */
function planRing(space, random) {
  const capacity = random.integer(1, 6);
  return {
    guarded: planGuarded(space),
    notEmpty: space.takePrimitive(),
    notFull: space.takePrimitive(),
    /** How many items were put in, and taken out. */
    put: space.take(1),
    taken: space.take(1),
    items: space.take(capacity),
    capacity,
  };
}

/** @param {import('./index.js').Planning} planning */
function plan({ random, space }) {
  const count = random.pick([1, 2]);
  return { rings: Array.from({ length: count }, () => planRing(space, random)) };
}

/**
 * A ring buffer under a mutex and two conditions. The items are 1, 2, 3 and so on. Each must be taken once, in order.
 */
class Ring {
  /**
   * @param {Context} context
   * @param {RingPlan} plan
   */
  constructor(context, plan) {
    this.context = context;
    this.plan = plan;
    this.guarded = new Guarded(context, plan.guarded, () => this.#repair());
    this.notEmpty = context.condition(plan.notEmpty);
    this.notFull = context.condition(plan.notFull);
  }

  get length() {
    const { view } = this.context;
    return view[this.plan.put] - view[this.plan.taken];
  }

  /** @param {number} number of the item */
  #place(number) {
    return this.plan.items + (number % this.plan.capacity);
  }

  /**
   * An owner died. What it did not finish counts as not done, and the waiters that it would have notified are notified.
   */
  #repair() {
    const { view } = this.context;
    if (this.length < this.plan.capacity) view[this.#place(view[this.plan.put] + 1)] = 0;
    this.examine();
    this.notifyAll();
  }

  notifyAll() {
    this.notEmpty.notifyAll();
    this.notFull.notifyAll();
  }

  /** Called by the owner: whether each item is in its place. */
  examine() {
    const { context, plan } = this;
    const { view } = context;
    const [put, taken] = [view[plan.put], view[plan.taken]];
    context.check(put >= taken && put - taken <= plan.capacity, () => `put ${put}, taken ${taken}`);
    for (let number = taken + 1; number <= put; number++) {
      const item = view[this.#place(number)];
      context.check(item === number, () => `the ring has ${item} in the place of ${number}`);
    }
  }

  /**
   * Waits until there is room, or an item.
   *
   * @param {import('../../../index.js').Condition} condition
   * @param {number} cell
   * @param {() => boolean} ready
   * @param {Random} random
   * @returns {boolean} whether there is
   */
  #await(condition, cell, ready, random) {
    const { context, guarded } = this;
    const way = random.integer(0, 3);
    const limit = random.integer(0, 10);
    const predicate = guarded.predicate(() => ready() || context.stopped);
    while (!ready()) {
      if (context.stopped) return false;
      guarded.waitInside(() => {
        switch (way) {
          case 0:
            return context.operate('Condition#wait', cell, () =>
              condition.wait(guarded.mutex, predicate),
            );
          case 1:
            return context.operate('Condition#wait', cell, () => condition.wait(guarded.mutex));
          case 2:
            return context.operateWithin(
              'Condition#waitFor',
              cell,
              limit,
              () => condition.waitFor(guarded.mutex, predicate, limit),
              (answer) => !answer,
            );
          default:
            return context.operateWithin(
              'Condition#waitFor',
              cell,
              limit,
              () => condition.waitFor(guarded.mutex, undefined, limit),
              (notified) => !notified,
            );
        }
      }, undefined);
    }
    return true;
  }

  /** @param {Random} random */
  produce(random) {
    const { context, guarded, plan } = this;
    const { view } = context;
    guarded.enter();
    if (this.#await(this.notFull, plan.notFull, () => this.length < plan.capacity, random)) {
      const number = view[plan.put] + 1;
      view[this.#place(number)] = number;
      view[plan.put] = number;
      context.count('items produced');
      context.operate('Condition#notify', plan.notEmpty, () => this.notEmpty.notify());
    }
    guarded.leave();
  }

  /** @param {Random} random */
  consume(random) {
    const { context, guarded, plan } = this;
    const { view } = context;
    guarded.enter();
    if (this.#await(this.notEmpty, plan.notEmpty, () => this.length > 0, random)) {
      const number = view[plan.taken] + 1;
      const item = view[this.#place(number)];
      context.check(item === number, () => `took ${item} out of the ring instead of ${number}`);
      view[plan.taken] = number;
      context.count('items consumed');
      context.operate('Condition#notify', plan.notFull, () => this.notFull.notify());
    }
    guarded.leave();
  }

  /**
   * Waits briefly beside the members, and passes a notification on, since it will not act on it.
   *
   * @param {Random} random
   */
  watch(random) {
    const { context, guarded, plan } = this;
    const [condition, cell] = random.pick([
      /** @type {const} */ ([this.notEmpty, plan.notEmpty]),
      /** @type {const} */ ([this.notFull, plan.notFull]),
    ]);
    const limit = random.integer(0, 6);
    if (!guarded.tryEnter('tryLockFor', limit, true)) return;
    const notified = guarded.waitInside(
      () =>
        context.operateWithin(
          'Condition#waitFor',
          cell,
          limit,
          () => condition.waitFor(guarded.mutex, undefined, limit),
          (notified) => !notified,
        ),
      false,
    );
    this.examine();
    if (notified) context.operate('Condition#notify', cell, () => condition.notify());
    guarded.leave();
  }
}

/**
 * @param {Context} context
 * @param {ReturnType<typeof plan>} plan
 */
function ringsOf(context, { rings }) {
  return rings.map((ring) => new Ring(context, ring));
}

/**
 * A bounded buffer: half of the members put items in, and the others take them out.
 *
 * @type {import('./index.js').Actor}
 */
module.exports = {
  members: MEMBERS,
  plan,
  work(context, plan) {
    const rings = ringsOf(context, plan);
    return {
      member(random, member) {
        const ring = rings[(member >> 1) % rings.length];
        if (member % 2 === 0) ring.produce(random);
        else ring.consume(random);
      },
      visit(random) {
        random.pick(rings).watch(random);
      },
      task: (task, random) => watchByPromise(random.pick(rings), task, random),
    };
  },
  release(context, plan) {
    for (const ring of ringsOf(context, plan)) {
      if (!ring.guarded.tryEnter('tryLockFor', 1_000, true)) return;
      ring.notifyAll();
      ring.guarded.leave();
    }
  },
  verify(context, plan) {
    for (const ring of ringsOf(context, plan)) {
      ring.guarded.enter();
      ring.examine();
      ring.guarded.leave();
    }
  },
  guarded: (context, plan) => ringsOf(context, plan).map(({ guarded }) => guarded),
};
