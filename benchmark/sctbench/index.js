// @ts-check
'use strict';

// The programs of this folder, each at each of its sizes, and how to explore one.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/** @typedef {{ name: string, file: string, threads: number }} Case */

const KINDS = [
  'account',
  'arithmetic',
  'bluetooth',
  'carter',
  'circular-buffer',
  'deadlock',
  'philosophers',
  'fsbench',
  'lazy',
  'phase',
  'queue',
  'reorder',
  'stack',
  'sync-1',
  'sync-2',
  'token-ring',
  'twostage',
  'wronglock',
];

/** @type {Case[]} */
const cases = KINDS.flatMap((kind) => {
  const file = path.join(__dirname, `${kind}.js`);
  /** @type {{ sizes: number[] }} */
  const { sizes } = require(file);
  return sizes.map((threads) => ({
    name: sizes.length > 1 ? `${kind} ${threads}` : kind,
    file,
    threads,
  }));
});

/**
 * Calls `use` with the path of a module that is one version of a program.
 *
 * @template T
 * @param {Case} program
 * @param {boolean} right whether without the fault
 * @param {(file: string) => Promise<T>} use
 */
async function withVersion({ file, threads }, right, use) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sctbench-'));
  try {
    const module = path.join(folder, 'version.js');
    const asked = JSON.stringify({ right, threads });
    fs.writeFileSync(
      module,
      `module.exports = require(${JSON.stringify(file)}).version(${asked});\n`,
    );
    return await use(module);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

module.exports = { cases, withVersion };
