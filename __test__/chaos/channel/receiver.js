// @ts-check
'use strict';

// A receiver: receives messages in all ways, and notes each.

const { select, selectAsync, trySelect } = require('../../../index.js');
const {
  MANY,
  MAX_TWICE,
  PAUSE,
  RECEIVED,
  SENDERS,
  TWICE,
  countWay,
  seenWords,
} = require('./plan.js');
const { faultOf } = require('./message.js');

/** A cell that stays 0. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/**
 * @param {import('./plan.js').Plan} plan
 * @param {import('./plan.js').Memory} memory
 * @param {number} slot
 * @param {import('../random.js').Random} random
 * @param {(text: string) => void} violation
 */
async function receive(plan, memory, slot, random, violation) {
  const { jobs, idle, never, control, seen, atRisk, begun, begunBefore, peeked, twice } = memory;
  const { capacity, quota } = plan;
  const words = seenWords(plan);
  const into = new Uint8Array(capacity);
  /** By sender, the last number that arrived here. */
  const last = Array(SENDERS + 1).fill(-1);

  /** What is taken from here on is lost if this thread dies. @param {number} count */
  const risk = (count) => {
    for (let s = 0; s <= SENDERS; s++) {
      begunBefore[slot * (SENDERS + 1) + s] = Atomics.load(begun, s);
    }
    Atomics.store(atRisk, slot, count);
  };

  /** @param {Uint8Array} bytes */
  const note = (bytes) => {
    const fault = faultOf(bytes);
    if (fault !== undefined) return violation(fault);
    const [sender, number] = new Int32Array(bytes.buffer, bytes.byteOffset, 2);
    if (sender < 0 || sender > SENDERS || number < 0 || number >= quota) {
      return violation(`no sender has sent message ${number} of sender ${sender}`);
    }
    if (number <= last[sender]) {
      violation(`message ${number} of sender ${sender} arrived after ${last[sender]}`);
    }
    last[sender] = number;
    const bit = 1 << (number & 31);
    if (Atomics.or(seen, sender * words + (number >> 5), bit) & bit) {
      const at = Atomics.add(control, TWICE, 1);
      if (at < MAX_TWICE) twice.set([sender, number], at * 2);
    } else Atomics.add(control, RECEIVED, 1);
  };

  /** @param {Uint8Array} bytes */
  const noteTaken = (bytes) => {
    note(bytes);
    Atomics.sub(atRisk, slot, 1);
  };

  const cases = () => (random.chance(50) ? [jobs, never, idle] : [idle, jobs]);

  /** @param {{ value: any, done: boolean }} found */
  const noteFound = ({ value, done }) => noteTaken(done ? jobs.receive() : value);

  const ways = {
    receive() {
      risk(1);
      noteTaken(jobs.receive({ own: random.chance(10) }));
    },
    tryReceive() {
      risk(1);
      let bytes;
      // While the senders rest, no receiver looks again by itself.
      while (bytes === undefined && Atomics.load(control, PAUSE) % 2 === 0) {
        bytes = jobs.tryReceive(random.integer(0, 2));
      }
      noteTaken(bytes ?? jobs.receive());
    },
    receiveInto() {
      risk(1);
      noteTaken(into.subarray(0, jobs.receiveInto(into)));
    },
    receiveMany() {
      const max = random.integer(2, MANY);
      risk(max);
      jobs.receiveMany(max).forEach(noteTaken);
      risk(0);
    },
    async receiveAsync() {
      risk(1);
      noteTaken(await jobs.receiveAsync());
    },
    select() {
      risk(1);
      noteFound(select(cases(), { own: random.chance(10) }));
    },
    trySelect() {
      risk(1);
      noteFound(trySelect(cases(), random.integer(0, 2)) ?? select(cases()));
    },
    async selectAsync() {
      risk(1);
      noteFound(await selectAsync(cases()));
    },
    'for of'() {
      let left = random.integer(1, 20);
      risk(1);
      for (const bytes of jobs) {
        noteTaken(bytes);
        if (--left === 0) return;
        risk(1);
      }
      jobs.receive(); // throws ERR_CLOSED
    },
    async 'for await'() {
      let left = random.integer(1, 20);
      risk(1);
      for await (const bytes of jobs) {
        noteTaken(bytes);
        if (--left === 0) return;
        risk(1);
      }
      jobs.receive();
    },
    peek() {
      const peek = jobs.peek();
      if (random.chance(10)) Atomics.wait(NEVER, 0, 0, random.integer(0, 3));
      if (random.chance(10)) {
        peek[Symbol.dispose]();
        countWay(memory, 'put back');
        return;
      }
      const [sender, number] = new Int32Array(peek.bytes.buffer, peek.bytes.byteOffset, 2);
      peeked[slot * 2 + 1] = number;
      Atomics.store(peeked, slot * 2, sender + 1);
      note(peek.bytes);
      peek.consume();
      Atomics.store(peeked, slot * 2, 0);
    },
  };

  const names = /** @type {(keyof typeof ways)[]} */ (Object.keys(ways));
  Atomics.store(atRisk, slot, 0);
  Atomics.store(peeked, slot * 2, 0);
  try {
    for (;;) {
      const way = random.pick(names);
      countWay(memory, way);
      for (let i = random.integer(1, 100); i > 0; i--) {
        const received = ways[way]();
        if (received !== undefined) await received;
      }
    }
  } catch (error) {
    if (/** @type {any} */ (error).code !== 'ERR_CLOSED') throw error;
    Atomics.store(atRisk, slot, 0);
  }
}

module.exports = { receive };
