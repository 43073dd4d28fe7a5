// @ts-check
'use strict';

const { parseArgs } = require('node:util');

/** An error whose message tells the user what to correct. command() prints the message without a stack. */
class CommandError extends Error {
  code = 'ERR_COMMAND'; // the class is lost between threads, the code is not
}

/** A mistake in the command line. command() prints the usage below the message. */
class UsageError extends CommandError {}

/**
 * Runs an example with the options of its command line. An error is printed on standard error, and the process exits with
 * code 1, which ends the workers even while they wait.
 *
 * @template {NonNullable<import('node:util').ParseArgsConfig['options']>} Options
 * @param {string} usage
 * @param {Options} options
 * @param {(values: ReturnType<typeof parse<Options>>['values'], files: string[]) => Promise<void>} run
 */
async function command(usage, options, run) {
  process.stdout.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
    if (error.code === 'EPIPE') process.exit(0); // the reader of the output has left (| head)
    throw error;
  });
  try {
    const { values, positionals } = parse(options);
    if (/** @type {{ help?: boolean }} */ (values).help) console.log(usage);
    else await run(values, positionals);
  } catch (error) {
    if (isCommandError(error)) {
      const [, program] = /^Usage: node (\S+)/.exec(usage) ?? [];
      console.error(`${program}: ${error.message}`);
      if (error instanceof UsageError) console.error(`\n${usage}`);
    } else console.error(error);
    process.exit(1);
  }
}

/**
 * @param {any} error of this thread or of a worker
 * @returns {error is CommandError}
 */
const isCommandError = (error) => error?.code === 'ERR_COMMAND';

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

module.exports = { CommandError, UsageError, bytes, command, count, isCommandError };
