// @ts-check
'use strict';

// Setters write two cells one after the other, and checkers see the first one without the second. With several setters a
// checker has to come before any of them is done. The right version has a lock.

const assert = require('node:assert/strict');
const { Mutex } = require('../../index.js');
const { program, times } = require('./program.js');

const [LOCK, A, B] = [0, 16, 17];
/** How many of the threads check, where it is not one. @type {Record<number, number>} */
const CHECKERS = { 20: 10 };

module.exports = program({
  sizes: [3, 4, 5, 10, 20],
  create({ right, threads }) {
    const checkers = CHECKERS[threads] ?? 1;
    const guarded =
      (/** @type {(cells: Int32Array) => void} */ act) =>
      (/** @type {import('./program.js').Data} */ { cells }) => {
        if (!right) return act(cells);
        const mutex = new Mutex(cells, LOCK);
        mutex.lock();
        act(cells);
        mutex.unlock();
      };
    const set = guarded((cells) => {
      Atomics.store(cells, A, 1);
      Atomics.store(cells, B, -1);
    });
    const check = guarded((cells) => {
      const isBefore = Atomics.load(cells, A) === 0 && Atomics.load(cells, B) === 0;
      const isAfter = () => Atomics.load(cells, A) === 1 && Atomics.load(cells, B) === -1;
      assert.ok(isBefore || isAfter(), 'the first cell is written, and the second is not');
    });
    return { threads: [...times(threads - checkers, set), ...times(checkers, check)] };
  },
});
