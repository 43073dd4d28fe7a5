// @ts-check
'use strict';

const { coded } = require('../errors.js');

/** What each kind means, as the first line of a message. */
const KINDS = /** @type {const} */ ({
  exception: 'threw an error',
  check: 'failed its check',
  deadlock: 'deadlocked',
  livelock: 'goes on for ever without getting anywhere',
  misuse: 'misused the package',
  stall: 'stalled',
  nondeterministic: 'is not deterministic',
});

/** @typedef {import('../../explore.js').FailureKind} FailureKind */

/**
 * What the controller tells of a failure.
 *
 * @typedef {object} Told
 * @property {FailureKind} kind
 * @property {string} [where] the thread, or setup or check
 * @property {string} [code]
 * @property {unknown} cause
 * @property {number} schedules
 * @property {string} strategy
 * @property {number} seed
 * @property {number} steps
 * @property {number} preemptions
 * @property {boolean} minimal
 * @property {string} token
 * @property {string} table
 * @property {{ thread: string, waitsFor: string }[]} waits
 */

/** @param {Told} told */
function messageOf({
  kind,
  where,
  cause,
  schedules,
  strategy,
  seed,
  preemptions,
  minimal,
  token,
  table,
  waits,
}) {
  const why = /** @type {any} */ (cause)?.message ?? (cause === undefined ? '' : String(cause));
  const found =
    strategy === 'replay'
      ? 'in the replayed schedule'
      : `in schedule ${schedules} (strategy ${strategy}, seed ${seed})`;
  const fewest = minimal ? ', the fewest possible' : '';
  return [
    `The program ${KINDS[kind]} ${found}${where === undefined ? '' : `, in ${where}`}${why === '' ? '.' : `: ${why}`}`,
    ...waits.map(({ thread, waitsFor }) => `${thread} waits: ${waitsFor}`),
    '',
    `The schedule, with ${preemptions} preemption${preemptions === 1 ? '' : 's'}${fewest}:`,
    table,
    '',
    `To run it again: await replay(file, '${token}')`,
  ].join('\n');
}

/** What `explore` and `replay` reject with when a schedule fails. */
class ExplorationError extends Error {
  /** @param {Told} told */
  constructor(told) {
    super(messageOf(told));
    const { kind, schedules, strategy, seed, steps, preemptions, minimal, token, table, waits } =
      told;
    this.kind = kind;
    this.schedules = schedules;
    this.strategy = strategy;
    this.seed = seed;
    this.steps = steps;
    this.preemptions = preemptions;
    this.minimal = minimal;
    this.token = token;
    this.schedule = table;
    this.waits = waits;
    const cause = /** @type {any} */ (told.cause);
    // Structured clone loses the code of an error.
    if (told.code !== undefined && cause instanceof Error && !('code' in cause)) {
      Object.assign(cause, { code: told.code });
    }
    if (cause !== undefined) this.cause = cause;
    this.code = 'ERR_EXPLORATION';
    coded(this, 'ERR_EXPLORATION');
  }

  get name() {
    return 'ExplorationError';
  }
}

module.exports = { ExplorationError };
