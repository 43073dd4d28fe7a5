// @ts-check
'use strict';

// Four workers send through one Channel, and four receive, in all ways, while this thread terminates and replaces them:
// node __test__/chaos/channel/main.js --messages 1000000 --seed 1

const { command, count } = require('../../../scripts/command.js');
const { CAPACITIES, RECEIVED, SENDERS, WAYS } = require('./plan.js');
const { Supervisor } = require('./supervisor.js');

const USAGE = `Usage: node __test__/chaos/channel/main.js [options]

Sends messages through a Channel, from four workers to four, which are terminated and replaced.

  --messages 1000000  how many are sent
  --seconds 600       for how long at most
  --seed 1            determines how each worker sends and receives, and which die
  --patience 10       seconds without progress that count as a hang
  --capacity 20480    of the channel in bytes; by the seed if it is not given
  --help              print this`;

const OPTIONS = /** @type {const} */ ({
  messages: { type: 'string', default: '1000000' },
  seconds: { type: 'string', default: '600' },
  seed: { type: 'string', default: '1' },
  patience: { type: 'string', default: '10' },
  capacity: { type: 'string' },
});

/** By how much the memory of the process may grow between the first half and the end, in bytes. */
const MAX_GROWTH = 64 * 2 ** 20;

const megabytes = (/** @type {number} */ bytes) => `${(bytes / 2 ** 20).toFixed(0)} MB`;

/** @param {Supervisor} supervisor */
function print(supervisor) {
  const { account, memory, sizes } = supervisor;
  const results = {
    'messages received': memory.control[RECEIVED],
    deaths: supervisor.kills,
    'times at rest': supervisor.stills,
    'times busy with a pending promise': supervisor.probes,
    'lost with their receivers': account.lost,
    'never sent by dead senders': account.unsent,
    'read again after a death': supervisor.again,
    ...Object.fromEntries(WAYS.map((way, i) => [`by ${way}`, memory.ways[i]])),
    'memory, every 100 deaths': sizes.map(megabytes).join(', '),
    violations: supervisor.violations,
    hangs: supervisor.hangs,
  };
  for (const [name, value] of Object.entries(results)) console.log(`${name}: ${value}`);
}

command(USAGE, OPTIONS, async (values) => {
  const seed = count('--seed', values.seed, 0);
  const plan = {
    seed,
    quota: Math.ceil(count('--messages', values.messages) / SENDERS),
    capacity:
      values.capacity === undefined
        ? CAPACITIES[seed % CAPACITIES.length]
        : count('--capacity', values.capacity),
  };
  console.log(`seed ${seed}, capacity ${plan.capacity}`);
  const supervisor = new Supervisor(
    plan,
    count('--seconds', values.seconds),
    count('--patience', values.patience) * 1_000,
  );
  await supervisor.run();
  print(supervisor);
  const { sizes } = supervisor;
  const grown = (sizes.at(-1) ?? 0) - Math.max(0, ...sizes.slice(0, (sizes.length + 1) / 2));
  const hasGrown = sizes.length > 1 && grown > MAX_GROWTH;
  if (hasGrown) console.log(`VIOLATION: the memory has grown by ${megabytes(grown)}`);
  // Workers that hang do not end by themselves.
  process.exit(supervisor.failed || hasGrown ? 1 : 0);
});
