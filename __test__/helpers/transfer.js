// @ts-check
'use strict';

// What both sides of a worker or a child process need: functions travel as source, errors as plain data.

const { Script } = require('node:vm');

/**
 * An error as plain data: a structured clone would lose its class and code.
 *
 * @param {any} error
 * @returns {{ name: string, message: string, code?: string, stack?: string }}
 */
function describe(error) {
  return {
    name: error?.name,
    message: error?.message ?? String(error),
    code: error?.code,
    stack: error?.stack,
  };
}

/**
 * Makes an error of what {@link describe} returned, in another thread or process.
 *
 * @param {{ name: string, message: string, code?: string, stack?: string }} described
 */
function revive({ name, message, code, stack }) {
  const error = new Error(message);
  return Object.assign(error, { name, code, stack: `in the other thread: ${stack}` });
}

/**
 * Makes a function from its source. The function was written in a test file, but cannot see the scope of that file.
 *
 * @param {string} source
 */
function compile(source) {
  return new Script(`(${source})`, { filename: 'body' }).runInThisContext();
}

module.exports = { describe, revive, compile };
