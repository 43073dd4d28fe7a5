// @ts-check
'use strict';

const path = require('node:path');

/**
 * Loads a devDependency of this repository. Where it is missing, prints how to install it and ends the program.
 *
 * @param {string} name
 */
function loadDependency(name) {
  try {
    return require(name);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'MODULE_NOT_FOUND') throw error;
    const root = path.join(__dirname, '../..');
    console.error(
      `this example needs the package '${name}', which is not installed: run npm ci in ${root}`,
    );
    process.exit(1);
  }
}

module.exports = { loadDependency };
