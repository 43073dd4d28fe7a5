// @ts-check
'use strict';

// Three threads pass a token on, each from the cell before its own. Nothing says in which order they run, and a fourth
// expects equal cells when all have run. In the right version each thread spins until the one before it is done.

const assert = require('node:assert/strict');
const { Mutex } = require('../../index.js');
const { program } = require('./program.js');

const [LOCK, TOKENS, DONE] = [0, 16, 24];
const STATIONS = 3;

module.exports = program({
  sizes: [STATIONS + 1],
  initial: { [TOKENS]: 1, [TOKENS + 1]: 2, [TOKENS + 2]: 1 },
  create({ right }) {
    const station =
      (/** @type {number} */ place) =>
      (/** @type {import('./program.js').Data} */ { cells }) => {
        const mutex = new Mutex(cells, LOCK);
        if (right && place > 0) while (Atomics.load(cells, DONE + place - 1) === 0);
        mutex.lock();
        const last = cells[TOKENS + ((place + STATIONS - 1) % STATIONS)];
        cells[TOKENS + place] = place === 0 ? (last + 1) % 4 : last;
        Atomics.store(cells, DONE + place, 1);
        mutex.unlock();
      };
    return {
      threads: {
        first: station(0),
        second: station(1),
        third: station(2),
        observer({ cells }) {
          const mutex = new Mutex(cells, LOCK);
          mutex.lock();
          if (cells.slice(DONE, DONE + STATIONS).every((done) => done === 1)) {
            const tokens = cells.slice(TOKENS, TOKENS + STATIONS);
            assert.equal(new Set(tokens).size, 1, `the tokens are ${tokens.join(', ')}`);
          }
          mutex.unlock();
        },
      },
    };
  },
});
