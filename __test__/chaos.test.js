// @ts-check
'use strict';

const path = require('node:path');
const test = require('ava').default;
const { run } = require('./helpers/child.js');
const { SLOWNESS } = require('./helpers/slowness.js');

const main = path.join(__dirname, 'chaos', 'main.js');
const plants = path.join(__dirname, 'chaos', 'plants.js');

/** A run that got too little done is repeated, so many times as long: the machine is busy, or threads start slowly on it. */
const LONGER = 6;

/**
 * Runs chaos for some seconds, and for longer on a slow machine, so that it gets as much done.
 *
 * @param {import('ava').ExecutionContext<any>} t
 * @param {number} seconds on a usual machine
 * @param {{ execArgv?: string[], patience?: number, env?: NodeJS.ProcessEnv }} options
 * @param {(ended: Chaos) => boolean} isEnough whether it got enough done
 * @returns {Promise<Chaos>}
 */
async function chaos(t, seconds, { execArgv = [], patience = 15, env }, isEnough) {
  /** @param {number} wanted */
  const runFor = async (wanted) => {
    const [lasts, waits] = [wanted * SLOWNESS, patience * SLOWNESS].map(Math.round);
    const args = ['--seconds', `${lasts}`, '--seed', '4', '--patience', `${waits}`];
    const limit = (90_000 + wanted * 1_000) * SLOWNESS;
    t.timeout(limit + 10_000);
    const ended = await run(process.execPath, [...execArgv, main, ...args], { limit, env });
    /** @param {string} name */
    const count = (name) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(ended.stdout)?.[1]);
    return { code: ended.code, count, output: `${ended.stdout}\n${ended.stderr}` };
  };
  const ended = await runFor(seconds);
  return isEnough(ended) ? ended : runFor(seconds * LONGER);
}

/** @typedef {{ code: number | null, count: (name: string) => number, output: string }} Chaos */

/** Loose limits: each kind of operation was done at all. */
const LEAST = /** @type {const} */ ([
  ['operations', 400],
  ['terminations', 2],
  ['snapshots', 1],
  ['inspections', 2],
  ['messages', 10],
  ['locks', 200],
  ['timeouts', 10],
  ['abandonments told', 1],
  ['recoveries by workers', 1],
  ['broken barriers told', 1],
  ['phases passed', 10],
  ['latches opened', 10],
  ['events passed', 10],
  ['onces done', 10],
  ['items consumed', 10],
  ['notified', 10],
  ['cycles made', 1],
  ['cycles reported', 1],
  ['requests for permits met', 20],
  ['requests for all permits met', 6],
  ['signals taken', 20],
  ['reads', 20],
  ['writes', 10],
  ['downgrades', 2],
  ['Mutex#lockAsync', 10],
  ['Mutex#recoverAsync', 1],
  ['Mutex#runExclusiveAsync', 1],
  ['Condition#waitAsync', 6],
  ['Barrier#waitAsync', 4],
  ['Latch#awaitAsync', 2],
  ['Semaphore#acquireAsync', 6],
  ['RwLock#readAsync', 2],
  ['RwLock#writeAsync', 1],
  ['RwLock#recoverAsync', 1],
  ['promises out of time', 2],
  ['promises aborted', 4],
]);

test('sixteen workers that are terminated at random break no rule and hang nowhere', async (t) => {
  const { code, count, output } = await chaos(
    t,
    8,
    {},
    ({ code, count }) => code !== 0 || LEAST.every(([name, least]) => count(name) >= least),
  );
  t.is(code, 0, output);
  t.is(count('violations'), 0, output);
  t.is(count('hangs'), 0, output);
  for (const [name, least] of LEAST) {
    t.true(count(name) >= least, `${name}: ${count(name)}, not ${least}\n${output}`);
  }
});

const LOST_PROMISE = /^HANGS: .*by promise Mutex#lockAsync/m;
const VIOLATION = /^VIOLATION in worker /m;

test('chaos fails when a promise is lost', async (t) => {
  const { code, count, output } = await chaos(
    t,
    12,
    {
      execArgv: ['--require', plants],
      patience: 3,
      env: { ...process.env, PLANT: 'promise' },
    },
    ({ output }) => LOST_PROMISE.test(output),
  );
  t.is(code, 1, output);
  t.true(count('hangs') > 0, output);
  t.regex(output, LOST_PROMISE);
});

test('chaos fails when a rule is broken', async (t) => {
  const { code, count, output } = await chaos(
    t,
    8,
    { execArgv: ['--require', plants] },
    ({ output }) => VIOLATION.test(output),
  );
  t.is(code, 1, output);
  t.true(count('violations') > 0, output);
  t.regex(output, VIOLATION);
});
