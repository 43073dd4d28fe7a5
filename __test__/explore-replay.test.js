// @ts-check
'use strict';

const test = require('ava').default;
const path = require('node:path');
const { explore, replay } = require('../lib/explore/index.js');
const { decode, departure, encode, scheduleOf } = require('../lib/explore/token.js');
const { run } = require('./helpers/child.js');
const { program, rejection } = require('./helpers/exploring.js');
const { root } = require('./helpers/installed.js');

for (const name of [
  'lost-addition',
  'lock-order',
  'early-notify',
  'wrong-timeout',
  'livelock',
  'exits',
]) {
  test(`a token replays the same failure: ${name}`, async (t) => {
    const found = await rejection(t, explore(program(name), { steps: 1000 }));
    for (let round = 0; round < 2; round++) {
      const again = await rejection(t, replay(program(name), found.token));
      t.like(again, {
        kind: found.kind,
        schedule: found.schedule,
        steps: found.steps,
        preemptions: found.preemptions,
        token: found.token,
      });
    }
  });
}

test('a token replays in other processes, under an inspector that waits, too', async (t) => {
  const file = program('lock-order');
  const { token, schedule } = await rejection(t, explore(file));
  const source = `
    const { replay } = require('./lib/explore/index.js');
    replay(${JSON.stringify(file)}, '${token}').then(
      () => console.log('passed'),
      (error) => console.log(JSON.stringify([error.kind, error.schedule])),
    );`;
  for (const execArgv of [[], ['--enable-source-maps'], ['--inspect=0']]) {
    const args = [...execArgv, '-e', source];
    const { stdout } = await run(process.execPath, args, { cwd: root });
    t.deepEqual(JSON.parse(stdout), ['deadlock', schedule]);
  }
});

test('what the threads print appears once, in the order of the failing schedule', async (t) => {
  const file = program('prints');
  const source = `require('./lib/explore/index.js').explore(${JSON.stringify(file)}).catch(() => {})`;
  const { stdout, stderr } = await run(process.execPath, ['-e', source], { cwd: root });
  t.is(stderr, '');
  t.regex(stdout, /^first begins\n(first ends\nsecond sees it|second sees it)\n$/);
});

test('a token that no longer fits says where the program departed', async (t) => {
  const { token } = await rejection(t, explore(program('lost-addition')));
  const error = await rejection(t, replay(program('two-additions'), token));
  t.is(error.kind, 'nondeterministic');
  t.regex(
    error.message,
    /no longer fits: the program departed from the schedule between its steps \d+ and \d+ of 8/,
  );
});

test.serial('a schedule that passes now resolves', async (t) => {
  process.env.FAILS = '1';
  const { token } = await rejection(t, explore(program('checked')));
  delete process.env.FAILS;
  t.like(await replay(program('checked'), token), { schedules: 1, points: 8 });
});

for (const token of [
  '',
  'x1.',
  'x1.AA',
  'y1.AAII',
  'x1.____',
  'nonsense',
  `x1.${'A'.repeat(10_000)}`,
]) {
  test(`what is no token is refused: ${token.slice(0, 20)}`, async (t) => {
    await t.throwsAsync(replay(program('spins'), token), {
      any: true,
      message: /token must be|no longer fits/,
    });
  });
}

test('a token is the same text after reading and writing, and tells one step from another', (t) => {
  const steps = Array.from({ length: 1000 }, (_, i) => ({
    thread: i % 3,
    operation: i % 7,
    before: i % 2 === 0,
    cell: i % 5,
  }));
  const choices = Array.from(
    { length: 500 },
    (_, i) => [0, 1, 2, 0x100, 0x201][Math.floor(i / 40) % 5],
  );
  const schedule = scheduleOf(77, 3, { choices, steps, turns: 400 });
  t.deepEqual(decode(encode(schedule)), schedule);
  t.is(departure(schedule, steps), undefined);
  for (const at of [0, 31, 500, 999]) {
    const other = steps.map((step, i) => (i === at ? { ...step, cell: 9 } : step));
    const [from, to] = departure(schedule, other) ?? [-1, -1];
    t.true(from <= at && at <= to, `${at} in ${from} to ${to}`);
  }
  t.truthy(departure(schedule, steps.slice(0, 900)));
});

