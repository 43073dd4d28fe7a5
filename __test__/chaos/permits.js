// @ts-check
'use strict';

/** The state of a party's permits: it has none, waits for some, has some, or is about to release them. */
const NONE = 0;
const ASKING = 1;
const HOLDING = 2;
const GIVING = 3;

const COUNT_SHIFT = 2;
const GENERATION_SHIFT = 8;

/** @typedef {ReturnType<typeof planPermits>} PermitsPlan */
/** @typedef {{ generation: number, semaphore: import('../../index.js').Semaphore, cell: number }} Current */

/**
 * @param {Pick<import('./actors/index.js').Planning, 'random' | 'space' | 'workers' | 'parties' | 'terminations'>} planning
 */
function planPermits({ random, space, workers, parties, terminations }) {
  const permits = random.integer(2, 6);
  const generations = terminations + 2 * workers;
  return {
    permits,
    parties,
    generations,
    /** The semaphore in use. After a death among its holders, the next semaphore replaces it. */
    generation: space.take(1),
    semaphores: space.take(generations),
    /**
     * For each semaphore: how many permits are held, and how many of them may be excess, since the main thread released
     * them for a dead party.
     */
    inside: space.take(generations),
    excess: space.take(generations),
    /** For each semaphore: how many permits dead parties may or may not have held. */
    unsure: space.take(generations),
    /** For each party: its state, how many permits, and of which semaphore. */
    states: space.take(parties),
  };
}

/** A semaphore as a bound on the number of holders, and a fresh one each time a holder died. */
class Permits {
  /**
   * @param {import('./context.js').Context} context
   * @param {PermitsPlan} plan
   */
  constructor(context, plan) {
    this.context = context;
    this.plan = plan;
  }

  /** @returns {Current} */
  current() {
    return this.#of(Atomics.load(this.context.view, this.plan.generation));
  }

  /**
   * @param {number} generation
   * @returns {Current}
   */
  #of(generation) {
    const { context, plan } = this;
    const cell = plan.semaphores + generation;
    const most = plan.permits * (1 + plan.parties);
    return { generation, cell, semaphore: context.semaphore(cell, plan.permits, most) };
  }

  /**
   * @param {number} party
   * @param {number} state
   * @param {Current} current
   * @param {number} count
   */
  #note(party, state, { generation }, count) {
    const word = (generation << GENERATION_SHIFT) | (count << COUNT_SHIFT) | state;
    Atomics.store(this.context.view, this.plan.states + party, word);
  }

  /**
   * Records that the party is about to acquire permits.
   *
   * @param {number} party
   * @param {Current} current
   * @param {number} count
   */
  ask(party, current, count) {
    this.#note(party, ASKING, current, count);
  }

  /**
   * Got none.
   *
   * @param {number} party
   */
  giveUp(party) {
    Atomics.store(this.context.view, this.plan.states + party, NONE);
  }

  /**
   * Has its permits.
   *
   * @param {number} party
   * @param {Current} current
   * @param {number} count
   */
  arrive(party, current, count) {
    const { context, plan } = this;
    const { generation } = current;
    this.#note(party, HOLDING, current, count);
    const inside = Atomics.add(context.view, plan.inside + generation, count) + count;
    const most = plan.permits + Atomics.load(context.view, plan.excess + generation);
    context.check(inside <= most, () => `${inside} permits of ${most} of ${current.cell} are held`);
    context.count('requests for permits met');
    if (count === plan.permits) context.count('requests for all permits met');
  }

  /**
   * Gives its permits back.
   *
   * @param {number} party
   * @param {Current} current
   * @param {number} count
   */
  leave(party, current, count) {
    const { context, plan } = this;
    const { cell, generation, semaphore } = current;
    const inside = Atomics.sub(context.view, plan.inside + generation, count);
    context.check(inside >= count, () => `${inside} permits of ${cell} are held, of them ${count}`);
    this.#note(party, GIVING, current, count);
    context.operate('Semaphore#release', cell, () => semaphore.release(count));
    this.giveUp(party);
  }

  /** Checks what the semaphore in use reports. */
  examine() {
    const { context, plan } = this;
    const { generation, semaphore } = this.current();
    const { available } = semaphore;
    const most = plan.permits + Atomics.load(context.view, plan.excess + generation);
    context.check(available >= 0 && available <= most, () => `${available} of ${most} are free`);
  }

  /**
   * Called by the main thread: releases the permits of a party that died. A party that was about to acquire or release
   * may or may not have held them. Then the semaphore may have too many permits, and no further party uses it.
   *
   * @param {number} party
   */
  bury(party) {
    const { context, plan } = this;
    const { view } = context;
    const word = Atomics.exchange(view, plan.states + party, NONE);
    const state = word & GIVING;
    if (state === NONE) return;
    const generation = word >>> GENERATION_SHIFT;
    const count = (word >>> COUNT_SHIFT) & ((1 << (GENERATION_SHIFT - COUNT_SHIFT)) - 1);
    Atomics.compareExchange(view, plan.generation, generation, generation + 1);
    Atomics.add(view, plan.excess + generation, count);
    if (state !== HOLDING) Atomics.add(view, plan.unsure + generation, count);
    else context.count('permits given back for the dead', count);
    this.#of(generation).semaphore.release(count);
  }

  /**
   * Called by the main thread when all workers have ended: no party holds permits.
   *
   * @returns {{ unsure: number, lost: number }} how many permits dead parties may have held, and how many they did hold
   */
  verify() {
    const { context, plan } = this;
    const { view } = context;
    const last = view[plan.generation];
    const sum = { unsure: 0, lost: 0 };
    for (let generation = 0; generation <= last; generation++) {
      const { available } = this.#of(generation).semaphore;
      const unsure = view[plan.unsure + generation];
      context.check(
        available >= plan.permits && available <= plan.permits + unsure,
        () => `${available} permits are free, not ${plan.permits} and ${unsure} at most`,
      );
      sum.unsure += unsure;
      sum.lost += plan.permits + unsure - available;
    }
    return sum;
  }
}

module.exports = { Permits, planPermits };
