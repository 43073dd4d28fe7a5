// @ts-check
'use strict';

/**
 * An RwLock over plain `Atomics` under which readers cannot starve a writer: new readers wait while a writer waits. Writers can
 * starve readers.
 *
 * | bits of the word | |
 * | ---------------- | --------------------------------- |
 * | 0 - 14           | how many readers own the lock     |
 * | 15               | whether a writer owns it          |
 * | 16 - 30          | how many writers wait for it      |
 */

const READER = 1;
const WRITER = 1 << 15;
const WAITING_WRITER = 1 << 16;

/** @param {number} word */
const isOwned = (word) => (word & (WAITING_WRITER - 1)) !== 0;

/** A reader must wait. @param {number} word */
const isWrittenOrWanted = (word) => word >= WRITER;

/** Spinning before the sleep, as Rust's futex RwLock does. */
const SPINS = 100;

/**
 * Readers sleep on the word itself. Writers sleep on a sequence that changes whenever the lock is released to them, so that a
 * release wakes one writer and no reader.
 */
class RwLock {
  /**
   * @param {Int32Array} view
   * @param {number} index of three cells: the word, the number of sleeping readers, the sequence that writers sleep on
   */
  constructor(view, index) {
    this.view = view;
    this.index = index;
    this.sleepers = index + 1;
    this.sequence = index + 2;
  }

  read() {
    const { view, index } = this;
    for (let word = Atomics.load(view, index); ;) {
      if (isWrittenOrWanted(word)) {
        word = this.#waitToRead(word);
      } else {
        const seen = Atomics.compareExchange(view, index, word, word + READER);
        if (seen === word) return;
        word = seen;
      }
    }
  }

  unlockRead() {
    const word = Atomics.sub(this.view, this.index, READER) - READER;
    // No reader sleeps unless a writer owns the lock or waits for it, and that writer wakes the readers.
    if (word >= WAITING_WRITER && !isOwned(word)) this.#wakeWriter();
  }

  write() {
    const { view, index, sequence } = this;
    for (let spin = 0; ; spin++) {
      if (Atomics.compareExchange(view, index, 0, WRITER) === 0) return;
      if (spin === SPINS || Atomics.load(view, index) >= WAITING_WRITER) break;
    }
    Atomics.add(view, index, WAITING_WRITER);
    for (;;) {
      const seen = Atomics.load(view, sequence);
      const word = Atomics.load(view, index);
      if (isOwned(word)) {
        Atomics.wait(view, sequence, seen);
      } else if (
        Atomics.compareExchange(view, index, word, word - WAITING_WRITER + WRITER) === word
      ) {
        return;
      }
    }
  }

  unlockWrite() {
    const word = Atomics.sub(this.view, this.index, WRITER) - WRITER;
    if (word >= WAITING_WRITER) this.#wakeWriter();
    else if (Atomics.load(this.view, this.sleepers) > 0) Atomics.notify(this.view, this.index);
  }

  /** @param {number} word */
  #waitToRead(word) {
    const { view, index, sleepers } = this;
    for (let spin = 0; spin < SPINS; spin++) {
      word = Atomics.load(view, index);
      if (!isWrittenOrWanted(word)) return word;
    }
    Atomics.add(view, sleepers, 1);
    Atomics.wait(view, index, word);
    Atomics.sub(view, sleepers, 1);
    return Atomics.load(view, index);
  }

  #wakeWriter() {
    Atomics.add(this.view, this.sequence, 1);
    Atomics.notify(this.view, this.sequence, 1);
  }
}

/** @type {import('./index.js').Rival} */
module.exports = {
  name: 'best of Atomics, writers first',
  style: 'pair',
  rwLock: (view, index) => new RwLock(view, index),
};
