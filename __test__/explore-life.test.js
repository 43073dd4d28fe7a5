// @ts-check
'use strict';

// How an exploration lives beside the rest of its process, and how it ends.

const test = require('ava').default;
const { once } = require('node:events');
const { explore } = require('../lib/explore/index.js');
const { runChild, start } = require('./helpers/child.js');
const { program, rejection } = require('./helpers/exploring.js');
const { root } = require('./helpers/installed.js');

const engine = require.resolve('../lib/explore/index.js');

test('a body that never ends is reported with its stack', async (t) => {
  const error = await rejection(t, explore(program('endless'), { stall: 300 }));
  t.is(error.kind, 'stall');
  t.regex(error.message, /endless has had the turn for 300 ms without a scheduling point/);
  t.regex(error.schedule, /at endlessLoop \(.*endless\.js:\d+:\d+\)/);
});

test('a thread that is blocked elsewhere is reported without a stack', async (t) => {
  const error = await rejection(t, explore(program('blocked-elsewhere'), { stall: 300 }));
  t.is(error.kind, 'stall');
  t.regex(error.message, /blocked outside Atomics and this package/);
});

test('a body that ends its worker is reported', async (t) => {
  const error = await rejection(t, explore(program('exits')));
  t.is(error.kind, 'exception');
  t.regex(error.message, /The thread 'leaver' ended its worker with exit code 3/);
});

test('a worker that ends between two schedules, by a promise that its body left behind, is reported', async (t) => {
  const error = await t.throwsAsync(explore(program('rejects-later'), { time: 20_000 }), {
    instanceOf: TypeError,
    code: 'ERR_INVALID_ARG_VALUE',
  });
  t.regex(
    error.message,
    /worker of the thread 'rejecter' ended after its body had returned, by an error: nobody waits for this\. .* leave no timer/,
  );
  t.regex(/** @type {any} */ (error).cause.stack, /rejects-later\.js:10/);
});

test('several explorations in one process do not meet', async (t) => {
  const options = { strategy: /** @type {const} */ ('exhaustive'), preemptions: 1 };
  const [two, found, spins] = await Promise.all([
    explore(program('two-additions'), options),
    rejection(t, explore(program('lock-order'))),
    explore(program('spins'), { schedules: 200 }),
  ]);
  t.is(two.schedules, 10);
  t.is(found.kind, 'deadlock');
  t.is(spins.schedules, 200);
});

test('the thread that explores stays free', async (t) => {
  let beats = 0;
  const timer = setInterval(() => beats++, 10);
  const began = performance.now();
  await explore(program('spins'), { schedules: 1e6, time: 1_000 });
  const took = performance.now() - began;
  clearInterval(timer);
  t.true(beats > took / 10 / 3, `${beats} beats in ${Math.round(took)} ms`);
});

test('the time limit ends an exploration', async (t) => {
  const began = performance.now();
  const { schedules } = await explore(program('spins'), { schedules: 1e9, time: 200 });
  t.true(schedules > 10);
  t.true(performance.now() - began < 10_000);
});

for (const name of ['spins', 'endless']) {
  test(`terminate() of the worker that explores ends everything soon: ${name}`, async (t) => {
    const { value } = await runChild(
      async ({ engine, file }, { worker_threads, sleep }) => {
        const source = `
          const { explore } = require(${JSON.stringify(engine)});
          explore(${JSON.stringify(file)}, { schedules: 1e9, time: Infinity, stall: Infinity }, () => {});
          setTimeout(() => require('node:worker_threads').parentPort.postMessage(1), 700);`;
        const worker = new worker_threads.Worker(source, { eval: true });
        await new Promise((resolve) => worker.once('message', resolve));
        const began = performance.now();
        await worker.terminate();
        const ms = performance.now() - began;
        await sleep(0);
        return { ms };
      },
      { engine, file: program(name) },
    );
    t.true(value.ms < 5_000, `${Math.round(value.ms)} ms`);
  });
}

