// @ts-check
'use strict';

const path = require('node:path');
const { spawn } = require('node:child_process');
const { revive } = require('./transfer.js');

/**
 * How a child process ended.
 *
 * @typedef {object} Ended
 * @property {number | null} code exit code, null if it was killed or crashed
 * @property {NodeJS.Signals | null} signal
 * @property {boolean} timedOut whether it was killed because it took too long
 * @property {number} ms how long it ran
 * @property {string} stdout
 * @property {string} stderr
 */

/** @typedef {{ limit?: number } & import('node:child_process').SpawnOptions} Options */

/**
 * Starts a program with a time limit, after which it is killed. `ended` resolves when the program and its output have ended.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {Options & { stdin?: 'ignore' | 'pipe' }} [options]
 */
function start(command, args, { limit = 90_000, stdin = 'ignore', ...options } = {}) {
  const began = performance.now();
  const child = spawn(command, args, { ...options, stdio: [stdin, 'pipe', 'pipe', 'pipe'] });
  const output = ['', '', '', ''];
  for (const fd of [1, 2, 3]) {
    const stream = /** @type {import('node:stream').Readable} */ (child.stdio[fd]);
    stream.setEncoding('utf8').on('data', (chunk) => (output[fd] += chunk));
  }
  let timedOut = false;
  /** @type {Promise<Ended & { fd3: string }>} */
  const ended = new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, limit);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const ms = performance.now() - began;
      const [, stdout, stderr, fd3] = output;
      resolve({ code, signal, timedOut, ms, stdout, stderr, fd3 });
    });
  });
  return { child, ended };
}

/**
 * Runs a program with a time limit.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {Options} [options]
 */
const run = (command, args, options) => start(command, args, options).ended;

/**
 * Runs a function as the main thread of a new process, with a time limit. It travels as source, like the body of
 * a worker (threads.js); its data and its answer travel as JSON.
 *
 * @param {import('./types.js').Body} body
 * @param {object} [data]
 * @param {{ limit?: number, execArgv?: string[] }} [options]
 * @returns {Promise<Ended & { value: any, exitMs: number }>} exitMs: from the body's answer, or its last
 * `tools.leaving()`, to the end of the process
 */
async function runChild(body, data = {}, { limit, execArgv = [] } = {}) {
  const entry = path.join(__dirname, 'child-entry.js');
  const env = { ...process.env };
  delete env.NODE_OPTIONS;
  const args = [...execArgv, entry, body.toString(), JSON.stringify(data)];
  const { fd3, ...ended } = await run(process.execPath, args, { limit, env });
  const endedAt = Date.now();
  /** @type {{ value?: any, error?: any, at: number }} */
  let answer = { at: NaN };
  for (const line of fd3.split('\n').filter(Boolean)) answer = { ...answer, ...JSON.parse(line) };
  if (answer.error) throw revive(answer.error);
  return { ...ended, value: answer.value, exitMs: endedAt - answer.at };
}

module.exports = { run, runChild, start };
