// @ts-check
'use strict';

// The command line of the programs in examples/, benchmark/, scripts/ and __test__/chaos/: util.parseArgs underneath,
// `--help` for each, and one form of message. Uses nothing but Node itself: scripts run before anything is installed.

const { parseArgs } = require('node:util');

/** @typedef {NonNullable<import('node:util').ParseArgsConfig['options']>} Options */

const HELP = /** @type {const} */ ({ help: { type: 'boolean', short: 'h' } });

/** An error whose message tells the user what to correct. command() prints the message without a stack. */
class CommandError extends Error {
  code = 'ERR_COMMAND'; // the class is lost between threads, the code is not
}

/** A mistake in the command line. command() prints the usage below the message. */
class UsageError extends CommandError {}

/**
 * Runs a program with the options of its command line, or prints its usage for `--help`. An error is printed on standard
 * error, and the process exits with code 1, which ends the workers even while they wait.
 *
 * @template {Options} O
 * @param {string} usage its first line names the program: `Usage: node PATH ...` or `Usage: npm run SCRIPT ...`
 * @param {O} options besides `--help`
 * @param {(values: ReturnType<typeof parse<O>>['values'], positionals: string[]) => unknown} run positional arguments are
 * refused where it has no second parameter
 */
async function command(usage, options, run) {
  process.stdout.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
    if (error.code === 'EPIPE') process.exit(0); // the reader of the output has left (| head)
    throw error;
  });
  try {
    const { values, positionals } = parse({ ...options, ...HELP }, run.length > 1);
    const { help, ...rest } = /** @type {any} */ (values);
    if (help) console.log(usage);
    else await run(rest, positionals);
  } catch (error) {
    if (isCommandError(error)) {
      const [, program] = /^Usage: (?:node|npm run|npm) (\S+)/.exec(usage) ?? [];
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
 * @template {Options} O
 * @param {O} options
 * @param {boolean} allowPositionals
 */
function parse(options, allowPositionals) {
  try {
    return parseArgs({ options, allowPositionals });
  } catch (error) {
    // The first sentence. The next ones guess what was meant.
    throw new UsageError(String(/** @type {Error} */ (error).message).split(/\.\s/)[0]);
  }
}

/**
 * A whole number.
 *
 * @param {string} option
 * @param {string} text
 * @param {number} [min]
 * @param {number} [max]
 */
function count(option, text, min = 1, max = 1e9) {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= min && number <= max) return number;
  throw new UsageError(`${option} must be a whole number from ${min} to ${max}, not '${text}'`);
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
  throw new UsageError(
    `${option} must be a size from 1 to ${max} bytes, such as 32m, not '${text}'`,
  );
}

/**
 * Some of the known names. All of them where none is given.
 *
 * @param {string} what the option, or what the usage calls a positional argument
 * @param {string[]} names
 * @param {string[]} known
 */
function choices(what, names, known) {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`${what} must be one of ${known.join(', ')}, not '${unknown}'`);
  }
  return names.length > 0 ? known.filter((name) => names.includes(name)) : known;
}

module.exports = { CommandError, UsageError, bytes, choices, command, count, isCommandError };
