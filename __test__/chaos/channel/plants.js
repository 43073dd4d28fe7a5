// @ts-check
'use strict';

// Faults that the run must find, as changes of the source. `planted.js` makes them in a copy of the package. One fault is not
// among them: a thread that recovers the lock and tells no waiter. It shows only if a thread dies between two instructions while
// another is between two others. The models find it.

/**
 * @typedef {object} Change
 * @property {string} file
 * @property {string} from what stands there, once
 * @property {string} to
 */

/** @type {Record<string, Change[]>} */
const plants = {
  'no-recovery': [
    {
      file: 'lib/channel/state.js',
      from: `if (error.code !== 'ERR_ABANDONED') throw error;`,
      to: `throw error;`,
    },
  ],
  'no-wake-up-by-death': [
    {
      file: 'src/primitives/mod.rs',
      from: `Kind::Channel => Channel::new(key.cell()).thread_died(queue),`,
      to: `Kind::Channel => {}`,
    },
  ],
  'dropped-message': [
    {
      file: 'lib/channel/ring.js',
      from: `    const end = (record - HEADER_CELLS) * 4 + sizeOf(length);`,
      // The last cell of the header is not used.
      to: `    if (++words[15] % 100_000 === 0 && words[record] === READY) words[record] = DROPPED;
    const end = (record - HEADER_CELLS) * 4 + sizeOf(length);`,
    },
  ],
  'wake-up-after-unlock': [
    {
      file: 'lib/channel/state.js',
      from: `  tell() {\n`,
      to: `  tell() {\n    this.tells = true;\n  }\n\n  tellLate() {\n`,
    },
    {
      file: 'lib/channel/state.js',
      from: `  exit() {\n    this.#lock.unlock();`,
      to: `  exit() {\n    this.#lock.unlock();\n    if (this.tells) this.tellLate();\n    this.tells = false;`,
    },
  ],
  'unrepaired-reservation': [
    {
      file: 'lib/channel/state.js',
      from: `this.#livingUser(first) !== 0 ||`,
      to: `this.#livingUser(first) !== 0 || (words[first] & ~TAG) === FILLING ||`,
    },
  ],
  'promise-keeps-the-wake-up': [
    {
      file: 'src/primitives/channel.rs',
      from: `let is_last = !requester.is_promise() && waiter.is_ready();`,
      to: `let is_last = waiter.is_ready();`,
    },
  ],
};

module.exports = { plants };
