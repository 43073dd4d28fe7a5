// @ts-check
'use strict';

const test = require('ava').default;
const { takeTurnsByState } = require('../benchmark/harness/by-state.js');
const { stateOf } = require('../benchmark/harness/line.js');
const { faultsOfOurs, formatSummary, summarizeAnswer } = require('../benchmark/harness/report.js');
const { ratioOfMedians, summarize } = require('../benchmark/harness/statistics.js');

/**
 * Numbers around a middle, the same each time.
 *
 * @param {number} count
 * @param {number} middle
 */
const around = (count, middle) =>
  Array.from({ length: count }, (_, i) => middle * (1 + (((i * 7919) % 101) - 50) / 500));

test('the ratio of medians is inside its interval, which is the same for the same samples', (t) => {
  const [above, below] = [around(15, 30), around(17, 20)];
  const first = ratioOfMedians(above, below);
  t.truthy(first);
  const { ratio, low, high } = /** @type {NonNullable<typeof first>} */ (first);
  t.is(ratio, summarize(above).median / summarize(below).median);
  t.true(low < ratio && ratio < high);
  t.deepEqual(ratioOfMedians(above, below), first);
});

test('the interval of a ratio is narrower where there are more runs', (t) => {
  /** @param {number} runs */
  const width = (runs) => {
    const { low, high } = ratioOfMedians(around(runs, 30), around(runs, 20)) ?? { low: 0, high: 0 };
    return high - low;
  };
  t.true(width(10) > width(40) && width(40) > width(160) && width(160) > 0);
});

test('the interval of a ratio covers what a fast and a slow mode have between them', (t) => {
  const modes = [...Array(8).fill(1), ...Array(8).fill(30)];
  const all = ratioOfMedians(modes, Array(16).fill(1));
  t.deepEqual(all, { ratio: 15.5, low: 1, high: 30 });
  t.deepEqual(ratioOfMedians([4, 4], [2]), { ratio: 2, low: 2, high: 2 });
});

test('there is no ratio where one of the samples is empty', (t) => {
  t.is(ratioOfMedians([], [1]), undefined);
  t.is(ratioOfMedians([1], []), undefined);
});

test('a summary has the quartiles', (t) => {
  const { low, median, high } = summarize([8, 1, 7, 2, 6, 3, 5, 4]);
  t.deepEqual([low, median, high], [3, 4.5, 7]);
});

test('a run is in a state only if the line was in it before and after', (t) => {
  /** @type {[number, number, string | undefined][]} */
  const cases = [
    [100, 129, 'fast'],
    [171, 400, 'slow'],
    [100, 200, undefined],
    [200, 100, undefined],
    [100, 150, undefined],
    [150, 150, undefined],
    [130, 100, undefined],
    [170, 200, undefined],
    [200, 50_000, undefined],
    [NaN, 100, undefined],
    [NaN, NaN, undefined],
  ];
  for (const [before, after, state] of cases) {
    t.is(stateOf({ before, after }), /** @type {any} */ (state), `${before}, ${after}`);
  }
});

/**
 * @param {string} rival
 * @returns {import('../benchmark/harness/run.js').Outcome}
 */
const outcomeOf = (rival) => ({ rival, name: rival, measurements: [], crashes: 0, discarded: 0 });

/**
 * Lets rivals take turns, each run 1 ms long, in the states that are given, again from the start after the last.
 *
 * @param {(('fast' | 'slow' | undefined) | 'fails')[]} states
 * @param {{ runs: number, limitMs?: number }} plan
 */
async function takeTurns(states, { runs, limitMs = 1000 }) {
  const outcomes = [outcomeOf('ours'), outcomeOf('theirs')];
  /** @type {string[]} */
  const order = [];
  let time = 0;
  await takeTurnsByState(outcomes, {
    runs,
    limitMs,
    now: () => time,
    async measure(outcome) {
      const state = states[time++ % states.length];
      order.push(outcome.name);
      if (state === 'fails') {
        outcome.fault = 'wrong';
        return undefined;
      }
      return { figure: time, extras: {}, state };
    },
  });
  return { outcomes, order };
}

