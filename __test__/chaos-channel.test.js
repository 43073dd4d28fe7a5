// @ts-check
'use strict';

// Short runs of chaos/channel: four senders and four receivers that are terminated at random. The faults of
// chaos/channel/plants.js that need no build are found in them.

const path = require('node:path');
const test = require('ava').default;
const { run } = require('./helpers/child.js');

const folder = path.join(__dirname, 'chaos', 'channel');

/**
 * @param {string} program
 * @param {string[]} args
 */
const start = (program, args) =>
  run(process.execPath, [path.join(folder, program), ...args], { limit: 160_000 });

for (const [name, capacity] of [
  ['in a small ring', '1024'],
  ['with messages that are copied outside the lock', '98304'],
]) {
  test(`each message arrives once, whichever worker is terminated, in all ways to send and receive: ${name}`, async (t) => {
    t.timeout(180_000);
    const args = ['--messages', '60000', '--seconds', '60', '--seed', '7', '--patience', '20'];
    const { code, stdout, stderr } = await start('main.js', [...args, '--capacity', capacity]);
    t.is(code, 0, `${stdout}\n${stderr}`);
    const count = (/** @type {string} */ what) =>
      Number(new RegExp(`^${what}: (\\d+)$`, 'm').exec(stdout)?.[1]);
    t.is(count('violations'), 0);
    t.is(count('hangs'), 0);
    t.true(count('messages received') > 1_000, stdout);
    t.true(count('deaths') > 2, stdout);
    t.true(count('times at rest') > 0, stdout);
  });
}

for (const plant of ['no-recovery', 'unrepaired-reservation', 'wake-up-after-unlock']) {
  test(`a planted fault is found: ${plant}`, async (t) => {
    t.timeout(180_000);
    const args = ['--runs', '1', '--messages', '400000', '--patience', '3', plant];
    const { code, stdout, stderr } = await start('planted.js', args);
    t.is(code, 0, `${stdout}\n${stderr}`);
    t.regex(stdout, new RegExp(`^${plant}: found in 1 of 1 runs`, 'm'));
  });
}
