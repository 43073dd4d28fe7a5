// @ts-check
'use strict';

// Tokens: a schedule as text. It holds the choices, `random`, and hashes of the steps, so that a program that takes other
// steps is noticed. It holds nothing that depends on the process: no threadId, no address, no time.

const { coded } = require('../errors.js');

/** The version of the format. */
const PREFIX = 'x1.';
/** How many stretches of the schedule have a hash of their own, which tells where a program departs from it. */
const STRETCHES = 32;

/**
 * A point of a schedule. `cell` numbers the cells in the order in which the schedule comes to them; 0 for none.
 *
 * @typedef {{ thread: number, operation: number, before: boolean, cell: number }} Step
 */

/**
 * @typedef {object} Schedule
 * @property {number} random
 * @property {number} threads
 * @property {number} turns the step at which its threads began to go on in turn; 0 if they did not
 * @property {number[]} choices
 * @property {number} steps how many there are
 * @property {number} hash of all steps
 * @property {number[]} stretches the hashes of the stretches
 */

/**
 * @param {number} hash
 * @param {Step} step
 */
function hashStep(hash, { thread, operation, before, cell }) {
  let next = hash;
  // FNV-1a (Fowler, Noll, Vo).
  for (const part of [thread, operation, before ? 1 : 0, cell]) {
    next = Math.imul(next ^ part, 0x01000193);
  }
  return next >>> 0;
}

const HASH_START = 0x811c9dc5;

/**
 * The schedule of a run.
 *
 * @param {number} random
 * @param {number} threads
 * @param {{ choices: number[], steps: Step[], turns: number }} log
 * @returns {Schedule}
 */
function scheduleOf(random, threads, { choices, steps, turns }) {
  const length = stretchLength(steps.length);
  /** @type {number[]} */
  const stretches = [];
  let hash = HASH_START;
  steps.forEach((step, i) => {
    hash = hashStep(hash, step);
    if ((i + 1) % length === 0 || i + 1 === steps.length) stretches.push(hash & 0xff);
  });
  return { random, threads, turns, choices, steps: steps.length, hash, stretches };
}

/** @param {number} steps */
function stretchLength(steps) {
  return Math.max(1, Math.ceil(steps / STRETCHES));
}

/**
 * The first steps at which a run departs from a schedule: from one index, before another. Undefined if it does not.
 *
 * @param {Schedule} schedule
 * @param {Step[]} steps
 * @returns {[number, number] | undefined}
 */
function departure(schedule, steps) {
  const other = scheduleOf(schedule.random, schedule.threads, { ...schedule, steps });
  if (other.steps === schedule.steps && other.hash === schedule.hash) return undefined;
  const length = stretchLength(schedule.steps);
  let hash = HASH_START;
  for (let i = 0; i < schedule.steps; i++) {
    if (i >= steps.length) return [Math.floor(i / length) * length, i];
    hash = hashStep(hash, steps[i]);
    const isEnd = (i + 1) % length === 0 || i + 1 === schedule.steps;
    if (isEnd && (hash & 0xff) !== schedule.stretches[Math.floor(i / length)]) {
      return [Math.floor(i / length) * length, i];
    }
  }
  return [schedule.steps, schedule.steps];
}

/**
 * The text of a schedule.
 * @param {Schedule} schedule
 */
function encode({ random, threads, turns, choices, steps, hash, stretches }) {
  /** @type {number[]} */
  const bytes = [];
  const put = (/** @type {number} */ number) => {
    let rest = number;
    while (rest >= 0x80) {
      bytes.push((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    bytes.push(rest);
  };
  put(random);
  put(threads);
  put(turns);
  put(steps);
  put(hash);
  for (const stretch of stretches) bytes.push(stretch);
  // The same choice in a row is written once.
  for (let i = 0; i < choices.length;) {
    let end = i;
    while (end < choices.length && choices[end] === choices[i]) end++;
    put(choices[i]);
    put(end - i);
    i = end;
  }
  return PREFIX + Buffer.from(bytes).toString('base64url');
}

/**
 * The schedule of a text. Throws for a text that is none.
 * @param {string} token
 * @returns {Schedule}
 */
function decode(token) {
  const bytes = Buffer.from(token.slice(PREFIX.length), 'base64url');
  let at = 0;
  const take = () => {
    let number = 0;
    for (let scale = 1; ; scale *= 0x80) {
      if (at >= bytes.length || scale > 2 ** 49) throw invalidToken();
      const byte = bytes[at++];
      number += (byte & 0x7f) * scale;
      if (byte < 0x80) return number;
    }
  };
  if (!token.startsWith(PREFIX)) throw invalidToken();
  const [random, threads, turns, steps, hash] = [take(), take(), take(), take(), take()];
  const count = Math.ceil(steps / stretchLength(steps));
  const stretches = [...bytes.subarray(at, at + count)];
  at += count;
  const choices = [];
  while (at < bytes.length) {
    const [choice, times] = [take(), take()];
    if (choices.length + times > MOST_CHOICES) throw invalidToken();
    for (let i = 0; i < times; i++) choices.push(choice);
  }
  if (stretches.length !== count) throw invalidToken();
  return { random, threads, turns, choices, steps, hash, stretches };
}

/** Twice the most steps after which threads go on in turn. */
const MOST_CHOICES = 2e6;

function invalidToken() {
  return coded(
    new TypeError('token must be the token of an ExplorationError, unchanged.'),
    'ERR_INVALID_ARG_VALUE',
  );
}

module.exports = { decode, departure, encode, scheduleOf };
