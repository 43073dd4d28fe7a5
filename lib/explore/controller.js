// @ts-check
'use strict';

// The controller of an exploration: a worker that sets up each schedule, lets the threads run it, and checks its result.
// The thread that called explore() stays free.

const { performance } = require('node:perf_hooks');
const { parentPort, workerData } = require('node:worker_threads');
const { formatValue, isThenable } = require('../arguments.js');
const { coded } = require('../errors.js');
const { native, realm } = require('../realm.js');
const { seedRandom } = require('./clocks.js');
const { Crew } = require('./crew.js');
const { takeFailure } = require('./failing.js');
const { beginOutput, endOutput } = require('./output.js');
const { loadProgram } = require('./program-module.js');
const { isOver, operations, setRunning } = require('./scheduling.js');
const { shorten } = require('./shorten.js');
const { STRATEGIES, mixture } = require('./strategies.js');
const { tableOf } = require('./table.js');
const { decode, departure, encode, scheduleOf } = require('./token.js');
const { codeOf, travelling } = require('./travelling.js');

/** How long the controller runs until it returns to its event loop, in milliseconds. */
const LOOP_MS = 20;
/** More steps than a schedule has. */
const NEVER = 2 ** 31;

const realNow = performance.now.bind(performance);
const { add } = Atomics;
require('./environment.js');

/** @typedef {import('./failing.js').FailureKind} FailureKind */
/** @typedef {import('./token.js').Step} Step */
/** @typedef {import('./index.js').Settings} Settings */

/**
 * A failure of one schedule.
 *
 * @typedef {object} Failure
 * @property {FailureKind} kind
 * @property {unknown} [error]
 * @property {string} [code] of the error, which structured clone loses
 * @property {string} [where] the name of the thread
 */

/**
 * What is known of one schedule.
 *
 * @typedef {object} Run
 * @property {Failure | undefined} failure
 * @property {number} verdict
 * @property {import('./thread.js').ThreadResult['trace'][]} traces
 * @property {import('./output.js').Output[]} output
 */

/**
 * What is known of the choices and steps of one schedule.
 *
 * @typedef {object} Log
 * @property {number[]} choices
 * @property {Step[]} steps
 * @property {number} preemptions
 * @property {number[]} blocked
 * @property {number} turns the step at which its threads began to go on in turn; 0 if they did not
 */

class Controller {
  /** @type {Settings} */
  #settings;
  /** @type {import('./program-module.js').ProgramModule} */
  #program;
  #number;
  #crew;
  /** The processor on which all threads run. @type {number | undefined} */
  #processor;

