// @ts-check
'use strict';

const test = require('ava').default;
const fs = require('node:fs');
const path = require('node:path');
const { PNG } = require('pngjs');
const { run, start } = require('./helpers/child.js');
const { temporaryFolder } = require('./helpers/folders.js');
const { root } = require('./helpers/installed.js');

const examples = fs
  .readdirSync(path.join(root, 'examples'))
  .filter((name) => fs.existsSync(path.join(root, 'examples', name, 'index.js')));
const LIMIT = 60_000;

/**
 * Runs an example that is to end well, and returns what it prints.
 *
 * @param {import('ava').ExecutionContext} t
 * @param {string} name
 * @param {string[]} args
 */
async function output(t, name, ...args) {
  const options = { cwd: root, limit: LIMIT };
  const ended = await run(process.execPath, [`examples/${name}`, ...args], options);
  t.false(ended.timedOut);
  t.is(ended.stderr, '');
  t.is(ended.code, 0);
  return ended.stdout;
}

for (const name of examples) {
  test(`${name} has a section in examples/README.md and a README.md of its own`, (t) => {
    const read = (/** @type {string[]} */ ...names) =>
      fs.readFileSync(path.join(root, 'examples', ...names), 'utf8');
    t.true(read('README.md').includes(`(${name}/README.md)`));
    t.true(read(name, 'README.md').includes(`node examples/${name}`));
  });
}

/* ---------- WHAT EACH PRINTS ---------- */

test('word-count counts generated text', async (t) => {
  const printed = await output(t, 'word-count', '--size', '1m', '--workers', '3', '--rounds', '1');
  t.regex(
    printed,
    /^1\.0 MiB of generated text: \d{3},\d{3} words, \d+,\d{3} different\n\n +\d+,\d{3} {2}the\n/,
  );
  t.regex(
    printed,
    /\n1 worker +\d.*\n3 workers +\d.*\nspeed-up +\d+\.\d\d x, with the same result\n$/,
  );
});

test('word-count counts files', async (t) => {
  const folder = temporaryFolder(t);
  const files = ['one', 'two'].map((name) => path.join(folder, name));
  fs.writeFileSync(files[0], 'A rose is a rose\nIS A ROSE');
  fs.writeFileSync(files[1], 'rose\u0301 is är');
  const printed = await output(t, 'word-count', '--top', '3', ...files);
  t.regex(printed, /in 2 file\(s\): 11 words, 5 different\n\n +3 {2}a\n +3 {2}is\n +3 {2}rose\n\n/);
});

test('sum sums generated numbers, and checks the result', async (t) => {
  const printed = await output(t, 'sum');
  t.regex(
    printed,
    /^count {5}4000000\nsum {7}8000002000000\ntime {6}\d+\.\d{3} s\nspeed-up {2}\d+\.\d\d x.*\n$/,
  );
});

test('worker-pool replaces the workers that die, and does their jobs again', async (t) => {
  for (const workers of ['1', '3']) {
    const printed = await output(
      t,
      'worker-pool',
      '--workers',
      workers,
      '--capacity',
      '512',
      '--limit',
      '100000',
    );
    t.is([...printed.matchAll(/^worker \d starts/gm)].length, Number(workers) + 3);
    t.regex(printed, /^worker \d has died with job 5: exit code 7$/m);
    t.regex(printed, /^worker \d has died with job 9: Error: a bug in the worker$/m);
    t.regex(printed, /^worker \d has died with job 14: exit code 8$/m);
    for (const job of [5, 9, 14])
      t.true(printed.includes(`has done job ${job} at the second attempt`));
    t.true(printed.includes('\n9,592 primes below 100,000\n'));
  }
});

test('pipeline writes each record once', async (t) => {
  const out = path.join(temporaryFolder(t), 'table.csv.gz');
  const printed = await output(t, 'pipeline', '--records', '3000', '--out', out);
  t.regex(printed, /^3000 records were read, 3000 written/);
  t.regex(printed, /each of the 3000 records once/);
});

// On Windows no program can send Ctrl-C to another: kill() ends it.
const withSignals = process.platform === 'win32' ? test.skip : test;

withSignals('Ctrl-C stops pipeline half-way without a lost record', async (t) => {
  const out = path.join(temporaryFolder(t), 'table.csv.gz');
  const args = ['examples/pipeline', '--records', '100000000', '--out', out];
  const { child, ended } = start(process.execPath, args, { cwd: root, limit: LIMIT });
  const hasBegun = () => fs.existsSync(out) && fs.statSync(out).size > 10_000;
  const timer = setInterval(() => {
    if (!hasBegun()) return;
    clearInterval(timer);
    child.kill('SIGINT');
  }, 20);
  const { code, stdout } = await ended;
  clearInterval(timer);
  t.is(code, 0);
  t.regex(stdout, /^stopped by Ctrl-C\n(\d+) records were read, \1 written/);
  t.regex(stdout, /records once, and each as a whole\n$/);
});

