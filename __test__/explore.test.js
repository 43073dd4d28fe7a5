// @ts-check
'use strict';

const test = require('ava').default;
const path = require('node:path');
const { explore } = require('../lib/explore/index.js');
const { program, rejection } = require('./helpers/exploring.js');
const { startWorker } = require('./helpers/threads.js');
const { SLOWNESS } = require('./helpers/slowness.js');

/** @typedef {import('../explore.js').FailureKind} FailureKind */

test('two threads of two atomic operations each have 2 schedules at bound 0, and 10 at bound 1', async (t) => {
  for (const [preemptions, count] of [
    [0, 2],
    [1, 10],
  ]) {
    const options = { strategy: /** @type {const} */ ('exhaustive'), preemptions };
    const report = await explore(program('two-additions'), options);
    t.like(report, { schedules: count, distinct: count, exhausted: true });
    t.deepEqual(report.threads, { 'thread 0': 4 * count, 'thread 1': 4 * count });
    t.is(report.points, 8 * count);
  }
});

test('a lost update is found, and shortened to one preemption', async (t) => {
  const error = await rejection(t, explore(program('lost-addition')));
  t.like(error, { code: 'ERR_EXPLORATION', kind: 'check', preemptions: 1, minimal: true });
  t.is(/** @type {any} */ (error.cause).message, 'lost an addition');
  t.true(error.schedules >= 1 && error.schedules <= 50);
  t.regex(error.message, /^ +step +first +second$/m);
  t.regex(error.message, /Atomics\.load\(cell 8\) {2}lost-addition\.js:\d+/);
  t.true(error.message.includes(error.token));
});

test('what two threads see in a plain read after an atomic operation is found', async (t) => {
  const error = await rejection(t, explore(program('seen-by-two'), { seed: 1 }));
  t.like(error, { kind: 'check', preemptions: 1 });
});

for (const [name, kind] of /** @type {[string, FailureKind][]} */ ([
  ['early-notify', 'deadlock'],
  ['lock-order', 'deadlock'],
  ['double-unlock', 'misuse'],
  ['wrong-timeout', 'check'],
])) {
  test(`a planted fault is found for each of 3 seeds, and shortened to at most 3 preemptions: ${name}`, async (t) => {
    for (let seed = 1; seed <= 3; seed++) {
      const error = await rejection(t, explore(program(name), { seed }));
      t.is(error.kind, kind);
      t.true(error.preemptions <= 3, `${error.preemptions} preemptions with the seed ${seed}`);
    }
  });
}

test('a deadlock tells what each thread waits for', async (t) => {
  const error = await rejection(t, explore(program('early-notify')));
  t.is(error.waits.length, 1);
  t.is(error.waits[0].thread, 'waiter');
  t.regex(error.waits[0].waitsFor, /^Condition "ready"\.wait\(\) {2}early-notify\.js:\d+$/);
  t.regex(error.message, /^waiter waits: Condition "ready"/m);
});

for (const name of [
  'equal-loads',
  'until-later',
  'spins',
  'false-predicate',
  'atomics-wait',
  'daemon',
]) {
  test(`a right program passes: ${name}`, async (t) => {
    for (const strategy of /** @type {const} */ (['default', 'pct', 'pos', 'random'])) {
      const report = await explore(program(name), { schedules: 200, strategy });
      t.is(report.schedules, 200);
    }
    const options = { strategy: /** @type {const} */ ('exhaustive'), preemptions: 1 };
    t.true((await explore(program(name), options)).exhausted);
  });
}

test('a thread that gives up after two failed attempts is found with two preemptions', async (t) => {
  const options = { strategy: /** @type {const} */ ('exhaustive'), preemptions: 2 };
  const error = await rejection(t, explore(program('gives-up'), options));
  t.like(error, { kind: 'exception', preemptions: 2, minimal: true });
});

test('threads that spin for each other are a livelock', async (t) => {
  const error = await rejection(t, explore(program('livelock'), { steps: 1000 }));
  t.is(error.kind, 'livelock');
});

