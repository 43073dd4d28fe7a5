// @ts-check
'use strict';

// The strategies, and which schedule is chosen by which.

/** The numbers of the strategies: Strategy of src/threads/explore/strategy.rs. */
const STRATEGIES = Object.freeze({
  random: 0,
  pct: 1,
  pos: 2,
  exhaustive: 3,
  replay: 4,
  guided: 5,
});

/** @typedef {keyof typeof STRATEGIES} StrategyName */

/** What the default takes of each five schedules. @type {StrategyName[]} */
const MIXTURE = ['exhaustive', 'pos', 'exhaustive', 'pct', 'random'];
/** The same, when the enumeration is over. @type {StrategyName[]} */
const RANDOM_ONES = ['pos', 'pct', 'random'];

/**
 * Returns which strategy chooses a schedule. Undefined if the enumeration is over and there is no other.
 *
 * @param {import('../../explore.js').Strategy} strategy
 * @returns {(schedule: number, isEnumerationOver: boolean) => StrategyName | undefined}
 */
function mixture(strategy) {
  if (strategy === 'default') {
    return (schedule, isOver) => {
      const among = isOver ? RANDOM_ONES : MIXTURE;
      return among[(schedule - 1) % among.length];
    };
  }
  if (strategy === 'exhaustive') return (_, isOver) => (isOver ? undefined : strategy);
  return () => strategy;
}

/** What `options.strategy` may be. */
const NAMES = Object.freeze(['default', 'random', 'pct', 'pos', 'exhaustive']);

module.exports = { NAMES, STRATEGIES, mixture };
