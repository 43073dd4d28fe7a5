// @ts-check
'use strict';

const { SNAPSHOT_LIMIT } = require('../crew.js');
const { Guarded, planGuarded } = require('../guarded.js');
const { Random } = require('../random.js');

/** @typedef {import('../context.js').Context} Context */

const MEMBERS = 3;
/** The shortest time between two attempts. The other actors run meanwhile. */
const ROUNDS_PER_SECOND = 100;
/** How long a member waits for the others of a round, in milliseconds. */
const PATIENCE = 200;
/** How soon a cycle must be reported, in milliseconds. */
const LIMIT = 1_000;

/** @param {import('./index.js').Planning} planning */
function plan({ space, members, seconds }) {
  const rounds = Math.ceil(seconds) * ROUNDS_PER_SECOND;
  return {
    members,
    rounds,
    mutexes: Array.from({ length: MEMBERS }, () => planGuarded(space)),
    round: space.take(1),
    /** For each member: the round in which it holds its mutex. */
    holds: space.take(MEMBERS),
    /** For each round: a bit for each member that owns its mutex and is about to lock that of the next member. */
    closing: space.take(rounds),
    /** For each member: when it was about to lock that mutex, in microseconds. */
    closingAt: space.take(MEMBERS),
    /** The longest time until a report, in microseconds: without and with a snapshot meanwhile. */
    slowest: space.take(2),
  };
}

/**
 * @param {Context} context
 * @param {ReturnType<typeof plan>} plan
 */
function guarded(context, { mutexes }) {
  return mutexes.map((mutex) => new Guarded(context, mutex));
}

/** Rounds in which two or three members lock each other's mutexes in a cycle. */
class Cycles {
  /**
   * @param {Context} context
   * @param {ReturnType<typeof plan>} plan
   */
  constructor(context, plan) {
    this.context = context;
    this.plan = plan;
    this.guarded = guarded(context, plan);
    /** The last round. A replacement does not resume the round in which its predecessor died. */
    this.last = Atomics.load(context.view, plan.round);
    this.#leave(this.last);
  }

