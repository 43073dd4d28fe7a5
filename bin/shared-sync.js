#!/usr/bin/env node
// @ts-check
'use strict';

// The program of the package: `npx shared-sync COMMAND`. Each command is a module of its own.

/** @type {Record<string, () => { run: (args: string[]) => unknown, summary: string }>} */
const COMMANDS = {
  explore: () => require('../lib/explore/program.js'),
};

const [name = '--help', ...args] = process.argv.slice(2);
if (Object.hasOwn(COMMANDS, name)) {
  COMMANDS[name]().run(args);
} else {
  const list = Object.entries(COMMANDS).map(([command, load]) => `  ${command}  ${load().summary}`);
  const usage = `Usage: shared-sync COMMAND [OPTION...]\n\n${list.join('\n')}\n\n--help after a command shows its options.`;
  if (name === '--help' || name === '-h') console.log(usage);
  else {
    console.error(`shared-sync: there is no command '${name}'\n\n${usage}`);
    process.exitCode = 2;
  }
}
