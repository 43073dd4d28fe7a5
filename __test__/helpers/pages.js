// @ts-check
'use strict';

// What the tests of the documentation read out of Markdown pages.

const fs = require('node:fs');
const path = require('node:path');
const { root } = require('./installed.js');

/** @param {string} page a path in the repository */
const readPage = (page) => fs.readFileSync(path.join(root, page), 'utf8');

/** The pages that the package publishes, and that a user reads. */
const publishedPages = [
  'README.md',
  ...fs
    .readdirSync(path.join(root, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];

/**
 * The name that the first line of a block gives to its file: `// sum.mjs`.
 *
 * @param {string} code
 */
function fileNameOf(code) {
  return /^\/\/ ([\w-]+\.[cm]?[jt]s)\b/.exec(code)?.[1] ?? 'example.js';
}

/**
 * What a block prints, from the comments on its lines that print.
 *
 * @param {string} code
 */
function printedBy(code) {
  const lines = code.split('\n').filter((line) => line.includes('console.log('));
  return lines.map((line) => `${/ \/\/ (.*)$/.exec(line)?.[1]}\n`).join('');
}

/**
 * The code blocks of a page in one language.
 *
 * @param {string} page
 * @param {string} language
 */
function blocksOf(page, language) {
  const text = readPage(page);
  const blocks = [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))];
  return blocks.map(({ 1: code, index }) => ({
    code,
    file: fileNameOf(code),
    heading: [...text.slice(0, index).matchAll(/^#+ (.*)$/gm)].at(-1)?.[1] ?? '',
  }));
}

/**
 * The names by which links reach the headings of a page, as code hosts make them.
 *
 * @param {string} page
 */
function anchorsOf(page) {
  /** @type {string[]} */
  const anchors = [];
  for (const [, heading] of readPage(page).matchAll(/^#+ (.*)$/gm)) {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replace(/ /g, '-');
    const repeated = anchors.filter((other) => other.replace(/-\d+$/, '') === anchor).length;
    anchors.push(repeated === 0 ? anchor : `${anchor}-${repeated}`);
  }
  return anchors;
}

module.exports = { anchorsOf, blocksOf, fileNameOf, printedBy, publishedPages, readPage };
