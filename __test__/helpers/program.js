// @ts-check
'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const LIMIT = 60_000;

/**
 * How a program ended.
 *
 * @typedef {{ code: number | null, signal: NodeJS.Signals | null, stdout: string, stderr: string }} Ended
 */

/**
 * Makes a folder that is removed after the tests of a file, and returns a function that writes a file into it.
 *
 * @param {import('ava').TestFn} test
 */
function temporaryFiles(test) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'shared-sync-'));
  test.after.always(() => fs.rmSync(folder, { recursive: true }));

  /**
   * @param {string} name
   * @param {string | Buffer} content
   */
  const file = (name, content) => {
    const location = path.join(folder, name);
    fs.writeFileSync(location, content);
    return location;
  };
  return { folder, file };
}

/**
 * Starts a program whose standard input the test writes. `ended` resolves when the program and its output have ended. A
 * program that takes too long is killed.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {string[]} [execArgv]
 */
function start(program, args, execArgv = []) {
  const child = spawn(process.execPath, [...execArgv, program, ...args]);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  child.stdin.on('error', () => {}); // a program that has failed reads no more
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT);
  /** @type {Promise<Ended>} */
  const ended = once(child, 'close').then(([code, signal]) => {
    clearTimeout(timer);
    return { code, signal, stdout, stderr };
  });
  return { child, ended };
}

/**
 * Runs a program with this standard input.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ execArgv?: string[], input?: string | Buffer }} [options]
 */
function runWithInput(program, args, { execArgv, input = '' } = {}) {
  const { child, ended } = start(program, args, execArgv);
  child.stdin.end(input);
  return ended;
}

/**
 * Asserts that a program has printed an error that begins with its name, without a stack, and has exited with code 1.
 *
 * @param {import('ava').ExecutionContext} t
 * @param {string} name
 * @param {Ended} ended
 * @param {RegExp} message
 */
function assertFailed(t, name, { code, signal, stdout, stderr }, message) {
  t.regex(stderr, message);
  t.true(stderr.startsWith(`${name}: `));
  t.notRegex(stderr, /^ +at /m, 'no stack');
  t.is(stdout, '');
  t.is(signal, null, 'the program was not killed');
  t.is(code, 1);
}

module.exports = { LIMIT, assertFailed, runWithInput, start, temporaryFiles };
