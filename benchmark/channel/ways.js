// @ts-check
'use strict';

const { END, objectOf, stamp } = require('./ledger.js');

/** How a thread sends to a queue and receives from it: a loop for each way, so that each call site sees one rival only. */

/** @typedef {import('../questions/channel.js').Params} Params */
/** @typedef {import('./ledger.js').Ledger} Ledger */

/**
 * How messages travel: bytes by send() and receive(), by receiveInto(), by reserve() and peek(), by sendMany() and
 * receiveMany(), or small objects as JSON. A rival that has nothing in place receives by receiveInto().
 * @typedef {'bytes' | 'into' | 'in place' | 'many' | 'json'} Way
 *
 * @typedef {object} Sending
 * @property {(messages: number) => void} sendAll numbers them from 1 on
 * @property {() => void} end tells one receiver that no more comes
 *
 * @typedef {(ledger: Ledger) => void} ReceiveAll returns after an END
 */

/** @param {(number: number) => void} send @returns {Sending} */
const oneByOne = (send) => ({
  sendAll(messages) {
    for (let number = 1; number <= messages; number++) send(number);
  },
  end: () => send(END),
});

/** @type {(channel: any, sender: number, params: Params) => Sending} */
function sendBytes(channel, sender, { length }) {
  const bytes = new Uint8Array(length);
  return oneByOne((number) => {
    stamp(bytes, sender, number);
    channel.send(bytes);
  });
}

/** @type {Record<Way, (channel: any, sender: number, params: Params) => Sending>} */
const SENDING = {
  bytes: sendBytes,
  into: sendBytes,
  'in place'(channel, sender, params) {
    if (!channel.reserve) return sendBytes(channel, sender, params);
    const bytes = new Uint8Array(params.length);
    return oneByOne((number) => {
      stamp(bytes, sender, number);
      const reservation = channel.reserve(bytes.length);
      reservation.bytes.set(bytes);
      reservation.commit();
    });
  },
  many(channel, sender, { length, batch }) {
    const messages = Array.from({ length: batch }, () => new Uint8Array(length));
    return {
      sendAll(count) {
        for (let number = 1; number <= count; number += batch) {
          for (let i = 0; i < batch; i++) stamp(messages[i], sender, number + i);
          channel.sendMany(messages);
        }
      },
      end() {
        stamp(messages[0], sender, END);
        channel.sendMany(messages.slice(0, 1));
      },
    };
  },
  json: (channel, sender) => oneByOne((number) => channel.send(objectOf(sender, number))),
};

/** @type {(channel: any, params: Params) => ReceiveAll} */
function receiveInto(channel, { length }) {
  const bytes = new Uint8Array(length);
  return (ledger) => {
    do channel.receiveInto(bytes);
    while (ledger.note(bytes));
  };
}

/** @type {Record<Way, (channel: any, params: Params) => ReceiveAll>} */
const RECEIVING = {
  bytes: (channel) => (ledger) => {
    while (ledger.note(channel.receive()));
  },
  into: receiveInto,
  'in place'(channel, params) {
    if (!channel.peek) return receiveInto(channel, params);
    return (ledger) => {
      for (let isMore = true; isMore;) {
        const peek = channel.peek();
        isMore = ledger.note(peek.bytes);
        peek.consume();
      }
    };
  },
  many:
    (channel, { batch }) =>
    (ledger) => {
      for (let isMore = true; isMore;) {
        const messages = channel.receiveMany(batch);
        // There is one END in the queue, and nothing behind it.
        for (let i = 0; i < messages.length; i++) isMore = ledger.note(messages[i]);
      }
    },
  json: (channel) => (ledger) => {
    while (ledger.noteObject(channel.receive()));
  },
};

module.exports = { RECEIVING, SENDING };