test('rivals alternate until each has enough runs in each state', async (t) => {
  const { outcomes, order } = await takeTurns(['fast', 'fast', 'fast', 'fast', 'slow', 'slow'], {
    runs: 2,
  });
  t.deepEqual(
    order,
    order.map((_, i) => (i % 2 === 0 ? 'ours' : 'theirs')),
  );
  for (const { measurements } of outcomes) {
    t.deepEqual(
      measurements.map(({ state }) => state),
      ['fast', 'fast', 'slow', 'fast', 'fast', 'slow'],
    );
  }
});

test('a run whose state is unclear is discarded, and its rival runs again at once', async (t) => {
  const { outcomes, order } = await takeTurns([undefined, 'fast', 'fast', 'slow', 'slow'], {
    runs: 1,
  });
  t.deepEqual(order, ['ours', 'ours', 'theirs', 'ours', 'theirs']);
  t.deepEqual(
    outcomes.map(({ discarded, measurements }) => [discarded, measurements.length]),
    [
      [1, 2],
      [0, 2],
    ],
  );
});

test('the time limit ends the runs where a state never shows, or none is clear', async (t) => {
  const one = await takeTurns(['fast'], { runs: 3, limitMs: 10 });
  t.is(one.order.length, 10);
  const none = await takeTurns([undefined], { runs: 3, limitMs: 10 });
  t.true(none.order.length <= 11);
  t.deepEqual(none.outcomes[0].measurements, []);
});

test('a rival that fails takes no more turns', async (t) => {
  const { order } = await takeTurns(['fast', 'fails', 'slow', 'fast'], { runs: 1 });
  t.deepEqual(order, ['ours', 'theirs', 'ours']);
});

/** @type {any} */
const QUESTION = {
  name: 'grid',
  title: 'sections',
  unit: 'million',
  better: 'higher',
  rivals: ['ours', 'atomics'],
  runs: 2,
  subject: 'turns',
  spread: 'quartiles',
  extras: {},
};

/**
 * @param {string} rival
 * @param {[number, ('fast' | 'slow')?][]} runs
 */
const measured = (rival, runs) => ({
  ...outcomeOf(rival),
  measurements: runs.map(([figure, state]) => ({ figure, extras: {}, state })),
});

/** @param {any[]} cases */
const summaryOf = (cases) =>
  summarizeAnswer({ question: QUESTION, cases }, /** @type {any} */ ({}));

test('a case that is measured by state has a row in the table of each state, with that state alone', (t) => {
  const ours = measured('ours', [
    [10, 'fast'],
    [2, 'slow'],
    [10, 'fast'],
    [2, 'slow'],
  ]);
  const theirs = measured('atomics', [
    [5, 'fast'],
    [4, 'slow'],
    [5, 'fast'],
  ]);
  const summary = summaryOf([
    { label: '0 / 0', params: {}, runsByState: 2, outcomes: [ours, theirs] },
    { label: 'eight', params: {}, outcomes: [measured('ours', [[7]]), measured('atomics', [[1]])] },
  ]);
  t.deepEqual(
    summary.groups.map(({ state, rows }) => [state, rows[1].oursToThisOfMedians?.ratio]),
    [
      ['fast', 2],
      ['slow', 0.5],
      [undefined, 7],
    ],
  );
  const text = formatSummary(summary);
  for (const line of [
    /^While a cache line travels fast:$/m,
    /^While a cache line travels slowly:$/m,
    /^In either state of the machine:$/m,
    /atomics +5 +5 - 5 +2\.00 +2\.00 - 2\.00 +2$/m,
    /atomics +4 +4 - 4 +0\.50 +0\.50 - 0\.50 +1$/m,
    /^turns 0 \/ 0: only 1 to 2 of 2 runs in the slow state within the time limit$/m,
  ]) {
    t.regex(text, line);
  }
});

test('a state that never showed is named, and is no fault of ours', (t) => {
  const outcomes = ['ours', 'atomics'].map((rival) =>
    measured(rival, [
      [10, 'fast'],
      [10, 'fast'],
    ]),
  );
  const summary = summaryOf([{ label: '0 / 0', params: {}, runsByState: 2, outcomes }]);
  const text = formatSummary(summary);
  t.regex(text, /^turns 0 \/ 0: the slow state never showed within the time limit$/m);
  t.regex(text, /ours +no run in this state$/m);
  t.deepEqual(faultsOfOurs(summary), []);
});
