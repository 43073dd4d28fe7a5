// @ts-check
'use strict';

const path = require('node:path');
const test = require('ava').default;
const { run } = require('./helpers/child.js');

const program = path.join(__dirname, '..', 'benchmark', 'channel-latency.js');

test('no message is lost beside a promise of a busy thread, under back-pressure, or with loops that are broken off', async (t) => {
  t.timeout(120_000);
  const args = [program, '--seconds', '1', '--loops', '3000'];
  const { code, stdout, stderr } = await run(process.execPath, args, { limit: 100_000 });
  t.is(code, 0, stderr);
  // How long they waited depends on what else the machine does.
  const counts = [...stdout.matchAll(/: (\d+) messages/g)].map(([, count]) => Number(count));
  t.is(counts.length, 3, stdout);
  t.true(
    counts.every((count) => count > 0),
    stdout,
  );
});
