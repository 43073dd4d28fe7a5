// @ts-check
'use strict';

// Runs a program file with its own idea of where it runs: as the main thread, or as one of its workers. A file of threads is
// no module that exports them, and is explored unchanged all the same.

const fs = require('node:fs');
const { createRequire } = require('node:module');
const vm = require('node:vm');

const PARAMETERS = ['require', '__filename', 'console', 'process'];

/** What stands for the console and the file system: what a body prints is of no interest here. */
const silent = { log() {}, error() {} };
const silentFs = { ...fs, writeSync: () => 0 };
const silentProcess = { ...process, stdout: { on() {} } };

/** Stands for the class: the explorer has workers of its own. */
class NoWorker {
  on() {
    return this;
  }
}

/**
 * Returns a function that runs the file once.
 *
 * @param {string} file
 * @param {string} [result] an expression: what the function returns, seen from the end of the file
 * @returns {(workerData: unknown) => any} `workerData` is what the file finds under that name; undefined in the main thread
 */
function programFile(file, result = 'undefined') {
  const source = `${fs.readFileSync(file, 'utf8')}\nreturn ${result};`;
  const run = vm.compileFunction(source, PARAMETERS, { filename: file });
  const load = createRequire(file);
  return (workerData) => {
    const threads = { Worker: NoWorker, isMainThread: workerData === undefined, workerData };
    const require = (/** @type {string} */ name) => {
      if (/^(node:)?worker_threads$/.test(name)) return threads;
      if (/^(node:)?fs$/.test(name)) return silentFs;
      return load(name);
    };
    return run(require, file, silent, silentProcess);
  };
}

module.exports = { programFile };
