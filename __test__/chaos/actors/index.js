// @ts-check
'use strict';

/**
 * One kind of primitive under chaos. To add another, write one more such file and name it below.
 *
 * Two rules keep waits without a limit from hanging rightly. Only the actor's own members wait so, and only for members of the
 * same actor. The owner of a mutex waits, without limit, for nothing but mutexes that come later in the plan. Visits by other
 * workers use limits, but for what is held for a moment only.
 *
 * Operations by promise (tasks) may be begun by any worker, and may wait without limit. While one of them holds something,
 * its worker begins nothing else; tasks that only wait go on beside what the worker does, and while it blocks they are
 * passed over.
 *
 * @typedef {object} Actor
 * @property {number} members how many workers are its members; all others only visit
 * @property {(planning: Planning) => any} plan takes cells; what it returns is plain data and travels to the workers
 * @property {(context: import('../context.js').Context, plan: any) => Work} work
 * @property {(context: import('../context.js').Context, plan: any, help: Help) => void} [release]
 * ends the waits without limit of its members once the run is over; called by the main thread, again and again until
 * they are gone
 * @property {(context: import('../context.js').Context, plan: any, end: End) => void} [verify]
 * looks at the shared memory when all workers have ended; called by the main thread
 * @property {(context: import('../context.js').Context, plan: any) => import('../guarded.js').Guarded[]} [guarded]
 * its mutexes, which the main thread recovers, too
 * @property {(context: import('../context.js').Context, plan: any, parties: number[], after: import('../plan.js').Event['after']) => void} [bury]
 * sees to what a worker, with all its parties, had when it was terminated; called by the main thread before the
 * replacement is started
 */

/**
 * @typedef {object} Planning
 * @property {import('../random.js').Random} random
 * @property {import('../space.js').Space} space
 * @property {number} workers how many there are
 * @property {number} parties how many can wait at once: the workers' threads, and their tasks
 * @property {number[]} members the slots of its members
 * @property {number} seconds how long the run is
 * @property {number} terminations how many are planned
 */

/**
 * @typedef {object} Work
 * @property {(random: import('../random.js').Random) => void | Promise<void>} visit one operation by any worker, within limits
 * @property {(random: import('../random.js').Random, member: number) => void | Promise<void>} [member] one operation by a member
 * @property {(task: import('../tasks.js').Task, random: import('../random.js').Random) => Promise<void>} [task] one operation
 * by promise, by any worker
 * @property {(member: number) => void} [finish] by a member, after its last operation
 */

/**
 * @typedef {object} Help
 * @property {(slots: number[], kind: string) => boolean} terminateBlocked ends one of these workers that is blocked so;
 * whether there was one
 */

/**
 * @typedef {object} End
 * @property {number[]} deaths how many workers of each slot were terminated
 */

/** @type {Record<string, Actor>} */
const actors = {
  mutexes: require('./mutexes.js'),
  ring: require('./ring.js'),
  notifications: require('./notifications.js'),
  barrier: require('./barrier.js'),
  latches: require('./latches.js'),
  cycles: require('./cycles.js'),
  semaphores: require('./semaphores.js'),
  signals: require('./signals.js'),
  rwlocks: require('./rwlocks.js'),
};

module.exports = {
  actors,
  /** How many workers it takes. */
  MEMBERS: Object.values(actors).reduce((sum, { members }) => sum + members, 0),
};
