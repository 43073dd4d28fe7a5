// @ts-check
'use strict';

// The sender that waits for room before all others. The ring says it in two cells: the thread, and since when. Others may
// pass it for a short time. From then on what is freed stays free until its message fits. Everything here happens under the
// Mutex of the channel.

const { native, THREAD } = require('../realm.js');
const { FRONT, FRONT_SINCE, TAG } = require('./ring.js');

const { CHANNEL_PATIENCE: PATIENCE, THREAD_BLOCKED, THREAD_DEAD } = native;
/** A promise waits, not the thread. */
const PROMISE = 1 << 29;

/** @typedef {import('./ring.js').Ring} Ring */

/**
 * How long the front has waited, in milliseconds. The cell holds the lower 32 bits of its beginning.
 * @param {Ring} ring
 * @param {number} now
 */
function age({ words }, now) {
  return (Math.floor(now) - words[FRONT_SINCE]) | 0;
}

/**
 * Whether a sender stands at the front that is not of this thread, lives, and is not a promise of a blocked thread, whose
 * event loop does not turn.
 * @param {Ring} ring
 */
function isOther({ words }) {
  const front = words[FRONT];
  if (front === 0 || (front & TAG) === THREAD) return false;
  const state = native.threadState(front & TAG);
  return state !== THREAD_DEAD && ((front & PROMISE) === 0 || state !== THREAD_BLOCKED);
}

/**
 * Returns the tag of the thread that a sender of this thread must not pass, or 0.
 *
 * @param {Ring} ring
 * @param {number} since when the sender began to wait; Infinity if it does not wait
 */
function blockedBy(ring, since) {
  const front = ring.words[FRONT];
  if (front === 0) return 0;
  const now = native.now();
  const waited = age(ring, now);
  if (waited < PATIENCE || now - since > waited || !isOther(ring)) return 0;
  return front & TAG;
}

/**
 * Takes the place at the front for a sender that found no room, unless a sender that began before has it.
 *
 * @param {Ring} ring
 * @param {number} since
 * @param {boolean} byPromise
 */
function enter(ring, since, byPromise) {
  const now = native.now();
  if (isOther(ring) && age(ring, now) >= now - since) return;
  handTo(ring, [THREAD, since, byPromise]);
}

/**
 * Gives the place at the front to a sender that waits.
 *
 * @param {Ring} ring
 * @param {import('../../binding.js').Told} sender
 */
function handTo({ words }, [thread, since, byPromise]) {
  words[FRONT_SINCE] = Math.floor(since) | 0;
  words[FRONT] = thread | (byPromise ? PROMISE : 0);
}

/**
 * Gives up the place at the front, if this thread has it. Returns whether it had.
 * @param {Ring} ring
 */
function leave({ words }) {
  if ((words[FRONT] & TAG) !== THREAD) return false;
  words[FRONT] = 0;
  return true;
}

module.exports = { blockedBy, enter, handTo, leave };
