// @ts-check
'use strict';

/** No lock and no waiting: threads send each other messages. */

/** @type {import('./index.js').Rival} */
module.exports = {
  name: 'postMessage',
  style: 'message',
  singleThreaded: true,
  post: { one: (port, message) => port.postMessage(message) },
};
