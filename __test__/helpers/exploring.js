// @ts-check
'use strict';

const path = require('node:path');
const { ExplorationError } = require('../../lib/explore/index.js');

/**
 * The path of a program in fixtures/explore.
 * @param {string} name
 */
const program = (name) => path.join(__dirname, '..', 'fixtures', 'explore', `${name}.js`);

/**
 * The error with which an exploration rejects.
 *
 * @param {import('ava').ExecutionContext<any>} t
 * @param {Promise<unknown>} exploration
 */
async function rejection(t, exploration) {
  const error = await t.throwsAsync(exploration, { instanceOf: ExplorationError });
  return /** @type {import('../../explore.js').ExplorationError} */ (
    /** @type {unknown} */ (error)
  );
}

module.exports = { program, rejection };
