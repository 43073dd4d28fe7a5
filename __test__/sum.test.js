// @ts-check
'use strict';

const test = require('ava').default;
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { assertFailed, runWithInput, start, temporaryFiles } = require('./helpers/program.js');

const PROGRAM = path.resolve(__dirname, '../examples/sum/index.js');
const BLOCK_BYTES = 256 * 1024; // as in the program: a number across the end of a block could be read wrongly

const { folder, file } = temporaryFiles(test);

/**
 * @param {string[]} args
 * @param {{ execArgv?: string[], input?: string | Buffer }} [options]
 */
const run = (args, options) => runWithInput(PROGRAM, args, options);

/**
 * @param {import('ava').ExecutionContext} t
 * @param {import('./helpers/child.js').Ended} ended
 * @param {RegExp} message
 */
const failed = (t, ended, message) => assertFailed(t, 'examples/sum', ended, message);

/**
 * @param {import('ava').ExecutionContext} t
 * @param {string[]} args
 * @param {string | Buffer} [input]
 */
async function sum(t, args, input) {
  const { code, stdout, stderr } = await run(args, { input });
  t.is(stderr, '');
  t.is(code, 0);
  const lines = /^count {5}(\d+)\nsum {7}(\S+)\ntime {6}\d+\.\d{3} s\nspeed-up {2}\d+\.\d\d x.*\n$/;
  const [, count, total] = lines.exec(stdout) ?? t.fail(`unexpected output: ${stdout}`) ?? [];
  return { count: Number(count), sum: total };
}

/* ---------- SUMS ---------- */

test.serial(
  'several files beyond 2 ** 53: exact with 1, 2 and 4 workers, and as standard input',
  async (t) => {
    let expected = 0n;
    let count = 0;
    let seed = 1;
    const files = ['big-1', 'big-2', 'big-3'].map((name) => {
      const tokens = [];
      for (let i = 0; i < 200_000; i++) {
        seed = (seed * 48271) % 2147483647;
        const number = BigInt(seed) * 400_000n - 1_000_000n;
        expected += number;
        count += 1;
        tokens.push(number, i % 7 === 0 ? '\n' : '  ');
      }
      return file(name, tokens.join('').trimEnd()); // without a newline at the end
    });
    t.true(expected > 2n ** 53n);
    for (const workers of ['1', '2', '4']) {
      const result = await sum(t, ['--workers', workers, ...files]);
      t.deepEqual(result, { count, sum: String(expected) });
    }
    const input = files.map((name) => fs.readFileSync(name, 'utf8')).join('\n');
    t.deepEqual(await sum(t, ['--workers', '3', '-'], input), { count, sum: String(expected) });
  },
);

test.serial(
  'the sum of fractions has the same last digit with any number of workers',
  async (t) => {
    let seed = 1;
    const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
    const numbers = Array.from({ length: 150_000 }, () => (random() - 0.5) * 10 ** (40 * random()));
    const fractions = file('fractions', numbers.join(' '));
    const { sum: expected } = await sum(t, ['--workers', '1', fractions]);
    for (const workers of ['2', '4', '7']) {
      t.is((await sum(t, ['--workers', workers, fractions])).sum, expected);
    }
    t.is((await sum(t, ['--workers', '2', '-'], fs.readFileSync(fractions))).sum, expected);
  },
);

test.serial('what plain addition would lose is kept', async (t) => {
  t.deepEqual(await sum(t, ['-'], '1 1e100 1 -1e100'), { count: 4, sum: '2' });
  const tenths = await sum(t, ['-'], '0.1 '.repeat(1_000_000));
  t.deepEqual(tenths, { count: 1_000_000, sum: '100000' });
});

test.serial(
  'numbers across the border of a block stay whole, wherever the border falls',
  async (t) => {
    const files = Array.from({ length: 12 }, (_, shift) =>
      file(`border-${shift}`, `${' '.repeat(BLOCK_BYTES - shift)}-1234567.5 2`),
    );
    const expected = { count: 24, sum: String(12 * (2 - 1234567.5)) };
    t.deepEqual(await sum(t, ['--workers', '2', ...files]), expected);
  },
);

test.serial('the end of a file ends a number', async (t) => {
  const files = [file('one', '1'), file('none', ''), file('two', '2'), file('blank', ' \n')];
  t.deepEqual(await sum(t, ['--workers', '2', ...files]), { count: 2, sum: '3' });
  t.deepEqual(await sum(t, [files[0], '-', files[2]], '4'), { count: 3, sum: '7' });
});

test.serial('an empty input has the sum 0', async (t) => {
  const none = { count: 0, sum: '0' };
  t.deepEqual(await sum(t, ['--workers', '4', file('empty', '')]), none);
  t.deepEqual(await sum(t, ['--workers', '1', '-'], ''), none);
  t.deepEqual(await sum(t, ['-'], '\n\n'), none);
});

test.serial('any white space separates, and a byte order mark is none of the input', async (t) => {
  const marked = file('marked', '\uFEFF1\r\n2\r\n');
  t.deepEqual(await sum(t, [marked, '-'], '\uFEFF3\t4\v5\f6\r7'), { count: 7, sum: '28' });
});

