// @ts-check
'use strict';

const path = require('node:path');
const { Worker } = require('node:worker_threads');

/** How soon a worker must end when it is terminated, in milliseconds: to tell it from a hang. */
const TERMINATION_LIMIT = 10_000;
/** The same for a snapshot. Without the addon, too, they take up to fifteen seconds on a machine that is busy. */
const SNAPSHOT_LIMIT = 30_000;

/**
 * One worker, from its start to its end.
 *
 * @typedef {object} Hand
 * @property {Worker} worker
 * @property {number} threadId
 * @property {boolean} online whether its program has begun
 * @property {boolean} busy whether something is being done to it that must not be disturbed
 */

/** The workers: one in each slot, or none where it is being replaced. */
class Crew {
  /** @type {(Hand | undefined)[]} */
  hands = [];
  /** How often a worker was started in each slot. @type {number[]} */
  incarnations = [];
  /** How often one was terminated. @type {number[]} */
  deaths = [];
  /** How many messages were sent to each slot. @type {number[]} */
  sent = [];
  /** The threadIds of those that have ended. @type {Set<number>} */
  ended = new Set();
  /** How long terminations took, in milliseconds. @type {number[]} */
  terminationTimes = [];
  /** How long each snapshot took until it was there, and until it was read, and its bytes. */
  snapshots = /** @type {{ taken: number, read: number, bytes: number }[]} */ ([]);

  /**
   * @param {import('./context.js').Context} context
   * @param {SharedArrayBuffer} memory
   * @param {string} file the program of the workers
   */
  constructor(context, memory, file) {
    this.context = context;
    this.memory = memory;
    this.file = file;
  }

  /** @param {number} slot */
  start(slot) {
    const { context, memory } = this;
    context.check(this.hands[slot] === undefined, () => `two workers at once in slot ${slot}`);
    const incarnation = this.incarnations[slot] ?? 0;
    this.incarnations[slot] = incarnation + 1;
    const worker = new Worker(path.join(__dirname, this.file), {
      workerData: { plan: context.plan, memory, slot, incarnation },
    });
    const { threadId } = worker;
    /** @type {Hand} */
    const hand = {
      worker,
      threadId,
      busy: false,
      online: false,
    };
    worker.once('online', () => (hand.online = true));
    worker.once('exit', () => {
      this.ended.add(threadId);
      if (this.hands[slot] === hand) this.hands[slot] = undefined;
      const expected = context.isDoomed(threadId) || context.stopped;
      context.check(expected, () => `worker ${slot} (threadId ${threadId}) ended by itself`);
    });
    worker.on('error', (error) => context.violation(`worker ${slot} failed: ${error.stack}`));
    this.hands[slot] = hand;
  }

  /** The slots of those that live. */
  living() {
    return [...this.hands.keys()].filter((slot) => this.hands[slot] !== undefined);
  }

  /**
   * The first one from `slot` on that can be worked on.
   *
   * @param {number} slot
   * @param {(hand: Hand, slot: number) => boolean} [suits]
   * @returns {number} its slot, or -1
   */
  find(slot, suits = () => true) {
    const { workers } = this.context.plan;
    for (let i = 0; i < workers; i++) {
      const candidate = (slot + i) % workers;
      const hand = this.hands[candidate];
      if (hand && !hand.busy && suits(hand, candidate)) return candidate;
    }
    return -1;
  }

  /**
   * As {@link Crew.find}. No other event finds that worker from here on.
   *
   * @param {number} slot
   * @param {(hand: Hand, slot: number) => boolean} [suits]
   */
  claim(slot, suits) {
    const found = this.find(slot, suits);
    if (found >= 0) /** @type {Hand} */ (this.hands[found]).busy = true;
    return found;
  }

  /**
   * Terminates a worker.
   *
   * @param {number} slot of one that was claimed
   */
  async terminate(slot) {
    const hand = /** @type {Hand} */ (this.hands[slot]);
    const { context } = this;
    this.deaths[slot] = (this.deaths[slot] ?? 0) + 1;
    Atomics.store(context.view, context.plan.cells.doomed + hand.threadId, 1);
    const start = performance.now();
    await this.#within(TERMINATION_LIMIT, hand.worker.terminate(), `terminate() of worker ${slot}`);
    this.terminationTimes.push(performance.now() - start);
    return hand.threadId;
  }

  /**
   * Takes a heap snapshot, and reads it to its end: Node crashes when the worker ends before.
   *
   * @param {number} slot of one that was claimed
   */
  async snapshot(slot) {
    const hand = /** @type {Hand} */ (this.hands[slot]);
    const { view, plan } = this.context;
    Atomics.add(view, plan.cells.snapshots + slot, 1);
    const start = performance.now();
    let taken = NaN;
    const read = async () => {
      const stream = await hand.worker.getHeapSnapshot();
      taken = performance.now() - start;
      let bytes = 0;
      for await (const chunk of stream) bytes += chunk.length;
      return bytes;
    };
    const bytes = await this.#within(SNAPSHOT_LIMIT, read(), `the snapshot of worker ${slot}`);
    this.context.check(bytes > 10_000, () => `a snapshot of ${bytes} bytes`);
    this.snapshots.push({ taken, read: performance.now() - start - taken, bytes });
    Atomics.add(view, plan.cells.snapshots + slot, 1);
    hand.busy = false;
  }

  /** @param {number} slot */
  post(slot) {
    const hand = /** @type {Hand} */ (this.hands[slot]);
    this.sent[slot] = (this.sent[slot] ?? 0) + 1;
    hand.worker.postMessage({ text: 'are you well?' });
  }

  /**
   * @template T
   * @param {number} limit
   * @param {Promise<T>} promise
   * @param {string} what
   * @returns {Promise<T>}
   */
  async #within(limit, promise, what) {
    const timer = setTimeout(
      () => this.context.violation(`${what} has taken more than ${limit} ms`),
      limit,
    );
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }
}

module.exports = { Crew, SNAPSHOT_LIMIT };
