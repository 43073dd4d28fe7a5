// @ts-check
'use strict';

// `@x/shared-sync/explore`: runs a program's threads in many schedules, and replays one that fails.

const path = require('node:path');
const { Worker } = require('node:worker_threads');
const { invalidArgType } = require('../errors.js');
const { assertFunction, assertOptions, formatValue } = require('../arguments.js');
const { native } = require('../realm.js');
const { ExplorationError } = require('./error.js');
const { settingsOf } = require('./options.js');
const { point } = require('./scheduling.js');
const { BLOCKED, stackOf, watchStalls } = require('./stalls.js');
const { decode, encode, scheduleOf } = require('./token.js');

/** @typedef {import('./options.js').Settings} Settings */
/** @typedef {import('../../explore.js').ExplorationReport} ExplorationReport */
/** @typedef {{ schedules: number, elapsed: number }} Progress */

/**
 * Warns of a name with a slip: a `chek` would never run.
 * @param {string[]} names
 */
function warnOfUnused(names) {
  process.emitWarning(
    `The explored module exports ${names.join(', ')}, which exploring never calls. It calls threads, setup and check.`,
    { type: 'ExplorationWarning', code: 'EXPLORE_UNUSED_EXPORT' },
  );
}

/**
 * An exploration, as the thread sees it that has called explore().
 */
class Exploration {
  /** @type {Settings} */
  #settings;
  #worker;
  /** The number by which the native side knows it. @type {number | undefined} */
  #number;
  /** What the controller told of its workers. @type {{ threadIds: number[], names: string[] }} */
  #threads = { threadIds: [], names: [] };
  /** @type {(report: ExplorationReport) => void} */
  #resolve = () => {};
  /** @type {(error: unknown) => void} */
  #reject = () => {};
  /** @type {() => void} */
  #settle = () => {};
  #schedules = 0;
  #isReplay;
  /** @type {((progress: Progress) => void) | undefined} */
  #onProgress;

  /**
   * @param {Settings} settings
   * @param {string | undefined} token
   * @param {((progress: Progress) => void) | undefined} onProgress
   */
  constructor(settings, token, onProgress) {
    this.#settings = settings;
    this.#isReplay = token !== undefined;
    this.#onProgress = onProgress;
    this.#worker = new Worker(path.join(__dirname, 'controller.js'), {
      name: 'exploration',
      workerData: { settings, token },
      stdout: true,
      stderr: true,
    });
    this.#worker.stdout.resume();
    this.#worker.stderr.resume();
  }

  /** @returns {Promise<ExplorationReport>} */
  async run() {
    const unwatch = watchStalls(
      () => this.#number,
      this.#settings.stall,
      (index) => void this.#stalled(index),
    );
    try {
      return await new Promise((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
        this.#worker.on('message', (message) => this.#hear(message));
        this.#worker.on('error', reject);
        this.#worker.on('exit', (code) => {
          this.#settle();
          reject(
            new Error(
              `The exploration ended with exit code ${code}: setup or check may have ended it.`,
            ),
          );
        });
      });
    } finally {
      unwatch();
      // The explored threads leave by themselves, and the controller ends those that cannot.
      if (this.#number !== undefined) native.exploreClose(this.#number);
      await this.#worker.terminate();
    }
  }

  /** @param {any} message */
  #hear(message) {
    switch (message.type) {
      case 'begun':
        this.#number = message.number;
        break;
      case 'threads':
        this.#threads = message;
        break;
      case 'unused':
        warnOfUnused(message.names);
        break;
      case 'progress':
        this.#schedules = message.schedules;
        this.#tellProgress(message);
        break;
      case 'output':
        print(message.output);
        break;
      case 'done':
        this.#warnOfUnexplored(message.report);
        this.#settle = () => this.#resolve(message.report);
        break;
      case 'failed':
        print(message.output);
        this.#settle = () => this.#reject(new ExplorationError(message.failure));
        break;
      case 'broken':
        this.#reject(restored(message));
        break;
      case 'end':
        this.#settle();
        break;
    }
  }

  /** @param {Progress} progress */
  #tellProgress(progress) {
    try {
      this.#onProgress?.(progress);
    } catch (error) {
      this.#reject(error);
    }
  }

  /** @param {ExplorationReport} report */
  #warnOfUnexplored({ threads }) {
    const idle = Object.keys(threads).filter((name) => threads[name] === 0);
    if (idle.length === 0) return;
    process.emitWarning(
      `${idle.join(', ')} came to no scheduling point, so nothing was explored there. Only the primitives of this package, ` +
        'Atomics and point() have such points.',
      { type: 'ExplorationWarning', code: 'EXPLORE_NO_POINTS' },
    );
  }

  /**
   * A thread has had the turn for too long.
   * @param {number} index
   */
  async #stalled(index) {
    const { threadIds, names } = this.#threads;
    const number = /** @type {number} */ (this.#number);
    const { stall, seed, random } = this.#settings;
    const threadId = threadIds[index] ?? this.#worker.threadId;
    const where = names[index] ?? 'setup or check';
    const stack = await stackOf(threadId);
    const { choices, steps, preemptions, turns = 0 } = native.exploreReport(number);
    const cause = new Error(
      `${where} has had the turn for ${stall} ms without a scheduling point${stack === BLOCKED ? `: ${BLOCKED}` : '.'}`,
    );
    if (stack !== BLOCKED) cause.stack = `${cause.message}\n${stack}`;
    this.#reject(
      new ExplorationError({
        kind: 'stall',
        where,
        cause,
        schedules: this.#schedules + 1,
        strategy: this.#isReplay ? 'replay' : this.#settings.strategy,
        seed,
        steps: steps.length / 4,
        preemptions,
        minimal: false,
        token: encode(scheduleOf(random, names.length, { choices, steps: [], turns })),
        table: stack,
        waits: [],
      }),
    );
  }
}

/**
 * An error of the controller, with the code and the cause that structured clone has lost.
 * @param {{ error: any, code?: string, cause?: unknown }} message
 */
function restored({ error, code, cause }) {
  if (code !== undefined) error.code = code;
  if (cause !== undefined) {
    Object.defineProperty(error, 'cause', { value: cause, writable: true, configurable: true });
  }
  return error;
}

/** @param {import('./output.js').Output[]} output */
function print(output) {
  for (const { stream, text } of output) process[stream].write(text);
}

/**
 * Runs the threads of a module in many schedules.
 *
 * @param {string | URL} file
 * @param {import('../../explore.js').ExploreOptions} [options]
 * @param {(progress: Progress) => void} [onProgress]
 */
async function explore(file, options, onProgress) {
  if (onProgress !== undefined) assertFunction(onProgress, 'onProgress');
  return new Exploration(settingsOf(file, options), undefined, onProgress).run();
}

/**
 * Runs one schedule of a module once more.
 *
 * @param {string | URL} file
 * @param {string} token
 * @param {import('../../explore.js').ReplayOptions} [options]
 */
async function replay(file, token, options = {}) {
  if (typeof token !== 'string') {
    throw invalidArgType(`token must be a string, but is ${formatValue(token)}.`);
  }
  decode(token);
  assertOptions(options, ['stall'], '{ stall: 5000 }');
  return new Exploration(settingsOf(file, { ...options, pin: true }), token, undefined).run();
}

explore.point = point;

module.exports = { ExplorationError, explore, point, replay };
