// @ts-check
'use strict';

// Loops over the messages of a channel, until it is closed and drained. A loop takes one message at a time, when it asks
// for it, so a loop that ends early leaves the others to other receivers.

/** @typedef {import('./channel.js').Channel} Channel */

/** @param {any} error */
function assertEnded(error) {
  if (error?.code !== 'ERR_CLOSED') throw error;
}

/** @param {Channel} channel */
function* iterate(channel) {
  for (;;) {
    let message;
    try {
      message = channel.receive();
    } catch (error) {
      assertEnded(error);
      return;
    }
    yield message;
  }
}

/** @param {Channel} channel */
async function* iterateAsync(channel) {
  for (;;) {
    let message;
    try {
      message = await channel.receiveAsync();
    } catch (error) {
      assertEnded(error);
      return;
    }
    yield message;
  }
}

module.exports = { iterate, iterateAsync };
