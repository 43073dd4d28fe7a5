// @ts-check
'use strict';

const { execFileSync } = require('node:child_process');
const { readFileSync, readlinkSync } = require('node:fs');
const path = require('node:path');

/**
 * The processors that this process may use, on Linux: `pinThread` takes each of them. Elsewhere none.
 * @returns {number[]}
 */
function processorsToPin() {
  if (process.platform !== 'linux') return [];
  const status = readFileSync('/proc/self/status', 'utf8');
  // Such as 0-3,6
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/**
 * Binds the calling thread to one processor, by the `taskset` of util-linux.
 * @param {number} processor
 */
function pinThread(processor) {
  const thread = path.basename(readlinkSync('/proc/thread-self'));
  execFileSync('taskset', ['-c', '-p', String(processor), thread], { stdio: 'pipe' });
}

module.exports = { pinThread, processorsToPin };
