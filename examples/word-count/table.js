// @ts-check
'use strict';

const INITIAL_SLOTS = 4096; // a power of two, as always
const FULLEST = 0.7;

/** What stands for a byte within a word: a letter as a small one; 0 for what is no part of a word. */
const FOLDED = Uint8Array.from({ length: 256 }, (_, byte) => {
  const isUnicode = byte >= 0x80; // letters in most languages
  const character = String.fromCharCode(byte);
  return isUnicode || /\w/.test(character) ? character.toLowerCase().charCodeAt(0) : 0;
});
for (let byte = 0x80; byte < 256; byte++) FOLDED[byte] = byte;

/** The numbers of a slot, side by side since they are needed together. A slot whose count is 0 is free. */
const Field = Object.freeze({
  HASH: 0,
  START: 1, // where the word stands in the text, the first time it was seen
  LENGTH: 2,
  COUNT: 3,
  FIELDS: 4,
});

/**
 * How many numbers a table of so many slots has: a last one counts the words.
 *
 * @param {number} slots a power of two
 */
const lengthFor = (slots) => slots * Field.FIELDS + 1;

/** How often each word occurs: a hash table of numbers, so that it can lie in shared memory as the text does. */
class WordTable {
  #text;
  #slots;
  #grows;

  /**
   * @param {Uint8Array} text
   * @param {Uint32Array} [slots] of fixed size; without them the table grows
   */
  constructor(text, slots) {
    this.#text = text;
    this.#slots = slots ?? new Uint32Array(lengthFor(INITIAL_SLOTS));
    this.#grows = slots === undefined;
  }

  /** How many different words it holds. */
  get size() {
    return this.#slots[this.#slots.length - 1];
  }

  /**
   * @param {number} hash
   * @param {number} start
   * @param {number} length
   * @param {number} count
   */
  add(hash, start, length, count) {
    const slots = this.#slots;
    const mask = slots.length - 2;
    let slot = (hash * Field.FIELDS) & mask;
    while (slots[slot + Field.COUNT] > 0) {
      if (
        slots[slot + Field.HASH] === hash &&
        slots[slot + Field.LENGTH] === length &&
        this.#isSame(slots[slot + Field.START], start, length)
      ) {
        slots[slot + Field.COUNT] += count;
        return;
      }
      slot = (slot + Field.FIELDS) & mask;
    }
    slots[slot + Field.HASH] = hash;
    slots[slot + Field.START] = start;
    slots[slot + Field.LENGTH] = length;
    slots[slot + Field.COUNT] = count;
    const size = ++slots[slots.length - 1];
    if (size * Field.FIELDS > FULLEST * slots.length) this.#grow();
  }

  /** @param {WordTable} other */
  addAll(other) {
    for (const { hash, start, length, count } of other.#used())
      this.add(hash, start, length, count);
  }

  /** The number of words, and a sum that differs where two tables do. */
  totals() {
    let words = 0;
    let checksum = 0;
    for (const { hash, count } of this.#used()) {
      words += count;
      checksum = (checksum + Math.imul(hash | 1, count)) >>> 0;
    }
    return { words, different: this.size, checksum };
  }

  /** @param {number} n */
  top(n) {
    /** @type {{ word: string, count: number }[]} */
    let best = [];
    for (const { start, length, count } of this.#used()) {
      if (best.length === n && count < best[n - 1].count) continue;
      best.push({ word: this.#wordAt(start, length), count });
      best.sort((a, b) => b.count - a.count || (a.word < b.word ? -1 : 1));
      best = best.slice(0, n);
    }
    return best;
  }

  *#used() {
    const slots = this.#slots;
    for (let slot = 0; slot + 1 < slots.length; slot += Field.FIELDS) {
      const count = slots[slot + Field.COUNT];
      if (count === 0) continue;
      const hash = slots[slot + Field.HASH];
      yield { hash, start: slots[slot + Field.START], length: slots[slot + Field.LENGTH], count };
    }
  }

  /**
   * @param {number} start
   * @param {number} length
   */
  #wordAt(start, length) {
    const { buffer, byteOffset } = this.#text;
    return Buffer.from(buffer, byteOffset + start, length)
      .toString()
      .toLowerCase();
  }

  /**
   * @param {number} a
   * @param {number} b
   * @param {number} length
   */
  #isSame(a, b, length) {
    const text = this.#text;
    for (let i = 0; i < length; i++) {
      if (FOLDED[text[a + i]] !== FOLDED[text[b + i]]) return false;
    }
    return true;
  }

  #grow() {
    if (!this.#grows) throw new Error(`more than ${this.size - 1} different words`);
    const bigger = new WordTable(
      this.#text,
      new Uint32Array(lengthFor(2 * Math.floor(this.#slots.length / Field.FIELDS))),
    );
    bigger.addAll(this);
    this.#slots = bigger.#slots;
  }
}

module.exports = { FOLDED, WordTable, lengthFor };
