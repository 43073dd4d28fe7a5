// @ts-check
'use strict';

// What The Go Programming Language Specification (Go 1.25) promises for select statements, as far as their cases receive.

const { Channel, layout, select, selectAsync, trySelect } = require('../../index.js');
const stage = require('../helpers/conformance.js');

const go = stage.documented('Go select');

const spec = /** @type {const} */ ({
  left: [Channel, { capacity: 256, codec: 'json' }],
  right: [Channel, { capacity: 256, codec: 'json' }],
});

function twoChannels() {
  const { left, right, share } = layout(spec);
  return { left, right, shared: share() };
}

/** @type {import('../helpers/types.js').Body} */
const selects = ({ shared }, { layout, select }) => {
  const { left, right } = layout.from(shared);
  return select([left, right]);
};

go('it blocks until at least one of the communications can proceed', async (t) => {
  const { right, shared } = twoChannels();
  const selecting = stage.party(selects, { shared });
  await stage.asleep(selecting);
  right.send(7);
  t.deepEqual(await selecting.done, { index: 1, value: 7, done: false });
});

go('if several communications can proceed, a single one is chosen', (t) => {
  const { left, right } = twoChannels();
  left.send(1);
  right.send(2);
  const { index } = select([left, right]);
  t.deepEqual([left.length, right.length], index === 0 ? [0, 1] : [1, 0]);
});

go('the choice is a uniform pseudo-random selection', (t) => {
  const { left, right } = twoChannels();
  const times = [0, 0];
  for (let i = 0; i < 2_000; i++) {
    if (left.length === 0) left.send(i);
    if (right.length === 0) right.send(i);
    times[select([left, right]).index]++;
  }
  // The standard deviation is 22.
  t.true(Math.abs(times[0] - 1_000) < 200, `${times}`);
});

go('with a default case it does not block', (t) => {
  const { left, right } = twoChannels();
  t.is(trySelect([left, right]), undefined);
  left.send(1);
  t.deepEqual(trySelect([left, right]), { index: 0, value: 1, done: false });
});

go(
  'a receive from a closed channel can always proceed, after the values that were sent before',
  (t) => {
    const { left, right } = twoChannels();
    left.send(1);
    left.close();
    t.deepEqual(select([left, right]), { index: 0, value: 1, done: false });
    for (let i = 0; i < 3; i++) {
      t.deepEqual(select([left, right]), { index: 0, value: undefined, done: true });
    }
  },
);

go('close wakes a select that is blocked', async (t) => {
  const { left, shared } = twoChannels();
  const selecting = stage.party(selects, { shared });
  await stage.asleep(selecting);
  left.close();
  t.deepEqual(await selecting.done, { index: 0, value: undefined, done: true });
});

go('communication on nil channels can never proceed', async (t) => {
  const { right } = twoChannels();
  t.is(trySelect([undefined, right], 5), undefined);
  right.send(1);
  t.deepEqual(await selectAsync([undefined, right]), { index: 1, value: 1, done: false });
});

go('the same channel may stand in several cases', async (t) => {
  const { left, shared } = twoChannels();
  /** @type {import('../helpers/types.js').Body} */
  const twice = ({ shared }, { layout, select }) => {
    const { left } = layout.from(shared);
    return select([left, left]).value;
  };
  const selecting = stage.party(twice, { shared });
  await stage.asleep(selecting);
  left.send(5);
  t.is(await selecting.done, 5);
  t.is(left.length, 0);
});
