// @ts-check
'use strict';

const { buildNative, loadNative } = require('../harness/native.js');
const { sharedNow } = require('../harness/spin.js');

/** One call from a worker of a bare thread-safe function of Node-API: the limit of what wakes an idle main thread from native code. */

/** @type {import('./index.js').Rival} */
module.exports = {
  name: 'a bare thread-safe function',
  style: 'message',
  singleThreaded: true,
  prepare: () => (process.platform === 'linux' ? buildNative() : 'not built on this system'),
  signal() {
    const { create, call } = loadNative();
    return {
      send: () => call(),
      receiver() {
        /** @type {(time: number) => void} */
        let receive = () => {};
        create(() => receive(sharedNow()));
        return () => new Promise((resolve) => (receive = resolve));
      },
    };
  },
};
