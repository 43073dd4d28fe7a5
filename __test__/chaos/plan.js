// @ts-check
'use strict';

const { Random } = require('./random.js');
const { Space } = require('./space.js');
const { TASKS, PARTS } = require('./context.js');
const { actors, MEMBERS } = require('./actors/index.js');
const { STATISTICS } = require('./statistics.js');

/**
 * What the main thread does, and when.
 *
 * @typedef {object} Event
 * @property {number} at milliseconds from the start
 * @property {'terminate' | 'snapshot' | 'message' | 'inspect'} kind
 * @property {number} slot which worker; the next one if that is absent or not blocked at that moment
 * @property {number} delay for `terminate`: milliseconds until the replacement is started
 * @property {boolean} inside for `terminate`: whether to choose a worker that holds something
 * @property {'recover' | 'probe' | 'leave'} after for `terminate`: what the main thread does with what was abandoned
 */

/**
 * The cells of the supervisor.
 *
 * @typedef {object} Cells
 * @property {number} stop not zero when the run is over
 * @property {number} progress a counter for each worker, of its operations
 * @property {number} doing what each worker is doing: see context.js
 * @property {number} lingering for each worker, how many things it holds for a while
 * @property {number} taskProgress a counter for each task of each worker
 * @property {number} taskDoing what each task is doing
 * @property {number} messages a counter for each worker, of the messages that it received
 * @property {number} snapshots for each worker, of the beginnings and ends of its heap snapshots
 * @property {number} doomed not zero for each threadId that the main thread has begun to terminate
 * @property {number} violations how many there were
 * @property {number} statistics a counter each
 */

/**
 * All that a seed determines. It is plain data, and is sent to the workers.
 *
 * @typedef {object} Plan
 * @property {number} seed
 * @property {number} seconds
 * @property {number} workers
 * @property {number} cellCount of the shared memory
 * @property {Cells} cells
 * @property {number} threadIds how many there can be
 * @property {Record<string, any>} actors what each actor planned for itself
 * @property {{ actor: string, member: number }[]} roles each worker's
 * @property {Event[]} events
 */

/** How many milliseconds pass between two events of a kind. */
const GAPS = {
  terminate: [40, 560],
  snapshot: [600, 3_400],
  message: [2, 30],
  inspect: [5, 60],
};

/**
 * @param {Random} random
 * @param {number} milliseconds
 * @param {number} workers
 */
function planEvents(random, milliseconds, workers) {
  /** @type {Event[]} */
  const events = [];
  for (const kind of /** @type {Event['kind'][]} */ (Object.keys(GAPS))) {
    const [shortest, longest] = GAPS[kind];
    // The run begins with time for the workers to start, and ends with time for the replacements.
    for (let at = 300; ;) {
      at += random.integer(shortest, longest);
      if (at > milliseconds - 300) break;
      // Now and then several events happen at once.
      const together = kind === 'terminate' && random.chance(8) ? random.integer(2, 5) : 1;
      for (let i = 0; i < together; i++) {
        events.push({
          at,
          kind,
          slot: random.integer(0, workers - 1),
          inside: random.chance(50),
          delay: random.chance(60) ? 0 : random.integer(1, 60),
          after: random.pick(['recover', 'probe', 'leave', 'leave']),
        });
      }
    }
  }
  return events.sort((a, b) => a.at - b.at);
}

/**
 * @param {{ seed: number, seconds: number }} options
 * @returns {Plan}
 */
function makePlan({ seed, seconds }) {
  const random = new Random(seed);
  const space = new Space();
  const workers = MEMBERS;
  const events = planEvents(new Random(seed, 1), seconds * 1_000, workers);
  const terminations = events.filter(({ kind }) => kind === 'terminate').length;
  const threadIds = 2 * (workers + terminations) + 64;

  const cells = {
    stop: space.take(16),
    progress: space.take(workers),
    doing: space.take(workers),
    lingering: space.take(workers),
    taskProgress: space.take(workers * TASKS),
    taskDoing: space.take(workers * TASKS),
    messages: space.take(workers),
    snapshots: space.take(workers),
    doomed: space.take(threadIds),
    violations: space.take(1),
    statistics: space.take(STATISTICS.length),
  };
  const slots = random.shuffle(Array.from({ length: workers }, (_, slot) => slot));
  const given = { workers, parties: workers * PARTS, seconds, terminations };
  /** @type {Plan['roles']} */
  const roles = [];
  /** @type {Plan['actors']} */
  const planned = {};
  for (const [name, actor] of Object.entries(actors)) {
    const members = slots.splice(0, actor.members);
    members.forEach((slot, member) => (roles[slot] = { actor: name, member }));
    planned[name] = actor.plan({ ...given, random, space, members });
  }
  const cellCount = space.size;
  return { seed, seconds, workers, cellCount, cells, threadIds, actors: planned, roles, events };
}

module.exports = { makePlan };
