// @ts-check
'use strict';

const { monitorEventLoopDelay } = require('node:perf_hooks');
const { sleep } = require('../helpers/waiting.js');
const { Crew } = require('./crew.js');
const { describeWorker } = require('./doing.js');
const { Watchdog } = require('./watchdog.js');

/**
 * The data that a worker receives.
 *
 * @typedef {object} WorkerData
 * @property {import('./plan.js').Plan} plan
 * @property {SharedArrayBuffer} memory
 * @property {number} slot the slot of the worker
 * @property {number} incarnation how many workers were in that slot before it
 */

/**
 * How the main thread uses the package. The baseline does nothing here.
 *
 * @typedef {object} Craft
 * @property {string} file the program of the workers
 * @property {() => import('../../index.js').BlockedThread[]} inspect
 * @property {() => { has(threadId: number): boolean }} blocked the threads of which to take snapshots
 * @property {(threadId: number, slot: number, after: import('./plan.js').Event['after']) => void} dispose recovers what
 *   a thread abandoned
 * @property {(help: import('./actors/index.js').Help) => void} release ends waits without a limit at the end of the run
 * @property {(deaths: number[]) => void} verify looks at the shared memory at the end
 */

/** How often the watchdog looks, in milliseconds. */
const WATCH = 250;

/** How often an event looks for a worker that holds something or is blocked. */
const LOOKS = 40;

/**
 * Looks for a worker a few times, a millisecond apart.
 *
 * @param {() => number} claim returns its slot, or -1. It claims the worker, since another event may run before this
 *   one continues.
 */
async function lookFor(claim) {
  for (let looks = LOOKS; looks > 0; looks--) {
    const slot = claim();
    if (slot >= 0) return slot;
    await sleep(1);
  }
  return -1;
}

/** The part of the main thread: runs the events of the plan at their times. */
class Supervisor {
  hangs = 0;
  inspections = 0;
  /** The most memory that the process had at once, in bytes. */
  peak = 0;
  /** The memory of the process with all its workers, before they were told to stop. */
  memory = 0;
  /** How late the timers of the main thread were. Its measurements include that. */
  delay = monitorEventLoopDelay({ resolution: 10 });
  /** What is under way. @type {Set<Promise<unknown>>} */
  #pending = new Set();

  /**
   * @param {import('./context.js').Context} context
   * @param {SharedArrayBuffer} memory
   * @param {Craft} craft
   * @param {number} patience of the watchdog, in milliseconds
   */
  constructor(context, memory, craft, patience) {
    this.context = context;
    this.craft = craft;
    this.crew = new Crew(context, memory, craft.file);
    this.watchdog = new Watchdog(context, patience);
  }

  /** Runs the plan. Resolves when all workers have ended or hang. */
  async run() {
    const { context, crew } = this;
    for (let slot = 0; slot < context.plan.workers; slot++) crew.start(slot);
    const watch = setInterval(() => this.#watch(), WATCH);
    this.delay.enable();
    const start = performance.now();
    for (const event of context.plan.events) {
      const wait = start + event.at - performance.now();
      if (wait > 0) await sleep(wait);
      if (this.hangs > 0) break;
      this.#act(event);
    }
    if (this.hangs === 0) await sleep(start + context.plan.seconds * 1_000 - performance.now());
    // Before any worker stops, snapshots are read to their ends, and dead workers are replaced.
    while (this.#pending.size > 0 && this.hangs === 0) await sleep(5);
    this.memory = process.memoryUsage.rss();
    if (this.hangs === 0) await this.#stop();
    this.delay.disable();
    clearInterval(watch);
    if (this.hangs === 0) this.craft.verify(crew.deaths);
    this.#examineMessages();
  }

  /**
   * @param {number} slot
   * @param {import('./plan.js').Event['after']} after
   */
  async #terminate(slot, after) {
    const { context } = this;
    const threadId = await this.crew.terminate(slot);
    Atomics.store(context.view, context.plan.cells.lingering + slot, 0);
    this.craft.dispose(threadId, slot, after);
  }

  /**
   * Claims a worker that holds something.
   *
   * @param {number} slot where to begin
   */
  #claimInside(slot) {
    const { context, crew } = this;
    const { lingering } = context.plan.cells;
    return crew.claim(slot, (_, slot) => Atomics.load(context.view, lingering + slot) > 0);
  }