test('connection-pool keeps all workers together below the limit', async (t) => {
  const printed = await output(
    t,
    'connection-pool',
    '--workers',
    '3',
    '--tasks',
    '8',
    '--limit',
    '3',
  );
  if (printed.startsWith('skipped: ')) {
    t.log(printed);
    t.pass();
    return;
  }
  t.regex(printed, /\nwithout the semaphore: 3 workers, 8 tasks in each\n/);
  t.regex(
    printed,
    /\nwith the semaphore: 3 workers, 8 tasks in each\n {2}24 tasks done, 0 refused, /,
  );
  for (const [, most] of printed.matchAll(/at most (\d+)$/gm)) t.true(Number(most) <= 3);
});

test('job-scheduler runs the jobs in order, and reports the deadlock', async (t) => {
  const printed = await output(t, 'job-scheduler', '--workers', '4');
  t.regex(printed, /^12 jobs, 4 workers, \d+ ms\n\nfetch +9 {2}worker \d +█/);
  t.regex(printed, /\npublish +9 .*█\n\n/);
  t.regex(printed, / is told ERR_DEADLOCK: .*"disk".*"network".*"database"|"database".*"disk"/);
  t.is(
    [...printed.matchAll(/^ {2}\w+ \(thread \d+\) holds Mutex "\w+" and waits for Mutex "\w+"$/gm)]
      .length,
    3,
  );
});

test('frame-loop draws the same frame by several workers as by one, and writes it', async (t) => {
  const out = path.join(temporaryFolder(t), 'last.png');
  const options = ['--workers', '3', '--bodies', '100', '--frames', '20', '--size', '64'];
  const printed = await output(t, 'frame-loop', ...options, '--out', out);
  t.regex(
    printed,
    /^20 frames of 100 bodies, 64 x 64 pixels\n\n3 workers: \d+ frames a second\n {2}a frame takes /,
  );
  t.true(printed.endsWith(`the last frame is the same, to the last bit\nwritten to ${out}\n`));

  const { width, height, data } = PNG.sync.read(fs.readFileSync(out));
  t.deepEqual([width, height], [64, 64]);
  t.true(new Set(data).size > 20, 'there is something to be seen');
});

test('http-server answers, and loses no money', async (t) => {
  const options = ['--workers', '2', '--accounts', '1000', '--clients', '3', '--requests', '30'];
  const printed = await output(t, 'http-server', ...options);
  t.regex(printed, /^3 clients, 2 workers, 1000 accounts\n\n +requests +p50 +p99 +max\n/);
  for (const kind of ['summary', 'account', 'transfer']) {
    t.regex(printed, new RegExp(`^${kind} +30( +\\d+\\.\\d ms){3}$`, 'm'));
  }
  t.regex(printed, /^\d+ transfers are in the journal, in order$/m);
});

test("explore-seed finds the faults of the document's classes, and none of ours", async (t) => {
  const printed = await output(t, 'explore-seed', '--schedules', '100', '--preemptions', '1');
  for (const name of ['mutex', 'latch']) {
    t.regex(printed, new RegExp(`^${name}, of the document: 100 schedules passed$`, 'm'));
  }
  for (const [name, fault] of [
    ['condition', 'deadlocked'],
    ['barrier', '(threw an error|deadlocked)'],
    ['map-reduce', 'threw an error'],
  ]) {
    t.regex(
      printed,
      new RegExp(`^${name}, of the document: The program ${fault} in schedule`, 'm'),
    );
  }
  for (const name of ['mutex', 'latch', 'condition', 'barrier']) {
    t.regex(printed, new RegExp(`^${name}, of this package: 100 schedules passed$`, 'm'));
  }
  t.regex(printed, /^map-reduce, of this package: \d+ schedules passed, all that there are$/m);
});

for (const [name, ...args] of [
  ['word-count', '--size', '1g'],
  ['sum', '-'],
  ['worker-pool', '--jobs', '10000', '--limit', '500000000'],
  ['job-scheduler', '--slowness', '1000'],
  ['frame-loop', '--frames', '100000'],
  ['explore-seed', '--schedules', '100000'],
  ['http-server', '--serve'],
]) {
  test(`Ctrl-C ends ${name}`, async (t) => {
    const options = /** @type {const} */ ({ cwd: root, limit: LIMIT, stdin: 'pipe' });
    const { child, ended } = start(process.execPath, [`examples/${name}`, ...args], options);
    setTimeout(() => child.kill('SIGINT'), 1_000);
    const { code, signal } = await ended;
    t.true(signal === 'SIGINT' || code === 1, `${signal ?? code}`);
  });
}
