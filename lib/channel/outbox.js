// @ts-check
'use strict';

// What this thread has sent by promise and is still pending, for each channel in order. No later message of the thread
// passes it.

const { Map, Uint8Array } = require('../intrinsics.js');
const { native, realm } = require('../realm.js');

const { ACQUIRED, PENDING } = native;

/** One message that waits for room. */
class Letter {
  /**
   * @param {Uint8Array} bytes
   * @param {number} kind
   * @param {number} since
   */
  constructor(bytes, kind, since) {
    // The caller may change its bytes after the call.
    this.bytes = new Uint8Array(bytes);
    this.kind = kind;
    this.since = since;
    this.isSent = false;
    /** @type {import('../wait.js').Wait | undefined} */
    this.wait = undefined;
  }

  /** The message is in the ring. Its promise is fulfilled when the event loop turns. */
  sent() {
    this.isSent = true;
    const { wait } = this;
    if (wait === undefined || wait.value !== PENDING) return;
    native.giveUp(realm.number, wait.number);
    wait.settle(ACQUIRED);
  }
}

/**
 * The letters of each channel, by the address of its memory.
 * @type {Map<number, Letter[]>}
 */
const outboxes = new Map();

/** @type {Letter[]} */
const EMPTY = [];

/**
 * The letters for a channel, the oldest first.
 * @param {number} address
 */
function lettersTo(address) {
  return outboxes.size === 0 ? EMPTY : (outboxes.get(address) ?? EMPTY);
}

/**
 * @param {number} address
 * @param {Letter} letter
 */
function add(address, letter) {
  const letters = outboxes.get(address);
  if (letters === undefined) outboxes.set(address, [letter]);
  else letters.push(letter);
}

/**
 * @param {number} address
 * @param {Letter} letter
 */
function remove(address, letter) {
  const letters = outboxes.get(address);
  const index = letters?.indexOf(letter) ?? -1;
  if (index < 0) return;
  letters?.splice(index, 1);
  if (letters?.length === 0) outboxes.delete(address);
}

module.exports = { Letter, add, lettersTo, remove };
