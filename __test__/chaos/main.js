// @ts-check
'use strict';

// Chaos: npm run chaos -- --seconds 60 --seed 1 [--baseline] [--patience 10]
//
// Workers run random operations on all primitives, with invariants in shared memory, while this thread terminates and
// replaces them, recovers what they abandoned, takes heap snapshots, posts messages and inspects. The seed determines
// which worker does what, and when. With --baseline, a second run terminates and replaces workers that use no addon in
// the same way, to compare the memory.

const { spawnSync } = require('node:child_process');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const { command, count } = require('../../scripts/command.js');
const { Context } = require('./context.js');
const { makePlan } = require('./plan.js');
const { print, results } = require('./report.js');
const { sleep } = require('../helpers/waiting.js');
const { Supervisor } = require('./supervisor.js');

const USAGE = `Usage: npm run chaos -- [options]

Runs random operations on all primitives in workers that are terminated and replaced.

  --seconds 60   how long
  --seed 1       determines which worker does what, and when
  --patience 10  seconds without progress that count as a hang
  --baseline     then terminate and replace workers that use no addon, to compare the memory
  --no-addon     only workers that use no addon
  --help         print this`;

const OPTIONS = /** @type {const} */ ({
  seconds: { type: 'string', default: '60' },
  seed: { type: 'string', default: '1' },
  patience: { type: 'string', default: '10' },
  baseline: { type: 'boolean', default: false },
  'no-addon': { type: 'boolean', default: false },
});

/** The memory of the process after a collection, in bytes. */
async function settledMemory() {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  for (let i = 0; i < 3; i++) {
    collect();
    await sleep(200);
  }
  return process.memoryUsage.rss();
}

/**
 * @param {import('./plan.js').Plan} plan
 * @param {number} patience seconds
 * @param {boolean} noAddon
 */
async function run(plan, patience, noAddon) {
  const memory = new SharedArrayBuffer(plan.cellCount * Int32Array.BYTES_PER_ELEMENT);
  const context = new Context(plan, memory, -1);
  const craft = noAddon
    ? require('./idle-craft.js').idleCraft
    : require('./craft.js').craft(context);
  const supervisor = new Supervisor(context, memory, craft, patience * 1_000);
  await supervisor.run();
  if (supervisor.hangs > 0) await supervisor.abandon();
  const all = results(supervisor, await settledMemory());
  print(all);
  return all.violations === 0 && all.hangs === 0;
}

/**
 * Both in processes of their own, so that neither has the other's memory.
 *
 * @param {number} seconds
 * @param {number} seed
 */
function compare(seconds, seed) {
  const args = [__filename, '--seconds', `${seconds}`, '--seed', `${seed}`];
  let ok = true;
  for (const option of [[], ['--no-addon']]) {
    console.log(`\n--- ${option.length > 0 ? 'without the addon' : 'with the addon'}`);
    const { status } = spawnSync(process.execPath, [...args, ...option], { stdio: 'inherit' });
    ok &&= status === 0;
  }
  return ok;
}

command(USAGE, OPTIONS, async (values) => {
  const seconds = count('--seconds', values.seconds, 0);
  const seed = count('--seed', values.seed, 0);
  const patience = count('--patience', values.patience, 0);
  console.log(`seed ${seed}, ${seconds} s`);
  const ok = values.baseline
    ? compare(seconds, seed)
    : await run(makePlan({ seed, seconds }), patience, values['no-addon']);
  process.exitCode = ok ? 0 : 1;
});
