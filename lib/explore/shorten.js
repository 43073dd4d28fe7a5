// @ts-check
'use strict';

// Shortens a schedule that fails to one with fewer preemptions that fails in the same way.

const { STRATEGIES } = require('./strategies.js');

/** The most schedules that it tries, and the most milliseconds. */
const [MOST_TRIALS, MOST_MS] = [100, 2_000];
/** Which part of them are schedules of the enumeration. */
const ENUMERATED = 0.3;
/** How a choice names a hand-off or none. */
const [NO_HANDOFF, HANDOFF] = [0x200, 0x201];
/** In a script, the thread of an entry that names the number of a hand-off. */
const HANDOFF_ENTRY = -1;

/** @typedef {import('./controller.js').Log} Log */
/** @typedef {import('./controller.js').Failure} Failure */

/**
 * A stretch of a schedule in which one thread runs.
 *
 * @typedef {{ thread: number, until: number }} Segment
 */

/**
 * The segments of a schedule, and which of its hand-off decisions handed off.
 *
 * @param {Log} log
 */
function segmentsOf({ choices, steps }) {
  /** @type {Segment[]} */
  const segments = [];
  /** @type {number[]} */
  const points = [];
  for (const { thread } of steps) {
    points[thread] = (points[thread] ?? 0) + 1;
    const last = segments.at(-1);
    if (last?.thread === thread) last.until = points[thread];
    else segments.push({ thread, until: points[thread] });
  }
  const decisions = choices.filter((choice) => choice === NO_HANDOFF || choice === HANDOFF);
  const handoffs = decisions.flatMap((choice, i) => (choice === HANDOFF ? [i + 1] : []));
  return { segments, handoffs };
}

/**
 * The script of segments.
 *
 * @param {Segment[]} segments
 * @param {number[]} handoffs
 */
function scriptOf(segments, handoffs) {
  return [
    ...segments.flatMap(({ thread, until }) => [thread, until]),
    ...handoffs.flatMap((number) => [HANDOFF_ENTRY, number]),
  ];
}

/**
 * The segments without the ends of some: their threads go on there until their next segments end.
 *
 * @param {Segment[]} segments
 * @param {number} from
 * @param {number} to
 */
function withoutSwitches(segments, from, to) {
  const shorter = segments.map((segment) => ({ ...segment }));
  // From the last on, so that the indices of the others stay the same.
  for (let index = to - 1; index >= from; index--) {
    const { thread } = shorter[index];
    const next = shorter.findIndex((other, i) => i > index && other.thread === thread);
    if (next < 0) continue;
    shorter[index].until = shorter[next].until;
    shorter.splice(next, 1);
  }
  return shorter;
}

/**
 * Shortens a schedule.
 *
 * @param {{ run: (strategy: number, seed: number, options?: { script?: number[] }) => Promise<import('./controller.js').Run | undefined>, log: () => Log }} controller
 * @param {Failure} failure
 * @param {Log} first
 * @param {() => number} level all schedules with fewer preemptions than this have run
 * @param {() => number} now
 * @returns {Promise<{ log: Log, minimal: boolean }>} minimal if no schedule with fewer preemptions fails
 */
async function shorten(controller, failure, first, level, now) {
  const end = now() + MOST_MS;
  let best = first;
  let trials = 0;
  const isMinimal = () => level() >= best.preemptions;
  const mayTry = () => trials < MOST_TRIALS && now() < end && !isMinimal();
  /** @param {number} strategy @param {number[]} [script] */
  const attempt = async (strategy, script) => {
    trials++;
    const run = await controller.run(strategy, trials, { script });
    if (run === undefined) return undefined;
    const log = controller.log();
    const isBetter = run.failure?.kind === failure.kind && log.preemptions < best.preemptions;
    if (isBetter) best = log;
    return isBetter;
  };
  // No preemption at all.
  if (mayTry()) await attempt(STRATEGIES.guided, []);
  // Schedules of the enumeration that have not run.
  while (trials < MOST_TRIALS * ENUMERATED && mayTry()) {
    if ((await attempt(STRATEGIES.exhaustive)) === undefined) break;
  }
  // The first part of the schedule, then no preemption: by halving.
  const whole = segmentsOf(best);
  let [low, high] = [0, whole.segments.length];
  while (low < high && mayTry()) {
    const middle = Math.floor((low + high) / 2);
    const script = scriptOf(whole.segments.slice(0, middle), whole.handoffs);
    if (await attempt(STRATEGIES.guided, script)) high = middle;
    else low = middle + 1;
  }
  // Without many switches at once, then without fewer (Zeller and Hildebrandt, "Simplifying and Isolating
  // Failure-Inducing Input", 2002).
  for (let size = Math.ceil(segmentsOf(best).segments.length / 2); size >= 1;) {
    let { segments, handoffs } = segmentsOf(best);
    let improved = false;
    for (let to = segments.length; to > 0 && mayTry(); to -= size) {
      const shorter = withoutSwitches(segments, Math.max(0, to - size), to);
      if (shorter.length === segments.length) continue;
      if (await attempt(STRATEGIES.guided, scriptOf(shorter, handoffs))) {
        improved = true;
        ({ segments, handoffs } = segmentsOf(best));
        to = Math.min(to, segments.length + size);
      }
    }
    if (!improved || !mayTry()) size = Math.floor(size / 2);
  }
  for (const { segments, handoffs } = segmentsOf(best); handoffs.length > 0 && mayTry();) {
    handoffs.pop();
    await attempt(STRATEGIES.guided, scriptOf(segments, handoffs));
  }
  while (mayTry()) {
    if ((await attempt(STRATEGIES.exhaustive)) === undefined) break;
  }
  return { log: best, minimal: isMinimal() };
}

module.exports = { shorten };