test.serial('numbers are read as Number() reads them', async (t) => {
  const tokens = [
    ...['0', '-0', '+7', '007', '5.', '.5', '-.25', '+1.50', '1e3', '1E-3', '1e+3', '.5e1', '5.e1'],
    ...['9007199254740993', '0.1', '123456789012345', '1234567890123456', '0.000000000000001'],
    ...['0.0000000000000000000001', '3.141592653589793238', '1e308', '4.9e-324', '1e-999'],
  ];
  for (const token of tokens) {
    t.deepEqual(await sum(t, ['--workers', '1', '-'], token), {
      count: 1,
      sum: String(Number.isInteger(+token) && +token < 1e21 ? BigInt(+token) : +token),
    });
  }
});

/* ---------- MISTAKES ---------- */

test.serial('what is not a decimal number is refused, with its place', async (t) => {
  const tokens = [
    ...['abc', '0x10', '0b1', '1n', '1_000', '1,5', 'NaN', 'Infinity', '-', '+', '.', '-.', 'e5'],
    ...['1e', '1e+', '--1', '1.2.3', '1-2', '٣', '1\u00a02', '1\0', '1e999'],
  ];
  for (const token of tokens) {
    const result = await run(['--workers', '1', '-'], { input: `12\n ${token} 3` });
    failed(t, result, /standard input, byte 4: ".*" is not a number\n$/);
    t.true(result.stderr.includes(JSON.stringify(token)));
  }
});

/** A text as a part of a regular expression. @param {string} text */
const literal = (text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

test.serial('of several mistakes the first is named, with its file and byte', async (t) => {
  const good = file('good', '1 '.repeat(BLOCK_BYTES));
  const bad = file('bad', '10 '.repeat(BLOCK_BYTES) + 'first ' + 'x '.repeat(BLOCK_BYTES));
  for (let i = 0; i < 5; i++) {
    const result = await run(['--workers', '4', good, bad, bad]);
    failed(
      t,
      result,
      new RegExp(`: ${literal(bad)}, byte ${3 * BLOCK_BYTES}: "first" is not a number\n$`),
    );
  }
});

test.serial('a mistake is reported while standard input or a pipe stays open', async (t) => {
  const input = `x ${'1 '.repeat(BLOCK_BYTES)}`;
  const { child, ended } = start(PROGRAM, ['--workers', '2', '-']);
  child.stdin.write(input);
  failed(t, await ended, /standard input, byte 0: "x" is not a number/);

  if (process.platform === 'win32') return;
  const pipe = path.join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reader = start(PROGRAM, ['--workers', '2', pipe]);
  const writer = fs.createWriteStream(pipe);
  writer.on('error', () => {}); // the program closes its end
  writer.write(input);
  failed(t, await reader.ended, /pipe, byte 0: "x" is not a number/);
  writer.destroy();
});

test.serial(
  'a number may have 4096 characters and not one more, across the border of a block too',
  async (t) => {
    const padding = ' '.repeat(BLOCK_BYTES - 10);
    const longest = `${padding}0.${'1'.repeat(4094)}`;
    const result = { count: 2, sum: '1.1111111111111112' };
    t.deepEqual(await sum(t, ['--workers', '2', file('longest', `${longest} 1`)]), result);
    t.deepEqual(await sum(t, ['--workers', '2', '-'], `${longest} 1`), result);

    for (const token of [`${longest}1`, `${padding}${'9'.repeat(3 * BLOCK_BYTES)}`]) {
      for (const name of [file('too-long', token), '-']) {
        const message = /(too-long|standard input), byte 262134: "[019.]{40}…" is not a number/;
        failed(t, await run(['--workers', '2', name], { input: token }), message);
      }
    }
  },
);

test.serial('a sum out of range is an error', async (t) => {
  failed(
    t,
    await run(['-'], { input: '1e308 1e308' }),
    /the sum, or a part of it, is too large for a double/,
  );
});

test.serial(
  'a file that is missing, a directory, or unreadable is named before any work',
  async (t) => {
    const good = file('fine', '1');
    const missing = path.join(folder, 'missing');
    failed(t, await run(['--workers', '2', good, missing]), /no such file or directory.*missing/);
    failed(
      t,
      await run(['--workers', '2', good, folder]),
      new RegExp(`${literal(folder)} is a directory`),
    );

    // root may read everything, and on Windows no mode forbids to read.
    if (process.platform === 'win32' || process.getuid?.() === 0) return;
    fs.chmodSync(good, 0);
    failed(t, await run(['--workers', '2', good]), /permission denied.*fine/);
  },
);

test.serial('wrong options are refused', async (t) => {
  for (const workers of ['0', 'x', '', '-1', '1.5', '1e1', '0x2', '257', '99999999999999999999']) {
    const result = await run([`--workers=${workers}`, '-']);
    failed(t, result, /--workers must be a whole number from 1 to 256, not '/);
    t.true(result.stderr.includes(`not '${workers}'`));
  }
  failed(t, await run(['--workers', '2']), /--workers needs files, or - for standard input/);
  failed(t, await run(['--workers']), /--workers/);
  failed(t, await run(['--wrokers', '2', '-']), /Unknown option '--wrokers'/);
  failed(t, await run(['-', '-']), /standard input can be read only once/);
});

test.serial('--help explains options, numbers, speed-up and exit codes', async (t) => {
  for (const option of ['--help', '-h']) {
    const { code, stdout, stderr } = await run([option, '--workers', 'x']);
    t.is(code, 0);
    t.is(stderr, '');
    for (const part of [/^Usage: /, /--workers N/, /0x10/, /speed-up/, /Exit code/]) {
      t.regex(stdout, part);
    }
  }
});
