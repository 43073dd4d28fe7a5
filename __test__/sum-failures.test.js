// @ts-check
'use strict';

const test = require('ava').default;
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const {
  LIMIT,
  assertFailed,
  runWithInput,
  start,
  temporaryFiles,
} = require('./helpers/program.js');

const PROGRAM = path.resolve(__dirname, '../examples/sum/index.js');
const INDEX = path.resolve(__dirname, '../index.js');
const BLOCK_BYTES = 256 * 1024; // as in the program

const { file } = temporaryFiles(test);

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

test.serial('a reader of the output that leaves early is not an error', async (t) => {
  const { child, ended } = start(PROGRAM, ['--workers', '2', file('short', '1 2')]);
  child.stdout.destroy();
  const { code, signal, stderr } = await ended;
  t.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
});

const failing = '/proc/self/mem'; // can be opened, cannot be read at 0
// Wine shows the files of Linux, and gives other codes to their errors.
(process.platform !== 'win32' && fs.existsSync(failing) ? test.serial : test.skip)(
  'a file that fails while it is read is named',
  async (t) => {
    const good = file('before', '1 '.repeat(BLOCK_BYTES));
    failed(t, await run(['--workers', '2', good, failing]), /\/proc\/self\/mem: EIO/);
  },
);

/* ---------- WORKERS THAT DIE ---------- */

/**
 * A module for --require, which runs in every worker before the program does.
 *
 * @param {string} name
 * @param {string} body
 */
const inWorkers = (name, body) => {
  const source = `const { isMainThread, workerData } = require('node:worker_threads');
    if (!isMainThread) { ${body} }`;
  return ['--require', file(name, source)];
};

/**
 * Makes the first worker that has finished two blocks run `body`. A worker locks the mutex twice for each block: to
 * take the block, and to add its sum to the total.
 *
 * @param {string} body
 */
const midway = (body) => `
  const { Mutex } = require(${JSON.stringify(INDEX)});
  const { runExclusive } = Mutex.prototype;
  let sections = 0;
  Mutex.prototype.runExclusive = function (section) {
    const result = runExclusive.call(this, section);
    if (++sections === 4) { ${body} }
    return result;
  };`;

test.serial('a worker that dies ends the program, while the others wait for it', async (t) => {
  const many = file('many', '1 '.repeat(8 * BLOCK_BYTES));
  const atStart = inWorkers('at-start.cjs', `if (workerData.id === 1) throw new Error('planted');`);
  const thrown = inWorkers('thrown.cjs', midway(`throw new TypeError('planted');`));
  const noError = inWorkers('no-error.cjs', midway(`throw null;`));
  const exit = inWorkers('exit.cjs', midway('process.exit(7);'));
  const exitZero = inWorkers('exit-zero.cjs', midway('process.exit(0);'));

  const args = ['--workers', '4', many];
  const { code, stderr } = await run(args, { execArgv: atStart });
  t.is(code, 1);
  t.is(stderr, 'examples/sum: worker 1 died: Error: planted\n');
  failed(t, await run(args, { execArgv: thrown }), /worker \d died: TypeError: planted/);
  failed(t, await run(args, { execArgv: noError }), /worker \d died: null/);
  failed(t, await run(args, { execArgv: exit }), /worker \d died with exit code 7/);
  failed(t, await run(args, { execArgv: exitZero }), /worker \d died with exit code 0/);
});

test.serial('a file that is cut short or removed while it is read is named', async (t) => {
  const cut = file('cut', '1 '.repeat(8 * BLOCK_BYTES));
  const truncate = `require('node:fs').truncateSync(${JSON.stringify(cut)}, 9);`;
  const afterTwo = inWorkers('truncate.cjs', midway(truncate));
  failed(t, await run(['--workers', '2', cut], { execArgv: afterTwo }), /cut became shorter/);

  const gone = file('gone', '1 2 3');
  const remove = `require('node:fs').rmSync(${JSON.stringify(gone)}, { force: true });`;
  const atStart = inWorkers('remove.cjs', remove);
  failed(
    t,
    await run(['--workers', '2', gone], { execArgv: atStart }),
    /gone: ENOENT: no such file/,
  );
});

test.serial('a worker that dies is reported while standard input says nothing', async (t) => {
  const execArgv = inWorkers('silent.cjs', `if (workerData.id === 1) throw new Error('planted');`);
  failed(
    t,
    await start(PROGRAM, ['--workers', '3', '-'], execArgv).ended,
    /worker 1 died: Error: planted/,
  );
});

test.serial('Ctrl-C ends the program while all workers wait for input', async (t) => {
  const { child, ended } = start(PROGRAM, ['--workers', '4', '-']);
  // More than the ring and the pipe hold: once it is taken, the workers have been at work.
  await new Promise((resolve) => child.stdin.write('1 '.repeat(64 * BLOCK_BYTES), resolve));
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
      timeout: LIMIT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.regex(terminal, /[█░]{30} +\d+ % {2}\d+ MiB, \d+ MiB\/s/);
    t.regex(terminal, /\r\x1b\[Kcount {5}1048576\r\nsum {7}1048576\r\n/);
  },
);
