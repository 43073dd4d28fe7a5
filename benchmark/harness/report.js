// @ts-check
'use strict';

const { OURS } = require('../rivals/index.js');
const { STATES } = require('./line.js');
const { median, ratio, ratioOfMedians, summarize } = require('./statistics.js');
const { formatNumber, formatTable } = require('./table.js');

/** @typedef {import('./line.js').State} State */

/**
 * @typedef {object} Row one rival in one case, or in one state of it
 * @property {string} rival
 * @property {string} name
 * @property {number} crashes
 * @property {string} [fault] instead of everything below
 * @property {number} discarded runs whose state was unclear
 * @property {number[]} figures
 * @property {number} median
 * @property {number} min
 * @property {number} max
 * @property {number} low the 25th percentile
 * @property {number} high the 75th percentile
 * @property {Record<string, number>} extras
 * @property {number} [oursToThis] the median of the ratios of runs side by side
 * @property {{ ratio: number, low: number, high: number }} [oursToThisOfMedians] the ratio of the medians, with its interval
 * @property {number} [toLimit] a ratio
 */

/**
 * The figures and what they say, as written to a JSON file.
 * @param {import('./run.js').Answer} answer
 * @param {import('./machine.js').Machine} machine
 */
function summarizeAnswer({ question, cases }, machine) {
  const { name, title, unit, better, subject, extras = {}, limit, chart } = question;
  const { spread = 'range', fastMode = false } = question;
  const groups = cases.flatMap(byState).map(({ label, params, outcomes, state, runsByState }) => {
    const rows = outcomes.map((outcome) => summarizeOutcome(outcome, Object.keys(extras)));
    const ours = rows.find(({ rival }) => rival === OURS);
    for (const row of rows) {
      if (!ours || row === ours) continue;
      if (state === undefined) row.oursToThis = ratio(ours.figures, row.figures);
      row.oursToThisOfMedians = ratioOfMedians(ours.figures, row.figures);
    }
    return { label, params, panel: chart?.panel?.(params), state, runsByState, rows };
  });
  const limitGroup = groups.find(({ label }) => label === limit?.case);
  const limitRow = limitGroup?.rows.find(({ rival }) => rival === limit?.rival);
  for (const row of groups.flatMap(({ rows }) => rows)) {
    row.toLimit = limitRow && ratio(row.figures, limitRow.figures);
  }
  const kept = { name, title, unit, better, subject, spread, fastMode, extras, limit, chart };
  return { ...kept, machine, groups };
}

/** @typedef {ReturnType<typeof summarizeAnswer>} Summary */

/**
 * A case that is measured by state once for each state, with the runs that were made in it; any other as it is.
 * @param {import('./run.js').CaseResult} result
 * @returns {(import('./run.js').CaseResult & { state?: State })[]}
 */
function byState(result) {
  if (result.runsByState === undefined) return [result];
  return STATES.map((state) => {
    const outcomes = result.outcomes.map((outcome) => ({
      ...outcome,
      measurements: outcome.measurements.filter((each) => each.state === state),
    }));
    return { ...result, state, outcomes };
  });
}

/**
 * @param {import('./run.js').Outcome} outcome
 * @param {string[]} extras
 * @returns {Row}
 */
function summarizeOutcome({ rival, name, crashes, discarded, fault, measurements }, extras) {
  const figures = measurements.map(({ figure }) => figure);
  // A rival may not know all of them.
  const medians = extras
    .filter((key) => measurements.every((each) => key in each.extras))
    .map((key) => [key, median(measurements.map((each) => each.extras[key]))]);
  const base = { rival, name, crashes, discarded, fault, figures };
  return { ...base, ...summarize(figures), extras: Object.fromEntries(medians) };
}

/**
 * What the table of a question has beside the median, before the limit and the extras.
 * @type {Record<'range' | 'quartiles', { titles: string[], format: (row: Row) => string[] }>}
 */
const SPREADS = {
  range: {
    titles: ['min - max', 'ours / rival'],
    format: ({ min, max, oursToThis }) => [formatRange(min, max), formatRatio(oursToThis)],
  },
  quartiles: {
    titles: ['25th - 75th percentile', 'ours / rival', '95 % interval', 'runs'],
    format: ({ low, high, oursToThisOfMedians: ours, figures }) => [
      formatRange(low, high),
      formatRatio(ours?.ratio),
      ours ? `${formatRatio(ours.low)} - ${formatRatio(ours.high)}` : '',
      String(figures.length),
    ],
  },
};

/** @typedef {{ title?: string, columns: import('./table.js').Column[], rows: string[][] }} Table */

/**
 * A table, or one for each state of the machine that cases were measured in.
 * @param {Summary} summary
 * @returns {Table[]}
 */
function tablesOf(summary) {
  const states = [...new Set(summary.groups.map(({ state }) => state))];
  return states.map((state) => ({
    title: titleOf(state, states.length > 1),
    ...tableOf({ ...summary, groups: summary.groups.filter((group) => group.state === state) }),
  }));
}

/**
 * @param {State | undefined} state
 * @param {boolean} isOneOfSeveral
 */
function titleOf(state, isOneOfSeveral) {
  if (state) return `While a cache line travels ${state === 'fast' ? 'fast' : 'slowly'}:`;
  return isOneOfSeveral ? 'In either state of the machine:' : undefined;
}

