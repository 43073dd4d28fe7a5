// @ts-check
'use strict';

/**
 * The fair rival: the best that plain `Atomics` can do, as somebody writes it who knows how. Where these lose, `Atomics`
 * does.
 */

const FREE = 0;
const HELD = 1;
const AWAITED = 2;

/** Spinning before the sleep, as Rust's futex mutex does. */
const SPINS = 100;

/** Three states: it calls `Atomics.notify` only where somebody may wait (Drepper, "Futexes Are Tricky", mutex 3). */
class Mutex {
  /**
   * @param {Int32Array} view
   * @param {number} index
   */
  constructor(view, index) {
    this.view = view;
    this.index = index;
  }

  lock() {
    if (Atomics.compareExchange(this.view, this.index, FREE, HELD) !== FREE) this.#lockContended();
  }

  unlock() {
    if (Atomics.exchange(this.view, this.index, FREE) === AWAITED) {
      Atomics.notify(this.view, this.index, 1);
    }
  }

  #lockContended() {
    const { view, index } = this;
    for (let spin = 0; spin < SPINS && Atomics.load(view, index) === HELD; spin++);
    if (Atomics.compareExchange(view, index, FREE, HELD) === FREE) return;
    while (Atomics.exchange(view, index, AWAITED) !== FREE) Atomics.wait(view, index, AWAITED);
  }
}

/** A sequence that changes with every notification: read with the mutex held, so that none in between is lost. */
class Condition {
  /**
   * @param {Int32Array} view
   * @param {number} index
   */
  constructor(view, index) {
    this.view = view;
    this.index = index;
  }

  /**
   * @param {{ lock(): unknown, unlock(): void }} mutex
   * @param {() => unknown} predicate
   */
  wait(mutex, predicate) {
    const { view, index } = this;
    while (!predicate()) {
      const sequence = Atomics.load(view, index);
      mutex.unlock();
      Atomics.wait(view, index, sequence);
      mutex.lock();
    }
  }

  notify() {
    Atomics.add(this.view, this.index, 1);
    Atomics.notify(this.view, this.index, 1);
  }

  notifyAll() {
    Atomics.add(this.view, this.index, 1);
    Atomics.notify(this.view, this.index);
  }
}

const SENSE = 1 << 30;

/** Sense-reversing and central (Mellor-Crummey and Scott, 1991): arrivals below, above them a bit that each round flips. */
class Barrier {
  /**
   * @param {Int32Array} view
   * @param {number} index
   * @param {number} total
   */
  constructor(view, index, total) {
    this.view = view;
    this.index = index;
    this.total = total;
  }

  wait() {
    const { view, index, total } = this;
    const before = Atomics.add(view, index, 1);
    const sense = before & SENSE;
    if ((before & ~SENSE) === total - 1) {
      Atomics.store(view, index, sense ^ SENSE);
      Atomics.notify(view, index);
      return;
    }
    for (let word; ((word = Atomics.load(view, index)) & SENSE) === sense;) {
      Atomics.wait(view, index, word);
    }
  }
}

/** Permits, and how many wait for some: it calls `Atomics.notify` only where somebody may wait. */
class Semaphore {
  /**
   * @param {Int32Array} view
   * @param {number} index of two cells
   * @param {number} permits
   */
  constructor(view, index, permits) {
    this.view = view;
    this.index = index;
    this.permits = permits;
  }

  acquire() {
    const { view, index, permits } = this;
    for (let taken = Atomics.load(view, index); ;) {
      if (taken < permits) {
        const seen = Atomics.compareExchange(view, index, taken, taken + 1);
        if (seen === taken) return;
        taken = seen;
      } else {
        Atomics.add(view, index + 1, 1);
        Atomics.wait(view, index, taken);
        Atomics.sub(view, index + 1, 1);
        taken = Atomics.load(view, index);
      }
    }
  }

  release() {
    Atomics.sub(this.view, this.index, 1);
    if (Atomics.load(this.view, this.index + 1) > 0) Atomics.notify(this.view, this.index, 1);
  }
}

/** A gate that opens once. */
class Latch {
  /**
   * @param {Int32Array} view
   * @param {number} index
   */
  constructor(view, index) {
    this.view = view;
    this.index = index;
  }

  get released() {
    return Atomics.load(this.view, this.index) !== 0;
  }

  await() {
    while (Atomics.load(this.view, this.index) === 0) Atomics.wait(this.view, this.index, 0);
  }

  release() {
    Atomics.store(this.view, this.index, 1);
    Atomics.notify(this.view, this.index);
  }
}

/** @type {import('./index.js').Rival} */
module.exports = {
  name: 'best of Atomics',
  style: 'pair',
  mutex: (view, index) => new Mutex(view, index),
  condition: (view, index) => new Condition(view, index),
  barrier: (view, index, total) => new Barrier(view, index, total),
  semaphore: (view, index, permits) => new Semaphore(view, index, permits),
  latch: (view, index) => new Latch(view, index),
  limitedWait: (view, index) => (ms) => Atomics.wait(view, index, 0, ms),
};
