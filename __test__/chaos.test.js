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
 * @param {string[]} [execArgv]
 */
async function chaos(seconds, execArgv = []) {
  const args = [...execArgv, main, '--seconds', `${seconds}`, '--seed', '4', '--patience', '15'];
  const ended = await run(process.execPath, args, { limit: 90_000 });
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
  ])) {
    t.true(count(name) >= least, `${name}: ${count(name)}, not ${least}\n${output}`);
  }
});

test('chaos tells when a rule is broken', async (t) => {
  const { code, count, output } = await chaos(3, ['--require', plants]);
  t.is(code, 1, output);
  t.true(count('violations') > 0, output);
  t.regex(output, /^VIOLATION in worker /m);
});
