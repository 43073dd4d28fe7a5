// @ts-check
'use strict';

const { parseArgs } = require('node:util');

/** A mistake in the command line. */
class UsageError extends Error {}

/**
 * Runs an example with the options it is given. What goes wrong is told on standard error and in the exit code, and ends
 * the workers, too, wherever they wait.
 *
 * @template {NonNullable<import('node:util').ParseArgsConfig['options']>} Options
 * @param {string} usage
 * @param {Options} options
 * @param {(values: ReturnType<typeof parse<Options>>['values'], files: string[]) => Promise<void>} run
 */
async function command(usage, options, run) {
  try {
    const { values, positionals } = parse(options);
    if (/** @type {{ help?: boolean }} */ (values).help) console.log(usage);
    else await run(values, positionals);
  } catch (error) {
    console.error(error instanceof UsageError ? `${error.message}\n\n${usage}` : error);
    process.exit(1);
  }
}

/**
 * @template {NonNullable<import('node:util').ParseArgsConfig['options']>} Options
 * @param {Options} options
 */
function parse(options) {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/**
 * @param {string} option
 * @param {string} text
 * @param {number} [min]
 * @param {number} [max]
 */
function count(option, text, min = 1, max = 1e9) {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= min && number <= max) return number;
  throw new UsageError(`--${option} must be a whole number from ${min} to ${max}, not '${text}'`);
}

/**
 * A number of bytes, such as 4096, 512k, 32m or 1g.
 *
 * @param {string} option
 * @param {string} text
 * @param {number} max
 */
function bytes(option, text, max) {
  const [, number, unit] = /^(\d+)([kmg]?)$/i.exec(text) ?? [];
  const size = Number(number) * 1024 ** ' kmg'.indexOf(unit?.toLowerCase() || ' ');
  if (size >= 1 && size <= max) return size;
  throw new UsageError(`--${option} must be a size to ${max} bytes, such as 32m, not '${text}'`);
}

module.exports = { UsageError, bytes, command, count };
