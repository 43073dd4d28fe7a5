// @ts-check
'use strict';

const { post, ...rest } = /** @type {Required<import('./index.js').Rival>} */ (
  require('./post-message.js')
);

/** A batch of messages as one array. */

/** @type {import('./index.js').Rival} */
module.exports = {
  ...rest,
  name: 'postMessage of an array',
  post: { ...post, batch: (port, messages) => port.postMessage(messages) },
};
