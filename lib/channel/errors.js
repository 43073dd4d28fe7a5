// @ts-check
'use strict';

// The errors of a Channel.

const { SyncError, outOfRange } = require('../errors.js');
const { defineProperty } = require('../intrinsics.js');

/**
 * The error for a ring that other code has written over.
 * @param {string} what
 */
function corruptRing(what) {
  return new SyncError(
    `The memory of the Channel was written over: ${what}. Other code uses it, it was not zeroed before its first use, or ` +
      'another thread constructed the Channel with another capacity. Give each Channel zeroed memory of its own.',
    'ERR_CORRUPT_CELL',
  );
}

/**
 * The error for a message that the codec of this thread cannot decode.
 * @param {unknown} cause
 */
function otherCodec(cause) {
  const error = new SyncError(
    'A message of the Channel cannot be decoded, for the reason in error.cause: the thread that sent it constructed the Channel ' +
      'with another codec, or other code wrote over its memory. Pass the same codec in all threads. The message is not in the ' +
      'channel any more.',
    'ERR_CORRUPT_CELL',
  );
  return defineProperty(error, 'cause', { value: cause, configurable: true, writable: true });
}

/**
 * The error of a sender after close().
 * @param {string} label
 */
function closedForSenders(label) {
  return new SyncError(
    `The ${label} is closed, so nothing was sent. Call close() only after the last send().`,
    'ERR_CLOSED',
  );
}

/**
 * The error of a receiver after close(), when all messages were received.
 * @param {string} label
 */
function closedForReceivers(label) {
  return new SyncError(
    `The ${label} is closed, and all its messages were received. A loop over the channel ends here by itself.`,
    'ERR_CLOSED',
  );
}

/**
 * The error for a wait that would wait for the own thread.
 * @param {string} label
 */
function waitsForItself(label) {
  return new SyncError(
    `This thread reads or fills the first message of the ${label} in place and would wait for itself. Call consume(), ` +
      'commit() or dispose of it first.',
    'ERR_DEADLOCK',
  );
}

/**
 * The error for a message that is too long.
 * @param {number} length
 * @param {number} longest
 * @param {string} label
 */
function tooLong(length, longest, label) {
  return outOfRange(
    `A message of the ${label} has at most ${longest} bytes (half its capacity, less 16), but this one has ${length}. Send it in ` +
      'parts, or make the capacity larger.',
  );
}

module.exports = {
  closedForReceivers,
  closedForSenders,
  corruptRing,
  otherCodec,
  tooLong,
  waitsForItself,
};
