// @ts-check
'use strict';

const { performance } = require('node:perf_hooks');

/** What Node.js takes to start on a usual machine that other programs use, too, in milliseconds. */
const USUAL_START_MS = 100;
/** The most that a test takes the machine to be slower: a start may have waited for other programs. */
const MOST = 30;

const { nodeStart, bootstrapComplete } = performance.nodeTiming;

/**
 * How many times longer a program takes here than on a usual machine: 1 there, more where each instruction is emulated. A test
 * that has to do some amount of work, or that states a time, multiplies its time by it.
 */
const SLOWNESS = Math.min(MOST, Math.max(1, (bootstrapComplete - nodeStart) / USUAL_START_MS));

module.exports = { SLOWNESS };
