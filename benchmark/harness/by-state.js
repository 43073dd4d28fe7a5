// @ts-check
'use strict';

const { STATES } = require('./line.js');

/** @typedef {import('./run.js').Outcome} Outcome */
/** @typedef {import('../questions/index.js').Measurement} Measurement */

/**
 * Lets rivals take turns until each has enough runs in each state of the machine, or the time is up. A run whose state is unclear
 * is discarded, and that rival runs again before the next one has its turn. A rival that fails drops out.
 * @param {Outcome[]} outcomes where the measurements go
 * @param {object} plan
 * @param {number} plan.runs how many of each rival in each state
 * @param {number} plan.limitMs
 * @param {(outcome: Outcome) => Promise<Measurement | undefined>} plan.measure undefined where the rival has failed
 * @param {() => number} [plan.now] in milliseconds
 */
async function takeTurnsByState(
  outcomes,
  { runs, limitMs, measure, now = () => performance.now() },
) {
  const end = now() + limitMs;
  const isOver = () => now() >= end;
  /** @param {Outcome} outcome */
  const isComplete = ({ measurements }) =>
    STATES.every((state) => measurements.filter((each) => each.state === state).length >= runs);
  const remaining = () => outcomes.filter(({ fault }) => fault === undefined);

  while (!isOver() && !remaining().every(isComplete)) {
    for (const outcome of remaining()) {
      let measurement;
      do {
        measurement = await measure(outcome);
        if (measurement?.state) outcome.measurements.push(measurement);
        else if (measurement) outcome.discarded++;
      } while (measurement && !measurement.state && !isOver());
    }
  }
}

module.exports = { takeTurnsByState };