for (const [fault, kind, message] of /** @type {[string, FailureKind, RegExp][]} */ ([
  ['not owner', 'misuse', /is not locked/],
  ['corrupt cell', 'misuse', /never writes/],
  ['past the maximum', 'misuse', /at most 1 permits free/],
  ['ends owning', 'misuse', /first has ended, and still owns Mutex "kept"/],
  ['returns a promise', 'misuse', /returned a promise/],
  ['promise form', 'misuse', /Mutex\.lockAsync\(\) has no meaning/],
  ['waitAsync', 'misuse', /Atomics\.waitAsync\(\) has no meaning/],
  ['caught deadlock', 'deadlock', /holds the Mutex .* already/],
  ['barrier of three', 'deadlock', /deadlocked/],
])) {
  test.serial(`a fault is reported even if the program catches it: ${fault}`, async (t) => {
    process.env.FAULT = fault;
    const error = await rejection(t, explore(program('faults'), { schedules: 20 }));
    t.is(error.kind, kind);
    t.regex(error.message, message);
  });
}

test.serial('a caught error is no failure if the module allows its code', async (t) => {
  process.env.FAULT = 'caught deadlock';
  process.env.ALLOW = 'ERR_DEADLOCK';
  try {
    t.is((await explore(program('faults'), { schedules: 20 })).schedules, 20);
  } finally {
    delete process.env.ALLOW;
  }
});

test('an error of the package keeps its code', async (t) => {
  const error = await rejection(t, explore(program('lock-order')));
  t.is(/** @type {any} */ (error.cause).code, 'ERR_DEADLOCK');
});

test('a module of ECMAScript is explored, and draws the same random numbers in each schedule', async (t) => {
  const file = path.join(path.dirname(program('faults')), 'module.mjs');
  t.is((await explore(file, { schedules: 50 })).schedules, 50);
});

test('a module in TypeScript is explored where Node strips types', async (t) => {
  const file = path.join(path.dirname(program('faults')), 'typed.mts');
  /** @type {Record<string, unknown>} */
  const features = { ...process.features };
  if (features.typescript) {
    t.is((await explore(file, { schedules: 50 })).schedules, 50);
  } else {
    await t.throwsAsync(explore(file), { code: 'ERR_UNKNOWN_FILE_EXTENSION' });
  }
});

test('a program that keeps state at module level is reported as not deterministic, and passes in isolation', async (t) => {
  const error = await rejection(t, explore(program('runs-out')));
  t.is(error.kind, 'nondeterministic');
  t.regex(error.message, /isolate: true/);
  const report = await explore(program('runs-out'), {
    isolate: true,
    schedules: 12,
    // Each schedule starts new threads.
    time: 10_000 * SLOWNESS,
  });
  t.is(report.schedules, 12);
});

test('a thread that comes to no scheduling point is warned of', async (t) => {
  const warned = new Promise((resolve) => process.once('warning', resolve));
  await explore(program('idle'), { schedules: 5 });
  t.like(await warned, { code: 'EXPLORE_NO_POINTS' });
});

test.serial(
  'a function that the module exports and that nothing calls is reported by a warning',
  async (t) => {
    /** @type {any[]} */
    const warnings = [];
    const listen = (/** @type {Error} */ warning) => void warnings.push(warning);
    process.on('warning', listen);
    t.teardown(() => process.off('warning', listen));
    await explore(program('wrong-name'), { schedules: 1 });
    await new Promise((resolve) => setImmediate(resolve));
    const told = warnings.find(({ code }) => code === 'EXPLORE_UNUSED_EXPORT');
    t.regex(told?.message, /exports chek, which exploring never calls/);
  },
);

test('the seed decides which schedules run', async (t) => {
  const found = new Set();
  for (const seed of [7, 7, 8, 9, 10]) {
    const error = await rejection(
      t,
      explore(program('double-unlock'), { seed, strategy: 'random' }),
    );
    t.is(error.seed, seed);
    found.add(`${seed}: ${error.schedules} ${error.token}`);
  }
  t.true(found.size > 1 && found.size < 5);
});

