// @ts-check
'use strict';

const { OURS } = require('../rivals/index.js');
const { COLOURS } = require('../rivals/colours.js');
const { formatNumber } = require('./table.js');

/** @typedef {import('./report.js').Summary} Summary */

/** Pixels. About 720 in all, which a phone shows at half the size: letters have to be twice as big as they need. */
const FONT = 'Helvetica, Arial, sans-serif';
const SIZE = Object.freeze({ title: 23, subtitle: 18, text: 18 });
const TITLE_LETTERS = 52;
const SUBTITLE_LETTERS = 70;

/** As wide as most letters of these fonts are, of their size. */
const LETTER = 0.57;

/**
 * How wide a text is: for Vega, which without a canvas would take each letter for half as wide again.
 * @param {{ fontSize: number }} item
 * @param {unknown} text
 */
const widthOf = ({ fontSize }, text) => String(text ?? '').length * fontSize * LETTER;

const BAR_PLOT = 450;
const BAR_HEIGHT = 34;
const LINE_PLOT = 610;
const LINE_HEIGHT = 330;
const PANELS_IN_A_ROW = 2;
const PANEL_PLOT = 245;
const PANEL_HEIGHT = 220;

/**
 * @param {string} text
 * @param {number} letters in a line
 */
function wrap(text, letters) {
  /** @type {string[]} */
  const lines = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= letters) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines;
}

/**
 * What is drawn: one entry for each rival in each case that has figures.
 * @param {Summary} summary
 */
function valuesOf({ chart, groups }) {
  return groups.flatMap(({ label, panel = '', params, rows }) =>
    rows
      .filter(({ fault }) => fault === undefined)
      .map(({ rival, name, median, min, max }) => ({
        label,
        panel,
        x: chart?.x && /** @type {Record<string, number>} */ (params)[chart.x],
        rival,
        name,
        median,
        min,
        max,
        text: formatNumber(median),
      })),
  );
}

/** @typedef {ReturnType<typeof valuesOf>[number]} Value */

/** @type {<T>(values: T[]) => T[]} */
const distinct = (values) => [...new Set(values)];

/**
 * Ours first, all others as the question has them.
 * @param {Value[]} values
 */
function rivalsOf(values) {
  const rivals = distinct(values.map(({ rival }) => rival));
  return rivals.sort((a, b) => Number(b === OURS) - Number(a === OURS));
}

/**
 * What is drawn last lies on top of the others.
 * @param {Value} a
 * @param {Value} b
 */
const oursLast = (a, b) => Number(a.rival === OURS) - Number(b.rival === OURS);

/**
 * @param {Value[]} values
 */
function coloursOf(values) {
  const rivals = rivalsOf(values);
  const nameOf = new Map(values.map(({ rival, name }) => [rival, name]));
  return {
    domain: rivals.map((rival) => nameOf.get(rival)),
    range: rivals.map((rival) => COLOURS[rival]),
  };
}

/**
 * The scale of the figures, and where it has its lines.
 * @param {Summary} summary
 * @param {Value[]} values
 */
function scaleOf({ chart }, values) {
  if (chart?.scale !== 'log')
    return { scale: { zero: true }, axis: { tickCount: 5, format: ',~r' } };
  const least = Math.min(...values.map(({ min }) => min));
  const most = Math.max(...values.map(({ max }) => max));
  const isWide = most / least > 1e5;
  const ticks = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.log10(most); power++) {
    ticks.push(...(isWide ? [1] : [1, 2, 5]).map((digit) => Number(`${digit}e${power}`)));
  }
  // Room for the labels on the side of the greater ones.
  const scale = { type: 'log', domain: [least * 0.8, most * 1.2], nice: false };
  const shown = ticks.filter((tick) => tick >= least * 0.8 && tick <= most * 1.2);
  return { scale, axis: { values: shown, format: ',~r' } };
}

/**
 * @param {Summary} summary
 * @param {Value[]} values
 */
function barsOf(summary, values) {
  const { chart, subject, unit } = summary;
  const isLog = chart?.scale === 'log';
  const { scale, axis } = scaleOf(summary, values);
  const { domain, range } = coloursOf(values);
  const labels = distinct(values.map(({ label }) => label));
  const x = { field: 'median', type: 'quantitative', title: unit, scale, axis };
  const y = { field: 'name', type: 'nominal', title: null, sort: domain };
  const spec = {
    width: BAR_PLOT,
    height: { step: BAR_HEIGHT },
    encoding: { y },
    layer: [
      {
        // A logarithm has no zero for a bar to begin at.
        mark: isLog
          ? { type: 'point', filled: true, size: 260, opacity: 1 }
          : { type: 'bar', height: 20 },
        encoding: {
          x,
          color: { field: 'name', type: 'nominal', scale: { domain, range }, legend: null },
        },
      },
      {
        mark: { type: 'rule', color: '#000000', strokeWidth: 2, opacity: 0.6 },
        encoding: { x: { field: 'min', type: 'quantitative' }, x2: { field: 'max' } },
      },
      {
        mark: { type: 'text', align: 'left', dx: 12, fontSize: SIZE.text },
        encoding: {
          x: { field: 'max', type: 'quantitative' },
          text: { field: 'text', type: 'nominal' },
        },
      },
    ],
  };
  if (labels.length === 1) return spec;
  const header = {
    title: null,
    labelAngle: 0,
    labelOrient: 'top',
    labelAnchor: 'start',
    labelFontSize: SIZE.text,
    labelFontWeight: 'bold',
    labelPadding: 2,
    labelExpr: `'${subject}: ' + datum.value`,
  };
  return {
    facet: { row: { field: 'label', type: 'nominal', sort: labels, header } },
    spec,
    resolve: { scale: { y: 'independent' } },
  };
}

