// @ts-check
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { drawSummary } = require('./chart.js');
const { formatMachine } = require('./machine.js');
const { remarksOf, tableOf } = require('./report.js');
const { formatMarkdownTable } = require('./table.js');

/** @typedef {import('./report.js').Summary} Summary */

const RESULTS = 'results.json';
const TABLES = 'README.md';

const HEAD = `# Measured

Written by \`npm run bench\`: do not edit. What each question asks, and how to ask it again, is in
[benchmarks.md](../benchmarks.md); every figure is in [${RESULTS}](${RESULTS}).`;

/** The folder that results go to: the tables and pictures of the questions that were asked now or before. */
class Output {
  /**
   * @param {string} folder
   * @param {string[]} order the names of all questions
   */
  constructor(folder, order) {
    this.folder = folder;
    this.order = order;
    fs.mkdirSync(folder, { recursive: true });
  }

  /**
   * Adds a question, in place of what there was of it.
   * @param {Summary} summary
   */
  async add(summary) {
    const others = this.#read().filter(({ name }) => name !== summary.name);
    const all = [...others, summary]
      .filter(({ name }) => this.order.includes(name))
      .sort((a, b) => this.order.indexOf(a.name) - this.order.indexOf(b.name));
    this.#write(RESULTS, `${JSON.stringify({ questions: all }, null, 1)}\n`);
    const picture = await drawSummary(summary);
    if (picture) this.#write(pictureOf(summary), picture);
    this.#write(TABLES, this.#format(all));
  }

  /** @returns {Summary[]} */
  #read() {
    const file = path.join(this.folder, RESULTS);
    return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')).questions : [];
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  #write(name, text) {
    fs.writeFileSync(path.join(this.folder, name), text);
  }

  /** @param {Summary[]} all */
  #format(all) {
    return `${[HEAD, ...all.map((summary) => this.#section(summary))].join('\n\n')}\n`;
  }

  /** @param {Summary} summary */
  #section(summary) {
    const { name, title, machine } = summary;
    const { columns, rows } = tableOf(summary);
    const { method, crashes } = remarksOf(summary);
    const isDrawn = fs.existsSync(path.join(this.folder, pictureOf(summary)));
    return [
      `## ${name}: ${title}`,
      method,
      ...(isDrawn ? [`![${name}](${pictureOf(summary)})`] : []),
      formatMarkdownTable(columns, rows),
      ...crashes,
      formatMachine(machine).replaceAll('\n', '  \n'),
    ].join('\n\n');
  }
}

/** @param {Summary} summary */
const pictureOf = ({ name }) => `${name}.svg`;

module.exports = { Output };
