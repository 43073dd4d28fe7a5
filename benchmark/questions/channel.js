// @ts-check
'use strict';

const { Ledger, assertComplete } = require('../channel/ledger.js');
const { Meeting } = require('../channel/meeting.js');
const {
  MeshReceiver,
  MeshSender,
  createCredits,
  receivePorts,
  sendPorts,
} = require('../channel/mesh.js');
const { RECEIVING, SENDING } = require('../channel/ways.js');
const { LINE } = require('../harness/control.js');
const { sharedNow } = require('../harness/spin.js');
const { Team } = require('../harness/team.js');
const { loadRival, makerOf } = require('../rivals/index.js');

/**
 * How many messages a second get from senders to receivers through one bounded queue? Against a mesh of MessagePorts, a port
 * from each sender to each receiver.
 */

/**
 * @typedef {object} Params
 * @property {number} senders a divisor of the numbers of messages
 * @property {number} receivers
 * @property {number} length of a message in bytes
 * @property {import('../channel/ways.js').Way} way
 * @property {number} batch messages in one call
 * @property {number} capacity of the queue in bytes
 * @property {number} warmUp messages
 * @property {number} messages that are measured
 */

const MEETING = 0;
const SENDERS_MEETING = LINE;
/** How many receivers have received an END. */
const ENDED = 2 * LINE;
const QUEUE = 3 * LINE;
/** The cells that a queue needs besides its capacity, at most. */
const QUEUE_CELLS = 64;

const PATIENCE_MS = 5000;

/**
 * The part of one worker in a queue: a receiver returns when it has received all that it will.
 * @typedef {{ send(messages: number): void, end(): void }} Sender
 * @typedef {{ receive(): void | Promise<void> }} Receiver
 */

/**
 * @param {import('./index.js').Shift} shift
 * @param {Ledger} ledger
 * @returns {Sender | Receiver}
 */
function overQueue({ rival, index, data: { cells, params } }, ledger) {
  const { senders, receivers, capacity, way } = /** @type {Params} */ (params);
  const queue = makerOf(rival, 'channel')(cells, QUEUE, capacity, way);
  const { sendAll, end } = SENDING[way](queue, index, params);
  if (index < senders) {
    return {
      send: sendAll,
      end() {
        if (index === 0) end();
      },
    };
  }
  const receiveAll = RECEIVING[way](queue, params);
  return {
    receive() {
      receiveAll(ledger);
      // It passes the END on, up to the last receiver.
      if ((Atomics.add(cells, ENDED, 1) + 1) % receivers !== 0) end();
    },
  };
}

/**
 * @param {import('./index.js').Shift} shift
 * @param {Ledger} ledger
 * @returns {Promise<Sender | Receiver>}
 */
async function overPorts({ rival, index, data: { params, credits } }, ledger) {
  const { senders } = /** @type {Params} */ (params);
  const ports = await receivePorts();
  if (index < senders) {
    return new MeshSender(ports, index, params, makerOf(rival, 'post'), credits);
  }
  return new MeshReceiver(ports, index - senders, params, ledger, credits);
}

/** @param {import('./index.js').Shift} shift */
async function work(shift) {
  const { rival, index, size, data } = shift;
  const { cells, ledgers, params } = data;
  const { senders, length, warmUp, messages } = /** @type {Params} */ (params);
  const meeting = new Meeting(cells, MEETING, size);
  const otherSenders = new Meeting(cells, SENDERS_MEETING, senders);
  const ledger = new Ledger(ledgers[Math.max(index - senders, 0)], length);
  const part = await (rival.style === 'message' ? overPorts : overQueue)(shift, ledger);
  let start = 0;
  for (const total of [warmUp, messages]) {
    if ('receive' in part) ledger.turnPage();
    meeting.meet();
    start = sharedNow();
    if ('receive' in part) {
      await part.receive();
    } else {
      part.send(total / senders);
      otherSenders.meet();
      part.end();
    }
  }
  return { start, end: sharedNow() };
}

/**
 * @param {string} id
 * @param {Params} params
 */
