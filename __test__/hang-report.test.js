// @ts-check
'use strict';

// The report that SHARED_SYNC_REPORT asks for: that it appears in time, whatever the threads do, and says only what is true.

const test = require('ava').default;
const fs = require('node:fs');
const path = require('node:path');
const { start } = require('./helpers/child.js');
const { index, root } = require('./helpers/installed.js');
const { temporaryFiles } = require('./helpers/program.js');

const { folder, file } = temporaryFiles(test);
const HANG = path.join(__dirname, 'fixtures', 'hang.js');
const INDEX = JSON.stringify(index);

/** The limit of the tests, and the time in which a report appears on a busy machine: a quarter of it later, and some more. */
const LIMIT = 400;
const SLACK = 3_000;

/**
 * Runs a program under a report, and stops it after the report if it does not end by itself.
 *
 * @param {string[]} args
 * @param {{ report?: string, env?: Record<string, string>, limit?: number, reports?: number }} [options]
 */
async function hang(args, { report = `${LIMIT}ms`, env = {}, limit = 20_000, reports } = {}) {
  const { child, ended } = start(process.execPath, args, {
    limit,
    env: { ...process.env, SHARED_SYNC_REPORT: report, ...env },
  });
  const began = performance.now();
  let [text, firstMs] = ['', NaN];
  child.stderr?.on('data', (chunk) => {
    text += chunk;
    if (text.startsWith('shared-sync hang report 1')) firstMs ||= performance.now() - began;
    if (reports && text.includes(`shared-sync hang report ${reports} `)) {
      setTimeout(() => child.kill('SIGKILL'), 50);
    }
  });
  const { stdout, stderr, code } = await ended;
  return { stdout, stderr, code, firstMs, all: stderr.split(/^(?=shared-sync hang report)/m) };
}

/** The milliseconds of a time in a report. @param {string | undefined} time */
function milliseconds(time) {
  const [, number, unit] = /^([\d.]+) (m?s)$/.exec(time ?? '') ?? [];
  return Number(number) * (unit === 's' ? 1_000 : 1);
}

