// @ts-check
'use strict';

const { parentPort } = require('node:worker_threads');
const { stamp } = require('../channel/ledger.js');
const { LINE } = require('../harness/control.js');
const { median, quantile } = require('../harness/statistics.js');
const { Team } = require('../harness/team.js');
const { loadRival, makerOf } = require('../rivals/index.js');

/**
 * How long does it take until the answer to a message comes? One thread sends, the other sends the message back. Over two
 * queues, each of which has one message at most.
 */

/** @typedef {{ capacity: number, warmUp: number, rounds: number }} Params */

const PROGRESS = 0;
const TO = LINE;
/** The cells that a queue needs besides its capacity, at most. */
const QUEUE_CELLS = 64;

const LENGTH = 64;
const CAPACITY = 4096;
const WARM_UP = 20_000;
const ROUNDS = 50_000;
const CHECKED = 200;
/** With --quick it is so many times fewer. */
const QUICK = 10;
const PATIENCE_MS = 5000;
/** The first thread says after so many rounds how far it is. */
const STEP = 64;
/** The rounds whose times make one batch: a clock costs as much as a part of a round. */
const BATCH = 50;

/** @param {Uint8Array} bytes @param {number} round */
function assertAnswer(bytes, round) {
  if (bytes.length !== LENGTH || bytes[1] !== (round & 0xff) || bytes[2] !== ((round >> 8) & 0xff))
    throw new Error(`wrong: another answer than that of round ${round}`);
}

/**
 * The times of batches of rounds, in microseconds a round. `turn` sends a message and returns the answer.
 * @param {Params} params
 * @param {Int32Array} cells
 */
function clockOf({ warmUp }, cells) {
  /** @type {number[]} */
  const times = [];
  let start = 0;
  return {
    times,
    /** @param {number} round after which it is */
    note(round) {
      if (round % STEP === 0) cells[PROGRESS] = round;
      if (round < warmUp || (round - warmUp) % BATCH !== 0) return;
      const now = performance.now();
      if (round > warmUp) times.push(((now - start) * 1000) / BATCH);
      start = now;
    },
  };
}

/** @param {import('./index.js').Shift} shift */
function overQueues({ rival, index, data: { cells, params } }) {
  const { capacity, warmUp, rounds } = /** @type {Params} */ (params);
  const makeQueue = makerOf(rival, 'channel');
  const [to, back] = [0, 1].map((which) =>
    makeQueue(cells, TO + which * (QUEUE_CELLS + capacity / 4), capacity, 'bytes'),
  );
  const last = warmUp + rounds;
  if (index === 1) {
    for (let round = 1; round <= last; round++) back.send(to.receive());
    return undefined;
  }
  const clock = clockOf(params, cells);
  const bytes = new Uint8Array(LENGTH);
  for (let round = 1; round <= last; round++) {
    stamp(bytes, 0, round);
    to.send(bytes);
    assertAnswer(back.receive(), round);
    clock.note(round);
  }
  return clock.times;
}

/** @param {import('./index.js').Shift} shift */
function overPorts({ index, data: { cells, params } }) {
  const { warmUp, rounds } = /** @type {Params} */ (params);
  const last = warmUp + rounds;
  const clock = clockOf(params, cells);
  const bytes = new Uint8Array(LENGTH);
  return new Promise((resolve, reject) => {
    parentPort?.once('message', (/** @type {import('node:worker_threads').MessagePort} */ port) => {
      let round = 0;
      const send = () => {
        stamp(bytes, 0, round + 1);
        port.postMessage(bytes);
      };
      port.on('message', (message) => {
        round++;
        if (index === 1) {
          port.postMessage(message);
          if (round === last) resolve(undefined);
          return;
        }
        try {
          assertAnswer(message, round);
        } catch (error) {
          reject(error);
        }
        clock.note(round);
        if (round === last) resolve(clock.times);
        else send();
      });
      if (index === 0) send();
    });
  });
}

/** @param {import('./index.js').Shift} shift */
function work(shift) {
  return shift.rival.style === 'message' ? overPorts(shift) : overQueues(shift);
}

/**
 * @param {string} id
 * @param {Params} params
 */
async function goRound(id, params) {
  const cells = new Int32Array(
    new SharedArrayBuffer(
      (TO + 2 * QUEUE_CELLS) * Int32Array.BYTES_PER_ELEMENT + 2 * params.capacity,
    ),
  );
  const team = new Team({ task: __filename, rival: id, size: 2, data: { cells, params } });
  try {
    await team.start();
    if (loadRival(id).style === 'message') {
      const { port1, port2 } = new MessageChannel();
      [port1, port2].forEach((port, i) =>
        team.workers[i].postMessage(port, [/** @type {any} */ (port)]),
      );
    }
    const results = await team.resultsUnlessStalled(() => cells[PROGRESS], PATIENCE_MS);
    if (!results) throw new Error(`hung after round ${cells[PROGRESS]}`);
    const [times] = results;
    return { figure: median(times), extras: { p99: quantile(times, 0.99) } };
  } finally {
    await team.end();
  }
}

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'channel-round-trip',
  title: 'a message of 64 bytes to another thread and back',
  unit: 'us',
  better: 'lower',
  rivals: ['ours', 'ring', 'post-message', 'crossbeam'],
  runs: 7,
  subject: 'threads',
  spread: 'quartiles',
  extras: { p99: `99th percentile of batches of ${BATCH}` },
  chart: { kind: 'bars' },
  cases: ({ quick }) => [
    {
      label: '2',
      params: {
        capacity: CAPACITY,
        warmUp: quick ? WARM_UP / QUICK : WARM_UP,
        rounds: quick ? ROUNDS / QUICK : ROUNDS,
      },
    },
  ],
  async check(id, params) {
    await goRound(id, { ...params, warmUp: CHECKED, rounds: CHECKED });
  },
  measure: goRound,
};

module.exports = { question, work };
