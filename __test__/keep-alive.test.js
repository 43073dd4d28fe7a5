// @ts-check
'use strict';

// Whether a pending promise keeps the main thread alive. The output and the exit code of the process show it.

const test = require('ava').default;
const path = require('node:path');
const { run } = require('./helpers/child.js');
const { index } = require('./helpers/installed.js');

/** The exit code of Node if a top-level await never ends. */
const UNSETTLED = 13;

/** The head of each program: an owned mutex, and the other primitives at which it waits. */
const HEAD = `
  const view = new Int32Array(new SharedArrayBuffer(64));
  const mutex = new Mutex(view, 0);
  const guard = await mutex.lockAsync();
  const condition = new Condition(view, 1);
  const barrier = new Barrier(view, 2, 2);
  const latch = new Latch(view, 3);
  const semaphore = new Semaphore(view, 4, 0);
  const lock = new RwLock(view, 5);
  const writing = await lock.writeAsync();
`;
const NAMES = '{ Barrier, Condition, Latch, Mutex, RwLock, Semaphore }';
const TELL = `.then(() => console.log('fulfilled'), (error) => console.log(error.name === 'AbortError' ? error.name : error.code));`;

/** The source of waits that no thread ends, for given options. @type {Record<string, (options: string) => string>} */
const waits = {
  'Mutex#lockAsync': (options) => `mutex.lockAsync(${options})`,
  'Mutex#recoverAsync': (options) => `mutex.recoverAsync(${options})`,
  'Mutex#runExclusiveAsync': (options) => `mutex.runExclusiveAsync(() => {}, ${options})`,
  'Condition#waitAsync': (options) => `condition.waitAsync(guard, undefined, ${options})`,
  'Barrier#waitAsync': (options) => `barrier.waitAsync(${options})`,
  'Latch#awaitAsync': (options) => `latch.awaitAsync(${options})`,
  'Semaphore#acquireAsync': (options) => `semaphore.acquireAsync(1, ${options})`,
  'RwLock#readAsync': (options) => `lock.readAsync(${options})`,
  'RwLock#writeAsync': (options) => `lock.writeAsync(${options})`,
};

/**
 * Runs a program in both kinds of source.
 *
 * @param {string} body
 */
async function runBoth(body) {
  const url = JSON.stringify(require('node:url').pathToFileURL(index));
  const commonjs = `(async () => { const ${NAMES} = require(${JSON.stringify(index)}); ${HEAD} ${body} })();`;
  const module = `import ${NAMES} from ${url}; ${HEAD} ${body}`;
  const env = { ...process.env };
  delete env.NODE_OPTIONS;
  const options = { env, limit: 20_000 };
  const [script, esm] = await Promise.all([
    run(process.execPath, ['--input-type=commonjs', '-e', commonjs], options),
    run(process.execPath, ['--input-type=module', '-e', module], options),
  ]);
  return { script, module: esm };
}

/**
 * Runs a program in both kinds of source, and compares how it ends.
 *
 * @param {import('ava').ExecutionContext} t
 * @param {string} body
 * @param {{ stdout: string, script?: number, module?: number }} expected the exit codes are 0 unless they are given
 */
async function ends(t, body, { stdout, ...codes }) {
  for (const [kind, ended] of Object.entries(await runBoth(body))) {
    const code = codes[/** @type {'script' | 'module'} */ (kind)] ?? 0;
    t.deepEqual(
      { code: ended.code, stdout: ended.stdout, timedOut: ended.timedOut },
      { code, stdout, timedOut: false },
      `${kind}: ${ended.stderr}`,
    );
  }
}

for (const [name, wait] of Object.entries(waits)) {
  test(`a process ended in silence while ${name} waited with a time limit`, async (t) => {
    const isCondition = name.startsWith('Condition');
    await ends(t, `await ${wait('{ timeout: 50 }')}${TELL} console.log('end');`, {
      stdout: isCondition ? 'fulfilled\nend\n' : 'ERR_TIMEOUT\nend\n',
    });
  });
}

test('a promise that nothing awaits is settled by its time limit before the process ends', async (t) => {
  await ends(t, `mutex.lockAsync({ timeout: 50 })${TELL}`, { stdout: 'ERR_TIMEOUT\n' });
});

