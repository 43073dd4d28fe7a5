// @ts-check
'use strict';

const test = require('ava').default;
const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const PROGRAM = path.resolve(__dirname, '../mini-map-reduce.js');
const INDEX = path.resolve(__dirname, '../index.js');
const SEED = path.resolve(__dirname, '../../shared/seed/mini-map-reduce.js');
const TIME_LIMIT = 60_000;
const BLOCK_BYTES = 256 * 1024; // as in the program: what straddles its end is what could go wrong

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mini-map-reduce-'));
test.after.always(() => fs.rmSync(folder, { recursive: true }));

/**
 * @param {string} name
 * @param {string | Buffer} content
 */
function file(name, content) {
  const location = path.join(folder, name);
  fs.writeFileSync(location, content);
  return location;
}

/**
 * Starts the program; `ended` resolves when it and its output have ended, within the time limit.
 * @param {string[]} args
 * @param {{ program?: string, node?: string[] }} [options]
 */
function start(args, { program = PROGRAM, node = [] } = {}) {
  const child = spawn(process.execPath, [...node, program, ...args]);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  child.stdin.on('error', () => {}); // a program that gave up reads no more
  const timer = setTimeout(() => child.kill('SIGKILL'), TIME_LIMIT);
  const ended = once(child, 'close').then(([code, signal]) => {
    clearTimeout(timer);
    return { code, signal, stdout, stderr };
  });
  return { child, ended };
}

/**
 * @param {string[]} args
 * @param {{ program?: string, node?: string[], input?: string | Buffer }} [options]
 */
function run(args, { input = '', ...options } = {}) {
  const { child, ended } = start(args, options);
  child.stdin.end(input);
  return ended;
}

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

/**
 * @param {import('ava').ExecutionContext} t
 * @param {Awaited<ReturnType<typeof run>>} result
 * @param {RegExp} message
 */
function failed(t, { code, signal, stdout, stderr }, message) {
  t.regex(stderr, message);
  t.regex(stderr, /^mini-map-reduce: /);
  t.notRegex(stderr, /^ +at /m, 'no stack trace');
  t.is(stdout, '');
  t.is(signal, null, 'it ended by itself');
  t.is(code, 1);
}

/* ---------- WITHOUT ARGUMENTS ---------- */

const IDS = [0, 1, 2, 3];
const LINES = [
  '🚀 Mini Map-Reduce starting',
  ...IDS.map((id) => `🧵 Worker ${id} mapping [ ${2 * id + 1}, ${2 * id + 2} ]`),
  ...IDS.map((id) => `🧵 Worker ${id} waiting at barrier`),
  '📉 Reduce result = 36 ',
  ...IDS.map((id) => `✅ Worker ${id} exiting`),
];
const PHASES =
  /^\n🚀 .*\n\n(?:🧵 Worker \d (?:mapping|waiting) .*\n){8}\n📉 .*\n\n(?:✅ Worker \d exiting\n){4}$/u;

/**
 * @param {import('ava').ExecutionContext} t
 * @param {Awaited<ReturnType<typeof run>>} result
 */
function printsEveryLine(t, { code, stdout, stderr }) {
  t.is(stderr, '');
  t.is(code, 0);
  const lines = stdout.split('\n').filter((line) => line !== '');
  t.deepEqual(lines.sort(), LINES.toSorted());
}

test.serial(
  'without arguments: every line once, phase after phase, 20 times in a row',
  async (t) => {
    for (let i = 0; i < 20; i++) {
      const result = await run([]);
      printsEveryLine(t, result);
      t.regex(result.stdout, PHASES);
      for (const id of IDS) {
        const mapping = result.stdout.indexOf(`Worker ${id} mapping`);
        t.true(mapping < result.stdout.indexOf(`Worker ${id} waiting`));
      }
    }
  },
);

