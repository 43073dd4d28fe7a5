// @ts-check
'use strict';

const test = require('ava').default;
const { cases, withVersion } = require('../benchmark/sctbench/index.js');
const { explore } = require('../lib/explore');

/** A program with more threads is for the benchmark: each is a worker that has to start. */
const MOST_THREADS = 5;
const MOST_SCHEDULES = 10_000;
const OPTIONS = { seed: 1, time: Infinity };

for (const program of cases.filter(({ threads }) => threads <= MOST_THREADS)) {
  test(`${program.name}: the fault is found, and the right version passes`, async (t) => {
    await withVersion(program, false, (file) =>
      t.throwsAsync(explore(file, { ...OPTIONS, schedules: MOST_SCHEDULES }), {
        code: 'ERR_EXPLORATION',
      }),
    );
    const { schedules } = await withVersion(program, true, (file) =>
      explore(file, { ...OPTIONS, schedules: 300 }),
    );
    t.is(schedules, 300);
  });
}
