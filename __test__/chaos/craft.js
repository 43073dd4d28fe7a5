// @ts-check
'use strict';

const { inspect } = require('../../index.js');
const { actors } = require('./actors/index.js');

/**
 * How the main thread uses the package.
 *
 * @param {import('./context.js').Context} context
 * @returns {import('./supervisor.js').Craft}
 */
function craft(context) {
  const { plan } = context;
  const all = Object.entries(actors).map(([name, actor]) => ({ actor, own: plan.actors[name] }));
  const guarded = all.flatMap(({ actor, own }) => actor.guarded?.(context, own) ?? []);

  return {
    file: 'worker.js',
    inspect,
    blocked: () => new Set(inspect().map(({ threadId }) => threadId)),
    dispose(threadId, slot, after) {
      const parties = context.partiesOf(slot);
      for (const { actor, own } of all) actor.bury?.(context, own, parties, after);
      if (after === 'leave') return;
      for (const each of guarded) {
        if (each.mutex.ownerThreadId !== threadId) continue;
        const way = after === 'recover' ? 'tryRecoverFor' : 'tryLock';
        if (each.tryEnter(way, 20, false)) each.leave();
      }
    },
    release(help) {
      for (const { actor, own } of all) actor.release?.(context, own, help);
    },
    verify(deaths) {
      for (const each of guarded) {
        each.enter();
        each.leave();
        const { locked } = each.mutex;
        context.check(!locked, () => `mutex ${each.plan.cell} is locked at the end`);
      }
      for (const { actor, own } of all) actor.verify?.(context, own, { deaths });
      const blocked = inspect();
      context.check(blocked.length === 0, () => `blocked at the end: ${JSON.stringify(blocked)}`);
    },
  };
}

module.exports = { craft };
