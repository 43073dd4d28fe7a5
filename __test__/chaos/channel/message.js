// @ts-check
'use strict';

// The messages of a run: cells that say who has sent which one, how long it is, and cells that follow from these.

const HEAD = 4;

/** The message of a sender with a number: always the same length. @param {number} number @param {number} longest */
function cellsOf(number, longest) {
  // Every 61st has 8 KiB, and every 1,009th is copied outside the lock, where the channel has room for that.
  const cells = number % 1_009 === 7 ? 8_500 : number % 61 === 5 ? 2_048 : HEAD + (number % 12);
  return cells * 4 <= longest ? cells : HEAD + (number % 12);
}

/**
 * Writes a message.
 *
 * @param {Int32Array} target as long as the message
 * @param {number} sender
 * @param {number} number
 */
function write(target, sender, number) {
  target[0] = sender;
  target[1] = number;
  target[2] = target.length;
  target[3] = ~number ^ sender;
  for (let i = HEAD; i < target.length; i++) target[i] = number ^ i;
}

/**
 * @param {number} sender
 * @param {number} number
 * @param {number} longest
 */
function message(sender, number, longest) {
  const cells = new Int32Array(cellsOf(number, longest));
  write(cells, sender, number);
  return new Uint8Array(cells.buffer);
}

/**
 * Returns what is wrong with a message, or undefined.
 * @param {Uint8Array} bytes
 */
function faultOf({ buffer, byteOffset, length }) {
  if (length < HEAD * 4 || length % 4 !== 0) return `a message has ${length} bytes`;
  const cells = new Int32Array(buffer, byteOffset, length / 4);
  const [sender, number, count, check] = cells;
  if (count !== cells.length || check !== (~number ^ sender)) {
    return `message ${number} of sender ${sender} has ${cells.length} cells, not ${count}`;
  }
  for (let i = HEAD; i < count; i++) {
    if (cells[i] !== (number ^ i))
      return `message ${number} of sender ${sender}: cell ${i} is ${cells[i]}`;
  }
}

module.exports = { cellsOf, faultOf, message, write };
