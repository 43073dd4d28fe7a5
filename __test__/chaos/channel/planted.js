// @ts-check
'use strict';

// Plants faults in copies of the package, and runs the program of main.js on each:
// node __test__/chaos/channel/planted.js --runs 10

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { choices, command, count } = require('../../../scripts/command.js');
const { plants } = require('./plants.js');

const USAGE = `Usage: node __test__/chaos/channel/planted.js [options] [PLANT...]

Plants faults in copies of the package, and runs the chaos of the Channel with each. Fails if a run finds nothing.

  --runs 10          with each, with one seed after another
  --messages 5000000 in each run, at most
  --patience 3       seconds without progress that count as a hang
  --help             print this

The faults: ${Object.keys(plants).join(', ')}.`;

const OPTIONS = /** @type {const} */ ({
  runs: { type: 'string', default: '10' },
  messages: { type: 'string', default: '5000000' },
  patience: { type: 'string', default: '3' },
});

const ROOT = path.join(__dirname, '../../..');
/** What is not copied. */
const LEFT_OUT = ['.git', 'node_modules', 'target', 'docs', 'benchmark', 'examples'];

/**
 * Makes a copy of the package with a fault in it.
 *
 * @param {string} folder
 * @param {import('./plants.js').Change[]} changes
 */
function plant(folder, changes) {
  for (const name of fs.readdirSync(ROOT).filter((entry) => !LEFT_OUT.includes(entry))) {
    fs.cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
  }
  fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'), 'dir');
  for (const { file, from, to } of changes) {
    const location = path.join(folder, file);
    const parts = fs.readFileSync(location, 'utf8').split(from);
    if (parts.length !== 2) throw new Error(`${file} has this ${parts.length - 1} times: ${from}`);
    fs.writeFileSync(location, parts.join(to));
  }
  if (changes.some(({ file }) => file.startsWith('src/'))) {
    const { status, stderr } = spawnSync('npm', ['run', 'build'], {
      cwd: folder,
      encoding: 'utf8',
      env: { CARGO_TARGET_DIR: path.join(ROOT, 'target'), ...process.env },
    });
    if (status !== 0) throw new Error(stderr);
  }
}

/**
 * Runs the program in a copy. Returns what it found, or undefined.
 *
 * @param {string} folder
 * @param {string[]} args
 */
function find(folder, args) {
  const program = path.join(folder, '__test__/chaos/channel/main.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    timeout: 120_000,
    killSignal: 'SIGKILL',
  });
  if (status === 0) return undefined;
  return /^(VIOLATION|HANG).*$/m.exec(stdout)?.[0] ?? (stderr.trim() || 'it did not end');
}

command(USAGE, OPTIONS, (values, positionals) => {
  const runs = count('--runs', values.runs);
  for (const name of choices('PLANT', positionals, Object.keys(plants))) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'shared-sync-planted-'));
    try {
      plant(folder, plants[name]);
      let found = 0;
      let first;
      for (let seed = 1; seed <= runs; seed++) {
        const { messages, patience } = values;
        const fault = find(folder, [
          ...['--messages', messages, '--patience', patience],
          ...['--seed', `${seed}`, '--seconds', '60'],
        ]);
        if (fault !== undefined) found++;
        first ??= fault;
      }
      console.log(`${name}: found in ${found} of ${runs} runs, at first: ${first}`);
      if (found < runs) process.exitCode = 1;
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  }
});
