// @ts-check
'use strict';

/**
 * One kind of primitive under chaos. To add another, write a file like the others and name it below.
 *
 * Two rules ensure that a wait without a time limit hangs only if a primitive has a fault. Only members of an actor
 * wait without a limit, and only for members of the same actor. A worker that owns a mutex waits without a limit only
 * for mutexes that come later in the plan. Visits by other workers use limits, except for locks that are held only
 * briefly.
 *
 * Any worker may begin operations by promise (tasks), and those may wait without a limit. While a task holds something,
 * its worker begins nothing else. Tasks that only wait continue while the worker does something else; while it blocks,
 * they are passed over.
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
 * @property {(context: import('../context.js').Context, plan: any, parties: number[], after:
 *   import('../plan.js').Event['after']) => void} [bury] cleans up what a terminated worker and its tasks held; called
 *   by the main thread before it starts the replacement
 */

/**
 * @typedef {object} Planning
 * @property {import('../random.js').Random} random
 * @property {import('../space.js').Space} space
 * @property {number} workers how many there are
 * @property {number} parties how many waits there can be at once: of the workers' threads, and of their tasks
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
 * @property {(slots: number[], kind: string) => boolean} terminateBlocked terminates one of these workers that is
 *   blocked in this kind of primitive; returns whether there was one
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
  events: require('./events.js'),
  onces: require('./onces.js'),
  cycles: require('./cycles.js'),
  semaphores: require('./semaphores.js'),
  signals: require('./signals.js'),
  rwlocks: require('./rwlocks.js'),
  cancels: require('./cancels.js'),
};

module.exports = {
  actors,
  /** How many workers it takes. */
  MEMBERS: Object.values(actors).reduce((sum, { members }) => sum + members, 0),
};
