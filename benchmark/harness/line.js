// @ts-check
'use strict';

const { quantile } = require('./statistics.js');

/**
 * How long a cache line takes from one processor to another and back. A virtual machine may have two states, in which that
 * takes more or less time; which one it is in can change whenever both processors have slept. Rivals are compared within
 * one state: the two workers of a run measure the line themselves, spinning, before and after their work.
 */

/** @typedef {'fast' | 'slow'} State */
/** @typedef {{ before: number, after: number }} Line nanoseconds a round trip */

/** @type {readonly State[]} */
const STATES = Object.freeze(['fast', 'slow']);

/** Nanoseconds a round trip. What is in between is neither state. */
const FAST_BELOW_NS = 130;
const SLOW_ABOVE_NS = 170;

const BATCHES = 40;
const ROUND_TRIPS = 100;
/** Until V8 has compiled it, and the two processors are awake. */
const WARM_UP_BATCHES = 600;

/** The int32 cells of the line. */
const LINE_CELLS = 32;

const createLine = () =>
  new Int32Array(new SharedArrayBuffer(LINE_CELLS * Int32Array.BYTES_PER_ELEMENT));

/**
 * Two threads increment one word in turn: a thread's turn is when the word is even, or when it is odd.
 * @param {Int32Array} line
 * @param {number} index 0 for one thread, 1 for the other
 * @param {number} times
 */
function bounce(line, index, times) {
  for (let i = 0; i < times; i++) {
    let word = Atomics.load(line, 0);
    while ((word & 1) !== index) word = Atomics.load(line, 0);
    Atomics.store(line, 0, word + 1);
  }
}

/**
 * Nanoseconds of a round trip. A batch in which a processor did something else takes longer: hence the 25th percentile.
 * @param {Int32Array} line
 * @param {number} index
 * @param {number} batches
 */
function timeBounces(line, index, batches) {
  /** @type {number[]} */
  const times = [];
  for (let batch = 0; batch < batches; batch++) {
    const start = performance.now();
    bounce(line, index, ROUND_TRIPS);
    times.push(((performance.now() - start) * 1e6) / ROUND_TRIPS);
  }
  return quantile(times, 0.25);
}

/**
 * Runs the work of one of two threads between two measurements of their line. Neither thread sleeps between a measurement and
 * the work: the first to arrive spins until the other comes.
 * @param {Int32Array} line the same memory in both threads
 * @param {number} index 0 for one thread, 1 for the other
 * @param {() => unknown} run
 * @returns {Line}
 */
function measureLineAround(line, index, run) {
  timeBounces(line, index, WARM_UP_BATCHES);
  const before = timeBounces(line, index, BATCHES);
  run();
  const after = timeBounces(line, index, BATCHES);
  return { before, after };
}

/**
 * The state that a run was made in, or undefined if the line was in neither state, or changed meanwhile.
 * @param {Line} line
 * @returns {State | undefined}
 */
function stateOf({ before, after }) {
  if (before < FAST_BELOW_NS && after < FAST_BELOW_NS) return 'fast';
  if (before > SLOW_ABOVE_NS && after > SLOW_ABOVE_NS) return 'slow';
  return undefined;
}

module.exports = { STATES, createLine, measureLineAround, stateOf };
