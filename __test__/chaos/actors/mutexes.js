// @ts-check
'use strict';

const { Guarded, planGuarded, WAYS } = require('../guarded.js');
const { GuardedTask } = require('../guarded-task.js');

/** @typedef {import('../context.js').Context} Context */
/** @typedef {import('../random.js').Random} Random */

/** @param {import('./index.js').Planning} planning */
function plan({ random, space }) {
  return { mutexes: Array.from({ length: random.integer(10, 20) }, () => planGuarded(space)) };
}

/**
 * @param {Context} context
 * @param {ReturnType<typeof plan>} plan
 */
function guarded(context, { mutexes }) {
  return mutexes.map((mutex) => new Guarded(context, mutex));
}

/**
 * @param {Context} context
 * @param {ReturnType<typeof plan>} plan
 * @returns {import('./index.js').Work}
 */
function work(context, plan) {
  const mutexes = guarded(context, plan);

  /**
   * Locks some of the mutexes that come after `after`, in their order, so that no cycle can arise.
   *
   * @param {Random} random
   * @param {number} after
   */
  const nest = (random, after) => {
    const index = after + random.integer(1, 6);
    if (index >= mutexes.length) return;
    const guarded = mutexes[index];
    const way = random.chance(40) ? 'lock' : random.pick(WAYS);
    if (!guarded.tryEnter(way, random.integer(0, 8), random.chance(60))) return;
    examineMine(context, guarded, random);
    if (random.chance(30)) nest(random, index);
    if (random.chance(3)) context.linger(() => context.pause(random.integer(1, 3)));
    guarded.leave();
  };

  /**
   * @param {import('../tasks.js').Task} task
   * @param {Random} random
   * @param {number} after
   * @returns {Promise<void>}
   */
  const nestByPromise = async (task, random, after) => {
    const index = after + random.integer(1, 6);
    if (index >= mutexes.length) return;
    const entering = new GuardedTask(mutexes[index], task);
    const inside = async () => {
      await task.dwell(random);
      if (random.chance(30)) await nestByPromise(task, random, index);
    };
    if (random.chance(30)) await entering.runExclusive(random, inside);
    else await entering.enter(random, random.chance(60), inside);
  };

  return {
    task: (task, random) => nestByPromise(task, random, random.integer(-1, mutexes.length - 2)),
    visit(random) {
      if (random.chance(15)) examineAny(context, random.pick(mutexes), random);
      else nest(random, random.integer(-1, mutexes.length - 2));
    },
  };
}

/**
 * @param {Context} context
 * @param {Guarded} guarded a mutex that this thread owns
 * @param {Random} random
 */
function examineMine(context, { mutex, plan }, random) {
  switch (random.integer(0, 15)) {
    case 0:
      context.check(mutex.locked, () => `mutex ${plan.cell} is mine and not locked`);
      break;
    case 1: {
      const owner = mutex.ownerThreadId;
      context.check(owner === context.threadId, () => `mutex ${plan.cell} is mine, not ${owner}'s`);
      break;
    }
    case 2:
      context.check(!mutex.tryLock(), () => `tryLock() of my own mutex ${plan.cell} succeeded`);
      break;
    case 3:
      refuses(context, 'ERR_DEADLOCK', () => mutex.lock());
      break;
  }
}

/**
 * @param {Context} context
 * @param {Guarded} guarded a mutex that this thread does not own
 * @param {Random} random
 */
function examineAny(context, { mutex, plan }, random) {
  switch (random.integer(0, 2)) {
    case 0:
      context.check(typeof mutex.locked === 'boolean', () => `locked of mutex ${plan.cell}`);
      break;
    case 1: {
      const owner = mutex.ownerThreadId;
      context.check(
        owner === null ||
          (owner >= 0 && owner < context.plan.threadIds && owner !== context.threadId) ||
          // What was granted to a promise that has not resumed yet.
          (owner === context.threadId && context.tasks?.pending === true),
        () => `mutex ${plan.cell} belongs to ${owner}, as it says to ${context.threadId}`,
      );
      break;
    }
    default:
      refuses(context, 'ERR_NOT_OWNER', () => mutex.unlock());
  }
}

/**
 * @param {Context} context
 * @param {string} code
 * @param {() => unknown} operation
 */
function refuses(context, code, operation) {
  try {
    operation();
  } catch (error) {
    const { code: actual } = /** @type {import('../../../index.js').SyncError} */ (error);
    context.check(
      actual === code || (actual === 'ERR_ABANDONED' && code === 'ERR_NOT_OWNER'),
      () => `${error} instead of ${code}`,
    );
    return;
  }
  context.violation(`no ${code}`);
}

/** Mutexes that any worker locks at any time, several at once in their order. @type {import('./index.js').Actor} */
module.exports = {
  members: 0,
  plan,
  work,
  guarded,
};
