// @ts-check
'use strict';

/** What a party's cell says of its permits: it has none, waits for some, has some, or is about to give them back. */
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
    /** Which semaphore is in use: after a death in the midst of it the next one is, and the others use it up. */
    generation: space.take(1),
    semaphores: space.take(generations),
    /** For each semaphore: how many permits are held, and how many may be too many, since the main thread gave them back. */
    inside: space.take(generations),
    excess: space.take(generations),
    /** For each semaphore: how many of those the dead one may have had, or may have not. */
    unsure: space.take(generations),
    /** For each party: its state, how many permits, and of which semaphore. */
    states: space.take(parties),
  };
}

/** A semaphore as a bound on how many are inside. A fresh one replaces it after a death inside. */
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
   * Is about to ask for permits.
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

  /** What the semaphore in use says of itself. */
  examine() {
    const { context, plan } = this;
    const { generation, semaphore } = this.current();
    const { available } = semaphore;
    const most = plan.permits + Atomics.load(context.view, plan.excess + generation);
    context.check(available >= 0 && available <= most, () => `${available} of ${most} are free`);
  }

  /**
   * By the main thread: releases the permits of a party that died. Whether a party that was about to acquire or to release
   * had its permits is unknown. Then there may be too many afterwards, and no other party begins with that semaphore.
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
   * By the main thread, when all workers have ended: no party has permits.
   *
   * @returns {{ unsure: number, lost: number }} how many permits the dead may have had, and how many they had
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
