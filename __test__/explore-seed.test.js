// @ts-check
'use strict';

const test = require('ava').default;
const fs = require('node:fs');
const path = require('node:path');
const { createHash } = require('node:crypto');
const { explore } = require('../lib/explore');
const { run } = require('./helpers/child.js');
const { root } = require('./helpers/installed.js');

const FOLDER = path.join(root, 'examples/explore-seed');
const LIMIT = 120_000;
const MOST_SCHEDULES = 50;
const SEEDS = [1, 2, 3, 4, 5];

/** @param {string[]} names */
const program = (...names) => path.join(FOLDER, ...names);

test("the document's program is the document's, to the letter", (t) => {
  const text = fs.readFileSync(program('document', 'mini-map-reduce.js'));
  t.is(
    createHash('sha256').update(text).digest('hex'),
    '17b00e9ff35ffd36f817a5b067e513099577b74088b5c6707ce846c6bcd13b6e',
  );
});

for (const [name, kinds] of /** @type {const} */ ([
  ['condition', ['deadlock']],
  ['barrier', ['exception', 'deadlock']],
])) {
  test(`the fault of the document's ${name} is found in at most ${MOST_SCHEDULES} schedules`, async (t) => {
    for (const seed of SEEDS) {
      const error = await t.throwsAsync(
        explore(program('document', `${name}.js`), { seed, time: LIMIT }),
        {
          code: 'ERR_EXPLORATION',
        },
      );
      const { kind, schedules, preemptions, schedule } = /** @type {any} */ (error);
      t.true(kinds.includes(kind), String(/** @type {any} */ (error).message));
      t.true(schedules <= MOST_SCHEDULES, `${schedules} schedules`);
      t.is(preemptions, 1);
      t.regex(schedule, /Atomics\.wait\(cell \d\)/);
    }
  });
}

for (const name of ['mutex', 'latch']) {
  test(`the document's ${name} passes`, async (t) => {
    const { schedules } = await explore(program('document', `${name}.js`), {
      schedules: 500,
      time: LIMIT,
    });
    t.is(schedules, 500);
  });
}

for (const name of ['mutex', 'latch', 'condition', 'barrier']) {
  test(`our ${name} passes what the document's has to pass`, async (t) => {
    const { schedules } = await explore(program('ours', `${name}.js`), {
      schedules: 500,
      time: LIMIT,
    });
    t.is(schedules, 500);
  });
}

test("the document's whole program lets a worker end before the sum is whole", async (t) => {
  const file = program('document', 'map-reduce.js');
  const options = /** @type {const} */ ({ strategy: 'exhaustive', preemptions: 1, schedules: 1e6 });
  const error = await t.throwsAsync(explore(file, { ...options, time: LIMIT }), {
    code: 'ERR_EXPLORATION',
    message: /ended before the sum was whole/,
  });
  t.is(/** @type {any} */ (error).preemptions, 1);
});

test('mini-map-reduce.js passes every schedule of 3 workers and one preemption', async (t) => {
  const options = /** @type {const} */ ({ strategy: 'exhaustive', preemptions: 1, schedules: 1e6 });
  const report = await explore(program('ours', 'map-reduce.js'), { ...options, time: LIMIT });
  t.true(report.exhausted);
  t.true(report.schedules > 1000, `${report.schedules} schedules`);
});

test('tokens are replayed in other processes', async (t) => {
  const args = [program('replays.js'), '--seeds', '2', '--replays', '2'];
  const { code, stdout } = await run(process.execPath, args, { cwd: root, limit: LIMIT });
  t.is(code, 0, stdout);
  t.regex(stdout, /^condition: 2 of 2 replays failed in the same schedule$/m);
  t.regex(stdout, /^barrier: 2 of 2 replays failed in the same schedule$/m);
});
