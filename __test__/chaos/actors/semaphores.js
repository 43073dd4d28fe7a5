// @ts-check
'use strict';

const { Permits, planPermits } = require('../permits.js');

/** @typedef {import('../context.js').Context} Context */
/** @typedef {import('../random.js').Random} Random */

const SEMAPHORES = 2;

/** @param {import('./index.js').Planning} planning */
function plan(planning) {
  return {
    semaphores: Array.from({ length: SEMAPHORES }, () => planPermits(planning)),
    /** For each worker: a semaphore that no other worker uses. */
    alone: planning.space.take(planning.workers),
  };
}

/**
 * @param {Context} context
 * @param {ReturnType<typeof plan>} plan
 */
function permitsOf(context, { semaphores }) {
  return semaphores.map((semaphore) => new Permits(context, semaphore));
}

/**
 * How many permits to ask for: now and then all of them, a request that small requests must not starve.
 *
 * @param {Permits} permits
 * @param {Random} random
 */
function amount({ plan }, random) {
  return random.chance(20) ? plan.permits : random.integer(1, plan.permits);
}

/**
 * One request by a thread.
 *
 * @param {Permits} permits
 * @param {Random} random
 */
function visit(permits, random) {
  const { context } = permits;
  const party = context.party(0);
  const current = permits.current();
  const { cell, semaphore } = current;
  const count = amount(permits, random);
  permits.ask(party, current, count);
  let taken = true;
  if (random.chance(50)) {
    context.operate('Semaphore#acquire', cell, () => semaphore.acquire(count));
  } else if (random.chance(40)) {
    taken = context.operateUntilCancelled('Semaphore#acquire', cell, random, (options) =>
      semaphore.acquire(count, options),
    );
  } else {
    const limit = random.integer(0, 6);
    const acquire = () => semaphore.tryAcquire(count, limit);
    const failed = (/** @type {boolean} */ taken) => !taken;
    taken = context.operateWithin('Semaphore#tryAcquire', cell, limit, acquire, failed);
  }
  if (!taken) return permits.giveUp(party);
  permits.arrive(party, current, count);
  if (random.chance(10)) context.linger(() => context.pause(random.integer(0, 8)));
  return permits.leave(party, current, count);
}

/**
 * One request by promise.
 *
 * @param {Permits} permits
 * @param {import('../tasks.js').Task} task
 * @param {Random} random
 */
async function visitByPromise(permits, task, random) {
  const { party } = task;
  const current = permits.current();
  const count = amount(permits, random);
  permits.ask(party, current, count);
  const taken = await task.attempt('Semaphore#acquireAsync', current.cell, random, (options) =>
    current.semaphore.acquireAsync(count, options),
  );
  if (!taken) {
    permits.giveUp(party);
    return;
  }
  await task.holding(async () => {
    permits.arrive(party, current, count);
    await task.dwell(random);
    permits.leave(party, current, count);
  });
}

/**
 * Checks a semaphore that no other thread uses.
 *
 * @param {Context} context
 * @param {number} cell
 * @param {Random} random
 */
function visitAlone(context, cell, random) {
  const permits = 3;
  const semaphore = context.semaphore(cell, permits, permits);
  // A predecessor that died here may have left the semaphore with fewer permits.
  const free = semaphore.available;
  const count = random.integer(1, permits);
  const taken = semaphore.tryAcquire(count);
  context.check(taken === count <= free, () => `tryAcquire(${count}) of ${free}: ${taken}`);
  if (taken) semaphore.release(count);
  const { available } = semaphore;
  context.check(available === free, () => `${available} are free of a semaphore, not ${free}`);
  try {
    semaphore.release(permits - free + 1);
    context.violation(`more permits were given back than there are`);
  } catch (error) {
    const { code } = /** @type {import('../../../index.js').SyncError} */ (error);
    context.check(String(code) === 'ERR_OUT_OF_RANGE', () => `${error}`);
  }
}

/** Semaphores that any worker uses at any time, one at a time. @type {import('./index.js').Actor} */
module.exports = {
  members: 0,
  plan,
  work(context, plan) {
    const all = permitsOf(context, plan);
    return {
      visit(random) {
        const way = random.integer(0, 9);
        if (way === 0) visitAlone(context, plan.alone + context.slot, random);
        else if (way === 1) random.pick(all).examine();
        else visit(random.pick(all), random);
      },
      task: (task, random) => visitByPromise(random.pick(all), task, random),
    };
  },
  bury(context, plan, parties) {
    for (const permits of permitsOf(context, plan)) {
      for (const party of parties) permits.bury(party);
    }
  },
  verify(context, plan) {
    for (const permits of permitsOf(context, plan)) {
      const { unsure, lost } = permits.verify();
      // A waiter that is terminated takes no permit along. A permit can get lost only between the end of a wait and the
      // store that records it.
      context.check(lost <= 12 + unsure / 20, () => `the dead took ${lost} permits of ${unsure}`);
      process.stdout.write(`permits that the dead may have had, and had: ${unsure}, ${lost}\n`);
    }
  },
};