test('Ctrl-C ends a process that explores', async (t) => {
  const source = `require('./lib/explore/index.js').explore(${JSON.stringify(program('spins'))}, { schedules: 1e9, time: Infinity });
    setTimeout(() => console.log('on'), 700);`;
  const { child, ended } = start(process.execPath, ['-e', source], { cwd: root });
  await once(/** @type {import('node:stream').Readable} */ (child.stdout), 'data');
  const began = performance.now();
  child.kill('SIGINT');
  t.is((await ended).signal, 'SIGINT');
  t.true(performance.now() - began < 2_000);
});

test('process.exit() ends a process that explores', async (t) => {
  const { exitMs, code } = await runChild(
    async ({ engine, file }, { require, leaving }) => {
      const { explore } = require(engine);
      explore(file, { schedules: 1e9, time: Infinity });
      setTimeout(() => {
        leaving();
        process.exit(0);
      }, 700);
      await new Promise(() => {});
    },
    { engine, file: program('spins') },
  );
  t.is(code, 0);
  t.true(exitMs < 5_000, `${Math.round(exitMs)} ms`);
});

test('many explorations in one process leave no workers and no memory behind', async (t) => {
  const { value } = await runChild(
    async ({ engine, file, broken }, { Latch, require }) => {
      const fs = require('node:fs');
      const { explore } = require(engine);
      // The addon starts its watcher and its timer when a wait first needs them: on a busy machine that is late.
      const latch = new Latch(new SharedArrayBuffer(4));
      latch.tryAwait(20);
      await latch.awaitAsync({ timeout: 1 }).catch(() => {});
      const run = async (/** @type {number} */ count) => {
        for (let i = 0; i < count; i++) {
          await explore(file, { schedules: 3 });
          await explore(broken).catch(() => {});
        }
        /** @type {any} */ (globalThis).gc();
        return process.memoryUsage.rss() / 2 ** 20;
      };
      const threads = () =>
        process.platform === 'linux' ? fs.readdirSync('/proc/self/task').length : 0;
      const before = { memory: await run(4), threads: threads() };
      const after = { memory: await run(8), threads: threads() };
      return { before, after };
    },
    { engine, file: program('two-additions'), broken: program('broken/throws') },
    { execArgv: ['--expose-gc'], limit: 60_000 },
  );
  const { before, after } = value;
  t.is(after.threads, before.threads);
  t.true(after.memory < before.memory + 40, `from ${before.memory} to ${after.memory} MB`);
});

test('a debugger that stops a thread for longer than the limit of a stall changes nothing', async (t) => {
  const { value } = await runChild(
    async ({ engine, file }, { require, sleep }) => {
      const inspector = require('node:inspector');
      const { explore } = require(engine);
      const session = new inspector.Session();
      session.connect();
      let ran = 0;
      /** How many schedules had run when a thread had been stopped. @type {number[]} */
      const stopped = [];
      const paused = new Set();
      session.on('NodeWorker.attachedToWorker', (/** @type {any} */ { params: { sessionId } }) => {
        send(sessionId, 'Debugger.enable');
        send(sessionId, 'Debugger.pause');
      });
      session.on('NodeWorker.receivedMessageFromWorker', (/** @type {any} */ { params }) => {
        const { sessionId, message } = params;
        if (JSON.parse(message).method !== 'Debugger.paused' || paused.has(sessionId)) return;
        paused.add(sessionId);
        setTimeout(() => {
          stopped.push(ran);
          send(sessionId, 'Debugger.resume');
          send(sessionId, 'Debugger.disable');
        }, 2_000);
      });
      const send = (/** @type {string} */ sessionId, /** @type {string} */ method) =>
        session.post('NodeWorker.sendMessageToWorker', {
          sessionId,
          message: JSON.stringify({ id: 1, method }),
        });
      // A listening inspector is what tells that a debugger may be attached.
      inspector.open(0);
      // Its time ends it: on a fast machine any number of schedules might have run before a thread is stopped.
      const exploring = explore(
        file,
        { schedules: 1e9, stall: 500, time: 8_000 },
        (/** @type {{ schedules: number }} */ progress) => (ran = progress.schedules),
      );
      await sleep(400);
      session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
      const { schedules } = await exploring;
      session.post('NodeWorker.disable');
      inspector.close();
      return { schedules, stopped };
    },
    { engine, file: program('false-predicate') },
  );
  t.true(value.stopped.length >= 1, 'a thread was stopped');
  t.true(value.schedules > value.stopped[0], 'and ran on');
});
