// @ts-check
'use strict';

/** The cells by which a team's main thread and its workers talk. Each on a cache line of its own. */

const LINE = 32;
const READY = 0;
const GATE = LINE;
const STOP = 2 * LINE;
const CELLS = 3 * LINE;

/** What a worker's last message has; any other message is its task's own. */
const RESULT = 'result';

function createControl() {
  return new Int32Array(new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT));
}

module.exports = { GATE, LINE, READY, RESULT, STOP, createControl };