test('the program shared-sync explores, replays, and ends with the result as its exit code', async (t) => {
  const start = (/** @type {string[]} */ ...args) =>
    run(process.execPath, [path.join(root, 'bin', 'shared-sync.js'), ...args], { cwd: root });
  const passed = await start(
    'explore',
    program('two-additions'),
    '--strategy=exhaustive',
    '--preemptions=1',
  );
  t.is(passed.code, 0);
  t.regex(passed.stdout, /two-additions\.js: all 10 schedules passed, 10 of them distinct/);
  const failed = await start(
    'explore',
    program('lost-addition'),
    '--schedules',
    '1000',
    '--seed',
    '5',
  );
  t.is(failed.code, 1);
  t.regex(
    failed.stderr,
    /lost-addition\.js: The program failed its check in schedule \d+ .*seed 5\)/,
  );
  const [, token] = /replay\(file, '(.*)'\)/.exec(failed.stderr) ?? [];
  const [, line = ''] = /npx shared-sync (explore .*)/.exec(failed.stderr) ?? [];
  const replayed = await start(...line.split(' '));
  t.true(line.endsWith(` --replay ${token}`));
  t.is(replayed.code, 1);
  t.regex(replayed.stderr, /in the replayed schedule/);
  for (const [args, message] of /** @type {[string[], RegExp][]} */ ([
    [['explore'], /no module is given/],
    [['explore', 'x.js', '--nonsense'], /Unknown option '--nonsense'/],
    [
      ['explore', program('spins'), '--schedules', 'many'],
      /--schedules must be a number, but is 'many'/,
    ],
    [['explore', 'nowhere.js'], /there is no file nowhere\.js/],
    [['explore', 'x.js', '--replay', 'x1', '--seed', '5'], /--replay takes no other option/],
  ])) {
    const wrong = await start(...args);
    t.is(wrong.code, 2);
    t.regex(wrong.stderr, message);
  }
  t.is((await start('nope')).code, 2);
  t.regex((await start('--help')).stdout, /^Usage: shared-sync COMMAND/);
  t.regex((await start('explore', '--help')).stdout, /^Usage: shared-sync explore FILE/);
});

test('what took longer than the limit of a stall is replayed with the same limit', async (t) => {
  const slow = program('slow-addition');
  const found = await rejection(t, explore(slow, { stall: 5_000, schedules: 20 }));
  t.is(found.kind, 'check');
  t.is((await rejection(t, replay(slow, found.token, { stall: 5_000 }))).kind, 'check');
  const stalled = await rejection(t, replay(slow, found.token, { stall: 100 }));
  t.like(stalled, { kind: 'stall', strategy: 'replay' });
  const wrong = /** @type {any} */ ({ seed: 5 });
  await t.throwsAsync(replay(slow, found.token, wrong), { code: 'ERR_INVALID_ARG_VALUE' });
});

test('SHARED_SYNC_EXPLORE_SEED overrides the seed', async (t) => {
  const source = `require('./lib/explore/index.js').explore(${JSON.stringify(program('two-additions'))}, { seed: 1, schedules: 5 })
    .then(({ seed }) => console.log(seed), ({ code }) => console.log(code))`;
  for (const [seed, told] of [
    ['123', '123'],
    ['x', 'ERR_INVALID_ARG_VALUE'],
  ]) {
    const env = { ...process.env, SHARED_SYNC_EXPLORE_SEED: seed };
    t.is((await run(process.execPath, ['-e', source], { cwd: root, env })).stdout, `${told}\n`);
  }
});
