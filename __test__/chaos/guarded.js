// @ts-check
'use strict';

/**
 * Where a mutex and what it guards lie.
 *
 * @typedef {object} GuardedPlan
 * @property {number} cell the mutex
 * @property {number} inside which worker is inside: its number and one, or zero
 * @property {number} entered plain memory: how often it was entered
 * @property {number} left plain memory: how often it was left. Equal to `entered` while no party is inside
 */

/**
 * @param {import('./space.js').Space} space
 * @returns {GuardedPlan}
 */
function planGuarded(space) {
  const cell = space.takePrimitive();
  return { cell, inside: space.take(1), entered: space.take(1), left: space.take(1) };
}

/** @typedef {'lock' | 'tryLock' | 'tryLockFor' | 'recover' | 'tryRecover' | 'tryRecoverFor'} Way */
/** @type {readonly Way[]} */
const WAYS = ['lock', 'tryLock', 'tryLockFor', 'recover', 'tryRecover', 'tryRecoverFor'];

/** A mutex with data that shows at once if two threads are ever inside, or if a write is not seen. */
class Guarded {
  /**
   * @param {import('./context.js').Context} context
   * @param {GuardedPlan} plan
   * @param {() => void} [repair] puts in order what the mutex guards besides, after an owner died; called by the new one
   */
  constructor(context, plan, repair = () => {}) {
    this.context = context;
    this.plan = plan;
    this.mutex = context.mutex(plan.cell);
    this.repair = repair;
  }

  get #me() {
    return this.context.slot + 1 || -1;
  }

  /** Enters, waiting as long as it takes; lets errors pass. */
  enterStrictly() {
    this.context.operate('Mutex#lock', this.plan.cell, () => this.mutex.lock());
    this.arrive(false);
  }

  /** Enters, waiting as long as it takes, and takes over from an owner that died. */
  enter() {
    try {
      this.context.operate('Mutex#lock', this.plan.cell, () => this.mutex.lock());
    } catch (error) {
      this.context.expect(error, 'ERR_ABANDONED');
      this.#recover();
      return;
    }
    this.arrive(false);
  }

  /**
   * Enters in one of the ways there are, if it comes to that.
   *
   * @param {Way} way
   * @param {number} ms
   * @param {boolean} takeOver whether to recover what was abandoned
   * @returns {boolean} whether this thread is inside
   */
  tryEnter(way, ms, takeOver) {
    try {
      return this.#attempt(way, ms);
    } catch (error) {
      this.context.expect(error, 'ERR_ABANDONED');
      this.context.check(!/recover/i.test(way), () => `${way}() threw ${error}`);
      if (takeOver) this.#recover();
      return takeOver;
    }
  }

  /**
   * @param {Way} way
   * @param {number} ms
   */
  #attempt(way, ms) {
    const { context, mutex } = this;
    const { cell } = this.plan;
    const failed = (/** @type {unknown} */ value) => value === false;
    const unknown = (/** @type {unknown} */ value) => value === undefined;
    switch (way) {
      case 'lock':
        context.operate('Mutex#lock', cell, () => mutex.lock());
        break;
      case 'tryLock':
        if (!context.operate('Mutex#tryLock', cell, () => mutex.tryLock())) return false;
        break;
      case 'tryLockFor':
        if (!context.operateWithin('Mutex#tryLock', cell, ms, () => mutex.tryLock(ms), failed)) {
          return false;
        }
        break;
      case 'recover':
        this.#recover();
        return true;
      default: {
        const limit = way === 'tryRecover' ? 0 : ms;
        const cleared = context.operateWithin(
          'Mutex#tryRecover',
          cell,
          limit,
          () => mutex.tryRecover(limit),
          unknown,
        );
        if (cleared === undefined) return false;
        this.arrive(cleared);
        return true;
      }
    }
    this.arrive(false);
    return true;
  }

  #recover() {
    const { context, mutex } = this;
    this.arrive(context.operate('Mutex#recover', this.plan.cell, () => mutex.recover()));
  }

  /**
   * Owns the mutex from here on: looks whether all is as the last owner left it.
   *
   * @param {boolean} recovered whether the last owner died, so that the data may be half changed
   */
  arrive(recovered) {
    const { context, plan } = this;
    const { view } = context;
    if (recovered) {
      context.count(context.slot < 0 ? 'recoveries by main' : 'recoveries by workers');
      view[plan.left] = view[plan.entered];
      Atomics.store(view, plan.inside, 0);
      this.repair();
    }
    context.count('locks');
    const other = Atomics.compareExchange(view, plan.inside, 0, this.#me);
    context.check(other === 0, () => `worker ${other - 1} is inside mutex ${plan.cell}, too`);
    const [entered, left] = [view[plan.entered], view[plan.left]];
    context.check(entered === left, () => `mutex ${plan.cell}: entered ${entered}, left ${left}`);
    view[plan.entered]++;
  }

  /** Still owns the mutex, but will let it go: by unlock() or by waiting for a Condition. */
  depart() {
    const { context, plan } = this;
    const { view } = context;
    view[plan.left]++;
    const [entered, left] = [view[plan.entered], view[plan.left]];
    context.check(entered === left, () => `mutex ${plan.cell}: entered ${entered}, left ${left}`);
    const self = Atomics.compareExchange(view, plan.inside, this.#me, 0);
    context.check(self === this.#me, () => `mutex ${plan.cell}: ${self - 1} was inside, not I`);
  }

  leave() {
    this.depart();
    this.context.operate('Mutex#unlock', this.plan.cell, () => this.mutex.unlock());
  }

  /**
   * Waits for a Condition, from inside to inside.
   *
   * @template T
   * @param {() => T} wait
   * @param {T} otherwise what to return where the owner died meanwhile, and this thread took over
   */
  waitInside(wait, otherwise) {
    this.depart();
    let value;
    try {
      value = wait();
    } catch (error) {
      this.context.expect(error, 'ERR_ABANDONED');
      this.#recover();
      return otherwise;
    }
    this.arrive(false);
    return value;
  }

  /**
   * A predicate that also looks whether the mutex is held while it runs.
   *
   * @template T
   * @param {() => T} predicate
   * @returns {() => T}
   */
  predicate(predicate) {
    const { context, plan } = this;
    return () => {
      const other = Atomics.compareExchange(context.view, plan.inside, 0, this.#me);
      context.check(other === 0, () => `${other - 1} is inside ${plan.cell} beside my predicate`);
      const answer = predicate();
      Atomics.store(context.view, plan.inside, 0);
      return answer;
    };
  }
}

module.exports = { Guarded, planGuarded, WAYS };