  /** @param {number} round */
  #leave(round) {
    const { context, plan } = this;
    if (round + 1 < plan.rounds) {
      Atomics.compareExchange(context.view, plan.round, round, round + 1);
    }
  }

  /**
   * The plan of a round, from the seed: the members that take part, and whether one of them has a time limit, so that
   * it is no deadlock.
   *
   * @param {number} round
   */
  #roundPlan(round) {
    const random = new Random(this.context.plan.seed, this.plan.round, round);
    const parties = random.shuffle([0, 1, 2]).slice(0, random.integer(2, MEMBERS));
    return { parties, impatient: random.chance(25) ? random.pick(parties) : -1 };
  }

  /**
   * @param {number} member
   * @returns {boolean} whether there was anything to do
   */
  play(member) {
    const { context, plan } = this;
    const round = Atomics.load(context.view, plan.round);
    if (round <= this.last) return false;
    const { parties, impatient } = this.#roundPlan(round);
    const place = parties.indexOf(member);
    if (place < 0) return false;
    this.last = round;
    const mine = this.guarded[member];
    const next = this.guarded[parties[(place + 1) % parties.length]];
    mine.enter();
    if (this.#meet(member, round, parties)) {
      if (member === impatient) this.#tryNext(member, round, next);
      else this.#lockNext(member, round, parties, impatient >= 0, next);
    }
    mine.leave();
    this.#leave(round);
    return true;
  }

  /**
   * Waits until all parties hold their mutexes.
   *
   * @param {number} member
   * @param {number} round
   * @param {number[]} parties
   */
  #meet(member, round, parties) {
    const { context, plan } = this;
    const { view } = context;
    Atomics.store(view, plan.holds + member, round);
    const met = () => parties.every((party) => Atomics.load(view, plan.holds + party) === round);
    return context.operate('waiting for a partner', plan.round, () => {
      for (let waited = 0; waited < PATIENCE && !context.stopped; waited++) {
        if (met()) return true;
        context.pause(1);
      }
      Atomics.store(view, plan.holds + member, 0);
      return false;
    });
  }

  /**
   * The last step, in the member whose wait times out.
   *
   * @param {number} member
   * @param {number} round
   * @param {Guarded} next
   */
  #tryNext(member, round, next) {
    const { context, plan } = this;
    const limit = new Random(context.plan.seed, round).integer(10, 60);
    Atomics.or(context.view, plan.closing + round, 1 << member);
    if (next.tryEnter('tryLockFor', limit, false)) next.leave();
    else context.count('cycles with a limit');
  }

  /**
   * @param {number} member
   * @param {number} round
   * @param {number[]} parties
   * @param {boolean} open whether one of the parties has a limit
   * @param {Guarded} next
   */
  #lockNext(member, round, parties, open, next) {
    const { context, plan } = this;
    const { view } = context;
    const bit = 1 << member;
    const all = parties.reduce((bits, party) => bits | (1 << party), 0);
    const snapshots = this.#snapshots(parties);
    Atomics.store(view, plan.closingAt + member, context.microseconds());
    if ((Atomics.or(view, plan.closing + round, bit) | bit) === all && !open) {
      context.count('cycles made');
    }
    try {
      next.enterStrictly();
    } catch (error) {
      switch (context.expect(error, 'ERR_DEADLOCK', 'ERR_ABANDONED')) {
        case 'ERR_ABANDONED':
          if (!open) context.count('cycles disturbed by a death');
          break;
        case 'ERR_DEADLOCK':
          context.check(!open, () => `a round with a limit was reported: ${error}`);
          context.check(
            Atomics.load(view, plan.closing + round) === all,
            () => `reported before it was closed: ${error}`,
          );
          this.#examineReport(/** @type {any} */ (error), parties, snapshots);
      }
      return;
    }
    next.leave();
  }

  /**
   * For each party: the number of beginnings and ends of its heap snapshots. Odd while a snapshot is taken.
   *
   * @param {number[]} parties
   */
  #snapshots(parties) {
    const { view, plan } = this.context;
    const slots = parties.map((party) => this.plan.members[party]);
    return slots.map((slot) => Atomics.load(view, plan.cells.snapshots + slot));
  }

  /**
   * @param {import('../../../index.js').SyncError} error
   * @param {number[]} parties
   * @param {number[]} before the counts of their snapshots when this member closed its part
   */
  #examineReport({ cycle = [], message }, parties, before) {
    const { context, plan } = this;
    const { view } = context;
    const toldAt = context.microseconds();
    const ages = parties.map((party) => (toldAt - Atomics.load(view, plan.closingAt + party)) | 0);
    const took = Math.min(...ages);
    context.count('cycles reported');
    const now = this.#snapshots(parties);
    const disturbed = now.some((count, i) => count !== before[i] || count % 2 === 1);
    // A snapshot stops its thread until it is done, even before the thread waits.
    const limit = (disturbed ? SNAPSHOT_LIMIT : LIMIT) * 1_000;
    context.check(took < limit, () => `told after ${took} us: ${message}`);
    const slowest = plan.slowest + (disturbed ? 1 : 0);
    if (took > Atomics.load(view, slowest)) Atomics.store(view, slowest, took);
    const ids = cycle.map(({ threadId }) => threadId);
    const sound =
      ids.length === parties.length &&
      ids[0] === context.threadId &&
      new Set(ids).size === ids.length &&
      cycle.every(({ holds }, i) => cycle.at(i - 1)?.waitsFor === holds);
    context.check(sound, () => `the cycle of ${parties.length} is ${JSON.stringify(cycle)}`);
  }
}

/** Now and then the members make a deadlock on purpose. It must be reported. @type {import('./index.js').Actor} */
module.exports = {
  members: MEMBERS,
  plan,
  work(context, plan) {
    const { actor } = context.plan.roles[context.slot];
    const cycles = actor === 'cycles' ? new Cycles(context, plan) : undefined;
    return {
      member(_random, member) {
        if (!cycles?.play(member)) context.pause(1);
      },
      visit() {},
    };
  },
  verify(context, { slowest }, { deaths }) {
    const made = context.counted('cycles made');
    const reported = context.counted('cycles reported');
    const lost = deaths.reduce((sum, count) => sum + count, 0);
    context.check(reported >= made - lost, () => `${made} cycles were made, ${reported} reported`);
    for (const [which, when] of ['', ' beside a snapshot'].entries()) {
      const ms = Atomics.load(context.view, slowest + which) / 1_000;
      process.stdout.write(`slowest report of a cycle${when}: ${ms.toFixed(1)} ms\n`);
    }
  },
  guarded,
};
