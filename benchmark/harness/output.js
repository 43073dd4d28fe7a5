// @ts-check
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { drawSummary } = require('./chart.js');
const { formatMachine } = require('./machine.js');
const { remarksOf, tablesOf } = require('./report.js');
const { formatMarkdownTable } = require('./table.js');

/** @typedef {import('./report.js').Summary} Summary */

const TABLES = 'README.md';

const HEAD = `# Measured

Written by \`npm run bench\`: do not edit. What each question asks, and how to ask it again, is in
[benchmarks.md](../benchmarks.md). Each section is replaced when its question is asked.`;

/** Where results are written: a section of the page and a picture for each question, and its figures as JSON. */
class Output {
  /**
   * @param {string} folder of the page and the pictures
   * @param {string} figures the folder of the JSON files
   * @param {string[]} order the names of all questions
   */
  constructor(folder, figures, order) {
    this.folder = folder;
    this.figures = figures;
    this.order = order;
  }

  /**
   * Writes the answer to a question in place of an earlier one. What belongs to the other questions stays as it is.
   * @param {Summary} summary
   */
  async add(summary) {
    const { name } = summary;
    this.#write(this.figures, `${name}.json`, `${JSON.stringify(summary, null, 1)}\n`);
    const picture = await drawSummary(summary);
    if (picture === null) fs.rmSync(path.join(this.folder, pictureOf(name)), { force: true });
    else this.#write(this.folder, pictureOf(name), picture);
    const sections = { ...this.#sections(), [name]: formatSection(summary, picture !== null) };
    const all = this.order.flatMap((each) => sections[each] ?? []);
    this.#write(this.folder, TABLES, `${[HEAD, ...all].join('\n\n')}\n`);
  }

  /**
   * The sections of the page as it is, by the name of the question.
   * @returns {Record<string, string>}
   */
  #sections() {
    const file = path.join(this.folder, TABLES);
    const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
    const [, ...sections] = text.split(/^(?=## )/m);
    return Object.fromEntries(
      sections.map((section) => [/^## ([\w-]+)/.exec(section)?.[1], section.trimEnd()]),
    );
  }

  /**
   * @param {string} folder
   * @param {string} name
   * @param {string} text
   */
  #write(folder, name, text) {
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, name), text);
  }
}

/**
 * @param {Summary} summary
 * @param {boolean} isDrawn
 */
function formatSection(summary, isDrawn) {
  const { name, title, machine } = summary;
  const { method, remarks } = remarksOf(summary);
  const tables = tablesOf(summary).flatMap(({ title, columns, rows }) => [
    ...(title ? [title] : []),
    formatMarkdownTable(columns, rows),
  ]);
  return [
    `## ${name}: ${title}`,
    method,
    ...(isDrawn ? [`![${name}](${pictureOf(name)})`] : []),
    ...tables,
    ...remarks,
    formatMachine(machine).replaceAll('\n', '  \n'),
  ].join('\n\n');
}

/** @param {string} name */
const pictureOf = (name) => `${name}.svg`;

module.exports = { Output };
