// @ts-check
'use strict';

// A sender: sends its messages one after another, in all ways.

const { MANY, PAUSE, STOP, countWay } = require('./plan.js');
const { cellsOf, message, write } = require('./message.js');

/** A cell that stays 0. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/**
 * @param {import('./plan.js').Plan} plan
 * @param {import('./plan.js').Memory} memory
 * @param {number} slot
 * @param {import('../random.js').Random} random
 */
async function send({ quota, capacity }, memory, slot, random) {
  const { jobs, begun, confirmed, control, resting } = memory;
  const longest = capacity / 2 - 16;
  // A message that the sender before this one had begun may be in the ring: its number is not used again.
  let number = begun[slot];
  const make = () => message(slot, number++, longest);
  const begin = (count = 1) => Atomics.store(begun, slot, number + count);
  const confirm = () => Atomics.store(confirmed, slot, number);
  const asked = () => Atomics.load(control, PAUSE) % 2 === 1 || Atomics.load(control, STOP) === 1;

  const ways = {
    send() {
      begin();
      jobs.send(make());
      confirm();
    },
    trySend() {
      begin();
      const bytes = make();
      while (!jobs.trySend(bytes, random.integer(0, 2)));
      confirm();
    },
    sendMany() {
      const count = Math.min(random.integer(2, MANY), quota - number);
      begin(count);
      jobs.sendMany(Array.from({ length: count }, make));
      confirm();
    },
    async sendAsync() {
      const count = Math.min(random.integer(1, 4), quota - number);
      begin(count);
      const sent = Array.from({ length: count }, () => jobs.sendAsync(make()));
      // Now and then a blocking call comes behind those that are pending.
      if (random.chance(30) && number < quota) {
        begin();
        jobs.send(make());
      }
      await Promise.all(sent);
      confirm();
    },
    reserve() {
      begin();
      const length = cellsOf(number, longest) * 4;
      if (random.chance(5)) {
        jobs.reserve(length)[Symbol.dispose]();
        countWay(memory, 'dropped');
      }
      const reservation = jobs.reserve(length);
      const { buffer, byteOffset } = reservation.bytes;
      if (random.chance(10)) Atomics.wait(NEVER, 0, 0, random.integer(0, 3));
      write(new Int32Array(buffer, byteOffset, length / 4), slot, number++);
      reservation.commit();
      confirm();
    },
  };

  const names = /** @type {(keyof typeof ways)[]} */ (Object.keys(ways));
  confirm();
  while (number < quota && Atomics.load(control, STOP) === 0) {
    const pause = Atomics.load(control, PAUSE);
    if (pause % 2 === 1) {
      Atomics.store(resting, slot, pause);
      Atomics.wait(control, PAUSE, pause);
      continue;
    }
    const way = random.pick(names);
    countWay(memory, way);
    for (let i = random.integer(1, 100); i > 0 && number < quota && !asked(); i--) {
      const sent = ways[way]();
      if (sent !== undefined) await sent;
    }
  }
  Atomics.store(resting, slot, -1);
}

module.exports = { send };
