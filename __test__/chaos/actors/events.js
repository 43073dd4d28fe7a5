// @ts-check
'use strict';

/** @typedef {import('../context.js').Context} Context */

/** @param {import('./index.js').Planning} planning */
function plan({ space }) {
  return {
    /** An event with automatic reset, and one without. */
    automatic: space.take(1),
    manual: space.take(1),
    /** How often threads were about to set the automatic event, and how often waits have passed it. */
    sets: space.take(1),
    passes: space.take(1),
  };
}

/** Two events that all workers set and wait for, within limits. */
class Events {
  /**
   * @param {Context} context
   * @param {ReturnType<typeof plan>} plan
   */
  constructor(context, plan) {
    this.context = context;
    this.plan = plan;
    this.automatic = context.event(plan.automatic, true);
    this.manual = context.event(plan.manual, false);
  }

  set() {
    const { context, plan } = this;
    Atomics.add(context.view, plan.sets, 1);
    context.operate('Event#set', plan.automatic, () => this.automatic.set());
  }

  /** @param {number} limit */
  pass(limit) {
    const { context, plan } = this;
    const passed = context.operateWithin(
      'Event#tryWait',
      plan.automatic,
      limit,
      () => this.automatic.tryWait(limit),
      (passed) => !passed,
    );
    if (!passed) return;
    context.count('events passed');
    const passes = Atomics.add(context.view, plan.passes, 1) + 1;
    const sets = Atomics.load(context.view, plan.sets);
    context.check(passes <= sets, () => `${passes} waits passed, after ${sets} sets`);
  }

  /** @param {import('../random.js').Random} random */
  switchManual(random) {
    const { context, plan } = this;
    if (random.chance(30)) {
      context.operate('Event#reset', plan.manual, () => this.manual.reset());
    } else if (random.chance(50)) {
      context.operate('Event#set', plan.manual, () => this.manual.set());
    } else {
      const limit = random.integer(0, 4);
      const { manual } = this;
      context.operateWithin(
        'Event#tryWait',
        plan.manual,
        limit,
        () => manual.tryWait(limit),
        (passed) => !passed,
      );
    }
  }
}

/** Events: no more waits pass an automatic one than it was set. @type {import('./index.js').Actor} */
module.exports = {
  members: 0,
  plan,
  work(context, plan) {
    const events = new Events(context, plan);
    return {
      visit(random) {
        if (random.chance(30)) events.switchManual(random);
        else if (random.chance(50)) events.set();
        else events.pass(random.integer(0, 6));
      },
    };
  },
  verify(context, plan) {
    // The events work, whatever the workers that died did to them.
    const { automatic, manual } = new Events(context, plan);
    automatic.set();
    context.check(automatic.tryWait(), () => 'the automatic event is set and cannot be passed');
    context.check(!automatic.tryWait(), () => 'the automatic event was passed and is still set');
    manual.set();
    context.check(manual.tryWait() && manual.isSet, () => 'the manual event cannot be set');
  },
};
