// @ts-check
'use strict';

const test = require('ava').default;
const fs = require('node:fs');
const path = require('node:path');
const { UsageError, bytes, choices, count } = require('../scripts/command.js');
const { run } = require('./helpers/child.js');
const { root } = require('./helpers/installed.js');

const examples = fs
  .readdirSync(path.join(root, 'examples'))
  .filter((name) => fs.existsSync(path.join(root, 'examples', name, 'index.js')));

/** The programs that read a command line, each with one that is wrong and what is said of it. */
const programs = [
  ...examples
    .filter((name) => name !== 'explore-seed')
    .map((name) => [
      `examples/${name}`,
      ['--workers', 'many'],
      /^--workers must be a whole number from 1 to \d+, not 'many'$/,
    ]),
  ['examples/explore-seed', ['--schedules', '0'], /^--schedules must be .*, not '0'$/],
  ['benchmark/sctbench.js', ['--seeds', '0'], /^--seeds must be .*, not '0'$/],
  ['benchmark/index.js', ['--only', 'latch,lach'], /^--only must be one of .*latch.*, not 'lach'$/],
  ['benchmark/binaries.js', [], /^give one binary, or two$/],
  ['benchmark/interruption.js', ['--kills', '0'], /^--kills must be .* from 1 to .*, not '0'$/],
  ['benchmark/barrier-demo.js', ['--rounds', '1.5'], /^--rounds must be .*, not '1.5'$/],
  ['benchmark/condition-demo.js', ['extra'], /^Unexpected argument 'extra'$/],
  ['scripts/test.js', ['nope'], /^SUITE must be one of rust, loom, js, types, not 'nope'$/],
  ['scripts/runtimes.js', ['bnu'], /^RUNTIME must be one of node-20, .*, not 'bnu'$/],
  ['scripts/pack.js', ['--all=yes'], /^Option '--all' does not take an argument$/],
  ['scripts/cross/build.js', ['armv7'], /^TARGET must be one of .*, not 'armv7'$/],
  ['scripts/platforms/main.js', ['beos'], /^PLATFORM must be one of .*, not 'beos'$/],
  [
    '__test__/chaos/main.js',
    ['--seed', 'x'],
    /^--seed must be a whole number from 0 to .*, not 'x'$/,
  ],
];

for (const [program, wrong, said] of /** @type {[string, string[], RegExp][]} */ (programs)) {
  test(`${program} lists its options, and refuses others`, async (t) => {
    const start = (/** @type {string[]} */ ...args) =>
      run(process.execPath, [program, ...args], { cwd: root });
    const help = await start('--help');
    t.is(help.stderr, '');
    t.is(help.code, 0);
    t.regex(help.stdout, /^Usage: (node|npm) /);
    t.is((await start('-h')).stdout, help.stdout);
    for (const [args, message] of /** @type {const} */ ([
      [['--nonsense'], /^Unknown option '--nonsense'$/],
      [wrong, said],
    ])) {
      const { code, stdout, stderr } = await start(...args);
      t.is(code, 1);
      t.is(stdout, '');
      const [, name, rest] = /^([^\s:]+(?::[^\s:]+)?): ([^]*)$/.exec(stderr) ?? [];
      t.true(help.stdout.split('\n')[0].includes(name), 'the message begins with the name');
      t.regex(rest.split('\n')[0], message);
      t.true(rest.endsWith(`\n\n${help.stdout}`), 'and ends with the usage');
    }
  });
}

test('values are read, or refused with what they may be', (t) => {
  t.is(count('--n', '12'), 12);
  t.is(count('--n', '0', 0, 5), 0);
  for (const text of ['', '-1', '0', '6', '1e1', '0x1', ' 1']) {
    const error = t.throws(() => count('--n', text, 1, 5), { instanceOf: UsageError });
    t.is(error?.message, `--n must be a whole number from 1 to 5, not '${text}'`);
  }
  t.deepEqual(
    ['7', '2k', '3M', '1g'].map((text) => bytes('--size', text, 2 ** 31)),
    [7, 2 ** 11, 3 * 2 ** 20, 2 ** 30],
  );
  for (const text of ['0', '', '3t', 'k', '3g']) {
    t.throws(() => bytes('--size', text, 2 ** 31), {
      message: /^--size must be a size from 1 to /,
    });
  }
  const known = ['a', 'b', 'c'];
  t.deepEqual(choices('NAME', ['c', 'a'], known), ['a', 'c'], 'in their own order');
  t.deepEqual(choices('NAME', [], known), known, 'all where none is named');
  t.throws(() => choices('NAME', ['a', 'd'], known), {
    message: "NAME must be one of a, b, c, not 'd'",
  });
});
