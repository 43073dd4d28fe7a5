// @ts-check
'use strict';

// What the threads of a run share: the channel, and memory in which they note what they send and receive.

const { Channel, Event, layout } = require('../../../index.js');

/** The senders that are workers. The main thread sends, too: its number is the last. */
const SENDERS = 4;
const RECEIVERS = 4;
const MAIN = SENDERS;
/** The sides of the channel: workers `0` to `SENDERS - 1` send, the others receive. */
const WORKERS = SENDERS + RECEIVERS;
/** The most messages in a call of sendMany() or receiveMany(), and the most pending messages of a thread. */
const MANY = 32;
/** How many duplicates are noted. */
const MAX_TWICE = 256;

/** The cells of `control`. */
const PAUSE = 0;
const STOP = 1;
const RECEIVED = 2;
const VIOLATIONS = 3;
const TWICE = 4;

/** What a thread may do with a message, each counted. */
const WAYS = /** @type {const} */ ([
  'send',
  'trySend',
  'sendMany',
  'sendAsync',
  'reserve',
  'receive',
  'tryReceive',
  'receiveInto',
  'receiveMany',
  'receiveAsync',
  'for of',
  'for await',
  'select',
  'trySelect',
  'selectAsync',
  'peek',
  'dropped',
  'put back',
]);

/** The capacities of the channel. A message is at most half as long. */
const CAPACITIES = [1_024, 20 * 1024, 32 * 1024, 96 * 1024];

/**
 * @typedef {object} Plan
 * @property {number} seed
 * @property {number} quota how many messages a sender sends
 * @property {number} capacity
 */

/** The words of `seen` for each sender. @param {Plan} plan */
const seenWords = ({ quota }) => (quota >> 5) + 1;

/** @param {Plan} plan */
function specOf(plan) {
  return /** @type {const} */ ({
    control: [Int32Array, 8],
    /** By worker, the number of the pause in which it rests; -1 once it has sent all. */
    resting: [Int32Array, WORKERS],
    /** By sender, the number of the next message. It is higher than `confirmed` while messages are being sent. */
    begun: [Int32Array, SENDERS + 1],
    confirmed: [Int32Array, SENDERS + 1],
    /** By receiver, how many messages are lost at most if it dies now. */
    atRisk: [Int32Array, RECEIVERS],
    /** By receiver and sender, the value of `begun` when the call that is at risk began. */
    begunBefore: [Int32Array, RECEIVERS * (SENDERS + 1)],
    /** By receiver, the sender, plus one, and number of the message that it reads in place. */
    peeked: [Int32Array, RECEIVERS * 2],
    /** The sender and number of each message that arrived again. */
    twice: [Int32Array, MAX_TWICE * 2],
    ways: [Int32Array, WAYS.length],
    /** By sender, one bit for each message that has arrived. */
    seen: [Int32Array, (SENDERS + 1) * seenWords(plan)],
    jobs: [Channel, { capacity: plan.capacity }],
    /** Other cases of the receivers that select, which never become ready. */
    idle: [Channel, { capacity: 64 }],
    never: Event,
  });
}

/**
 * @param {Plan} plan
 * @param {any} [shared] what share() of another thread's returned
 */
function memoryOf(plan, shared) {
  const memory = shared === undefined ? layout(specOf(plan)) : layout.from(shared);
  return /** @type {ReturnType<typeof layout<ReturnType<typeof specOf>>>} */ (memory);
}

/** @typedef {ReturnType<typeof memoryOf>} Memory */

/** @param {Memory} memory @param {typeof WAYS[number]} way */
function countWay({ ways }, way) {
  Atomics.add(ways, WAYS.indexOf(way), 1);
}

module.exports = {
  CAPACITIES,
  MAIN,
  MANY,
  MAX_TWICE,
  PAUSE,
  RECEIVED,
  RECEIVERS,
  SENDERS,
  STOP,
  TWICE,
  VIOLATIONS,
  WAYS,
  WORKERS,
  countWay,
  memoryOf,
  seenWords,
};