/**
 * A row for each rival in each case. One that has no figures ends in a remark.
 * @param {Summary} summary
 */
function tableOf({ unit, subject, spread, fastMode, extras, limit, groups }) {
  const { titles, format: formatSpread } = SPREADS[spread];
  const numeric = [
    unit,
    ...(fastMode ? ['25th percentile'] : []),
    ...titles,
    ...(limit ? [limit.title] : []),
    ...Object.values(extras),
  ];
  const columns = [
    { title: subject },
    { title: 'rival' },
    ...numeric.map((title) => ({ title, numeric: true })),
  ];
  /** @param {Row} row */
  const format = (row) => {
    if (row.fault !== undefined) return [row.name, row.fault];
    if (row.figures.length === 0) return [row.name, 'no run in this state'];
    return [
      row.name,
      formatNumber(row.median),
      ...(fastMode ? [formatNumber(row.low)] : []),
      ...formatSpread(row),
      ...(limit ? [formatRatio(row.toLimit)] : []),
      ...Object.keys(extras).map((key) => (key in row.extras ? formatNumber(row.extras[key]) : '')),
    ];
  };
  const rows = groups.flatMap(({ label, rows }) =>
    rows.map((row, i) => [i === 0 ? label : '', ...format(row)]),
  );
  return { columns, rows };
}

/**
 * What is to be known of the figures besides themselves.
 * @param {Summary} summary
 */
function remarksOf({ subject, better, spread, groups }) {
  const runs = Math.max(
    ...groups.flatMap(({ rows, state }) => (state ? [0] : rows.map((row) => row.figures.length))),
  );
  const wanted = groups.find(({ runsByState }) => runsByState !== undefined)?.runsByState;
  const howMany = [
    ...(runs > 0 ? [`${runs} ${runs === 1 ? 'run' : 'runs'}`] : []),
    ...(wanted === undefined
      ? []
      : [`at least ${wanted} ${wanted === 1 ? 'run' : 'runs'} in each state of the machine`]),
  ].join(', or ');
  const ratios =
    spread === 'range'
      ? 'and of the ratios of runs side by side'
      : 'and the ratios of those medians with their bootstrap intervals';
  const method =
    runs === 1 && wanted === undefined
      ? `One run of each; ${better} is better.`
      : `Medians of ${howMany} in turns, each in a process of its own, ${ratios}; ${better} is better.`;
  // Both states of a case have the same crashes.
  const cases = groups.filter(({ state }) => state === undefined || state === STATES[0]);
  const discarded = cases
    .flatMap(({ rows }) => rows)
    .reduce((sum, { discarded }) => sum + discarded, 0);
  const crashes = cases
    .flatMap(({ label, rows }) => rows.map((row) => ({ label, ...row })))
    .filter(({ crashes: count, fault }) => count > 0 && fault === undefined)
    .map(
      (row) => `${row.name} (${subject} ${row.label}) crashed and was run again: ${row.crashes} x`,
    );
  const unclear =
    discarded > 0 ? [`Discarded, because the state was unclear or changed: ${discarded}`] : [];
  return {
    method,
    remarks: [...crashes, ...unclear, ...groups.flatMap((group) => missingRuns(subject, group))],
  };
}

/**
 * Says where the time limit has left a case with fewer runs in a state than were wanted.
 * @param {string} subject
 * @param {Summary['groups'][number]} group
 */
function missingRuns(subject, { label, state, runsByState, rows }) {
  const counts = rows
    .filter(({ fault }) => fault === undefined)
    .map(({ figures }) => figures.length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  if (runsByState === undefined || counts.length === 0 || least >= runsByState) return [];
  const where = `${subject} ${label}: `;
  if (most === 0) return [`${where}the ${state} state never showed within the time limit`];
  const runs = least === most ? `${least}` : `${least} to ${most}`;
  return [
    `${where}only ${runs} of ${runsByState} runs in the ${state} state within the time limit`,
  ];
}

/** @param {Summary} summary */
function formatSummary(summary) {
  const { method, remarks } = remarksOf(summary);
  const tables = tablesOf(summary).flatMap(({ title, columns, rows }) => [
    '',
    ...(title ? [title] : []),
    formatTable(columns, rows),
  ]);
  const title = `${summary.name}: ${summary.title}`;
  return [title, method, ...tables, ...remarks].join('\n');
}

/** Where ours has failed. @param {Summary} summary */
function faultsOfOurs({ name, subject, groups }) {
  const faults = groups.flatMap(({ label, rows }) =>
    rows
      .filter(({ rival, fault }) => rival === OURS && fault !== undefined)
      .map(({ fault }) => `ours failed the question '${name}' (${subject} ${label}): ${fault}`),
  );
  return [...new Set(faults)]; // a case by state has a group for each state
}

/**
 * @param {number} low
 * @param {number} high
 */
const formatRange = (low, high) => `${formatNumber(low)} - ${formatNumber(high)}`;

/** @param {number | null | undefined} ratio null where it was not a number and has been in a JSON file */
function formatRatio(ratio) {
  return Number.isFinite(ratio) ? Number(ratio).toFixed(2) : '';
}

module.exports = { faultsOfOurs, formatSummary, remarksOf, summarizeAnswer, tablesOf };
