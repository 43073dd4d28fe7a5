// @ts-check
'use strict';

const path = require('node:path');
const { inspect } = require('node:util');
const { Worker } = require('node:worker_threads');
const { Account } = require('./account.js');
const shared = require('../../../index.js');
const { message } = require('./message.js');
const {
  MAIN,
  PAUSE,
  RECEIVED,
  RECEIVERS,
  SENDERS,
  STOP,
  TWICE,
  VIOLATIONS,
  WORKERS,
  memoryOf,
} = require('./plan.js');
const { Random } = require('../random.js');
const { sleep } = require('../../helpers/waiting.js');

/** The percentage of deaths after which all messages are accounted for before a worker replaces the dead one. */
const STILL = 60;
/** The most milliseconds between two deaths. */
const MAX_LIFE = 60;

/** A cell that stays 0. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** @typedef {{ worker: Worker, exited: Promise<void> }} Running */

/** Runs the workers, terminates and replaces them, and accounts for the messages. */
class Supervisor {
  /** @type {(Running | undefined)[]} */
  #workers = Array(WORKERS).fill(undefined);
  #incarnations = Array(WORKERS).fill(0);
  #ownNumber = 0;
  hangs = 0;
  kills = 0;
  stills = 0;
  probes = 0;
  /** The memory of the process in bytes, now and then. @type {number[]} */
  sizes = [];

  /**
   * @param {import('./plan.js').Plan} plan
   * @param {number} seconds at most
   * @param {number} patience in milliseconds
   */
  constructor(plan, seconds, patience) {
    this.plan = plan;
    this.patience = patience;
    this.end = performance.now() + seconds * 1_000;
    this.memory = memoryOf(plan);
    this.account = new Account(plan, this.memory);
    this.random = new Random(plan.seed, -1);
  }

  get violations() {
    return Atomics.load(this.memory.control, VIOLATIONS);
  }

  get failed() {
    return this.violations > 0 || this.hangs > 0;
  }

