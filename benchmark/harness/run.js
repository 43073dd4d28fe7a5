// @ts-check
'use strict';

const { OURS, loadRival } = require('../rivals/index.js');
const { takeTurnsByState } = require('./by-state.js');
const { STATES } = require('./line.js');
const { CrashError, WrongAnswerError, runInProcess } = require('./process.js');

/** V8's experiment crashes now and then; a rival may try again, ours may not. */
const TRIES = 3;
const QUICK_RUNS = 3;
const QUICK_RUNS_BY_STATE = 1;

/** How long a case that is measured by state may take. */
const LIMIT_S = 180;
const QUICK_LIMIT_S = 2;

/**
 * How one rival did in one case.
 * @typedef {object} Outcome
 * @property {string} rival
 * @property {string} name
 * @property {import('../questions/index.js').Measurement[]} measurements one a run, in order
 * @property {number} crashes runs that had to be made again
 * @property {number} discarded runs whose state was unclear, of a case that is measured by state
 * @property {string} [fault] why there are no figures
 *
 * @typedef {object} CaseResult
 * @property {string} label
 * @property {unknown} params
 * @property {number} [runsByState] how many runs of each rival were wanted in each state, where it is measured by state
 * @property {Outcome[]} outcomes
 *
 * @typedef {{ question: import('../questions/index.js').Question<any>, cases: CaseResult[] }} Answer
 */

/**
 * Checks every rival in every case first, then lets them take turns: a machine that is busy for
 * a while is busy for all of them.
 * @param {import('../questions/index.js').Question<any>} question
 * @param {import('../questions/index.js').Options} options
 * @param {import('./progress.js').Progress} progress
 * @returns {Promise<Answer>}
 */
async function answer(question, options, progress) {
  const runs = runsOf(question, options);
  /** @type {CaseResult[]} */
  const cases = question.cases(options).map(({ label, params, rivals, byState }) => ({
    label,
    params,
    runsByState: byState ? runsByStateOf(question, options) : undefined,
    outcomes: (rivals ?? question.rivals).map((rival) => ({
      rival,
      name: loadRival(rival).name,
      measurements: [],
      crashes: 0,
      discarded: 0,
    })),
  }));

  /** @type {(each: CaseResult, outcome: Outcome, what: string) => void} */
  const tell = ({ label }, { name }, what) =>
    progress.step(`${question.name} (${question.subject} ${label}): ${what}, ${name}`);
  /** @param {CaseResult} each */
  const runsLeft = ({ runsByState }) => (runsByState ? runsByState * STATES.length : runs);
  /** @type {(job: 'check' | 'measure', outcome: Outcome, params: unknown) => Promise<any>} */
  const carryOut = (job, outcome, params) => {
    const { rival } = outcome;
    return attempt(outcome, { job, question: question.name, rival, params, quick: options.quick });
  };

  for (const each of cases) {
    for (const outcome of each.outcomes) {
      tell(each, outcome, 'is it right');
      outcome.fault = await missing(outcome.rival);
      if (outcome.fault === undefined) await carryOut('check', outcome, each.params);
      if (outcome.fault !== undefined) progress.skip(runsLeft(each));
    }
  }

  for (let run = 1; run <= runs; run++) {
    for (const each of cases.filter(({ runsByState }) => runsByState === undefined)) {
      for (const outcome of each.outcomes.filter(({ fault }) => fault === undefined)) {
        tell(each, outcome, `run ${run} of ${runs}`);
        const measurement = await carryOut('measure', outcome, each.params);
        if (measurement) outcome.measurements.push(measurement);
        else progress.skip(runs - run);
      }
    }
  }

  for (const each of cases) {
    if (each.runsByState === undefined) continue;
    const right = each.outcomes.filter(({ fault }) => fault === undefined);
    const before = progress.done;
    await takeTurnsByState(right, {
      runs: each.runsByState,
      limitMs: options.limitMs ?? (options.quick ? QUICK_LIMIT_S : LIMIT_S) * 1000,
      measure(outcome) {
        tell(each, outcome, 'a run in either state');
        return carryOut('measure', outcome, each.params);
      },
    });
    // There were more runs, or fewer, than were counted on.
    progress.skip(right.length * runsLeft(each) - (progress.done - before));
  }
  return { question, cases };
}

/**
 * How many processes it takes to answer. Of a case that is measured by state, it is the least that it can be.
 * @param {import('../questions/index.js').Question<any>} question
 * @param {import('../questions/index.js').Options} options
 */
function countSteps(question, options) {
  return question.cases(options).reduce((sum, { rivals, byState }) => {
    const runs = byState
      ? runsByStateOf(question, options) * STATES.length
      : runsOf(question, options);
    return sum + (rivals ?? question.rivals).length * (1 + runs);
  }, 0);
}

/**
 * @param {import('../questions/index.js').Question<any>} question
 * @param {import('../questions/index.js').Options} options
 */
function runsOf(question, { quick, runs }) {
  return runs ?? (quick ? QUICK_RUNS : question.runs);
}

/**
 * @param {import('../questions/index.js').Question<any>} question
 * @param {import('../questions/index.js').Options} options
 */
function runsByStateOf(question, { quick, runs }) {
  return runs ?? (quick ? QUICK_RUNS_BY_STATE : question.runs);
}

/**
 * The value, or undefined once the outcome's fault says why there is none.
 * @param {Outcome} outcome
 * @param {import('./process.js').Order} order
 */
async function attempt(outcome, order) {
  for (let tries = 1; ; tries++) {
    try {
      return await runInProcess(order);
    } catch (error) {
      const mayRetry = order.rival !== OURS && tries < TRIES;
      if (error instanceof CrashError && mayRetry) {
        outcome.crashes++;
      } else if (error instanceof CrashError || error instanceof WrongAnswerError) {
        outcome.fault = error.message;
        return undefined;
      } else {
        throw error;
      }
    }
  }
}

/** @type {Map<string, Promise<string | undefined>>} */
const reasons = new Map();

/**
 * Why a rival cannot take part here, if it cannot. Found out once.
 * @param {string} rival
 */
function missing(rival) {
  const reason = reasons.get(rival) ?? whyMissing(rival);
  reasons.set(rival, reason);
  return reason;
}

/**
 * @param {string} rival
 * @returns {Promise<string | undefined>}
 */
async function whyMissing(rival) {
  const { nodeFlags = [], isAvailable, prepare } = loadRival(rival);
  const failure = prepare?.();
  if (failure !== undefined || !isAvailable) {
    return failure;
  }
  const even = nodeFlags.length > 0 ? `, even with ${nodeFlags.join(' ')}` : '';
  const unavailable = `not in this runtime (${process.version})${even}`;
  try {
    return (await runInProcess({ job: 'probe', rival })) ? undefined : unavailable;
  } catch (error) {
    if (error instanceof CrashError) {
      return `${unavailable}: ${error.message}`;
    }
    throw error;
  }
}

module.exports = { LIMIT_S, answer, countSteps };
