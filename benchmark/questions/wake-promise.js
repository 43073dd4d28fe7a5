// @ts-check
'use strict';

const { setTimeout: delay } = require('node:timers/promises');
const { LINE, STOP } = require('../harness/control.js');
const { pinThread, processorsToPin } = require('../harness/pin.js');
const { sharedNow } = require('../harness/spin.js');
const { quantile } = require('../harness/statistics.js');
const { Team } = require('../harness/team.js');
const { loadRival, makerOf } = require('../rivals/index.js');

/**
 * How long does it take from the unlock in a worker until a function of the main thread goes on that waits by promise? Most of it
 * depends on whether the thread that is woken runs on the same processor or on another, which has to leave its sleep first. So it is
 * also asked with both threads bound to one processor, and each to its own.
 */

/**
 * @typedef {object} Params
 * @property {number} rounds
 * @property {[main: number, worker: number]} [pins] the processors to which the two threads are bound
 */

const MUTEX = 0;
/** What they tell each other: the round that the worker holds the mutex for, the main thread asks for it, and has had it. */
const HELD = LINE;
const ASKED = 2 * LINE;
const SERVED = 3 * LINE;
const NEVER = 4 * LINE;
const CELLS = 5 * LINE;

const PATIENCE_MS = 5000;

/** Until the main thread sleeps in its event loop. */
const SETTLED_MS = 2;

/** @param {import('./index.js').Shift} shift */
async function work({ rival, control, data: { cells, times, shared, pins } }) {
  if (pins !== undefined) pinThread(pins[1]);
  const isOver = () => Atomics.load(control, STOP) !== 0;
  /** Waits until the main thread waits, and says when it lets it go on. @param {number} round */
  const hold = (round) => {
    Atomics.store(cells, HELD, round);
    Atomics.notify(cells, HELD);
    Atomics.wait(cells, ASKED, round - 1);
    Atomics.wait(cells, NEVER, 0, SETTLED_MS);
    times[0] = sharedNow();
  };
  /** Wants it again only once the main thread has had it. @param {number} round */
  const leave = (round) => Atomics.wait(cells, SERVED, round - 1);
  if (rival.style === 'message') {
    const { parentPort } = require('node:worker_threads');
    /** @type {(round: number) => void} */
    const send = rival.signal?.().send ?? ((each) => parentPort?.postMessage(each));
    for (let round = 1; !isOver(); round++) {
      hold(round);
      send(round);
      leave(round);
    }
    return;
  }
  const mutex = makerOf(rival, 'mutex')(cells, MUTEX, shared);
  for (let round = 1; !isOver(); round++) {
    if (rival.style === 'promise') {
      await mutex.exclusively(() => hold(round));
    } else {
      mutex.lock();
      hold(round);
      mutex.unlock();
    }
    leave(round);
  }
}

/** @param {number} round @returns {Promise<never>} */
async function outOfPatience(round) {
  await delay(PATIENCE_MS, undefined, { ref: false });
  throw new Error(`hung in round ${round}`);
}

/** @typedef {() => Promise<{ release(): unknown, at?: number }>} Wait */

/**
 * What the main thread waits for; `at` is when it was called, where that is earlier than the continuation.
 * @param {import('../rivals/index.js').Rival} rival
 * @param {Team} team
 * @param {() => Wait} ofMutex
 * @returns {Wait}
 */
function waitOf({ style, signal }, team, ofMutex) {
  if (style !== 'message') return ofMutex();
  const release = () => {};
  const receive = signal?.().receiver();
  if (receive) return async () => ({ release, at: await receive() });
  return () =>
    new Promise((resolve) => {
      team.workers[0].once('message', () => resolve({ release }));
    });
}

/**
 * @param {string} id
 * @param {Params} params
 */
async function wake(id, { rounds, pins }) {
  if (pins !== undefined) pinThread(pins[0]);
  const rival = loadRival(id);
  const cells = new Int32Array(new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT));
  const times = new Float64Array(new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT));
  const shared = rival.share?.('mutex');
  const team = new Team({
    task: __filename,
    rival: id,
    size: 1,
    data: { cells, times, shared, pins },
  });
  /** @type {number[]} */
  const taken = [];
  const wait = waitOf(rival, team, () => makerOf(rival, 'lockAsync')(cells, MUTEX, shared));
  /** @type {(what: number, round: number) => void} */
  const tell = (what, round) => {
    Atomics.store(cells, what, round);
    Atomics.notify(cells, what);
  };
  try {
    await team.start();
    for (let round = 1; round <= rounds; round++) {
      while (Atomics.load(cells, HELD) < round) await delay(0);
      const waiting = wait();
      tell(ASKED, round);
      const guard = await Promise.race([waiting, outOfPatience(round)]);
      const now = guard.at ?? sharedNow();
      if (times[0] === 0 || now < times[0]) throw new Error('wrong: it went on too early');
      taken.push((now - times[0]) * 1000);
      times[0] = 0;
      if (round === rounds) team.stop();
      guard.release();
      tell(SERVED, round);
    }
    await team.results();
    return { figure: quantile(taken, 0.5), extras: { p99: quantile(taken, 0.99) } };
  } finally {
    await team.end();
  }
}

/** @type {import('./index.js').Question<Params>} */
const question = {
  name: 'wake-promise',
  title: 'from unlock() in a worker to the continuation of a promise on the main thread',
  unit: 'us',
  better: 'lower',
  rivals: ['ours', 'atomics', 'multithreading', 'web-locks', 'post-message', 'bare-tsfn'],
  runs: 9,
  subject: 'promise',
  extras: { p99: '99th percentile' },
  chart: { kind: 'bars' },
  cases({ quick }) {
    const rounds = quick ? 60 : 200;
    const unbound = { label: 'of a lock', params: { rounds } };
    const [one, other] = processorsToPin();
    if (other === undefined) return [unbound];
    return [
      unbound,
      { label: 'of a lock, on one processor', params: { rounds, pins: [one, one] } },
      { label: 'of a lock, on two processors', params: { rounds, pins: [one, other] } },
    ];
  },
  async check(id, params) {
    await wake(id, { ...params, rounds: 5 });
  },
  measure: wake,
};

module.exports = { question, work };
