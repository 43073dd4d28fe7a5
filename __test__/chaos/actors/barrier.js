// @ts-check
'use strict';

/** @typedef {import('../context.js').Context} Context */

const MEMBERS = 3;
/** A worker may be a phase behind another; those that end at once could meet in as many. */
const PHASES = 4;
/** Far more than break by time limits and signals. */
const BREAKS_PER_SECOND = 100;

/** @param {import('./index.js').Planning} planning */
function plan({ space, workers, members, terminations, seconds }) {
  return {
    members,
    /** A broken barrier stays broken: the next generation of members takes the next cell. */
    barriers: space.take(terminations + 2 * MEMBERS + Math.ceil(seconds) * BREAKS_PER_SECOND),
    /** Which cell is in use. */
    generation: space.take(1),
    /** For each member: which generation its counters are of. */
    memberGeneration: space.take(MEMBERS),
    /** For each member, plain: how many waits it has begun, and how many it has passed, in that generation. */
    begun: space.take(MEMBERS),
    passed: space.take(MEMBERS),
    /** For each phase and arrival index: the phase that it was last seen in. */
    indices: space.take(PHASES * MEMBERS),
    /** A barrier of one for each worker. */
    alone: space.take(workers),
  };
}

/** What one member knows of the barrier. */
class Party {
  /** Whether a worker of this member died in the midst of a wait: then its counters may be too high by one. */
  #murky = false;
  /** Its arrival by promise. @type {Promise<void> | undefined} */
  #arriving;

  /**
   * @param {Context} context
   * @param {ReturnType<typeof plan>} plan
   * @param {number} member
   */
  constructor(context, plan, member) {
    this.context = context;
    this.plan = plan;
    this.member = member;
    const { view } = context;
    this.#murky = view[plan.begun + member] !== view[plan.passed + member];
  }

  /** @param {number} generation */
  #join(generation) {
    const { context, member, plan } = this;
    const { view } = context;
    if (Atomics.load(view, plan.memberGeneration + member) === generation) return;
    Atomics.store(view, plan.memberGeneration + member, generation);
    view[plan.begun + member] = 0;
    view[plan.passed + member] = 0;
    this.#murky = false;
  }

  /** The barrier in use, at which this member is about to arrive. */
  #arrive() {
    const { context, member, plan } = this;
    const generation = Atomics.load(context.view, plan.generation);
    this.#join(generation);
    context.view[plan.begun + member]++;
    const cell = plan.barriers + generation;
    return { generation, cell, barrier: context.barrier(cell, MEMBERS) };
  }

  /**
   * @param {number} generation
   * @param {number} index
   */
  #pass(generation, index) {
    const { context, member, plan } = this;
    context.view[plan.passed + member]++;
    context.count('phases passed');
    this.#verify(generation, index);
  }

  /**
   * @param {unknown} error
   * @param {number} generation
   */
  #fail(error, generation) {
    this.context.expect(error, 'ERR_BROKEN_BARRIER');
    this.context.count('broken barriers told');
    this.#renew(generation);
  }

  wait() {
    const { generation, cell, barrier } = this.#arrive();
    let index;
    try {
      index = this.context.operate('Barrier#wait', cell, () => barrier.wait());
    } catch (error) {
      this.#fail(error, generation);
      return;
    }
    this.#pass(generation, index);
  }

  /**
   * A member arrives once at a time: until it has passed, its worker does something else, or waits with it.
   *
   * @param {import('../random.js').Random} random
   * @returns {Promise<void> | undefined}
   */
  play(random) {
    if (this.#arriving) return random.chance(50) ? this.#arriving : undefined;
    if (random.chance(50)) {
      this.wait();
      return undefined;
    }
    return this.context.tasks?.launch((task) => {
      this.#arriving = this.#waitByPromise(task, random.chance(3) ? random : null);
      return this.#arriving.finally(() => (this.#arriving = undefined));
    });
  }

  /**
   * @param {import('../tasks.js').Task} task
   * @param {import('../random.js').Random | null} random where there may be limits, past which the barrier breaks
   */
  async #waitByPromise(task, random) {
    const { generation, cell, barrier } = this.#arrive();
    try {
      const passed = await task.attempt('Barrier#waitAsync', cell, random, (options) =>
        barrier.waitAsync(options),
      );
      if (passed) this.#pass(generation, passed.value);
      else this.#renew(generation);
    } catch (error) {
      this.#fail(error, generation);
    }
  }

  /**
   * Sees to a fresh barrier after one that broke.
   *
   * @param {number} generation
   */
  #renew(generation) {
    const { context, plan } = this;
    Atomics.compareExchange(context.view, plan.generation, generation, generation + 1);
  }

  /**
   * Checks that each member has arrived as often as this member has passed, and has passed no more often than this member has
   * arrived.
   *
   * @param {number} generation
   * @param {number} index
   */
  #verify(generation, index) {
    const { context, member, plan } = this;
    const { view } = context;
    const [begun, passed] = [view[plan.begun + member], view[plan.passed + member]];
    for (let other = 0; other < MEMBERS; other++) {
      const [otherBegun, otherPassed] = [view[plan.begun + other], view[plan.passed + other]];
      const of = Atomics.load(view, plan.memberGeneration + other);
      context.check(of >= generation, () => `member ${other} never came to barrier ${generation}`);
      // It went on to the next barrier, and its counters are of that.
      if (of !== generation) continue;
      context.check(
        otherBegun >= passed,
        () => `passed phase ${passed}; member ${other} has begun ${otherBegun}`,
      );
      context.check(
        otherPassed <= begun,
        () => `began phase ${begun}; member ${other} has passed ${otherPassed}`,
      );
    }
    context.check(index >= 0 && index < MEMBERS, () => `arrival index ${index} of ${MEMBERS}`);
    if (this.#murky) return;
    const mark = (Math.imul(generation, 1_000_003) + passed) | 0;
    const place = plan.indices + (passed % PHASES) * MEMBERS + index;
    const last = Atomics.exchange(view, place, mark);
    context.check(last !== mark, () => `two got arrival index ${index} in phase ${passed}`);
  }
}

/** A barrier, phase after phase, and a fresh one whenever a death broke it. @type {import('./index.js').Actor} */
module.exports = {
  members: MEMBERS,
  plan,
  work(context, plan) {
    const { actor, member } = context.plan.roles[context.slot];
    const party = actor === 'barrier' ? new Party(context, plan, member) : undefined;
    const alone = context.barrier(plan.alone + context.slot, 1);
    return {
      member: (random) => party?.play(random),
      visit() {
        const index = alone.wait();
        context.check(index === 0, () => `arrival index ${index} at a barrier of one`);
      },
    };
  },
  // No further member arrives: a death ends the waits, or abort() does.
  release(context, plan, { terminateBlocked }) {
    if (terminateBlocked(plan.members, 'Barrier')) return;
    context.barrier(plan.barriers + Atomics.load(context.view, plan.generation), MEMBERS).abort();
  },
};