for (const [options, expected] of /** @type {[any, object][]} */ ([
  [{ schedules: 0 }, { code: 'ERR_OUT_OF_RANGE', message: /^options\.schedules must be/ }],
  [{ schedule: 1 }, { code: 'ERR_INVALID_ARG_VALUE', message: /^options\.schedule is not known/ }],
  [{ time: -1 }, { code: 'ERR_OUT_OF_RANGE', message: /^options\.time must be/ }],
  [{ seed: 1.5 }, { code: 'ERR_OUT_OF_RANGE', message: /^options\.seed must be/ }],
  [{ strategy: 'all' }, { code: 'ERR_INVALID_ARG_VALUE', message: /^options\.strategy must be/ }],
  [{ isolate: 1 }, { code: 'ERR_INVALID_ARG_TYPE', message: /^options\.isolate must be/ }],
  [5, { code: 'ERR_INVALID_ARG_TYPE', message: /^options must be an object/ }],
])) {
  test(`a wrong option is refused: ${JSON.stringify(options)}`, async (t) => {
    await t.throwsAsync(explore(program('spins'), options), expected);
  });
}

for (const [name, message] of /** @type {[string, RegExp][]} */ ([
  ['no-threads', /its threads are undefined/],
  ['no-body', /its threads\['first'\] must be a function, but is 5/],
  ['wrong-daemon', /there is no thread 'other', which daemons lists/],
  ['wrong-allow', /its allow lists 'ERR_CLOSED', where only .*ERR_DEADLOCK/],
])) {
  test(`a module of another shape is refused: ${name}`, async (t) => {
    await t.throwsAsync(explore(program(`broken/${name}`)), {
      code: 'ERR_INVALID_ARG_VALUE',
      message,
    });
  });
}

for (const [name, message] of /** @type {[string, RegExp][]} */ ([
  ['throws', /while it was loaded/],
  ['is-missing', /Cannot find module/],
  ['exits', /exit code 4/],
  ['exits-in-workers', /exit code 4 while it was loaded/],
])) {
  test(`a module that does not load is reported: ${name}`, async (t) => {
    const error = await t.throwsAsync(explore(program(`broken/${name}`)));
    t.regex(String(error?.message), message);
  });
}

test('data that cannot be cloned is reported', async (t) => {
  await t.throwsAsync(explore(program('broken/uncloneable')), { message: /could not be cloned/ });
});

test('an error of setup is an exception, with its place', async (t) => {
  const error = await rejection(t, explore(program('broken/setup-throws')));
  t.is(error.kind, 'exception');
  t.regex(error.message, /in setup: no data today/);
});

test('a check that blocks fails', async (t) => {
  const error = await rejection(t, explore(program('broken/check-blocks')));
  t.is(error.kind, 'check');
  t.regex(error.message, /check blocked, and no thread is left/);
});

test('each method of a primitive is a scheduling point, or calls one', async (t) => {
  const { done } = startWorker(
    ({ primitives, index }, { require }) => {
      const sync = require(index);
      const { exchangePrimitives } = require(primitives);
      const Classes = Object.values(sync).filter(
        (value) => typeof value === 'function' && value !== sync.SyncError && value.prototype,
      );
      const members = () =>
        Classes.flatMap(({ name, prototype }) =>
          Object.entries(Object.getOwnPropertyDescriptors(prototype)).map(
            ([key, { value, get }]) => /** @type {const} */ ([`${name}.${key}`, value ?? get]),
          ),
        );
      const before = members();
      exchangePrimitives();
      const after = new Map(members());
      return before
        .filter(([name, member]) => !name.endsWith('.constructor') && after.get(name) === member)
        .map(([name]) => name);
    },
    {
      primitives: require.resolve('../lib/explore/primitives.js'),
      index: require.resolve('../index.js'),
    },
  );
  t.deepEqual(
    (await done).sort(),
    [
      // They call others.
      'Mutex.runExclusive',
      'RwLock.runReading',
      'RwLock.runWriting',
      'Semaphore.permit',
      'Semaphore.run',
      // They never change.
      'Barrier.total',
      'Event.autoReset',
      // Its listeners run by the event loop.
      'Cancel.signal',
    ].sort(),
  );
});