test('a promise without a time limit does not keep the main thread', async (t) => {
  await ends(t, `console.log('begin'); await mutex.lockAsync(); console.log('never');`, {
    stdout: 'begin\n',
    module: UNSETTLED,
  });
  await ends(t, `console.log('begin'); await latch.awaitAsync({ timeout: Infinity });`, {
    stdout: 'begin\n',
    module: UNSETTLED,
  });
});

test('a process ended in silence although its last worker had opened the latch that it awaited', async (t) => {
  const file = path.join(__dirname, 'fixtures', 'last-letter.mjs');
  const { code, stdout, stderr } = await run(process.execPath, [file], { limit: 20_000 });
  t.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'opened\n', stderr: '' });
});

test('a signal does not keep the main thread, and AbortSignal.timeout() does not either', async (t) => {
  for (const signal of ['new AbortController().signal', 'AbortSignal.timeout(50)']) {
    await ends(t, `console.log('begin'); await mutex.lockAsync({ signal: ${signal} });`, {
      stdout: 'begin\n',
      module: UNSETTLED,
    });
  }
});

test('a process ended in silence while a promise waited with a time limit and a signal', async (t) => {
  const signal = 'new AbortController().signal';
  await ends(t, `await mutex.lockAsync({ timeout: 50, signal: ${signal} })${TELL}`, {
    stdout: 'ERR_TIMEOUT\n',
  });
});

test('ref: false lets the process end before the time limit', async (t) => {
  await ends(
    t,
    `console.log('begin'); await mutex.lockAsync({ timeout: 5_000, ref: false }); console.log('never');`,
    { stdout: 'begin\n', module: UNSETTLED },
  );
});

test('ref: true keeps the process until a promise without a time limit is settled', async (t) => {
  await ends(
    t,
    `setTimeout(() => guard.release(), 50).unref(); await mutex.lockAsync({ ref: true })${TELL}`,
    { stdout: 'fulfilled\n' },
  );
  const aborts = `
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50).unref();
    await mutex.lockAsync({ signal: controller.signal, ref: true })${TELL}`;
  await ends(t, aborts, { stdout: 'AbortError\n' });
});

test('a wait that has ended does not keep the process until its time limit', async (t) => {
  const both = await runBoth(`
    const next = mutex.lockAsync({ timeout: 15_000 });
    const controller = new AbortController();
    const aborted = latch.awaitAsync({ timeout: 15_000, signal: controller.signal });
    guard.release();
    (await next).release();
    controller.abort();
    await aborted.catch((error) => console.log(error.name));`);
  for (const { code, stdout, ms } of Object.values(both)) {
    t.is(code, 0);
    t.is(stdout, 'AbortError\n');
    t.true(ms < 10_000, `${ms} ms`);
  }
});

test('one wait with a time limit keeps the process for a second without one', async (t) => {
  await ends(
    t,
    `
    latch.awaitAsync()${TELL}
    await mutex.lockAsync({ timeout: 50 })${TELL}
    latch.release();`,
    { stdout: 'ERR_TIMEOUT\nfulfilled\n' },
  );
});

test('a promise keeps a worker alive unless ref is false', async (t) => {
  const inWorker = (/** @type {string} */ options, then = '') => `
    const { Worker } = await import('node:worker_threads');
    const source = \`
      const { workerData } = require('node:worker_threads');
      const { Mutex } = require(${JSON.stringify(index)});
      new Mutex(workerData).lockAsync(${options})${TELL}
    \`;
    const worker = new Worker(source, { eval: true, workerData: view, execArgv: [] });
    worker.on('exit', (code) => console.log('worker', code));
    ${then}`;
  await ends(t, inWorker('', 'setTimeout(() => guard.release(), 300);'), {
    stdout: 'fulfilled\nworker 0\n',
  });
  await ends(t, inWorker('{ ref: false }'), { stdout: 'worker 0\n' });
  await ends(t, inWorker('{ timeout: 50 }'), { stdout: 'ERR_TIMEOUT\nworker 0\n' });
});