  /** @param {import('./plan.js').Event} event */
  #act(event) {
    const { context, crew } = this;
    const act = {
      terminate: async () => {
        let slot = event.inside ? await lookFor(() => this.#claimInside(event.slot)) : -1;
        if (slot < 0) slot = crew.claim(event.slot);
        if (slot < 0) return;
        await this.#terminate(slot, event.after);
        await sleep(event.delay);
        this.watchdog.reset(slot);
        crew.start(slot);
      },
      snapshot: async () => {
        const slot = await lookFor(() => {
          const blocked = this.craft.blocked();
          return crew.claim(event.slot, (hand) => hand.online && blocked.has(hand.threadId));
        });
        if (slot < 0) return;
        await crew.snapshot(slot);
        this.watchdog.reset(slot);
      },
      message: async () => {
        const slot = crew.find(event.slot);
        if (slot >= 0) crew.post(slot);
      },
      inspect: async () => this.#inspect(),
    };
    const done = act[event.kind]()
      .catch((error) => context.violation(`${event.kind} failed: ${error.stack}`))
      .finally(() => this.#pending.delete(done));
    this.#pending.add(done);
  }

  #inspect() {
    const { context, crew } = this;
    this.inspections++;
    for (const wait of this.craft.inspect()) {
      const { threadId, kind, waitedMs, ownerThreadId, arrivedThreadIds } = wait;
      const known = threadId > 0 && threadId < context.plan.threadIds && !crew.ended.has(threadId);
      const sound =
        known &&
        waitedMs >= 0 &&
        (ownerThreadId === undefined || ownerThreadId < context.plan.threadIds) &&
        (kind === 'Barrier') === (arrivedThreadIds !== undefined);
      context.check(sound, () => `inspect() tells ${JSON.stringify(wait)}`);
    }
  }

  async #stop() {
    const { context, crew } = this;
    Atomics.store(context.view, context.plan.cells.stop, 1);
    const help = {
      /** @type {import('./actors/index.js').Help['terminateBlocked']} */
      terminateBlocked: (slots, kind) => {
        const blocked = new Set(
          this.craft.inspect().flatMap((wait) => (wait.kind === kind ? [wait.threadId] : [])),
        );
        const slot = crew.claim(
          0,
          ({ threadId }, slot) => slots.includes(slot) && blocked.has(threadId),
        );
        if (slot < 0) return false;
        const done = this.#terminate(slot, 'recover').finally(() => this.#pending.delete(done));
        this.#pending.add(done);
        return true;
      },
    };
    while (crew.living().length > 0 && this.hangs === 0) {
      this.craft.release(help);
      await sleep(20);
    }
    await Promise.all(this.#pending);
  }

  #watch() {
    const { context, crew, watchdog } = this;
    this.peak = Math.max(this.peak, process.memoryUsage.rss());
    const calm = crew.living().filter((slot) => !crew.hands[slot]?.busy);
    const hanging = watchdog.hanging(calm);
    if (hanging.length === 0 || this.hangs > 0) return;
    this.hangs += hanging.length;
    const lines = crew.living().map((slot) => {
      const { actor, member } = context.plan.roles[slot];
      const sign = hanging.includes(slot) ? 'HANGS' : 'lives';
      const thread = `worker ${slot} (threadId ${crew.hands[slot]?.threadId})`;
      return `${sign}: ${thread}, member ${member} of ${actor}: ${describeWorker(context, slot)}`;
    });
    console.error(lines.join('\n'));
    console.error('inspect():', JSON.stringify(this.craft.inspect(), null, 1));
  }

  #examineMessages() {
    const { context, crew } = this;
    for (let slot = 0; slot < context.plan.workers; slot++) {
      const got = Atomics.load(context.view, context.plan.cells.messages + slot);
      context.check(got <= crew.sent[slot], () => `${got} of ${crew.sent[slot]} messages arrived`);
    }
  }

  /** Terminates the workers that hang, or the process if a worker does not end. */
  async abandon() {
    const { context, crew } = this;
    // Node crashes if a worker is terminated while its snapshot is still being read.
    await Promise.race([Promise.all(this.#pending), sleep(5_000)]);
    for (const slot of crew.living()) {
      const threadId = /** @type {import('./crew.js').Hand} */ (crew.hands[slot]).threadId;
      Atomics.store(context.view, context.plan.cells.doomed + threadId, 1);
    }
    const timer = setTimeout(() => {
      console.error('the workers cannot be terminated, either');
      process.kill(process.pid, 'SIGKILL');
    }, 5_000);
    await Promise.all(crew.hands.map((hand) => hand?.worker.terminate()));
    clearTimeout(timer);
  }
}

module.exports = { Supervisor };
