// @ts-check
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const child = require('./child.js');
const { makeFolder } = require('./folders.js');

const LIMIT = 60_000;

/**
 * Makes a folder that is removed after the tests of a file, and returns a function that writes a file into it.
 *
 * @param {import('ava').TestFn} test
 */
function temporaryFiles(test) {
  const { folder, remove } = makeFolder();
  test.after.always(remove);

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
 * Starts a program whose standard input the test writes.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {string[]} [execArgv]
 */
function start(program, args, execArgv = []) {
  const started = child.start(process.execPath, [...execArgv, program, ...args], {
    limit: LIMIT,
    stdin: 'pipe',
  });
  const streams = /** @type {import('node:child_process').ChildProcessWithoutNullStreams} */ (
    started.child
  );
  streams.stdin.on('error', () => {}); // a program that has failed reads no more
  return { child: streams, ended: started.ended };
}

/**
 * Runs a program with this standard input.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ execArgv?: string[], input?: string | Buffer }} [options]
 */
function runWithInput(program, args, { execArgv, input = '' } = {}) {
  const started = start(program, args, execArgv);
  started.child.stdin.end(input);
  return started.ended;
}

/**
 * Asserts that a program has printed an error that begins with its name, without a stack, and has exited with code 1.
 *
 * @param {import('ava').ExecutionContext} t
 * @param {string} name
 * @param {import('./child.js').Ended} ended
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