async function transport(id, params) {
  const { senders, receivers, length, capacity, messages } = params;
  const cells = new Int32Array(
    new SharedArrayBuffer((QUEUE + QUEUE_CELLS) * Int32Array.BYTES_PER_ELEMENT + capacity),
  );
  const memories = Array.from({ length: receivers }, () => Ledger.createMemory(senders));
  const ledgers = memories.map((memory) => new Ledger(memory, length));
  const data = { cells, ledgers: memories, params, credits: createCredits(params) };
  const team = new Team({ task: __filename, rival: id, size: senders + receivers, data });
  const progress = () => ledgers.reduce((sum, { total }) => sum + total, 0);
  try {
    await team.start();
    if (loadRival(id).style === 'message') sendPorts(team.workers, senders);
    const results = await team.resultsUnlessStalled(progress, PATIENCE_MS);
    if (!results) throw new Error(`hung after ${progress()} of ${messages} messages`);
    assertComplete(ledgers, messages / senders);
    const start = Math.min(...results.map((each) => each.start));
    const end = Math.max(...results.map((each) => each.end));
    return { figure: messages / (end - start), extras: {} };
  } finally {
    await team.end();
  }
}

const CAPACITY = 1 << 20;
const WARM_UP = 200_000;
/** The warming messages in a check. */
const CHECKED = 3200;
const SMALL = 64;
const MIDDLE = 1024;
const LARGE = 64 * 1024;
const BATCH = 16;
/** By length. */
const MESSAGES = Object.freeze({ [SMALL]: 2_000_000, [MIDDLE]: 500_000, [LARGE]: 50_000 });
/** With --quick it is so many times fewer. */
const QUICK = 10;
/** Large messages warm up in as much time as small ones. */
const LARGE_WARM_UP = 10_000;

const ALL = ['ours', 'ring', 'post-message', 'crossbeam'];

/** @type {{ label: string, senders?: number, receivers?: number, length: number, way?: Params['way'], rivals?: string[] }[]} */
const CASES = [
  { label: '64 B, 1 to 1', length: SMALL },
  { label: '64 B, 4 to 1', length: SMALL, senders: 4 },
  { label: '64 B, 1 to 4', length: SMALL, receivers: 4 },
  { label: '64 B, 4 to 4', length: SMALL, senders: 4, receivers: 4 },
  ...[1, 4].map((each) => ({
    label: `64 B in batches of ${BATCH}, ${each} to ${each}`,
    length: SMALL,
    way: /** @type {const} */ ('many'),
    senders: each,
    receivers: each,
    rivals: ['ours', 'ring', 'post-message', 'post-message-array', 'crossbeam'],
  })),
  { label: '1 KiB, 1 to 1', length: MIDDLE },
  { label: '1 KiB by receiveInto(), 1 to 1', length: MIDDLE, way: 'into' },
  ...['into', 'in place'].map((way) => ({
    label: `64 KiB ${way === 'into' ? 'by receiveInto()' : way}, 1 to 1`,
    length: LARGE,
    way: /** @type {Params['way']} */ (way),
    rivals: ['ours', 'ring', 'post-message', 'post-message-transfer', 'crossbeam'],
  })),
  {
    label: 'objects as JSON, 1 to 1',
    length: SMALL,
    way: 'json',
    rivals: ['ours', 'ring', 'post-message'],
  },
];

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'channel',
  title: 'messages through one queue between threads',
  unit: 'thousand messages a second',
  better: 'higher',
  rivals: ALL,
  runs: 5,
  subject: 'messages, senders to receivers',
  spread: 'quartiles',
  chart: { kind: 'bars', scale: 'log' },
  cases: ({ quick }) =>
    CASES.map(({ label, senders = 1, receivers = 1, length, way = 'bytes', rivals }) => ({
      label,
      rivals,
      params: {
        senders,
        receivers,
        length,
        way,
        batch: way === 'many' ? BATCH : 1,
        capacity: CAPACITY,
        warmUp: (length === LARGE ? LARGE_WARM_UP : WARM_UP) / (quick ? QUICK : 1),
        messages: MESSAGES[length] / (quick ? QUICK : 1),
      },
    })),
  async check(id, params) {
    await transport(id, { ...params, warmUp: CHECKED, messages: CHECKED });
  },
  measure: transport,
};

module.exports = { question, work };
