// @ts-check
'use strict';

const { sleep } = require('../helpers/waiting.js');
const { doingWord } = require('./doing.js');
const { CLOCK_TOLERANCE_MS } = require('./context.js');

/** A Cancel in memory of its own. The package is loaded on first use, as in context.js. */
const ownCancel = () => new (require('../../index.js').Cancel)(new SharedArrayBuffer(4));

/** @typedef {import('./context.js').Context} Context */
/** @typedef {import('./doing.js').Form} Form */
/** @typedef {import('./random.js').Random} Random */
/** @typedef {import('../../index.js').WaitOptions} WaitOptions */

/** Lets the event loop turn once. @returns {Promise<void>} */
const turn = () => new Promise((resolve) => setImmediate(resolve));
/** Lets everything continue that needs no turn of the event loop. @returns {Promise<void>} */
const settle = () => new Promise((resolve) => process.nextTick(resolve));

/** One operation by promise, from beginning to end. It runs beside the other tasks of its worker. */
class Task {
  /**
   * @param {Tasks} tasks
   * @param {number} number from 0
   */
  constructor(tasks, number) {
    this.tasks = tasks;
    this.context = tasks.context;
    this.number = number;
    this.party = this.context.party(number + 1);
  }

  /**
   * Waits by promise: without a limit, with a time limit, with a signal or with a Cancel.
   *
   * @template T
   * @param {Form} what
   * @param {number} cell
   * @param {Random | null} random if given, the wait may have a limit or a signal
   * @param {(options: WaitOptions) => Promise<T>} start
   * @returns {Promise<{ value: T } | undefined>} undefined if the wait gave up
   */
  async attempt(what, cell, random, start) {
    const { context } = this;
    const way = random ? random.integer(0, 11) : 0;
    // After a signal the guard of a Condition owns nothing, after a Cancel it does: the callers expect the former.
    const cancel = way >= 10 && what !== 'Condition#waitAsync' ? ownCancel() : undefined;
    const timeout = random && way >= 5 ? random.integer(0, 12) : Infinity;
    const controller = random && way >= 3 && way <= 6 ? new AbortController() : undefined;
    const abort = controller && this.#abortLater(controller, random?.integer(-1, 12) ?? 0);
    const cancelled = cancel && this.#cancelLater(cancel, random?.integer(-1, 12) ?? 0);
    const options = { timeout, signal: controller?.signal, cancel };
    const begun = performance.now();
    this.tell(doingWord(what, cell));
    try {
      const value = await start(options);
      context.count(what);
      return { value };
    } catch (error) {
      const { code } = /** @type {import('../../index.js').SyncError} */ (error);
      if (controller?.signal.aborted && error === controller.signal.reason) {
        context.count('promises aborted');
        return undefined;
      }
      if (code === 'ERR_CANCELLED' && cancel?.aborted) {
        context.count('promises cancelled');
        return undefined;
      }
      if (code !== 'ERR_TIMEOUT' || timeout === Infinity) throw error;
      const waited = performance.now() - begun;
      context.count('promises out of time');
      context.check(
        waited >= timeout - CLOCK_TOLERANCE_MS,
        () => `${what} gave up ${timeout} ms after ${waited}`,
      );
      return undefined;
    } finally {
      clearTimeout(abort);
      clearTimeout(cancelled);
      this.tell(0);
    }
  }

  /**
   * @param {AbortController} controller
   * @param {number} ms if negative, the wait ends before the event loop turns
   */
  #abortLater(controller, ms) {
    const abort = () => controller.abort(new Error('I have waited enough'));
    if (ms < 0) process.nextTick(abort);
    return ms < 0 ? undefined : setTimeout(abort, ms);
  }

  /**
   * @param {import('../../index.js').Cancel} cancel
   * @param {number} ms if negative, the wait ends before the event loop turns
   */
  #cancelLater(cancel, ms) {
    if (ms >= 6) cancel.abortAfter(ms);
    else if (ms >= 0) return setTimeout(() => cancel.abort(), ms);
    else process.nextTick(() => cancel.abort());
    return undefined;
  }

  /** What it is at. @param {number} doing */
  tell(doing) {
    const { context, number } = this;
    const { cells } = context.plan;
    const place = context.taskPlace(context.slot, number);
    Atomics.store(context.view, cells.taskDoing + place, doing);
    Atomics.add(context.view, cells.taskProgress + place, 1);
  }

  /**
   * Does something while the task holds what others wait for. Its worker must not wait without a limit meanwhile.
   *
   * @template T
   * @param {() => T | Promise<T>} inside
   */
  async holding(inside) {
    this.tasks.holding++;
    try {
      return await inside();
    } finally {
      this.tasks.holding--;
    }
  }

  /** A moment inside. @param {Random} random */
  async dwell(random) {
    const { context } = this;
    const ms = random.integer(0, 8);
    switch (random.integer(0, 7)) {
      case 0:
        return turn();
      case 1:
        return context.linger(() => sleep(ms));
      case 2:
        return context.linger(() => context.pause(ms));
      default:
    }
  }
}

/** The promises of one worker that are pending. */
class Tasks {
  /** How many tasks hold something now. */
  holding = 0;
  /** @type {(Task | undefined)[]} */
  #running = [];

  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    // The predecessor of this worker may have died during some tasks.
    for (const number of context.taskNumbers) new Task(this, number).tell(0);
  }

  get pending() {
    return this.#running.some((task) => task);
  }

  /**
   * Begins a task, unless too many are pending.
   *
   * @param {(task: Task) => Promise<unknown>} run
   * @returns {Promise<void>} until it waits
   */
  launch(run) {
    const { context } = this;
    const free = [...context.taskNumbers].find((number) => !this.#running[number]);
    if (free === undefined) return this.breathe();
    const task = new Task(this, free);
    this.#running[free] = task;
    run(task)
      .catch((error) => context.violation(`by promise: ${error.stack ?? error}`))
      .finally(() => (this.#running[free] = undefined));
    return settle();
  }

  /**
   * Waits until no task of this worker holds anything. From then on, until it lets them continue, the worker may wait
   * without a limit.
   */
  async calm() {
    await settle();
    while (this.holding > 0) {
      await turn();
      await settle();
    }
  }

  /** Lets pending tasks resume: while this thread blocks, they are passed over. */
  async breathe() {
    if (this.pending) await sleep(1);
  }

  /** Until all have ended. */
  async end() {
    while (this.pending) await sleep(1);
  }
}

module.exports = { Task, Tasks };
