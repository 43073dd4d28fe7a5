// @ts-check
'use strict';

const { Buffer } = require('node:buffer');

/** Each message is copied into a buffer of its own, which goes to the other thread as it is. */

/** @type {import('./index.js').Rival} */
module.exports = {
  name: 'postMessage, transferring',
  style: 'message',
  singleThreaded: true,
  post: {
    one(port, message) {
      // Not filled with zeros before.
      const copy = Buffer.allocUnsafeSlow(message.length);
      copy.set(message);
      port.postMessage(copy, [copy.buffer]);
    },
  },
};