  get #isOver() {
    return this.failed || performance.now() > this.end || this.#hasSentAll;
  }

  get #hasSentAll() {
    return this.memory.resting.subarray(0, SENDERS).every((pause) => pause === -1);
  }

  /** @param {number} slot */
  #start(slot) {
    const { plan, memory } = this;
    const worker = new Worker(path.join(__dirname, 'worker.js'), {
      workerData: {
        plan,
        shared: memory.share(),
        worker: slot,
        incarnation: this.#incarnations[slot]++,
      },
    });
    worker.on('message', (text) => console.log(`VIOLATION: ${text}`));
    worker.on('error', (error) => this.#violation(`${error.stack}`));
    const exited = new Promise((resolve) => worker.once('exit', () => resolve(undefined)));
    this.#workers[slot] = { worker, exited };
  }

  /** @param {string} text */
  #violation(text) {
    Atomics.add(this.memory.control, VIOLATIONS, 1);
    console.log(`VIOLATION: ${text}`);
  }

  /** @param {string} text */
  #hang(text) {
    this.hangs++;
    console.log(`HANG: ${text} (${inspect(this.memory.jobs)})`);
    console.log(inspect(shared.inspect(), { depth: 4 }));
  }

  /** Waits for a condition. Returns false, and notes a hang, if it does not come true. */
  async #until(/** @type {() => boolean} */ condition, /** @type {() => string} */ what) {
    for (const end = performance.now() + this.patience; !condition(); await sleep(1)) {
      if (this.violations > 0) return false;
      if (performance.now() > end) {
        this.#hang(what());
        return false;
      }
    }
    return true;
  }

  async run() {
    for (let slot = 0; slot < WORKERS; slot++) this.#start(slot);
    await this.#until(
      () => Atomics.load(this.memory.control, RECEIVED) > 0,
      () => 'no message arrives',
    );
    while (!this.#isOver) {
      const before = Atomics.load(this.memory.control, RECEIVED);
      await sleep(this.random.integer(1, MAX_LIFE));
      await this.#until(
        () => Atomics.load(this.memory.control, RECEIVED) > before || this.#hasSentAll,
        () => 'no message arrives',
      );
      if (this.#isOver) break;
      await this.#kill(this.random.integer(0, WORKERS - 1));
      if (this.kills % 100 === 0) this.sizes.push(process.memoryUsage.rss());
    }
    if (!this.failed) await this.#finish();
  }

  /** @param {number} slot */
  async #kill(slot) {
    const { account, memory, random } = this;
    const { worker, exited } = /** @type {Running} */ (this.#workers[slot]);
    if (memory.resting[slot] === -1) return;
    worker.terminate();
    await exited;
    this.#workers[slot] = undefined;
    this.kills++;
    if (slot < SENDERS) account.senderDied(slot);
    else account.receiverDied(slot - SENDERS);
    if (random.chance(STILL)) {
      // Nothing happens now but what the death causes.
      const isStill = await this.#rest();
      if (isStill && random.chance(50)) await this.#probe();
      if (isStill) this.#start(slot);
      this.#wake();
    } else this.#start(slot);
  }

  /** Lets the senders rest, and waits until all messages have arrived. Returns whether they have. */
  async #rest() {
    const { control, resting } = this.memory;
    this.stills++;
    const pause = Atomics.add(control, PAUSE, 1) + 1;
    let missing = /** @type {string[]} */ ([]);
    const rests = (/** @type {number} */ slot) =>
      this.#workers[slot] === undefined || [pause, -1].includes(Atomics.load(resting, slot));
    const senders = [...Array(SENDERS).keys()];
    return this.#until(
      () => senders.every(rests) && (missing = this.account.missing()).length === 0,
      () => {
        const blocked = senders.filter((slot) => !rests(slot));
        return `senders ${blocked} do not rest; ${missing.length} messages are missing: ${missing.slice(0, 5)}`;
      },
    );
  }

  #wake() {
    const { control } = this.memory;
    Atomics.add(control, PAUSE, 1);
    Atomics.notify(control, PAUSE);
  }

  /** How many threads and promises wait for a message. */
  get #waiting() {
    return Number(/(\d+) waiting receiving/.exec(inspect(this.memory.jobs))?.[1] ?? 0);
  }

  /**
   * While everything rests: this thread waits by promise, and then blocks. The others receive all that it sends, one
   * message at a time.
   */
  async #probe() {
    const { jobs, begun, confirmed, control } = this.memory;
    this.probes++;
    const receivers = this.#workers.slice(SENDERS).filter((running) => running !== undefined);
    const count = receivers.length;
    const asleep = () => this.#waiting >= count;
    if (!(await this.#until(asleep, () => `${this.#waiting} of ${count} receivers wait`))) return;
    const abort = new AbortController();
    const own = jobs.receiveAsync({ signal: abort.signal }).then(
      () => this.#violation('a promise received a message while its thread was blocked'),
      (error) => {
        if (error.name !== 'AbortError') throw error;
      },
    );
    // By then the promise is the one that has waited longest.
    for (let i = 0; i < RECEIVERS * 2; i++) {
      if (this.#ownNumber >= this.plan.quota) break;
      const received = control[RECEIVED];
      begun[MAIN] = ++this.#ownNumber;
      jobs.send(message(MAIN, this.#ownNumber - 1, this.plan.capacity / 2 - 16));
      confirmed[MAIN] = this.#ownNumber;
      const end = performance.now() + this.patience;
      while (Atomics.load(control, RECEIVED) === received && this.violations === 0) {
        Atomics.wait(NEVER, 0, 0, 0.05);
        if (performance.now() > end) {
          this.#hang('a message of the main thread does not arrive while that is busy');
          return;
        }
      }
    }
    abort.abort();
    await own;
  }

  async #finish() {
    const { control, jobs } = this.memory;
    Atomics.store(control, STOP, 1);
    const ended = [];
    for (const running of this.#workers.slice(0, SENDERS)) ended.push(running?.exited);
    let left = ended.length;
    for (const exited of ended) exited?.then(() => left--);
    if (
      !(await this.#until(
        () => left === 0,
        () => `${left} senders do not end`,
      ))
    )
      return;
    jobs.close();
    left = RECEIVERS;
    for (const running of this.#workers.slice(SENDERS)) running?.exited.then(() => left--);
    if (
      !(await this.#until(
        () => left === 0,
        () => `${left} receivers do not end`,
      ))
    )
      return;
    for (const missing of this.account.missing().slice(0, 5))
      this.#violation(`${missing} is missing`);
    for (const doubled of this.account.doubled()) this.#violation(`${doubled} arrived twice`);
    if (jobs.length > 0) this.#violation(`${jobs.length} messages are left`);
  }

  /** How often a message arrived again, after a thread that read it in place had died. */
  get again() {
    return this.memory.control[TWICE];
  }
}

module.exports = { Supervisor };