for (const [how, owner] of /** @type {const} */ ([
  ['stalls', /the main thread is not waiting here; used \d+ ms of the last .* of CPU: it sleeps/],
  ['computes', /the main thread is not waiting here; used \d+ ms of the last .* of CPU/],
  ['locks', /Mutex "other": owned by worker 1 for at least .* Waiting: the main thread \(for/],
])) {
  test(`a report names the owner and a true time while the main thread ${how}`, async (t) => {
    const { stderr, firstMs, all } = await hang([HANG, how]);
    t.regex(
      all[0],
      /^shared-sync hang report 1 \(process \d+, SHARED_SYNC_REPORT=400ms\)\n/,
      stderr,
    );
    const told =
      /Mutex "jobs": owned by the main thread for at least (\S+ m?s)\. Waiting: worker 1 \(for (\S+ m?s)\)/;
    const [, owned, waited] = told.exec(all[0]) ?? [];
    t.regex(all[0], owner);
    t.true(milliseconds(waited) >= LIMIT && milliseconds(waited) < LIMIT * 1.25 + SLACK, waited);
    t.true(milliseconds(owned) <= milliseconds(waited), `${owned} of ${waited}`);
    t.true(milliseconds(owned) > LIMIT / 2, owned);
    // Node.js needs some time to start.
    t.true(firstMs < 10_000, `after ${firstMs} ms`);
    t.log(`after ${firstMs.toFixed(0)} ms`);
  });
}

test('a report is made when all threads are blocked, at growing intervals', async (t) => {
  const { stderr, all } = await hang([HANG, 'all'], { reports: 3 });
  const [first, second, third] = all;
  const line =
    /All 3 threads that use the package are blocked in it without a time limit, for at least (\S+ m?s)\. Threads without it are not seen\./;
  const times = [first, second, third].map((report) => milliseconds(line.exec(report)?.[1]));
  t.true(times[0] >= LIMIT, stderr);
  t.true(times[1] - times[0] >= LIMIT - 50, stderr);
  t.true(times[2] - times[1] >= 2 * LIMIT - 100, stderr);
  t.regex(first, /^ {2}2 threads wait for "never" \(Latch\), the oldest for /m);
  t.regex(first, /^ {2}1 thread waits for "queue" \(Condition\), for /m);
});

test('a report names the thread that runs a Once', async (t) => {
  const { stderr, all } = await hang([HANG, 'runs'], { reports: 1 });
  t.regex(
    all[0],
    /^ {2}Once "loaded": run by the main thread at \d of \d looks\. Waiting: worker 1 \(for .*\n {2}the main thread is not waiting here; .*it sleeps/m,
    stderr,
  );
});

test('an empty SHARED_SYNC_REPORT is none', async (t) => {
  const program = file('none.js', `require(${INDEX});`);
  const { stderr, code } = await hang([program], { report: '' });
  t.is(stderr, '');
  t.is(code, 0);
});

test('a report says what threads and promises select among', async (t) => {
  const { stderr, all } = await hang([HANG, 'selects'], { reports: 1 });
  t.regex(all[0], /^ {2}1 thread waits for the select of Channel "to do" or Event "ready", for /m);
  t.regex(all[0], /^ {2}1 thread waits for the select of Latch "never" or Channel "to do", for /m);
  t.regex(all[0], /^ {2}1 promise waits for the select of Latch "never" or Event "ready", for /m);
  t.regex(stderr, /All 2 threads that use the package are blocked in it/);
});

test('a lock that changes hands is not said to be owned for long', async (t) => {
  const { all, stdout, stderr } = await hang([HANG, 'loop']);
  t.regex(all[0], /^shared-sync hang report 1 /, stderr);
  for (const [, time] of stderr.matchAll(/Mutex "jobs".*for at least (\S+ m?s)/g)) {
    t.true(milliseconds(time) <= Number(stdout) + 50, `${time}, but at most ${stdout} ms`);
  }
  t.regex(
    stderr,
    /Mutex "jobs": owned by worker \d at \d of \d looks, released at least \d+ times? meanwhile/,
  );
});

test('an idle pool beside a main thread that works gives no report', async (t) => {
  const { stderr } = await hang([HANG, 'idle']);
  t.is(stderr, '');
  const { all } = await hang([HANG, 'idle'], { report: `${LIMIT}ms,all` });
  t.regex(
    all[0],
    /Condition "queue"\. Waiting: worker \d \(for .*\), worker \d \(for .*\) and worker \d \(for/,
  );
});

test('idle waits have a line of their own only where owners lead to them', async (t) => {
  const { all } = await hang([HANG, 'chain']);
  t.regex(
    all[0],
    /Mutex "other": owned by worker 1 .* Waiting: a promise of the main thread \(for/,
  );
  t.regex(all[0], /Condition "queue"\. Waiting: worker 1 \(for/);
  t.regex(all[0], /3 threads wait for "never" \(Latch\), the oldest for/);
});

test('the readers of an RwLock are named as far as they are known', async (t) => {
  const { all, stderr } = await hang([HANG, 'readers']);
  t.regex(
    all[0],
    /RwLock "config": read by worker 1, worker 2 and perhaps threads that do not wait here \(3 reads\) for at least .* Waiting: worker 3 \(to write, for/,
    stderr,
  );
  t.regex(all[0], /Latch "never"\. Waiting: worker \d \(for .*\) and worker \d \(for/);
});

test('a cycle of two tasks is named, though it is no error', async (t) => {
  const { all } = await hang([HANG, 'tasks']);
  t.regex(
    all[0],
    /Mutex "jobs": owned by a guard of the main thread .* Waiting: a promise of the main thread/,
  );
  t.regex(all[0], /guards of the main thread own: a cycle of two tasks in the main thread/);
});

test('a report has at most 20 lines', async (t) => {
  const { all } = await hang([HANG, 'many'], { report: `${LIMIT}ms,all` });
  const lines = all[0].trimEnd().split('\n');
  t.is(lines.length, 20);
  t.is(lines[19], '  ... and 22 more lines');
});

test('SHARED_SYNC_REPORT_FILE receives the reports instead of standard error', async (t) => {
  const target = path.join(folder, 'report.txt');
  const { stderr } = await hang([HANG, 'stalls'], { env: { SHARED_SYNC_REPORT_FILE: target } });
  t.is(stderr, '');
  t.regex(
    fs.readFileSync(target, 'utf8'),
    /^shared-sync hang report 1 .*\n {2}Mutex "jobs": owned by the main/,
  );
  const missing = { SHARED_SYNC_REPORT_FILE: path.join(folder, 'missing', 'report.txt') };
  const told = await hang([HANG, 'stalls'], { env: missing });
  t.regex(
    told.stderr,
    /^shared-sync: the hang reports appear here, since SHARED_SYNC_REPORT_FILE names .*missing/,
  );
  t.regex(told.stderr, /^shared-sync hang report 1 /m);
});

test('a value that is no time is reported, and there are no hang reports', async (t) => {
  const program = file('one.js', `require(${INDEX});`);
  for (const report of ['10', 'soon', '10s,every', '1ms']) {
    const { stderr, code } = await hang([program], { report });
    t.is(code, 0);
    t.is(stderr.split('\n').length, 2);
    t.true(
      stderr.startsWith(
        `shared-sync: there are no hang reports, since SHARED_SYNC_REPORT is "${report}". `,
      ),
    );
  }
});

// Time limits and the exit while standard error is not read, with reports and without.
const UNREAD = `
const { Latch, Mutex } = require(${INDEX});
const { Worker } = require('node:worker_threads');
const view = new Int32Array(new SharedArrayBuffer(16));
new Mutex(view, 0).lock();
const fill = process.env.SHARED_SYNC_REPORT !== undefined;
if (fill) {
  const { writeStandardError } = require(${JSON.stringify(path.join(root, 'lib', 'standard-error.js'))});
  for (let refused = 0; refused < 5; ) {
    if (writeStandardError('x'.repeat(4_000))) continue;
    Atomics.wait(view, 3, 0, 20 * ++refused);
  }
}
new Worker(\`
  const { Mutex } = require(${INDEX.replaceAll('"', "'")});
  new Mutex(require('node:worker_threads').workerData, 0).lock();
\`, { eval: true, workerData: view });
(async () => {
  const late = [];
  for (let i = 0; i < 20; i++) {
    const began = performance.now();
    await new Latch(view, 1).awaitAsync({ timeout: 50 }).catch(() => {});
    late.push(performance.now() - began - 50);
  }
  const began = performance.now();
  process.on('exit', () => require('node:fs').writeSync(1, JSON.stringify({ late: late.sort((a, b) => a - b)[10], exit: performance.now() - began })));
  process.exit();
})();
`;

test('while standard error is not read, promises keep their limits and the process ends at once', async (t) => {
  const program = file('unread.js', UNREAD);
  const measured = [];
  for (const report of [undefined, '100ms']) {
    const env = { ...process.env, SHARED_SYNC_REPORT: report };
    const { child, ended } = start(process.execPath, [program], { env });
    child.stderr?.pause();
    child.once('exit', () => child.stderr?.resume());
    const { code, stdout, stderr } = await ended;
    t.is(code, 0, stderr);
    measured.push(JSON.parse(stdout));
  }
  const [without, reported] = measured;
  t.log(
    `late by ${without.late.toFixed(1)} and ${reported.late.toFixed(1)} ms, exit in ${without.exit.toFixed(1)} and ${reported.exit.toFixed(1)} ms`,
  );
  t.true(reported.late < without.late + 20);
  t.true(reported.exit < without.exit + 50);
});

if (process.platform === 'linux') {
  test('without SHARED_SYNC_REPORT the package starts no thread and keeps no descriptor', async (t) => {
    const program = file(
      'quiet.js',
      `const fs = require('node:fs');
       const own = () => fs.readdirSync('/proc/self/task').map((id) => fs.readFileSync('/proc/self/task/' + id + '/comm', 'utf8').trim());
       const open = () => fs.readdirSync('/proc/self/fd').length;
       const before = open();
       const { Mutex } = require(${INDEX});
       new Mutex(new SharedArrayBuffer(4)).lock().unlock();
       const threads = () => own().filter((name) => /^s(ync-|hared-s)/.test(name));
       const more = open() - before;
       // A thread gives itself its name when it first runs.
       const expected = Number(process.argv[2]);
       for (const end = Date.now() + 10_000; threads().length < expected && Date.now() < end; );
       console.log(JSON.stringify({ threads: threads(), more }));`,
    );
    const env = { ...process.env };
    delete env.SHARED_SYNC_REPORT;
    const quiet = JSON.parse((await start(process.execPath, [program, '0'], { env }).ended).stdout);
    t.deepEqual(quiet, { threads: [], more: 0 });
    const reporting = { ...env, SHARED_SYNC_REPORT: '10s' };
    const { threads } = JSON.parse(
      (await start(process.execPath, [program, '1'], { env: reporting }).ended).stdout,
    );
    t.deepEqual(threads, ['sync-timer']);
  });
}
