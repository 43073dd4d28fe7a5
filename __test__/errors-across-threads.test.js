// @ts-check
'use strict';

// Structured clone makes a plain Error of a SyncError and drops its code. The code stands in the first line of the stack, too,
// and the place in docs/errors.md that explains it in the line after the message.

const test = require('ava').default;
const path = require('node:path');
const { once } = require('node:events');
const { inspect } = require('node:util');
const { Worker } = require('node:worker_threads');
const { Barrier, Condition, Latch, Mutex, RwLock, Semaphore, SyncError } = require('../index.js');
const { cells } = require('./helpers/cells.js');
const { runChild } = require('./helpers/child.js');
const { anchorsOf } = require('./helpers/pages.js');
const { files } = require('../package.json');

const pools = path.join(__dirname, 'fixtures', 'pools');
const task = path.join(pools, 'task.js');

/** An error for each class, and what a clone of it is an instance of. */
const classes = /** @type {const} */ ([
  ['ERR_NOT_OWNER', Error],
  ['ERR_TIMEOUT', Error],
  ['ERR_INVALID_ARG_TYPE', TypeError],
  ['ERR_OUT_OF_RANGE', RangeError],
]);

/**
 * The error that a wait or a call ends with.
 * @param {() => unknown} fn
 * @returns {Promise<any>}
 */
