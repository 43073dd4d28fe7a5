// @ts-check
'use strict';

/**
 * @typedef {object} Column
 * @property {string} title
 * @property {boolean} [numeric] aligned to the right
 */

/**
 * Lines of text with aligned columns. A row with fewer cells than there are columns ends in a remark,
 * which may run on over the columns that it has no figures for.
 * @param {Column[]} columns
 * @param {string[][]} rows
 */
function formatTable(columns, rows) {
  /** @type {(row: string[], i: number) => boolean} */
  const isRemark = (row, i) => row.length < columns.length && i === row.length - 1;

  const widths = columns.map(({ title }, i) => {
    const cells = rows.filter((row) => i < row.length && !isRemark(row, i)).map((row) => row[i]);
    return Math.max(...[title, ...cells].map((text) => text.length));
  });
  /** @param {string[]} row */
  const format = (row) =>
    row
      .map((cell, i) => {
        if (isRemark(row, i)) {
          return cell;
        }
        return columns[i].numeric ? cell.padStart(widths[i]) : cell.padEnd(widths[i]);
      })
      .join('  ')
      .trimEnd();

  const titles = columns.map(({ title }) => title);
  const rules = widths.map((width) => '-'.repeat(width));
  return [titles, rules, ...rows].map(format).join('\n');
}

/**
 * The same in Markdown.
 * @param {Column[]} columns
 * @param {string[][]} rows
 */
function formatMarkdownTable(columns, rows) {
  /** @param {string[]} cells */
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rules = columns.map(({ numeric }) => (numeric ? '--:' : '---'));
  const filled = rows.map((row) => [...row, ...Array(columns.length - row.length).fill('')]);
  return [line(columns.map(({ title }) => title)), line(rules), ...filled.map(line)].join('\n');
}

/**
 * Three significant digits for small figures, whole ones with separators for large.
 * @param {number} value
 */
function formatNumber(value) {
  if (Number.isInteger(value) && value < 1000) {
    return String(value);
  }
  if (value >= 1000) {
    return Math.round(value).toLocaleString('en-US');
  }
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

module.exports = { formatMarkdownTable, formatNumber, formatTable };
