// @ts-check
'use strict';

// Which messages are missing, and which deaths explain that.

const { MANY, MAX_TWICE, SENDERS, TWICE, seenWords } = require('./plan.js');

/**
 * The death of a receiver that may have taken messages with it.
 *
 * @typedef {object} Death
 * @property {number} left how many more it may have taken
 * @property {number[]} from by sender, the first number that may have been taken
 * @property {number[]} to by sender, the number behind the last one
 */

class Account {
  /** By sender, the first number that is not accounted for yet. */
  #next = Array(SENDERS + 1).fill(0);
  /** By sender, the ranges that a dead sender had begun: what is missing in them was never sent. @type {[number, number][][]} */
  #unsure = Array.from({ length: SENDERS + 1 }, () => []);
  /** @type {Death[]} */
  #deaths = [];
  /** The messages that a dead receiver read in place, which may arrive again: `SENDER NUMBER`. @type {Set<string>} */
  #readTwice = new Set();
  /** How many messages went with their receivers, and how many were never sent. */
  lost = 0;
  unsent = 0;

  /**
   * @param {import('./plan.js').Plan} plan
   * @param {import('./plan.js').Memory} memory
   */
  constructor(plan, memory) {
    this.memory = memory;
    this.words = seenWords(plan);
    /**
     * A sender has begun at most so many messages that no receiver has taken: those in the ring, of which none takes fewer bytes,
     * and those of its present call.
     */
    this.untaken = plan.capacity / 32 + MANY;
  }

  /** A sender has died. @param {number} slot */
  senderDied(slot) {
    const { confirmed, begun } = this.memory;
    this.#unsure[slot].push([confirmed[slot], begun[slot]]);
  }

  /** A receiver has died. @param {number} slot */
  receiverDied(slot) {
    const { atRisk, begun, begunBefore, peeked } = this.memory;
    if (peeked[slot * 2] > 0) {
      this.#readTwice.add(`${peeked[slot * 2] - 1} ${peeked[slot * 2 + 1]}`);
    }
    if (atRisk[slot] === 0) return;
    const at = slot * (SENDERS + 1);
    this.#deaths.push({
      left: atRisk[slot],
      from: Array.from(begun, (_, s) => begunBefore[at + s] - this.untaken),
      to: Array.from(begun),
    });
  }

  /**
   * Accounts for all messages so far. Returns those that are missing without a reason: they have not arrived yet, or were
   * lost. The reasons are used up if there are none.
   */
  missing() {
    const { begun, seen } = this.memory;
    const next = Array.from(begun);
    const deaths = this.#deaths.map((death) => ({ ...death }));
    const missing = [];
    let lost = 0;
    let unsent = 0;
    for (let sender = 0; sender <= SENDERS; sender++) {
      for (let number = this.#next[sender]; number < next[sender]; number++) {
        const word = seen[sender * this.words + (number >> 5)];
        if (word === -1 && (number & 31) === 0) {
          number += 31;
          continue;
        }
        if ((word >> (number & 31)) & 1) continue;
        if (this.#unsure[sender].some(([from, to]) => number >= from && number < to)) {
          unsent++;
          continue;
        }
        const death = deaths.find(
          ({ left, from, to }) => left > 0 && number >= from[sender] && number < to[sender],
        );
        if (death === undefined) missing.push(`message ${number} of sender ${sender}`);
        else {
          death.left--;
          lost++;
        }
      }
    }
    if (missing.length === 0) {
      this.#next = next;
      // A later message was begun after these deaths.
      this.#deaths = [];
      this.lost += lost;
      this.unsent += unsent;
    }
    return missing;
  }

  /** Returns the messages that arrived twice without a reason. */
  doubled() {
    const { control, twice } = this.memory;
    const count = control[TWICE];
    const doubled = [];
    for (let i = 0; i < Math.min(count, MAX_TWICE); i++) {
      const [sender, number] = twice.subarray(i * 2);
      const message = `${sender} ${number}`;
      if (!this.#readTwice.delete(message)) doubled.push(`message ${number} of sender ${sender}`);
    }
    if (count > MAX_TWICE) doubled.push(`${count - MAX_TWICE} more`);
    return doubled;
  }
}

module.exports = { Account };
