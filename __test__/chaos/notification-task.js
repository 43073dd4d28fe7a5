// @ts-check
'use strict';

const { GuardedTask } = require('./guarded-task.js');

/** The party waits without a limit, and entered the queue after the last notifyAll(). */
const FRESH = 1;
/** The party may give up and pass its notification on. */
const TOLD = 3;

/**
 * What it needs: see actors/notifications.js.
 *
 * @typedef {object} Notifications
 * @property {import('./context.js').Context} context
 * @property {import('./guarded.js').Guarded} guarded
 * @property {{ condition: number }} plan
 * @property {import('../../index.js').Condition} condition
 * @property {(party: number, state: number) => void} begin
 * @property {(party: number, notified: boolean | null) => void} end
 */

/**
 * Waits by promise for one notification, mostly without a limit: the more waits may give up, the less the counts prove.
 *
 * @param {Notifications} notifications
 * @param {import('./tasks.js').Task} task
 * @param {import('./random.js').Random} random
 */
async function waitForNotification(notifications, task, random) {
  const { context, guarded, plan, condition } = notifications;
  const entering = new GuardedTask(guarded, task);
  const limits = random.chance(12) ? random : null;
  let begun = false;
  await entering.enter(null, true, async (guard) => {
    if (context.stopped) return;
    begun = true;
    notifications.begin(task.party, limits ? TOLD : FRESH);
    const notified = await entering.waitInside(plan.condition, limits, guard, (options) =>
      condition.waitAsync(guard, undefined, options),
    );
    if (!guard.held) return;
    notifications.end(task.party, notified ?? null);
    begun = false;
  });
  // The wait gave up, or an owner died: the task has to lock again to record that.
  if (begun) await entering.enter(null, true, () => notifications.end(task.party, null));
}

module.exports = { waitForNotification };
