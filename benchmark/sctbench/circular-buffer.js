// @ts-check
'use strict';

// A sender and a receiver take turns at a ring. A round without a turn counts as one, so that the receiver's count and the
// numbers in the ring part. In the right version each spins until its turn.

const assert = require('node:assert/strict');
const { Mutex } = require('../../index.js');
const { program } = require('./program.js');

const [LOCK, TURN, INPUT, OUTPUT, RING] = [0, 16, 17, 18, 32];
const [SENDER, RECEIVER] = [0, 1];
const [ROUNDS, PLACES] = [7, 10];

module.exports = program({
  sizes: [2],
  create({ right }) {
    /**
     * @param {number} turn whose
     * @param {(cells: Int32Array, round: number) => void} act
     */
    const rounds =
      (turn, act) =>
      (/** @type {import('./program.js').Data} */ { cells }) => {
        const mutex = new Mutex(cells, LOCK);
        for (let round = 0; round < ROUNDS; round++) {
          if (right) while (Atomics.load(cells, TURN) !== turn);
          mutex.lock();
          if (cells[TURN] === turn) {
            act(cells, round);
            Atomics.store(cells, TURN, 1 - turn);
          }
          mutex.unlock();
        }
      };
    return {
      threads: {
        sender: rounds(SENDER, (cells, round) => {
          cells[RING + (cells[INPUT]++ % PLACES)] = round;
        }),
        receiver: rounds(RECEIVER, (cells, round) => {
          assert.equal(cells[RING + (cells[OUTPUT]++ % PLACES)], round);
        }),
      },
    };
  },
});