  /**
   * @param {Settings} settings
   * @param {import('./program-module.js').ProgramModule} program
   */
  constructor(settings, program) {
    const { preemptions, depth } = settings;
    const daemons = Int32Array.from(program.daemons, Number);
    this.#settings = settings;
    this.#program = program;
    const count = program.threads.length;
    this.#number = native.exploreNew(count, preemptions, depth, daemons);
    tell({ type: 'begun', number: this.#number });
    native.exploreJoin(realm.number, this.#number, count);
    const { file, random } = settings;
    this.#crew = new Crew({ file, exploration: this.#number, random }, count);
  }

  get #threads() {
    return this.#program.threads.length;
  }

  async start() {
    await this.#crew.start();
    // After the modules have loaded, for which more processors help.
    if (this.#settings.pin) this.#processor = native.explorePin(-1);
    this.#tellThreads();
  }

  async renew() {
    await this.#crew.renew();
    this.#tellThreads();
  }

  #tellThreads() {
    const names = this.#program.threads.map(({ name }) => name);
    tell({ type: 'threads', threadIds: this.#crew.threadIds, names });
  }

  progress() {
    return native.exploreProgress(this.#number);
  }

  /**
   * Runs one schedule. Returns what is known of it, or undefined if no schedule of the enumeration is left.
   *
   * @param {number} strategy
   * @param {number} seed
   * @param {{ script?: ArrayLike<number>, traced?: boolean, turns?: number }} [options]
   * @returns {Promise<Run | undefined>}
   */
  async run(strategy, seed, { script, traced = false, turns = this.#settings.steps } = {}) {
    const isOver = this.progress().level > this.#settings.preemptions;
    if (strategy === STRATEGIES.exhaustive && isOver) return undefined;
    if (this.#settings.isolate) await this.renew();
    if (script !== undefined) native.exploreScript(Int32Array.from(script));
    native.exploreBegin();
    setRunning(true);
    seedRandom(this.#settings.random, this.#threads);
    beginOutput(traced, () => add(this.#crew.counter, 0, 1));
    try {
      return await this.#runBegun(strategy, seed, turns, traced);
    } finally {
      setRunning(false);
      native.exploreEndCheck();
    }
  }

  /**
   * @param {number} strategy
   * @param {number} seed
   * @param {number} turns
   * @param {boolean} traced
   * @returns {Promise<Run>}
   */
  async #runBegun(strategy, seed, turns, traced) {
    /** @type {Run} */
    const run = { failure: undefined, verdict: native.EXPLORE_PASSED, traces: [], output: [] };
    /** @type {unknown} */
    let data;
    run.failure = this.#alone('setup', 'exception', () => {
      data = this.#program.setup?.();
      return data;
    });
    if (run.failure === undefined) {
      this.#send({ data, traced, processor: this.#processor });
      run.verdict = native.exploreRun(strategy, seed, turns);
      if (run.verdict === native.EXPLORE_MISSING) throw await this.#endedBetween();
      await this.#collect(run);
      if (run.verdict === native.EXPLORE_PASSED && run.failure === undefined) {
        run.failure = this.#alone('check', 'check', () => this.#program.check?.(data));
      }
    }
    run.output.push(...(endOutput() ?? []));
    run.output.sort((a, b) => a.order - b.order);
    return run;
  }

  /** @param {object} message */
  #send(message) {
    try {
      this.#crew.send(message);
    } catch (error) {
      throw coded(
        new TypeError(
          `setup must return what structured clone carries, but ${/** @type {Error} */ (error).message} Return memory and plain ` +
            'values, and make the primitives in the bodies.',
        ),
        'ERR_INVALID_ARG_VALUE',
      );
    }
  }

  /**
   * Collects what the threads tell of a schedule.
   * @param {Run} run
   */
  async #collect(run) {
    this.#crew.receive().forEach((result, index) => {
      if (result === undefined) return;
      run.traces[index] = result.trace;
      run.output.push(...(result.output ?? []));
      const { kind, error, code } = result;
      if (kind !== undefined) {
        run.failure ??= { kind, error, code, where: this.#program.threads[index].name };
      }
    });
    if (run.verdict === native.EXPLORE_FAILED && run.failure === undefined) {
      const { name, exitCode } = await this.#died();
      const error = new Error(
        `The thread ${formatValue(name)} ended its worker with exit code ${exitCode}.`,
      );
      run.failure = { kind: 'exception', error, where: name };
      await this.renew();
    }
    if (run.failure !== undefined) return;
    if (run.verdict === native.EXPLORE_DEADLOCK) run.failure = { kind: 'deadlock' };
    if (run.verdict === native.EXPLORE_LIVELOCK) run.failure = { kind: 'livelock' };
  }

  /** The thread whose worker has ended, and how. */
  async #died() {
    const died = /** @type {number} */ (native.exploreReport(this.#number).died);
    return { name: this.#program.threads[died].name, ...(await this.#crew.endOf(died)) };
  }

  /** The error for a worker that ended between two schedules. */
  async #endedBetween() {
    const { name, exitCode, error } = await this.#died();
    const why = error === undefined ? `with exit code ${exitCode}` : `by an error: ${text(error)}`;
    return coded(
      new TypeError(
        `The worker of the thread ${formatValue(name)} ended after its body had returned, ${why}. Only synchronous code can be ` +
          'explored: a body must be done when it returns, and leave no timer or promise behind.',
        error === undefined ? undefined : { cause: error },
      ),
      'ERR_INVALID_ARG_VALUE',
    );
  }

  /**
   * Calls setup or check, which run as a thread alone.
   *
   * @param {'setup' | 'check'} where
   * @param {FailureKind} kind
   * @param {() => unknown} call
   * @returns {Failure | undefined}
   */
  #alone(where, kind, call) {
    try {
      if (isThenable(call())) {
        const error = new TypeError(
          `${where} returned a promise. Only synchronous code can be explored.`,
        );
        return { kind: 'misuse', error, where };
      }
    } catch (error) {
      takeFailure();
      if (!isOver(error)) return { kind, error, code: codeOf(error), where };
      const why = `${where} blocked, and no thread is left that could wake it.`;
      return { kind: where === 'check' ? 'check' : 'deadlock', error: new Error(why), where };
    }
    const failure = takeFailure();
    return failure === undefined ? undefined : { ...failure, where };
  }

  /**
   * The log of the last schedule.
   * @returns {Log}
   */
  log() {
    const {
      choices,
      steps: flat,
      preemptions,
      blocked,
      turns = 0,
    } = native.exploreReport(this.#number);
    /** @type {Map<number, number>} */
    const cells = new Map([[0, 0]]);
    /** @type {Step[]} */
    const steps = [];
    for (let i = 0; i < flat.length; i += 4) {
      const address = flat[i + 3];
      let cell = cells.get(address);
      if (cell === undefined) cells.set(address, (cell = cells.size));
      // What setup and check do is no part of the schedule.
      if (flat[i] === this.#threads) continue;
      steps.push({ thread: flat[i], operation: flat[i + 1], before: flat[i + 2] === 1, cell });
    }
    return { choices, steps, preemptions, blocked, turns };
  }
}

/** @param {object} message */
function tell(message) {
  parentPort?.postMessage(message);
}

/**
 * Tells of a failure, with the schedule that leads to it.
 *
 * @param {Controller} controller
 * @param {import('./program-module.js').ProgramModule} program
 * @param {object} found
 * @param {Failure} found.failure
 * @param {Log} found.log
 * @param {Run} found.run
 * @param {object} found.details
 * @param {string} found.token
 */
function tellFailure(controller, program, { failure, log, run, details, token }) {
  const names = program.threads.map(({ name }) => name);
  const { kind, where } = failure;
  const table = tableOf({ names, log, traces: run.traces, operations });
  const message = {
    ...details,
    kind,
    where,
    code: failure.code,
    cause: travelling(failure.error),
    steps: log.steps.length,
    preemptions: log.preemptions,
    token,
    table: table.text,
    waits: kind === 'deadlock' ? table.waits(log.blocked) : [],
  };
  tell({ type: 'failed', failure: message, output: run.output });
}

/**
 * Explores until a schedule fails or the budget is used up.
 *
 * @param {Controller} controller
 * @param {Settings} settings
 * @param {import('./program-module.js').ProgramModule} program
 */
async function exploreAll(controller, settings, program) {
  const began = realNow();
  const pick = mixture(settings.strategy);
  let looped = began;
  let exhausted = false;
  /** @type {Set<number>} */
  const hashes = new Set();
  let isTreeOver = false;
  for (let schedule = 1; schedule <= settings.schedules; schedule++) {
    const strategy = pick(schedule, isTreeOver);
    if (strategy === undefined) {
      exhausted = true;
      break;
    }
    const run = await controller.run(STRATEGIES[strategy], seedOf(settings.seed, schedule));
    if (run === undefined) {
      isTreeOver = true;
      schedule--;
      continue;
    }
    if (run.failure !== undefined) {
      const details = { schedules: schedule, strategy, seed: settings.seed };
      await failed(controller, settings, program, { failure: run.failure, details });
      return;
    }
    hashes.add(controller.progress().hash);
    const now = realNow();
    if (now - looped > LOOP_MS) {
      tell({ type: 'progress', schedules: schedule, elapsed: now - began });
      await new Promise(setImmediate);
      looped = realNow();
      if (looped - began >= settings.time) break;
    }
  }
  tellDone(controller, settings, program, { distinct: hashes.size, exhausted });
}

/**
 * @param {Controller} controller
 * @param {Settings} settings
 * @param {import('./program-module.js').ProgramModule} program
 * @param {{ distinct: number, exhausted: boolean }} counts
 */
function tellDone(controller, { seed }, program, { distinct, exhausted }) {
  const { schedules, points } = controller.progress();
  const threads = Object.fromEntries(program.threads.map(({ name }, i) => [name, points[i]]));
  const total = points.reduce((a, b) => a + b, 0);
  tell({
    type: 'done',
    report: { schedules, distinct, points: total, exhausted, seed, threads },
  });
}

/**
 * The seed of one schedule.
 *
 * @param {number} seed
 * @param {number} schedule
 */
function seedOf(seed, schedule) {
  // Below 2^53. The odd factor spreads the seeds of two explorations.
  return (seed % 2 ** 32) * 2 ** 20 + ((schedule * 40503) % 2 ** 20);
}

/**
 * Shortens the schedule that has failed, runs it once more in fresh workers, and tells of it.
 *
 * @param {Controller} controller
 * @param {Settings} settings
 * @param {import('./program-module.js').ProgramModule} program
 * @param {{ failure: Failure, details: { schedules: number, strategy: string, seed: number } }} found
 */
async function failed(controller, settings, program, { failure, details }) {
  const level = () => controller.progress().level;
  const first = controller.log();
  const { log, minimal } = await shorten(controller, failure, first, level, realNow);
  const threads = program.threads.length;
  const schedule = scheduleOf(settings.random, threads, log);
  const token = encode(schedule);
  await controller.renew();
  const script = Int32Array.from(log.choices);
  const run = await controller.run(STRATEGIES.replay, 0, {
    script,
    traced: true,
    turns: turnsOf(log),
  });
  const again = controller.log();
  const from = departure(schedule, again.steps);
  if (run?.failure === undefined || run.failure.kind !== failure.kind || from !== undefined) {
    const error = new Error(
      `A schedule failed (${failure.kind}: ${text(failure.error)}), but ${
        from === undefined ? '' : `took other steps from step ${from[0] + 1} on, and `
      }${run?.failure === undefined ? 'passed' : `ended differently (${run.failure.kind})`} when it ran again in fresh workers. ` +
        'Does the program keep state at module level, which a schedule finds as the one before has left it? Explore with ' +
        'isolate: true, which starts fresh workers for each schedule.',
    );
    tellFailure(controller, program, {
      failure: { kind: 'nondeterministic', error },
      log: again,
      run: run ?? { failure, verdict: 0, traces: [], output: [] },
      details: { ...details, minimal: false },
      token,
    });
    return;
  }
  tellFailure(controller, program, {
    failure: run.failure,
    log: again,
    run,
    details: { ...details, minimal },
    token,
  });
}

/**
 * The step at which a replay lets the threads go on in turn.
 * @param {{ turns: number }} schedule
 */
function turnsOf({ turns }) {
  return turns === 0 ? NEVER : turns;
}

/** @param {unknown} error */
function text(error) {
  return /** @type {any} */ (error)?.message ?? String(error ?? 'no thread can go on');
}

/**
 * Replays a schedule.
 *
 * @param {Controller} controller
 * @param {Settings} settings
 * @param {import('./program-module.js').ProgramModule} program
 * @param {string} token
 */
async function replayOne(controller, settings, program, token) {
  const schedule = decode(token);
  const threads = program.threads.length;
  const script = Int32Array.from(schedule.choices);
  const run = await controller.run(STRATEGIES.replay, 0, {
    script,
    traced: true,
    turns: turnsOf(schedule),
  });
  if (run === undefined) return;
  const log = controller.log();
  const from = departure(schedule, log.steps);
  const details = { schedules: 1, strategy: 'replay', seed: 0, minimal: false };
  if (run.failure !== undefined && from === undefined) {
    tellFailure(controller, program, { failure: run.failure, log, run, details, token });
    return;
  }
  if (from !== undefined || threads !== schedule.threads) {
    const place =
      from === undefined
        ? ''
        : ` between its steps ${from[0] + 1} and ${from[1] + 1} of ${schedule.steps}`;
    const outcome =
      run.failure === undefined
        ? 'passed'
        : `failed (${run.failure.kind}: ${text(run.failure.error)})`;
    const error = new Error(
      `The token no longer fits: the program departed from the schedule${place}, and ${outcome}. The program or its ` +
        'data have changed since the token was made. Explore it again.',
    );
    const failure = /** @type {const} */ ({ kind: 'nondeterministic', error });
    tellFailure(controller, program, { failure, log, run, details, token });
    return;
  }
  tell({ type: 'output', output: run.output });
  tellDone(controller, settings, program, { distinct: 1, exhausted: false });
}

async function main() {
  /** @type {{ settings: Settings, token?: string }} */
  const { settings, token } = workerData;
  if (token !== undefined) settings.random = decode(token).random;
  const program = await loadProgram(settings.file);
  if (program.unused.length > 0) tell({ type: 'unused', names: program.unused });
  const controller = new Controller(settings, program);
  await controller.start();
  if (token === undefined) await exploreAll(controller, settings, program);
  else await replayOne(controller, settings, program, token);
  tell({ type: 'end' });
}

main().catch((error) => {
  const cause = travelling(error?.cause);
  tell({ type: 'broken', error: travelling(error), code: codeOf(error), cause });
});