async function errorOf(fn) {
  try {
    await fn();
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

test('a clone of an error lost its code', async (t) => {
  for (const [code, Class] of classes) {
    const error = await errorOf(() => require('./fixtures/pools/task.js')(code));
    t.is(error.code, code);
    t.is(SyncError.codeOf(error), code);
    t.false(Object.hasOwn(error, 'name'));
    t.is(error.name, Class === Error ? 'SyncError' : Class.name);
    t.true(error instanceof Class);
    t.true(error.stack.startsWith(`${error.name} [${code}]: ${error.message}`), error.stack);
    const clone = structuredClone(error);
    t.is(clone.code, undefined);
    t.is(SyncError.codeOf(clone), code);
    t.is(SyncError.codeOf(structuredClone(clone)), code);
    t.is(clone.message, error.message);
    t.is(Object.getPrototypeOf(clone), Class.prototype);
  }
});

test('the stack of an error names its place in docs/errors.md, and the message does not', async (t) => {
  const { explained } = require('../lib/native.js');
  const fails = classes.map(
    ([code]) =>
      () =>
        require('./fixtures/pools/task.js')(code),
  );
  const notLoaded = explained({ file: undefined, platform: 'linux-x64-gnu', failures: [] });
  const errors = [...(await Promise.all(fails.map(errorOf))), notLoaded];
  for (const error of errors) {
    const { code, message, stack } = error;
    const [, place] = /\n {4}See @x\/shared-sync\/(\S+)\n/.exec(stack) ?? [];
    t.is(place, `docs/errors.md#${code.toLowerCase()}`, stack);
    t.false(message.includes('docs/errors.md'), message);
    t.true(inspect(error).includes(place));
    t.true(inspect(structuredClone(error)).includes(place));
    t.true(anchorsOf('docs/errors.md').includes(code.toLowerCase()));
  }
  t.true(files.includes('docs/*.md'), 'the page is in the installed package');
});

test('codeOf() is undefined for an error without a code of this package', (t) => {
  for (const other of [
    undefined,
    null,
    7,
    'SyncError [ERR_TIMEOUT]: text',
    {},
    new Error('SyncError [ERR_TIMEOUT]: in the message'),
    new Error('first line\nSyncError [ERR_TIMEOUT]: in the second'),
    Object.assign(new Error('none'), { code: 20 }),
  ]) {
    t.is(SyncError.codeOf(other), undefined);
  }
  t.is(SyncError.codeOf(Object.assign(new Error('of a file'), { code: 'ENOENT' })), 'ENOENT');
});

test('an error that is posted to another thread keeps its code and its class', async (t) => {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    const fail = require(workerData);
    (async () => {
      for (const code of ${JSON.stringify(classes.map(([code]) => code))}) {
        try { await fail(code); } catch (error) { parentPort.postMessage(error); }
      }
      parentPort.postMessage('end');
    })();`;
  const worker = new Worker(source, { eval: true, workerData: task });
  /** @type {any[]} */
  const messages = [];
  worker.on('message', (message) => messages.push(message));
  await once(worker, 'exit');
  t.is(messages.pop(), 'end');
  t.deepEqual(
    messages.map((error) => [SyncError.codeOf(error), error.constructor]),
    classes.map(([code, Class]) => [code, Class]),
  );
});

test('an error that ends a worker keeps its code', async (t) => {
  for (const [code, Class] of classes) {
    const source = `require(require('node:worker_threads').workerData)(${JSON.stringify(code)});`;
    const worker = new Worker(source, { eval: true, workerData: task });
    const [error] = await once(worker, 'error');
    t.is(SyncError.codeOf(error), code);
    t.true(error instanceof Class);
  }
});

test('an error of a task of piscina keeps its code', async (t) => {
  const { Piscina } = require('piscina');
  const pool = new Piscina({ filename: task, maxThreads: 1 });
  for (const [code, Class] of classes) {
    const error = await errorOf(() => pool.run(code));
    t.is(SyncError.codeOf(error), code, error.stack);
    t.true(error instanceof Class);
  }
  await pool.destroy();
});

test('an error of a task of tinypool keeps its code', async (t) => {
  const { default: Tinypool } = await import('tinypool');
  for (const runtime of /** @type {const} */ (['worker_threads', 'child_process'])) {
    const pool = new Tinypool({ filename: task, maxThreads: 1, minThreads: 1, runtime });
    for (const [code] of classes) {
      const error = await errorOf(() => pool.run(code));
      t.is(SyncError.codeOf(error), code, `${runtime}: ${error.stack}`);
    }
    await pool.destroy();
  }
});

test('an error of a call by comlink keeps its code', async (t) => {
  const { wrap } = require('comlink');
  const nodeEndpoint = /** @type {any} */ (require('comlink/dist/umd/node-adapter.js'));
  const worker = new Worker(path.join(pools, 'comlink.js'));
  const api = /** @type {any} */ (wrap(nodeEndpoint(worker)));
  for (const [code] of classes) {
    const error = await errorOf(() => api.fail(code));
    t.is(SyncError.codeOf(error), code, error.stack);
  }
  await worker.terminate();
});

/**
 * In a child process: the codes of errors and of their clones.
 *
 * @param {string[]} execArgv
 * @param {string} [prepare] what is run before each error is made
 */
async function codesIn(execArgv, prepare = '') {
  const ended = await runChild(
    async ({ task, codes, prepare }, { require: load }) => {
      const { SyncError } = load('../../index.js');
      const fail = load(task);
      const told = [];
      for (const code of codes) {
        new Function(prepare)();
        try {
          await fail(code);
        } catch (error) {
          const { name, code } = /** @type {any} */ (error);
          // From here on the program's prepareStackTrace is not under test.
          Object.assign(Error, { prepareStackTrace: undefined });
          const clone = /** @type {any} */ (structuredClone(error));
          told.push([code, name, SyncError.codeOf(clone) ?? null, clone.constructor.name]);
        }
      }
      return told;
    },
    { task, codes: classes.map(([code]) => code), prepare },
    { execArgv },
  );
  return { ...ended, told: ended.value };
}

const kept = classes.map(([code, Class]) => [
  code,
  Class === Error ? 'SyncError' : Class.name,
  code,
  Class.name,
]);

test('--enable-source-maps keeps the code in the stack', async (t) => {
  const { told, stderr } = await codesIn(['--enable-source-maps']);
  t.deepEqual(told, kept, stderr);
});

test('an Error.prepareStackTrace of the program that begins with the error keeps the code', async (t) => {
  const { told, stderr } = await codesIn(
    [],
    'Error.prepareStackTrace = (error, frames) => `${error}\\n  in ${frames.length} frames`;',
  );
  t.deepEqual(told, kept, stderr);
});

for (const [what, prepare] of [
  ['throws', "Error.prepareStackTrace = () => { throw new Error('planted'); };"],
  ['returns no text', 'Error.prepareStackTrace = (error, frames) => frames;'],
  ['is no function', "Error.prepareStackTrace = 'planted';"],
]) {
  test(`an Error.prepareStackTrace that ${what} changes neither code nor class of an error`, async (t) => {
    const { told, code, stderr } = await codesIn([], prepare);
    t.is(code, 0, stderr);
    t.deepEqual(
      told.map((/** @type {string[]} */ [code, name]) => [code, name]),
      kept.map(([code, name]) => [code, name]),
    );
  });
}

test('an error whose stack has no frames keeps the code', async (t) => {
  const { told, stderr } = await codesIn(['--stack-trace-limit=0']);
  t.deepEqual(told, kept, stderr);
});

test('the stack of an error of a promise named no function of the caller', async (t) => {
  const view = cells();
  const mutex = new Mutex(view, 0).lock();
  const lock = new RwLock(view, 1);
  lock.write();
  const condition = new Condition(view, 2);
  const other = new Mutex(view, 3);
  const options = { timeout: 1 };
  /** @type {Record<string, () => Promise<unknown>>} */
  const waits = {
    lockAsync: () => mutex.lockAsync(options),
    recoverAsync: () => mutex.recoverAsync(options),
    runExclusiveAsync: () => mutex.runExclusiveAsync(() => {}, options),
    readAsync: () => lock.readAsync(options),
    writeAsync: () => lock.writeAsync(options),
    'recoverAsync of an RwLock': () => lock.recoverAsync(options),
    awaitAsync: () => new Latch(view, 4).awaitAsync(options),
    acquireAsync: () => new Semaphore(view, 5, 0).acquireAsync(1, options),
    'waitAsync of a Barrier': () => new Barrier(view, 6, 2).waitAsync(options),
    async 'waitAsync of a Condition'() {
      const guard = await other.lockAsync();
      const wait = condition.waitAsync(guard, undefined, { timeout: 10_000, ref: true });
      Atomics.store(view, 3, 1 << 30);
      condition.notify();
      await wait;
    },
  };
  for (const [name, wait] of Object.entries(waits)) {
    const functionOfTheCaller = async () => {
      await wait();
    };
    const error = await errorOf(functionOfTheCaller);
    t.true(error instanceof SyncError, name);
    t.regex(error.stack, /functionOfTheCaller/, name);
  }
});
