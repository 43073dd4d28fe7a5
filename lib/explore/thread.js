// @ts-check
'use strict';

// An explored worker: runs the body of its thread, schedule after schedule.

const { performance } = require('node:perf_hooks');
const { parentPort, receiveMessageOnPort, workerData } = require('node:worker_threads');
const { isThenable } = require('../arguments.js');
const { native, realm } = require('../realm.js');
const { seedRandom } = require('./clocks.js');
const { allow, fail, takeFailure } = require('./failing.js');
const { beginOutput, endOutput } = require('./output.js');
const { stillOwned } = require('./primitives.js');
const { loadProgram } = require('./program-module.js');
const { beginTrace, endTrace, isOver, setRunning } = require('./scheduling.js');
const { codeOf, travelling } = require('./travelling.js');

/** How long the worker runs until it returns to its event loop, in milliseconds. */
const LOOP_MS = 40;

const realNow = performance.now.bind(performance);
const { add } = Atomics;
require('./environment.js');

/** @type {import('./crew.js').ThreadData} */
const { file, exploration, index, random, port, counter } = workerData;
const printed = () => add(counter, 0, 1);

const RUN = 1;
const SKIP = 2;

/**
 * What a thread tells of a schedule.
 *
 * @typedef {object} ThreadResult
 * @property {import('./failing.js').FailureKind} [kind] of its failure
 * @property {unknown} [error]
 * @property {import('./scheduling.js').TraceEntry[]} [trace]
 * @property {import('./output.js').Output[]} [output]
 */

/**
 * @param {import('./program-module.js').ProgramModule['threads'][number]} thread
 * @param {unknown} data
 */
function run({ name, body }, data) {
  setRunning(true);
  seedRandom(random, index);
  try {
    const result = body(data, { index, name });
    if (isThenable(result)) {
      fail(
        'misuse',
        new TypeError(
          `The body of ${name} returned a promise. Only synchronous code can be explored: a body must be done when it ` +
            'returns.',
        ),
      );
    }
  } catch (error) {
    if (!isOver(error)) fail('exception', error);
  } finally {
    setRunning(false);
  }
  const owned = stillOwned();
  if (owned.length > 0) {
    // Does nothing if the body has failed.
    fail('misuse', new Error(`${name} has ended, and still owns ${owned.join(' and ')}.`));
  }
}

/** @param {import('./program-module.js').ProgramModule['threads'][number]} thread */
async function main(thread) {
  let turned = realNow();
  let isPinned = false;
  for (;;) {
    const started = native.exploreStart();
    if (started !== RUN && started !== SKIP) break;
    const { data, traced, processor } = receiveMessageOnPort(port)?.message ?? {};
    if (processor !== undefined && !isPinned) {
      native.explorePin(processor);
      isPinned = true;
    }
    if (started === RUN) {
      beginTrace(traced);
      beginOutput(traced, printed);
      run(thread, data);
    }
    const failure = takeFailure();
    const trace = endTrace();
    const output = endOutput();
    if (failure !== undefined || traced) {
      const error = travelling(failure?.error);
      const code = codeOf(failure?.error);
      port.postMessage({ kind: failure?.kind, error, code, trace, output });
    }
    native.exploreEnd(failure !== undefined);
    const now = realNow();
    if (now - turned > LOOP_MS) {
      await new Promise(setImmediate);
      turned = now;
    }
  }
  port.close();
}

async function load() {
  const program = await loadProgram(file);
  native.exploreJoin(realm.number, exploration, index);
  allow(program.allow);
  parentPort?.postMessage('ready');
  await main(program.threads[index]);
}

load();
