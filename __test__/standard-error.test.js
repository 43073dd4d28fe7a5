// @ts-check
'use strict';

// Texts for standard error from any thread, while the main thread is blocked or ends the process.

const test = require('ava').default;
const path = require('node:path');
const { start } = require('./helpers/child.js');
const { temporaryFiles } = require('./helpers/program.js');
const { root } = require('./helpers/installed.js');

const { file } = temporaryFiles(test);
const LIBRARY = JSON.stringify(path.join(root, 'lib', 'standard-error.js'));

/** Starts a worker that writes a line, with the time at which it does, after 100 ms. The main thread goes on in `body`. */
const program = (/** @type {string} */ body) => `
const { Worker, isMainThread, workerData } = require('node:worker_threads');
const { openStandardError, writeStandardError } = require(${LIBRARY});
const cells = isMainThread ? new Int32Array(new SharedArrayBuffer(4)) : workerData;
if (isMainThread) {
  openStandardError();
  new Worker(__filename, { workerData: cells });
  Atomics.wait(cells, 0, 0);
  ${body}
} else {
  Atomics.store(cells, 0, 1);
  Atomics.notify(cells, 0);
  Atomics.wait(cells, 0, 1, 100);
  writeStandardError('text of ' + Date.now());
}
`;

test('a text of a worker is read at once though the main thread is blocked', async (t) => {
  const blocked = file('blocked.js', program('Atomics.wait(cells, 0, 1, 3_000);'));
  const { child, ended } = start(process.execPath, [blocked]);
  /** @type {number[]} */
  const delays = [];
  child.stderr?.on('data', (text) => delays.push(Date.now() - Number(/\d+/.exec(text)?.[0])));
  const { code, stderr } = await ended;
  t.is(code, 0, stderr);
  t.regex(stderr, /^text of \d+\n$/);
  t.true(delays[0] < 2_000, `read after ${delays[0]} ms`);
});

test('a text that was written right before process.exit() is read', async (t) => {
  const exits = file('exits.js', program("writeStandardError('the last text'); process.exit(3);"));
  for (let run = 0; run < 10; run++) {
    const { code, stderr } = await start(process.execPath, [exits]).ended;
    t.is(code, 3, stderr);
    t.regex(stderr, /^the last text\n$/m);
  }
});

// Fills standard error first, and prints how long the exit took on standard output, which the test reads.
const UNREAD = `
for (let refused = 0; refused < 5; ) {
  if (writeStandardError('x'.repeat(4_000))) continue;
  Atomics.wait(cells, 0, 1, 20 * ++refused);
}
const last = writeStandardError('y');
const began = performance.now();
process.on('exit', () => require('node:fs').writeSync(1, JSON.stringify({ last, ms: performance.now() - began })));
process.exit();
`;

test('process.exit() does not wait for a standard error that is not read', async (t) => {
  const { child, ended } = start(process.execPath, [file('unread.js', program(UNREAD))]);
  child.stderr?.pause();
  child.once('exit', () => child.stderr?.resume());
  const { code, stdout, stderr } = await ended;
  t.is(code, 0, stderr);
  const { last, ms } = JSON.parse(stdout);
  t.false(last, 'so many texts wait that further ones are left out');
  t.true(ms < 2_000, `the exit took ${ms} ms`);
});
