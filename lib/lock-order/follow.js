// @ts-check
'use strict';

const { isMainThread } = require('node:worker_threads');
const { native } = require('../realm.js');
const { openStandardError } = require('../standard-error.js');
const { observeConstruction } = require('../uncloneable.js');
const { forgetHeld } = require('./held.js');
const { constructed, forgetLocks, forgetSeen, keepBuffers } = require('./locks.js');
const { exchangeMethods } = require('./methods.js');
const { current, readOptions } = require('./options.js');

let isFollowing = false;

/** Lets this realm follow the order of its locks, with the options that the process has now. */
function follow() {
  if (readOptions()) {
    forgetHeld();
    forgetLocks();
  }
  forgetSeen();
  if (isFollowing) return;
  isFollowing = true;
  openStandardError();
  if (isMainThread) process.on('exit', setExitCode);
  keepBuffers();
  exchangeMethods();
  observeConstruction(constructed);
}

/** @param {number} code */
function setExitCode(code) {
  if (code === 0 && current.exitCode !== undefined && native.orderCount() > 0) {
    process.exitCode = current.exitCode;
  }
}

module.exports = { follow };
