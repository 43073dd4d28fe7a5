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

/** Nanoseconds a round trip. What is in between is neither state; what is longer was not between two processors. */
const FAST_BELOW_NS = 130;
const SLOW_ABOVE_NS = 170;
const SLOW_BELOW_NS = 1000;

const BATCHES = 40;
const ROUND_TRIPS = 100;
/** Until V8 has compiled it, and the two processors are awake. */
const WARM_UP_BATCHES = 600;
/** Where other programs run, the two threads may have to share a processor, and a round trip takes two time slices. */
const LIMIT_MS = 200;

/** The word that goes to and fro, and the number of the last batch, each on a cache line of its own. */
const WORD = 0;
const LAST = 32;
const CELLS = 64;

const createLine = () =>
  new Int32Array(new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT));

/**
 * Two threads increment one word in turn: a thread's turn is when the word is even, or when it is odd.
 * @param {Int32Array} line
 * @param {number} index 0 for one thread, 1 for the other
 */
function bounce(line, index) {
  for (let i = 0; i < ROUND_TRIPS; i++) {
    let word = Atomics.load(line, WORD);
    while ((word & 1) !== index) word = Atomics.load(line, WORD);
    Atomics.store(line, WORD, word + 1);
  }
}

/** One of two threads that measure the line between them. */
class LineTimer {
  /**
   * @param {Int32Array} line the same memory in both threads
   * @param {number} index 0 for one thread, 1 for the other
   */
  constructor(line, index) {
    this.line = line;
    this.index = index;
    this.done = 0;
  }

  /**
   * Nanoseconds of a round trip, or NaN if the batches were not done within the limit. In a batch in which a processor did
   * something else the line takes longer: hence the 25th percentile.
   * @param {number} batches
   */
  measure(batches) {
    const { line, index } = this;
    /** @type {number[]} */
    const times = [];
    bounce(line, index); // until both are there
    const begin = performance.now();
    do {
      const start = performance.now();
      // The other thread reads this after the batch, which ends later than it has begun here.
      if (index === 0 && (times.length === batches - 1 || start - begin > LIMIT_MS)) {
        Atomics.store(line, LAST, this.done + 1);
      }
      bounce(line, index);
      times.push(((performance.now() - start) * 1e6) / ROUND_TRIPS);
      this.done++;
    } while (Atomics.load(line, LAST) !== this.done);
    return times.length === batches ? quantile(times, 0.25) : NaN;
  }
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
  const timer = new LineTimer(line, index);
  timer.measure(WARM_UP_BATCHES);
  const before = timer.measure(BATCHES);
  run();
  const after = timer.measure(BATCHES);
  return { before, after };
}

/**
 * The state that a run was made in, or undefined if the line was in neither state, or changed meanwhile.
 * @param {Line} line
 * @returns {State | undefined}
 */
function stateOf({ before, after }) {
  const states = [before, after].map((time) => {
    if (time < FAST_BELOW_NS) return 'fast';
    return time > SLOW_ABOVE_NS && time < SLOW_BELOW_NS ? 'slow' : undefined;
  });
  return states[0] === states[1] ? states[0] : undefined;
}

module.exports = { STATES, createLine, measureLineAround, stateOf };
