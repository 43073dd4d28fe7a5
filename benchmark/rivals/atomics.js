// @ts-check
'use strict';

/**
 * The fair rival: the best that plain `Atomics` can do, as an expert writes it. Where these classes lose, `Atomics` loses.
 */

const FREE = 0;
const HELD = 1;
const AWAITED = 2;

/** Spinning before the sleep, as Rust's futex mutex does. */
const SPINS = 100;

/** Three states: it calls `Atomics.notify` only where a thread may wait (Drepper, "Futexes Are Tricky", mutex 3). */
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

  tryLock() {
    return Atomics.compareExchange(this.view, this.index, FREE, HELD) === FREE;
  }

  /** Without blocking the thread. */
  async lockAsync() {
    const { view, index } = this;
    if (this.tryLock()) return;
    while (Atomics.exchange(view, index, AWAITED) !== FREE) {
      // Younger than the library that TypeScript checks against.
      await /** @type {any} */ (Atomics).waitAsync(view, index, AWAITED).value;
    }
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

/**
 * A sequence that changes with every notification. A waiter reads it with the mutex held, so that no notification in between
 * is lost. Beside it, the number of waiters: the notifier has owned the mutex since the predicate was false, so it sees each
 * waiter that it must wake.
 */
class Condition {
  /**
   * @param {Int32Array} view
   * @param {number} index of two cells
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
      Atomics.add(view, index + 1, 1);
      mutex.unlock();
      Atomics.wait(view, index, sequence);
      Atomics.sub(view, index + 1, 1);
      mutex.lock();
    }
  }

  notify() {
    this.#notify(1);
  }

  notifyAll() {
    this.#notify(Infinity);
  }

  /** @param {number} count */
  #notify(count) {
    const { view, index } = this;
    if (Atomics.load(view, index + 1) === 0) return;
    Atomics.add(view, index, 1);
    Atomics.notify(view, index, count);
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

/** Permits, and the number of waiters: it calls `Atomics.notify` only where a thread may wait. */
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

const WRITER = -1;

/** The number of readers, or the writer; beside it, the number of waiters. There is no queue: readers can starve a writer. */
class RwLock {
  /**
   * @param {Int32Array} view
   * @param {number} index of two cells
   */
  constructor(view, index) {
    this.view = view;
    this.index = index;
  }

  read() {
    const { view, index } = this;
    for (let word = Atomics.load(view, index); ;) {
      if (word === WRITER) {
        word = this.#sleep(word);
      } else {
        const seen = Atomics.compareExchange(view, index, word, word + 1);
        if (seen === word) return;
        word = seen;
      }
    }
  }

  unlockRead() {
    if (Atomics.sub(this.view, this.index, 1) === 1) this.#wake();
  }

  write() {
    const { view, index } = this;
    for (let word; (word = Atomics.compareExchange(view, index, 0, WRITER)) !== 0;) {
      this.#sleep(word);
    }
  }

  unlockWrite() {
    Atomics.store(this.view, this.index, 0);
    this.#wake();
  }

  /** @param {number} word */
  #sleep(word) {
    const { view, index } = this;
    Atomics.add(view, index + 1, 1);
    Atomics.wait(view, index, word);
    Atomics.sub(view, index + 1, 1);
    return Atomics.load(view, index);
  }

  #wake() {
    if (Atomics.load(this.view, this.index + 1) > 0) Atomics.notify(this.view, this.index);
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
  rwLock: (view, index) => new RwLock(view, index),
  word: (view, index) => ({
    waitWhile(value) {
      while (Atomics.load(view, index) === value) Atomics.wait(view, index, value);
    },
    set(value) {
      Atomics.store(view, index, value);
      Atomics.notify(view, index, 1);
    },
  }),
  // Sleeps on the flag itself, so that it can wait for nothing else.
  cancelledWait: (view, index) => ({
    wait(round) {
      while (Atomics.load(view, index + round) === 0) Atomics.wait(view, index + round, 0);
    },
    end(round) {
      Atomics.store(view, index + round, 1);
      Atomics.notify(view, index + round);
    },
  }),
  limitedWait: (view, index) => (ms) => Atomics.wait(view, index, 0, ms),
  lockAsync(view, index) {
    const mutex = new Mutex(view, index);
    return async () => {
      await mutex.lockAsync();
      return { release: () => mutex.unlock() };
    };
  },
};
