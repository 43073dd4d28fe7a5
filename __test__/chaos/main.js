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
const { parseArgs } = require('node:util');
const { Context } = require('./context.js');
const { makePlan } = require('./plan.js');
const { print, results } = require('./report.js');
const { Supervisor, sleep } = require('./supervisor.js');

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    patience: { type: 'string', default: '10' },
    baseline: { type: 'boolean', default: false },
    // The argument with which this file starts the baseline.
    'no-addon': { type: 'boolean', default: false },
  },
});
const [seconds, seed, patience] = [values.seconds, values.seed, values.patience].map(Number);

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

/** @param {import('./plan.js').Plan} plan */
async function run(plan) {
  const memory = new SharedArrayBuffer(plan.cellCount * Int32Array.BYTES_PER_ELEMENT);
  const context = new Context(plan, memory, -1);
  const craft = values['no-addon']
    ? require('./idle-craft.js').idleCraft
    : require('./craft.js').craft(context);
  const supervisor = new Supervisor(context, memory, craft, patience * 1_000);
  await supervisor.run();
  if (supervisor.hangs > 0) await supervisor.abandon();
  const all = results(supervisor, await settledMemory());
  print(all);
  return all.violations === 0 && all.hangs === 0;
}

/** Each run has a process of its own, so that neither includes the other's memory. */
function compare() {
  const args = [__filename, '--seconds', `${seconds}`, '--seed', `${seed}`];
  let ok = true;
  for (const option of [[], ['--no-addon']]) {
    console.log(`\n--- ${option.length > 0 ? 'without the addon' : 'with the addon'}`);
    const { status } = spawnSync(process.execPath, [...args, ...option], { stdio: 'inherit' });
    ok &&= status === 0;
  }
  return ok;
}

async function main() {
  if (![seconds, seed, patience].every((number) => Number.isFinite(number) && number >= 0)) {
    throw new RangeError('--seconds, --seed and --patience take numbers');
  }
  console.log(`seed ${seed}, ${seconds} s`);
  const ok = values.baseline ? compare() : await run(makePlan({ seed, seconds }));
  process.exitCode = ok ? 0 : 1;
}

main();
