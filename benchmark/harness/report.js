// @ts-check
'use strict';

const { OURS } = require('../rivals/index.js');
const { median, ratio, summarize } = require('./statistics.js');
const { formatNumber, formatTable } = require('./table.js');

/**
 * @typedef {object} Row one rival in one case
 * @property {string} rival
 * @property {string} name
 * @property {number} crashes
 * @property {string} [fault] instead of everything below
 * @property {number[]} figures
 * @property {number} median
 * @property {number} min
 * @property {number} max
 * @property {Record<string, number>} extras
 * @property {number} [oursToThis] a ratio
 * @property {number} [toLimit] a ratio
 */

/**
 * The figures and what they say, as written to a JSON file.
 * @param {import('./run.js').Answer} answer
 * @param {import('./machine.js').Machine} machine
 */
function summarizeAnswer({ question, cases }, machine) {
  const { name, title, unit, better, subject, extras = {}, limit, chart } = question;
  const groups = cases.map(({ label, params, outcomes }) => {
    const rows = outcomes.map((outcome) => summarizeOutcome(outcome, Object.keys(extras)));
    const ours = rows.find(({ rival }) => rival === OURS);
    for (const row of rows) {
      row.oursToThis = ours && row !== ours ? ratio(ours.figures, row.figures) : undefined;
    }
    return { label, params, panel: chart?.panel?.(params), rows };
  });
  const limitGroup = groups.find(({ label }) => label === limit?.case);
  const limitRow = limitGroup?.rows.find(({ rival }) => rival === limit?.rival);
  for (const row of groups.flatMap(({ rows }) => rows)) {
    row.toLimit = limitRow && ratio(row.figures, limitRow.figures);
  }
  return { name, title, unit, better, subject, extras, limit, chart, machine, groups };
}

/** @typedef {ReturnType<typeof summarizeAnswer>} Summary */

/**
 * @param {import('./run.js').Outcome} outcome
 * @param {string[]} extras
 * @returns {Row}
 */
function summarizeOutcome({ rival, name, crashes, fault, measurements }, extras) {
  const figures = measurements.map(({ figure }) => figure);
  const medians = extras.map((key) => [key, median(measurements.map((each) => each.extras[key]))]);
  const base = { rival, name, crashes, fault, figures };
  return { ...base, ...summarize(figures), extras: Object.fromEntries(medians) };
}

/**
 * A row for each rival in each case. One that has no figures ends in a remark.
 * @param {Summary} summary
 */
function tableOf({ unit, subject, extras, limit, groups }) {
  const columns = [
    { title: subject },
    { title: 'rival' },
    { title: unit, numeric: true },
    { title: 'min - max', numeric: true },
    { title: 'ours / rival', numeric: true },
    ...(limit ? [{ title: limit.title, numeric: true }] : []),
    ...Object.values(extras).map((each) => ({ title: each, numeric: true })),
  ];
  /** @param {Row} row */
  const format = (row) => {
    if (row.fault !== undefined) {
      return [row.name, row.fault];
    }
    return [
      row.name,
      formatNumber(row.median),
      `${formatNumber(row.min)} - ${formatNumber(row.max)}`,
      formatRatio(row.oursToThis),
      ...(limit ? [formatRatio(row.toLimit)] : []),
      ...Object.keys(extras).map((key) => formatNumber(row.extras[key])),
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
function remarksOf({ subject, better, groups }) {
  const runs = Math.max(...groups.flatMap(({ rows }) => rows.map(({ figures }) => figures.length)));
  const method =
    runs === 1
      ? `One run of each; ${better} is better.`
      : `Medians of ${runs} runs in turns, each in a process of its own, and of the ratios of runs side by side; ${better} is better.`;
  const crashes = groups
    .flatMap(({ label, rows }) => rows.map((row) => ({ label, ...row })))
    .filter(({ crashes: count, fault }) => count > 0 && fault === undefined)
    .map(
      (row) => `${row.name} (${subject} ${row.label}) crashed and was run again: ${row.crashes} x`,
    );
  return { method, crashes };
}

/** @param {Summary} summary */
function formatSummary(summary) {
  const { columns, rows } = tableOf(summary);
  const { method, crashes } = remarksOf(summary);
  const title = `${summary.name}: ${summary.title}`;
  return [title, method, '', formatTable(columns, rows), ...crashes].join('\n');
}

/** Where ours has failed. @param {Summary} summary */
function faultsOfOurs({ name, subject, groups }) {
  return groups.flatMap(({ label, rows }) =>
    rows
      .filter(({ rival, fault }) => rival === OURS && fault !== undefined)
      .map(({ fault }) => `ours failed the question '${name}' (${subject} ${label}): ${fault}`),
  );
}

/** @param {number | null | undefined} ratio null where it was not a number and has been in a JSON file */
function formatRatio(ratio) {
  return Number.isFinite(ratio) ? Number(ratio).toFixed(2) : '';
}

module.exports = { faultsOfOurs, formatSummary, remarksOf, summarizeAnswer, tableOf };
