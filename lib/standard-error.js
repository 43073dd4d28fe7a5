// @ts-check
'use strict';

// Texts for standard error that appear at once, in every thread, also while the main thread is blocked. The console of a
// worker and `process.emitWarning()` print through the event loop of the main thread.

const { isMainThread } = require('node:worker_threads');
const { native } = require('./native.js');

let isOpen = false;

/**
 * Prepares this thread: keeps a duplicate of standard error as it is now, and in the main thread lets the exit of the process
 * wait for what is being written.
 */
function openStandardError() {
  if (isOpen) return;
  isOpen = true;
  native.standardErrorOpen();
  // The exit of a worker ends neither the process nor the thread that writes.
  if (isMainThread) process.on('exit', flushStandardError);
}

function flushStandardError() {
  native.standardErrorFlush();
}

/**
 * Writes lines, and does not wait for that. Returns false if they are left out, because standard error is closed or is not
 * read.
 * @param {string} text
 */
function writeStandardError(text) {
  openStandardError();
  return native.standardErrorWrite(text);
}

module.exports = { openStandardError, writeStandardError };
