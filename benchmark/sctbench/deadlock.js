// @ts-check
'use strict';

// Two threads lock two mutexes in opposite orders. In the right version a thread waits for its second mutex for at most
// 10 ms, and then begins again with that one.

const { Mutex } = require('../../index.js');
const { program } = require('./program.js');

const LIMIT_MS = 10;

/**
 * To begin with the mutex that was locked, and not with the same one again, is what keeps two threads from giving up in turns
 * for ever.
 *
 * @param {Mutex} first
 * @param {Mutex} second
 */
function lockBoth(first, second) {
  first.lock();
  while (!second.tryLock(LIMIT_MS)) {
    first.unlock();
    [first, second] = [second, first];
    first.lock();
  }
}

module.exports = program({
  sizes: [2],
  create({ right }) {
    const inOrder =
      (/** @type {number[]} */ ...order) =>
      (/** @type {import('./program.js').Data} */ { cells }) => {
        const [first, second] = order.map((cell) => new Mutex(cells, cell, { name: 'ab'[cell] }));
        if (right) lockBoth(first, second);
        else {
          first.lock();
          second.lock();
        }
        second.unlock();
        first.unlock();
      };
    return { threads: [inOrder(0, 1), inOrder(1, 0)] };
  },
});
