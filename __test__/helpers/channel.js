// @ts-check
'use strict';

const { Channel } = require('../../index.js');

/**
 * A Channel in memory of its own.
 *
 * @param {number} capacity
 * @param {object} [options]
 */
function channel(capacity = 1_024, options) {
  const buffer = new SharedArrayBuffer(Channel.byteLength(capacity));
  return new Channel(buffer, 0, { capacity, name: 'jobs', ...options });
}

/** That many bytes, counted up from 0. @param {number} length */
const bytes = (length) => Uint8Array.from({ length }, (_, i) => i);

module.exports = { bytes, channel };
