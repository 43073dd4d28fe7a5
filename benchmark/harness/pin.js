// @ts-check
'use strict';

const { execFileSync } = require('node:child_process');
const { readlinkSync } = require('node:fs');
const { availableParallelism } = require('node:os');
const path = require('node:path');

/** Whether a thread can be bound to a processor here, and there are two. */
const CAN_PIN = process.platform === 'linux' && availableParallelism() > 1;

/**
 * Binds the calling thread to one processor. On Linux, by the `taskset` of util-linux.
 * @param {number} processor
 */
function pinThread(processor) {
  const thread = path.basename(readlinkSync('/proc/thread-self'));
  execFileSync('taskset', ['--pid', '--cpu-list', String(processor), thread], { stdio: 'pipe' });
}

module.exports = { CAN_PIN, pinThread };
