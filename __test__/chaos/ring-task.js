// @ts-check
'use strict';

const { GuardedTask } = require('./guarded-task.js');

/**
 * What it needs of a ring: see actors/ring.js.
 *
 * @typedef {object} Watched
 * @property {import('./context.js').Context} context
 * @property {import('./guarded.js').Guarded} guarded
 * @property {{ notFull: number, notEmpty: number, capacity: number }} plan
 * @property {import('../../index.js').Condition} notFull
 * @property {import('../../index.js').Condition} notEmpty
 * @property {number} length
 * @property {() => void} examine
 * @property {() => void} notifyAll
 */

/**
 * Waits by promise beside the members of a ring, with a predicate or without, and hands on what it was notified of, since
 * it will not act on it.
 *
 * @param {Watched} ring
 * @param {import('./tasks.js').Task} task
 * @param {import('./random.js').Random} random
 */
async function watchByPromise(ring, task, random) {
  const { context, guarded, plan } = ring;
  const entering = new GuardedTask(guarded, task);
  const full = random.chance(50);
  const [condition, cell] = full
    ? /** @type {const} */ ([ring.notFull, plan.notFull])
    : /** @type {const} */ ([ring.notEmpty, plan.notEmpty]);
  const ready = () => (full ? ring.length < plan.capacity : ring.length > 0);
  const predicate = random.chance(70)
    ? guarded.predicate(() => ready() || context.stopped)
    : undefined;
  let gaveUp = false;
  await entering.enter(random, true, async (guard) => {
    // Its predicate is asked at once, and looks whether it is inside.
    const waited = await entering.waitInside(cell, random, guard, (options) =>
      condition.waitAsync(guard, predicate, options),
    );
    if (!guard.held) {
      gaveUp = true;
      return;
    }
    if (predicate && waited) context.check(ready() || context.stopped, () => 'not ready after all');
    ring.examine();
    condition.notify();
  });
  // A notification from before it gave up went to the next waiter, or was lost where there was none.
  if (gaveUp) await entering.enter(null, true, () => ring.notifyAll());
}

module.exports = { watchByPromise };
