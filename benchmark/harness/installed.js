// @ts-check
'use strict';

const path = require('node:path');
const { CACHE } = require('./cache.js');
const { OURS } = require('../rivals/index.js');

/** The packages among the rivals, where they lie and what a user requires. */
const PACKAGES = Object.freeze({
  [OURS]: { folder: path.join(__dirname, '../..'), file: 'index.js' },
  multithreading: {
    folder: path.join(CACHE, 'node_modules/multithreading'),
    file: 'src/node/lib.js',
  },
});

/** @param {string} id */
function installed(id) {
  const { folder, file } = PACKAGES[/** @type {keyof typeof PACKAGES} */ (id)];
  return { folder, entry: path.join(folder, file) };
}

module.exports = { installed };
