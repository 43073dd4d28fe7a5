// @ts-check
'use strict';

const { OURS, loadRival } = require('../rivals/index.js');
const { CrashError, WrongAnswerError, runInProcess } = require('./process.js');

/** V8's experiment crashes now and then; a rival may try again, ours may not. */
const TRIES = 3;
const QUICK_RUNS = 3;

/**
 * How one rival did in one case.
 * @typedef {object} Outcome
 * @property {string} rival
 * @property {string} name
 * @property {import('../questions/index.js').Measurement[]} measurements one a run, in order
 * @property {number} crashes runs that had to be made again
 * @property {string} [fault] why there are no figures
 *
 * @typedef {{ label: string, params: unknown, outcomes: Outcome[] }} CaseResult
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
  const runs = runsOf(question, options.quick);
  /** @type {CaseResult[]} */
  const cases = question.cases(options).map(({ label, params, rivals }) => ({
    label,
    params,
    outcomes: (rivals ?? question.rivals).map((rival) => ({
      rival,
      name: loadRival(rival).name,
      measurements: [],
      crashes: 0,
    })),
  }));

  /** @type {(each: (outcome: Outcome, params: unknown) => Promise<void>, what: string) => Promise<void>} */
  const forAll = async (each, what) => {
    for (const { label, params, outcomes } of cases) {
      for (const outcome of outcomes.filter(({ fault }) => fault === undefined)) {
        progress.step(`${question.name} (${question.subject} ${label}): ${what}, ${outcome.name}`);
        await each(outcome, params);
      }
    }
  };

  await forAll(async (outcome, params) => {
    const { rival } = outcome;
    outcome.fault = await missing(rival);
    if (outcome.fault === undefined) {
      await attempt(outcome, { job: 'check', question: question.name, rival, params });
    }
    if (outcome.fault !== undefined) {
      progress.skip(runs);
    }
  }, 'is it right');

  for (let run = 1; run <= runs; run++) {
    await forAll(async (outcome, params) => {
      const { quick } = options;
      const { rival } = outcome;
      const order = /** @type {const} */ ({
        job: 'measure',
        question: question.name,
        rival,
        params,
        quick,
      });
      const measurement = await attempt(outcome, order);
      if (measurement) {
        outcome.measurements.push(measurement);
      } else {
        progress.skip(runs - run);
      }
    }, `run ${run} of ${runs}`);
  }
  return { question, cases };
}

/**
 * How many processes it takes to answer.
 * @param {import('../questions/index.js').Question<any>} question
 * @param {import('../questions/index.js').Options} options
 */
function countSteps(question, options) {
  const turns = question
    .cases(options)
    .reduce((sum, { rivals }) => sum + (rivals ?? question.rivals).length, 0);
  return turns * (1 + runsOf(question, options.quick));
}

/**
 * @param {import('../questions/index.js').Question<any>} question
 * @param {boolean} quick
 */
function runsOf(question, quick) {
  return quick ? QUICK_RUNS : question.runs;
}

/**
 * The value, or undefined once the outcome's fault says why there is none.
 * @param {Outcome} outcome
 * @param {import('./process.js').Order} order
 */
async function attempt(outcome, order) {
  for (;;) {
    try {
      return await runInProcess(order);
    } catch (error) {
      const mayRetry = order.rival !== OURS && outcome.crashes + 1 < TRIES;
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

module.exports = { answer, countSteps };
