// @ts-check
'use strict';

const { parseArgs } = require('node:util');

/** A mistake in the command line. */
class UsageError extends Error {}

/**
 * Runs a command with the options it is given, all of them flags or texts; what goes wrong is told on
 * standard error, and in the exit code.
 * @template {import('node:util').ParseArgsConfig['options']} Options
 * @param {Options} options
 * @param {string} usage
 * @param {(values: ReturnType<typeof parseArgs<{ options: Options }>>['values']) => Promise<void>} run
 */
async function command(options, usage, run) {
  try {
    await run(parse(options));
  } catch (error) {
    console.error(error instanceof UsageError ? `${error.message}\n\n${usage}` : error);
    process.exitCode = 1;
  }
}

/**
 * @template {import('node:util').ParseArgsConfig['options']} Options
 * @param {Options} options
 */
function parse(options) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/**
 * @param {string} option
 * @param {string} text
 * @param {number} min
 */
function parseCount(option, text, min) {
  const count = Number(text);
  if (!/^\d{1,9}$/.test(text) || count < min) {
    throw new UsageError(`--${option} must be a whole number from ${min}, not '${text}'`);
  }
  return count;
}

module.exports = { UsageError, command, parseCount };