/**
 * @param {Summary} summary
 * @param {Value[]} values
 */
function linesOf(summary, values) {
  const { chart, unit } = summary;
  const panels = distinct(values.map(({ panel }) => panel));
  const isOne = panels.length === 1;
  const { scale: all, axis } = scaleOf(summary, values);
  // Each panel has the scale that its own figures need.
  const scale = isOne ? all : { ...all, domain: undefined };
  const { domain, range } = coloursOf(values);
  const x = { field: 'x', type: 'ordinal', title: chart?.x, axis: { labelAngle: 0, format: ',' } };
  const y = { field: 'median', type: 'quantitative', title: isOne ? unit : null, scale, axis };
  const legend = {
    title: null,
    orient: 'bottom',
    columns: 3,
    symbolType: 'circle',
    symbolOpacity: 1,
  };
  const spec = {
    width: isOne ? LINE_PLOT : PANEL_PLOT,
    height: isOne ? LINE_HEIGHT : PANEL_HEIGHT,
    encoding: {
      x,
      color: { field: 'name', type: 'nominal', scale: { domain, range }, legend },
    },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 2, opacity: 0.5 },
        encoding: { y: { field: 'min', type: 'quantitative', scale }, y2: { field: 'max' } },
      },
      { mark: { type: 'line', strokeWidth: 3 }, encoding: { y } },
      { mark: { type: 'point', filled: true, size: 90, opacity: 1 }, encoding: { y } },
    ],
  };
  if (isOne) return spec;
  const header = { title: null, labelFontSize: SIZE.text };
  return {
    facet: { field: 'panel', type: 'nominal', sort: panels, header },
    columns: PANELS_IN_A_ROW,
    spec,
    resolve: { scale: { y: 'independent' } },
  };
}

/**
 * A question's answer as Vega-Lite has it; null where there is nothing to draw.
 * @param {Summary} summary
 */
function specOf(summary) {
  const { chart, title, unit, better, groups } = summary;
  const values = valuesOf(summary);
  if (!chart || values.length === 0) return null;
  const faulty = groups.flatMap(({ rows }) => rows.filter(({ fault }) => fault !== undefined));
  const missing = distinct(faulty.map(({ name }) => name)).join(', ');
  const lines = [
    `${unit}; ${better} is better. Median, and from least to most.`,
    ...(missing ? [`Without a figure in some case: ${missing}`] : []),
  ];
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    padding: 14,
    title: {
      text: wrap(title, TITLE_LETTERS),
      subtitle: lines.flatMap((line) => wrap(line, SUBTITLE_LETTERS)),
      anchor: 'start',
      frame: 'bounds',
      offset: 18,
    },
    data: { values: [...values].sort(oursLast) },
    ...(chart.kind === 'bars' ? barsOf(summary, values) : linesOf(summary, values)),
    config: {
      font: FONT,
      title: { fontSize: SIZE.title, subtitleFontSize: SIZE.subtitle, subtitlePadding: 8 },
      axis: {
        labelFontSize: SIZE.text,
        titleFontSize: SIZE.text,
        titleFontWeight: 'normal',
        labelLimit: 240,
        titlePadding: 10,
        gridColor: '#dddddd',
      },
      legend: { labelFontSize: SIZE.text, labelLimit: 240, symbolSize: 180 },
      view: { stroke: null },
    },
  };
}

/** It warns of cases in which not all rivals take part, and draws them well. @type {any} */
const SILENT = {
  level: () => SILENT,
  error: () => SILENT,
  warn: () => SILENT,
  info: () => SILENT,
  debug: () => SILENT,
};

/**
 * Draws a summary. Loads Vega only now, so that the first measurement does not wait for it.
 * @param {Summary} summary
 * @returns {Promise<string | null>} an SVG
 */
async function drawSummary(summary) {
  const spec = specOf(summary);
  if (!spec) return null;
  const [vega, { compile }] = await Promise.all([import('vega'), import('vega-lite')]);
  const { View, parse, textMetrics } = /** @type {any} */ (vega);
  textMetrics.width = widthOf;
  const compiled = compile(/** @type {any} */ (spec), { logger: SILENT }).spec;
  return `${await new View(parse(compiled), { renderer: 'none' }).toSVG()}\n`;
}

module.exports = { drawSummary };
