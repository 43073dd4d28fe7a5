// @ts-check
'use strict';

const test = require('ava').default;
const { explore } = require('../lib/explore');

test("what Node's own functions do with Atomics is no scheduling point", async (t) => {
  const { points } = await explore(require.resolve('./fixtures/explore/folder.js'), {
    schedules: 1,
  });
  t.is(points, 2, 'before and after the addition of the body');
});
