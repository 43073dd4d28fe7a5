// @ts-check
'use strict';

const path = require('node:path');
const test = require('ava').default;
const { run } = require('./helpers/child.js');

const main = path.join(__dirname, 'chaos', 'main.js');
const plants = path.join(__dirname, 'chaos', 'plants.js');

/**
 * Runs chaos for some seconds.
 *
 * @param {number} seconds
 * @param {{ execArgv?: string[], patience?: number, env?: NodeJS.ProcessEnv }} [options]
 */
async function chaos(seconds, { execArgv = [], patience = 15, env } = {}) {
  const args = ['--seconds', `${seconds}`, '--seed', '4', '--patience', `${patience}`];
  const ended = await run(process.execPath, [...execArgv, main, ...args], { limit: 90_000, env });
  /** @param {string} name */
  const count = (name) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(ended.stdout)?.[1]);
  return { ...ended, count, output: `${ended.stdout}\n${ended.stderr}` };
}

test('sixteen workers that are terminated at random break no rule and hang nowhere', async (t) => {
  const { code, count, output } = await chaos(8);
  t.is(code, 0, output);
  t.is(count('violations'), 0, output);
  t.is(count('hangs'), 0, output);
  // Loose ones: that everything was done at all, on a busy machine, too.
  for (const [name, least] of /** @type {const} */ ([
    ['operations', 2_000],
    ['terminations', 10],
    ['snapshots', 1],
    ['inspections', 10],
    ['messages', 50],
    ['locks', 1_000],
    ['timeouts', 50],
    ['abandonments told', 3],
    ['recoveries by workers', 3],
    ['broken barriers told', 1],
    ['phases passed', 50],
    ['latches opened', 50],
    ['items consumed', 50],
    ['notified', 50],
    ['cycles made', 3],
    ['cycles reported', 3],
    ['requests for permits met', 100],
    ['requests for all permits met', 30],
    ['signals taken', 100],
    ['reads', 100],
    ['writes', 50],
    ['downgrades', 10],
    ['Mutex#lockAsync', 50],
    ['Mutex#recoverAsync', 5],
    ['Mutex#runExclusiveAsync', 5],
    ['Condition#waitAsync', 30],
    ['Barrier#waitAsync', 20],
    ['Latch#awaitAsync', 10],
    ['Semaphore#acquireAsync', 30],
    ['RwLock#readAsync', 10],
    ['RwLock#writeAsync', 5],
    ['RwLock#recoverAsync', 2],
    ['promises out of time', 10],
    ['promises aborted', 20],
  ])) {
    t.true(count(name) >= least, `${name}: ${count(name)}, not ${least}\n${output}`);
  }
});

test('chaos tells when a promise is lost', async (t) => {
  const { code, count, output } = await chaos(8, {
    execArgv: ['--require', plants],
    patience: 3,
    env: { ...process.env, PLANT: 'promise' },
  });
  t.is(code, 1, output);
  t.true(count('hangs') > 0, output);
  t.regex(output, /^HANGS: .*by promise Mutex#lockAsync/m);
});

test('chaos tells when a rule is broken', async (t) => {
  const { code, count, output } = await chaos(3, { execArgv: ['--require', plants] });
  t.is(code, 1, output);
  t.true(count('violations') > 0, output);
  t.regex(output, /^VIOLATION in worker /m);
});
