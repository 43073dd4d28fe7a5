// @ts-check
'use strict';

const { PARTS } = require('../context.js');
const { Guarded, planGuarded } = require('../guarded.js');
const { waitForNotification } = require('../notification-task.js');

/** @typedef {import('../context.js').Context} Context */
/** @typedef {import('../random.js').Random} Random */

/** The first only notifies: the others can wait without limit. */
const NOTIFIER = 0;
const MEMBERS = 2;

/** What a party's cell says of its wait: it has none. */
const IDLE = 0;
/** It waits without limit, and entered the queue after the last notifyAll(). */
const FRESH = 1;
/** It waits with a limit. */
const LIMITED = 2;
/** A notifyAll() woke it, and it has not returned yet; or it may give up and pass its notification on. */
const TOLD = 3;

/** @param {import('./index.js').Planning} planning */
function plan({ space, members, parties }) {
  return {
    guarded: planGuarded(space),
    condition: space.takePrimitive(),
    /** Plain counters under the mutex: begun waits, ended ones, those of them that were notified, and notifications. */
    begun: space.take(1),
    ended: space.take(1),
    notified: space.take(1),
    notifications: space.take(1),
    /** How many waits threw ERR_ABANDONED: whether those waiters were notified is unknown. */
    unknown: space.take(1),
    parties,
    /** For each party: what it waits for, and its thread. */
    states: space.take(parties),
    threads: space.take(parties),
    /** Since the last notifyAll(): how many were woken, and how many may have passed a notification on. */
    woken: space.take(1),
    passedOn: space.take(1),
    members,
  };
}

/** A condition without a predicate, whose notifications are counted at both ends. */
class Notifications {
  /**
   * @param {Context} context
   * @param {ReturnType<typeof plan>} plan
   */
  constructor(context, plan) {
    this.context = context;
    this.plan = plan;
    // Each thread that waited when the owner died throws, and is leaving. An owner that died after it was woken has taken a
    // notification that a later waiter may wait for.
    this.guarded = new Guarded(context, plan.guarded, () => {
      this.#beginAnew();
      this.#notifyAll();
    });
    this.condition = context.condition(plan.condition);
  }

  /**
   * From inside.
   *
   * @param {number} n
   */
  #notify(n) {
    const { context, plan } = this;
    const { view } = context;
    const waiting = view[plan.begun] - view[plan.ended];
    // Counted before, so that it is counted even if this thread dies in between.
    const most = n === Infinity ? waiting : Math.min(n, waiting);
    const woken = context.operate('Condition#notify', plan.condition, () =>
      n === Infinity ? this.condition.notifyAll() : this.condition.notify(n),
    );
    view[plan.notifications] += woken;
    context.count('notifications', woken);
    context.check(woken >= 0 && woken <= most, () => `notify(${n}) of ${waiting} woke ${woken}`);
    const sure = this.#surelyWaiting();
    const least = Math.min(n, sure);
    context.check(woken >= least, () => `notify(${n}) of at least ${sure} woke ${woken}`);
    if (n === Infinity) this.#beginAnew();
    else view[plan.woken] += woken;
  }

  /**
   * From inside, after a notification: how many waiters must have been in the queue before it. These are the threads that
   * entered it since the last notifyAll(), without those woken since. A thread that dies, or throws ERR_ABANDONED, may have
   * passed its notification on to one of them.
   */
  #surelyWaiting() {
    const { context, plan } = this;
    const { view } = context;
    let sure = -view[plan.woken] - view[plan.passedOn];
    for (let party = 0; party < plan.parties; party++) {
      const state = view[plan.states + party];
      if (state === IDLE) continue;
      if (state === TOLD || context.isDoomed(view[plan.threads + party])) sure--;
      else if (state === FRESH) sure++;
    }
    return Math.max(0, sure);
  }

  /** From inside: all waiters have just been notified. */
  #beginAnew() {
    const { context, plan } = this;
    const { view } = context;
    for (let party = 0; party < plan.parties; party++) {
      if (view[plan.states + party] !== IDLE) view[plan.states + party] = TOLD;
    }
    view[plan.woken] = 0;
    view[plan.passedOn] = 0;
  }

  #notifyAll() {
    this.#notify(Infinity);
  }

  /** @param {number} n */
  notify(n) {
    this.guarded.enter();
    this.#notify(n);
    this.guarded.leave();
  }

  /** @param {number} limit */
  wait(limit) {
    const { context, guarded, plan } = this;
    guarded.enter();
    if (context.stopped) return guarded.leave();
    const party = context.party(0);
    this.begin(party, limit === Infinity ? FRESH : LIMITED);
    const notified = guarded.waitInside(() => {
      if (limit === Infinity) {
        context.operate('Condition#wait', plan.condition, () => this.condition.wait(guarded.mutex));
        return true;
      }
      return context.operateWithin(
        'Condition#waitFor',
        plan.condition,
        limit,
        () => this.condition.waitFor(guarded.mutex, undefined, limit),
        (notified) => !notified,
      );
    }, null);
    this.end(party, notified);
    return guarded.leave();
  }

  /**
   * From inside.
   *
   * @param {number} party
   * @param {number} state FRESH, LIMITED, or TOLD where it may give up after it was notified
   */
  begin(party, state) {
    const { context, plan } = this;
    const { view } = context;
    view[plan.begun]++;
    // One that died here may have passed a notification on.
    if (view[plan.states + party] !== IDLE) view[plan.passedOn]++;
    view[plan.states + party] = state;
    view[plan.threads + party] = context.threadId;
  }

  /**
   * From inside.
   *
   * @param {number} party
   * @param {boolean | null} notified null where that is unknown
   */
  end(party, notified) {
    const { context, plan } = this;
    const { view } = context;
    view[plan.ended]++;
    view[plan.states + party] = IDLE;
    if (notified === null) {
      view[plan.passedOn]++;
      view[plan.unknown]++;
    } else if (notified) {
      view[plan.notified]++;
      context.count('notified');
    }
  }

  /** When all have ended. @param {number[]} deaths */
  verify(deaths) {
    const { context, plan } = this;
    const { view } = context;
    const [sent, received, unknown] = [plan.notifications, plan.notified, plan.unknown].map(
      (cell) => view[cell],
    );
    // Each that died may have taken one, or have notified some and not counted them.
    const lost = deaths.reduce((sum, count) => sum + count, 0) * PARTS;
    const slack = lost + unknown;
    context.check(
      sent - received <= slack,
      () => `${sent} notified, ${received} received, ${slack}`,
    );
    context.check(received - sent <= slack * plan.parties, () => `${received} of ${sent}`);
  }
}

/** Notifications add up. @type {import('./index.js').Actor} */
module.exports = {
  members: MEMBERS,
  plan,
  work(context, plan) {
    const notifications = new Notifications(context, plan);
    return {
      member(random, member) {
        if (member === NOTIFIER) notifications.notify(random.pick([0, 1, 1, 2, 3, Infinity]));
        else notifications.wait(random.chance(70) ? Infinity : random.integer(0, 10));
      },
      visit(random) {
        if (random.chance(50)) notifications.notify(random.integer(0, 3));
        else notifications.wait(random.integer(0, 6));
      },
      task: (task, random) => waitForNotification(notifications, task, random),
    };
  },
  release(context, plan) {
    new Notifications(context, plan).notify(Infinity);
  },
  verify(context, plan, { deaths }) {
    new Notifications(context, plan).verify(deaths);
  },
  guarded: (context, plan) => [new Notifications(context, plan).guarded],
};