test.serial('a reader that closes the output early causes no error', async (t) => {
  for (const args of [[], ['--workers', '2', file('short', '1 2')]]) {
    const { child, ended } = start(args);
    child.stdout.destroy();
    const { code, signal, stderr } = await ended;
    t.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  }
});

const title = "the document's own program runs with its four classes replaced by one require line";
if (fs.existsSync(SEED)) {
  test.serial(title, async (t) => {
    const seed = fs.readFileSync(SEED, 'utf8');
    const names = ['Mutex', 'Condition', 'Barrier', 'Latch'];
    let source = seed;
    for (const name of names) {
      const definition = new RegExp(`^class ${name} \\{\\n[^]*?^\\}\\n`, 'm');
      t.regex(source, definition);
      source = source.replace(definition, '');
    }
    const required = `const { ${names.join(', ')} } = require(${JSON.stringify(INDEX)});\n`;
    source = source.replace(/^.*require\("worker_threads"\);\n/, (line) => line + required);
    t.is(source.split('require(').length, 3);
    t.notRegex(source, /^class |Atomics/m);

    const program = file('seed.js', source);
    for (let i = 0; i < 20; i++) printsEveryLine(t, await run([], { program }));
  });
} else {
  test.skip(`${title} (skipped: there is no ${SEED})`, () => {});
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

test.serial('of several mistakes the first is named, with its file and byte', async (t) => {
  const good = file('good', '1 '.repeat(BLOCK_BYTES));
  const bad = file('bad', '10 '.repeat(BLOCK_BYTES) + 'first ' + 'x '.repeat(BLOCK_BYTES));
  for (let i = 0; i < 5; i++) {
    const result = await run(['--workers', '4', good, bad, bad]);
    failed(t, result, new RegExp(`: ${bad}, byte ${3 * BLOCK_BYTES}: "first" is not a number\n$`));
  }
});

test.serial('a mistake is reported while standard input or a pipe stays open', async (t) => {
  const input = `x ${'1 '.repeat(BLOCK_BYTES)}`;
  const { child, ended } = start(['--workers', '2', '-']);
  child.stdin.write(input);
  failed(t, await ended, /standard input, byte 0: "x" is not a number/);

  if (process.platform === 'win32') return;
  const pipe = path.join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reader = start(['--workers', '2', pipe]);
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
    failed(t, await run(['--workers', '2', good, folder]), new RegExp(`${folder} is a directory`));

    if (process.getuid?.() === 0) return; // root may read everything
    fs.chmodSync(good, 0);
    failed(t, await run(['--workers', '2', good]), /permission denied.*fine/);
  },
);

const failing = '/proc/self/mem'; // can be opened, cannot be read at 0
(fs.existsSync(failing) ? test.serial : test.skip)(
  'a file that fails while it is read is named',
  async (t) => {
    const good = file('before', '1 '.repeat(BLOCK_BYTES));
    failed(t, await run(['--workers', '2', good, failing]), /\/proc\/self\/mem: EIO/);
  },
);

test.serial('wrong options are refused', async (t) => {
  for (const workers of ['0', 'x', '', '-1', '1.5', '1e1', '0x2', '257', '99999999999999999999']) {
    const result = await run([`--workers=${workers}`, '-']);
    failed(t, result, /--workers must be an integer from 1 to 256, not "/);
    t.true(result.stderr.includes(`not "${workers}"`));
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

/* ---------- WORKERS THAT DIE ---------- */

/**
 * A module for --require, which runs in every worker before the program does.
 *
 * @param {string} name
 * @param {string} body
 */
const inWorkers = (name, body) => {
  const source = `const { isMainThread, parentPort, workerData } = require('node:worker_threads');
    if (!isMainThread) { ${body} }`;
  return ['--require', file(name, source)];
};

/**
 * Makes the first worker that has finished two blocks do something else.
 *
 * @param {string} body
 */
const midway = (body) => `
  const post = parentPort.postMessage;
  let blocks = 0;
  parentPort.postMessage = (message) => {
    if (++blocks === 2) { ${body} }
    post.call(parentPort, message);
  };`;

test.serial('a worker that dies ends the program, while the others wait for it', async (t) => {
  const many = file('many', '1 '.repeat(8 * BLOCK_BYTES));
  const atStart = inWorkers('at-start.cjs', `if (workerData.id === 1) throw new Error('planted');`);
  const thrown = inWorkers('thrown.cjs', midway(`throw new TypeError('planted');`));
  const noError = inWorkers('no-error.cjs', midway(`throw null;`));
  const exit = inWorkers('exit.cjs', midway('process.exit(7);'));
  const exitZero = inWorkers('exit-zero.cjs', midway('process.exit(0);'));

  for (const args of [[], ['--workers', '4', many]]) {
    const { code, stderr } = await run(args, { node: atStart });
    t.is(code, 1);
    t.is(stderr, 'mini-map-reduce: worker 1 died: Error: planted\n');
  }
  const args = ['--workers', '4', many];
  failed(t, await run(args, { node: thrown }), /worker \d died: TypeError: planted/);
  failed(t, await run(args, { node: noError }), /worker \d died: null/);
  failed(t, await run(args, { node: exit }), /worker \d died with exit code 7/);
  failed(t, await run(args, { node: exitZero }), /worker \d died with exit code 0/);
});

test.serial('a file that is cut short or removed while it is read is named', async (t) => {
  const cut = file('cut', '1 '.repeat(8 * BLOCK_BYTES));
  const truncate = `require('node:fs').truncateSync(${JSON.stringify(cut)}, 9);`;
  const afterTwo = inWorkers('truncate.cjs', midway(truncate));
  failed(t, await run(['--workers', '2', cut], { node: afterTwo }), /cut became shorter/);

  const gone = file('gone', '1 2 3');
  const remove = `require('node:fs').rmSync(${JSON.stringify(gone)}, { force: true });`;
  const atStart = inWorkers('remove.cjs', remove);
  failed(t, await run(['--workers', '2', gone], { node: atStart }), /gone: ENOENT: no such file/);
});

test.serial('a worker that dies is reported while standard input is idle', async (t) => {
  const node = inWorkers('silent.cjs', `if (workerData.id === 1) throw new Error('planted');`);
  failed(t, await start(['--workers', '3', '-'], { node }).ended, /worker 1 died: Error: planted/);
});

test.serial('Ctrl-C ends the program while all workers wait for input', async (t) => {
  const { child, ended } = start(['--workers', '4', '-']);
  // More than the ring and the pipe hold: once it is taken, the workers have been at work.
  await new Promise((resolve) => child.stdin.write('1 '.repeat(16 * BLOCK_BYTES), resolve));
  child.kill('SIGINT');
  const { signal, stdout } = await ended;
  t.is(stdout, '');
  if (process.platform !== 'win32') t.is(signal, 'SIGINT');
});

/* ---------- THE PROGRESS BAR ---------- */

const hasScript = (() => {
  try {
    return execFileSync('script', ['--version'], { encoding: 'utf8' }).includes('util-linux');
  } catch {
    return false;
  }
})();

(hasScript ? test.serial : test.skip)(
  'a progress bar is drawn on a terminal only, and wiped',
  (t) => {
    const numbers = file('progress', '1 '.repeat(4 * BLOCK_BYTES));
    const command = `'${process.execPath}' '${PROGRAM}' --workers 2 '${numbers}'`;
    const terminal = execFileSync('script', ['-qec', command, '/dev/null'], {
      encoding: 'utf8',
      timeout: TIME_LIMIT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.regex(terminal, /[█░]{30} +\d+ % {2}\d+ MiB, \d+ MiB\/s/);
    t.regex(terminal, /\r\x1b\[Kcount {5}1048576\r\nsum {7}1048576\r\n/);
  },
);
