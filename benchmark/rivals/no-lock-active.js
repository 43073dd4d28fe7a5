// @ts-check
'use strict';

const { setTimeout: delay } = require('node:timers/promises');
const noLock = require('./no-lock.js');

/** About how long a turn of the main thread's takes beside the others. */
const TURN_MS = 1;

/** No lock, and a main thread that is as active as one that takes part: what its activity costs without any waiting. */
module.exports = /** @type {import('./index.js').Rival} */ ({
  ...noLock,
  name: 'no lock, main active',
  lockAsync: () => async () => {
    await delay(TURN_MS);
    return { release() {} };
  },
});
